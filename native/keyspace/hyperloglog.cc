// hyperloglog.cc - registers in both forms.

#include "keyspace/hyperloglog.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"

namespace snapfork {
namespace {

constexpr size_t kHeadBytes = 16;
constexpr unsigned kIndexBits = 14;
constexpr unsigned kValueBits = 64 - kIndexBits;
constexpr size_t kDenseBytes = kHeadBytes + (kHyperLogLogRegisters * 6 + 7) / 8;
constexpr uint64_t kSeed = 0xadc83b19ull;
constexpr uint8_t kDense = 0;
constexpr uint8_t kSparse = 1;
constexpr uint8_t kSparseValueMax = 32;
constexpr uint8_t kInvalidBit = 0x80;

uint64_t Murmur64A(std::string_view bytes) {
  constexpr uint64_t m = 0xc6a4a7935bd1e995ull;
  uint64_t h = kSeed ^ (bytes.size() * m);
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t k = LoadLittle<uint64_t>(bytes.data() + at);
    k *= m;
    k ^= k >> 47;
    k *= m;
    h = (h ^ k) * m;
  }
  if (const size_t rest = bytes.size() - at; rest > 0) {
    uint64_t tail = 0;
    std::memcpy(&tail, bytes.data() + at, rest);
    h = (h ^ tail) * m;
  }
  h ^= h >> 47;
  h *= m;
  return h ^ (h >> 47);
}

// The register of an element, and the length of the run of zeros in its hash, plus one.
void Place(std::string_view element, size_t& index, uint8_t& value) {
  const uint64_t hash = Murmur64A(element);
  index = hash & (kHyperLogLogRegisters - 1);
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kValueBits;
  value = static_cast<uint8_t>(std::countr_zero(rest) + 1);
}

unsigned ByteAt(std::string_view string, size_t at) { return static_cast<uint8_t>(string[at]); }

uint8_t DenseGet(std::string_view string, size_t index) {
  const size_t bit = index * 6;
  const size_t at = kHeadBytes + bit / 8;
  unsigned word = static_cast<uint8_t>(string[at]);
  if (at + 1 < string.size()) word |= ByteAt(string, at + 1) << 8;
  return static_cast<uint8_t>(word >> bit % 8 & 63);
}

void DenseSet(std::string& string, size_t index, uint8_t value) {
  const size_t bit = index * 6;
  const size_t at = kHeadBytes + bit / 8;
  const unsigned shift = bit % 8;
  unsigned word = static_cast<uint8_t>(string[at]);
  const bool wide = at + 1 < string.size();
  if (wide) word |= ByteAt(string, at + 1) << 8;
  word = (word & ~(63u << shift)) | static_cast<unsigned>(value) << shift;
  string[at] = static_cast<char>(word);
  if (wide) string[at + 1] = static_cast<char>(word >> 8);
}

// A run of equal registers.
struct Run {
  uint8_t value;
  size_t length;
};

// Runs of a sparse string; false if they are not as many registers as there are.
bool ReadRuns(std::string_view string, std::vector<Run>& runs) {
  size_t registers = 0;
  for (size_t at = kHeadBytes; at < string.size(); ++at) {
    const auto byte = static_cast<uint8_t>(string[at]);
    Run run{0, (byte & 63u) + 1};
    if ((byte & 0x80) != 0) {
      run = {static_cast<uint8_t>((byte >> 2 & 31) + 1), (byte & 3u) + 1};
    } else if ((byte & 0x40) != 0) {
      if (++at == string.size()) return false;
      run.length = ((byte & 63u) << 8 | static_cast<uint8_t>(string[at])) + 1;
    }
    registers += run.length;
    if (registers > kHyperLogLogRegisters) return false;
    runs.push_back(run);
  }
  return registers == kHyperLogLogRegisters;
}

}  // namespace

std::string EmptyHyperLogLog() {
  std::string string("HYLL");
  string.push_back(static_cast<char>(kSparse));
  string.append(3 + 8, '\0');
  // One run of all registers.
  string.push_back(static_cast<char>(0x40 | (kHyperLogLogRegisters - 1) >> 8));
  string.push_back(static_cast<char>((kHyperLogLogRegisters - 1) & 0xff));
  return string;
}

bool IsHyperLogLog(std::string_view string) {
  if (string.size() < kHeadBytes || string.substr(0, 4) != "HYLL") return false;
  const auto encoding = static_cast<uint8_t>(string[4]);
  return encoding <= kSparse && (encoding != kDense || string.size() == kDenseBytes);
}

bool HyperLogLogIsSparse(std::string_view string) {
  return static_cast<uint8_t>(string[4]) == kSparse;
}

void HyperLogLogInvalidate(std::string& string) {
  string[kHeadBytes - 1] = static_cast<char>(ByteAt(string, kHeadBytes - 1) | kInvalidBit);
}

bool HyperLogLogToDense(std::string& string) {
  std::vector<Run> runs;
  if (!ReadRuns(string, runs)) return false;
  std::string dense = string.substr(0, kHeadBytes);
  dense[4] = static_cast<char>(kDense);
  dense.resize(kDenseBytes, '\0');
  size_t index = 0;
  for (const Run& run : runs) {
    for (size_t i = 0; i < run.length; ++i, ++index) {
      if (run.value != 0) DenseSet(dense, index, run.value);
    }
  }
  string = std::move(dense);
  return true;
}

bool HyperLogLogMerge(std::string_view string, HyperLogLogRegisters& registers) {
  registers.resize(kHyperLogLogRegisters, 0);
  if (!HyperLogLogIsSparse(string)) {
    for (size_t i = 0; i < kHyperLogLogRegisters; ++i) {
      registers[i] = std::max(registers[i], DenseGet(string, i));
    }
    return true;
  }
  std::vector<Run> runs;
  if (!ReadRuns(string, runs)) return false;
  size_t index = 0;
  for (const Run& run : runs) {
    for (size_t i = 0; i < run.length; ++i, ++index) {
      registers[index] = std::max(registers[index], run.value);
    }
  }
  return true;
}

void HyperLogLogStore(const HyperLogLogRegisters& registers, std::string& string) {
  string.resize(kHeadBytes);
  string[4] = static_cast<char>(kDense);
  string.resize(kDenseBytes, '\0');
  for (size_t i = 0; i < kHyperLogLogRegisters; ++i) DenseSet(string, i, registers[i]);
}

uint64_t HyperLogLogEstimate(const HyperLogLogRegisters& registers) {
  std::array<uint32_t, 64> histogram{};
  for (const uint8_t value : registers) ++histogram[value];
  const double m = kHyperLogLogRegisters;
  // Ertl's tau, for the registers that are full.
  const auto tau = [](double x) {
    if (x == 0 || x == 1) return 0.0;
    double y = 1;
    double z = 1 - x;
    double last;
    do {
      x = std::sqrt(x);
      last = z;
      y *= 0.5;
      z -= std::pow(1 - x, 2) * y;
    } while (last != z);
    return z / 3;
  };
  // And sigma, for those that are empty.
  const auto sigma = [](double x) {
    if (x == 1) return static_cast<double>(INFINITY);
    double y = 1;
    double z = x;
    double last;
    do {
      x *= x;
      last = z;
      z += x * y;
      y += y;
    } while (last != z);
    return z;
  };
  double z = m * tau((m - histogram[kValueBits + 1]) / m);
  for (unsigned j = kValueBits; j >= 1; --j) {
    z += histogram[j];
    z *= 0.5;
  }
  z += m * sigma(histogram[0] / m);
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  return static_cast<uint64_t>(std::llround(kAlpha * m * m / z));
}

bool HyperLogLogCount(std::string& string, uint64_t& count) {
  if ((static_cast<uint8_t>(string[kHeadBytes - 1]) & kInvalidBit) == 0) {
    count = LoadLittle<uint64_t>(string.data() + 8);
    return true;
  }
  HyperLogLogRegisters registers;
  if (!HyperLogLogMerge(string, registers)) return false;
  count = HyperLogLogEstimate(registers);
  StoreLittle(string.data() + 8, count);
  return true;
}

namespace {

// One operation of a sparse string as it lies there.
struct SparseOp {
  size_t at;
  size_t bytes;
  Run run;
};

void AppendZeros(std::string& to, size_t length) {
  if (length == 0) return;
  if (length > 64) {
    to.push_back(static_cast<char>(0x40 | (length - 1) >> 8));
    to.push_back(static_cast<char>((length - 1) & 0xff));
  } else {
    to.push_back(static_cast<char>(length - 1));
  }
}

void AppendValues(std::string& to, uint8_t value, size_t length) {
  if (length > 0) to.push_back(static_cast<char>(0x80 | (value - 1) << 2 | (length - 1)));
}

bool FindOp(std::string_view string, size_t index, SparseOp& op, size_t& first) {
  first = 0;
  for (size_t at = kHeadBytes; at < string.size();) {
    const auto byte = static_cast<uint8_t>(string[at]);
    op = {at, 1, {0, (byte & 63u) + 1}};
    if ((byte & 0x80) != 0) {
      op.run = {static_cast<uint8_t>((byte >> 2 & 31) + 1), (byte & 3u) + 1};
    } else if ((byte & 0x40) != 0) {
      if (at + 1 >= string.size()) return false;
      op.bytes = 2;
      op.run.length = ((byte & 63u) << 8 | static_cast<uint8_t>(string[at + 1])) + 1;
    }
    if (index < first + op.run.length) return true;
    first += op.run.length;
    at += op.bytes;
  }
  return false;
}

// Joins up to five neighbouring runs of values from `from` on, as Redis does after a change.
void JoinRuns(std::string& string, size_t from) {
  size_t at = from;
  for (int scanned = 0; at < string.size() && scanned < 5; ++scanned) {
    const auto byte = static_cast<uint8_t>(string[at]);
    if ((byte & 0xc0) == 0x40) {
      at += 2;
      continue;
    }
    if ((byte & 0xc0) == 0) {
      at += 1;
      continue;
    }
    if (at + 1 < string.size()) {
      const auto next = static_cast<uint8_t>(string[at + 1]);
      const bool both = (next & 0x80) != 0 && (byte >> 2 & 31) == (next >> 2 & 31);
      const unsigned length = (byte & 3u) + 1 + (next & 3u) + 1;
      if (both && length <= 4) {
        string[at + 1] = static_cast<char>(0x80 | (byte & 0x7c) | (length - 1));
        string.erase(at, 1);
        continue;
      }
    }
    at += 1;
  }
}

}  // namespace

namespace {

// Raises one register; a sparse string may become dense.
bool SetRegister(std::string& string, size_t index, uint8_t value, size_t sparse_bytes_max,
                 bool& changed) {
  changed = false;
  if (HyperLogLogIsSparse(string)) {
    SparseOp op;
    size_t first;
    if (!FindOp(string, index, op, first)) return false;
    if (op.run.value >= value) return true;
    std::string made;
    const size_t before = index - first;
    const size_t after = op.run.length - before - 1;
    const auto append = [&](size_t length) {
      op.run.value == 0 ? AppendZeros(made, length) : AppendValues(made, op.run.value, length);
    };
    append(before);
    AppendValues(made, value, 1);
    append(after);
    const bool grows = made.size() > op.bytes;
    if (value <= kSparseValueMax &&
        (!grows || string.size() + made.size() - op.bytes <= sparse_bytes_max)) {
      // The join looks from a few operations before the change on.
      size_t from = kHeadBytes;
      size_t previous = kHeadBytes;
      for (size_t at = kHeadBytes; at < op.at;) {
        previous = at;
        at += (static_cast<uint8_t>(string[at]) & 0xc0) == 0x40 ? 2 : 1;
      }
      from = previous;
      string.replace(op.at, op.bytes, made);
      JoinRuns(string, from);
      changed = true;
      HyperLogLogInvalidate(string);
      return true;
    }
    if (!HyperLogLogToDense(string)) return false;
  }
  if (DenseGet(string, index) >= value) return true;
  DenseSet(string, index, value);
  changed = true;
  HyperLogLogInvalidate(string);
  return true;
}

}  // namespace

bool HyperLogLogAdd(std::string& string, std::string_view element, size_t sparse_bytes_max,
                    bool& changed) {
  size_t index;
  uint8_t value;
  Place(element, index, value);
  return SetRegister(string, index, value, sparse_bytes_max, changed);
}

bool HyperLogLogSetSparse(const HyperLogLogRegisters& registers, std::string& string,
                          size_t sparse_bytes_max) {
  for (size_t i = 0; i < kHyperLogLogRegisters; ++i) {
    bool changed;
    if (registers[i] != 0 && !SetRegister(string, i, registers[i], sparse_bytes_max, changed)) {
      return false;
    }
  }
  return true;
}

}  // namespace snapfork
