// lzf.cc - a greedy compressor with one candidate a position, and a hardened decompressor.

#include "base/lzf.h"

#include <limits>
#include <utility>

#include "base/bytes.h"

namespace snapfork {
namespace {

constexpr size_t kLiteralsMax = 32;
constexpr size_t kMatchMin = 3;
constexpr size_t kMatchMax = 264;
constexpr size_t kDistanceMax = 8192;

// An input up to this long uses a part of the table that stays in the first-level cache.
constexpr size_t kShortInputMax = 1024;
constexpr int kShortBits = 10;

// Without a match for a while the search takes larger steps, up to this one: incompressible data
// is given up quickly, yet what follows it is not missed.
constexpr size_t kStepMax = 16;

template <int kBits>
inline size_t Slot(uint32_t three_bytes) {
  return (three_bytes * 2654435761u) >> (32 - kBits);
}

inline uint32_t LoadThree(const uint8_t* from) { return LoadLittle<uint32_t>(from) << 8; }

// How many bytes at `a` and `b` agree, b < limit.
inline size_t CommonLength(const uint8_t* a, const uint8_t* b, const uint8_t* limit) {
  const uint8_t* const start = b;
  while (limit - b >= 8) {
    const uint64_t difference = LoadLittle<uint64_t>(a) ^ LoadLittle<uint64_t>(b);
    if (difference != 0) {
      return static_cast<size_t>(b - start) +
             (static_cast<size_t>(std::countr_zero(difference)) >> 3);
    }
    a += 8;
    b += 8;
  }
  while (b < limit && *a == *b) {
    ++a;
    ++b;
  }
  return static_cast<size_t>(b - start);
}

// The compressed bytes while they grow.
struct Output {
  uint8_t* at;
  uint8_t* end;

  size_t room() const { return static_cast<size_t>(end - at); }

  // Appends literal bytes; false if they and `extra` more do not fit. `readable` ends what may be
  // read behind them.
  bool PutLiterals(const uint8_t* from, size_t count, size_t extra, const uint8_t* readable) {
    if (count + (count + kLiteralsMax - 1) / kLiteralsMax + extra > room()) return false;
    while (count > 0) {
      const size_t run = count < kLiteralsMax ? count : kLiteralsMax;
      *at++ = static_cast<uint8_t>(run - 1);
      if (room() >= kLiteralsMax && static_cast<size_t>(readable - from) >= kLiteralsMax) {
        std::memcpy(at, from, kLiteralsMax);  // One fixed size is faster than the right one.
      } else {
        std::memcpy(at, from, run);
      }
      at += run;
      from += run;
      count -= run;
    }
    return true;
  }

  static size_t MatchBytes(size_t length) { return length - 2 < 7 ? 2 : 3; }

  // REQUIRES: room() >= MatchBytes(length).
  void PutMatch(size_t length, size_t distance) {
    const size_t code = length - 2;
    const size_t offset = distance - 1;
    if (code < 7) {
      *at++ = static_cast<uint8_t>(code << 5 | offset >> 8);
    } else {
      *at++ = static_cast<uint8_t>(7 << 5 | offset >> 8);
      *at++ = static_cast<uint8_t>(code - 7);
    }
    *at++ = static_cast<uint8_t>(offset);
  }
};

// The input of one call, and what it has seen. Position i has the number base + i.
template <int kBits, int kPatience>
class Search {
 public:
  Search(const uint8_t* from, size_t bytes, uint32_t* positions, uint32_t base)
      : from_(from), last_(from + bytes - 4), positions_(positions), base_(base) {}

  // The first position from `at` on whose three bytes were seen at most kDistanceMax before, or
  // null.
  const uint8_t* NextMatch(const uint8_t* at, size_t& distance) {
    for (size_t step = 1; at <= last_; step += step < kStepMax ? 1 : 0) {
      const auto behind = static_cast<size_t>(last_ - at);
      const uint8_t* const pause = at + (behind < kPatience ? behind : kPatience - 1);
      for (; at <= pause; at += step) {
        const uint32_t three = LoadThree(at);
        const uint32_t seen = std::exchange(positions_[Slot<kBits>(three)], Number(at));
        if (seen < base_) continue;  // From a call before this one.
        const uint8_t* const match = from_ + (seen - base_);
        distance = static_cast<size_t>(at - match);
        if (distance <= kDistanceMax && LoadThree(match) == three) return at;
      }
    }
    return nullptr;
  }

  void Remember(const uint8_t* at) {
    if (at <= last_) positions_[Slot<kBits>(LoadThree(at))] = Number(at);
  }

 private:
  uint32_t Number(const uint8_t* at) const { return base_ + static_cast<uint32_t>(at - from_); }

  const uint8_t* const from_;
  const uint8_t* const last_;  // Four bytes are loaded to look at three.
  uint32_t* const positions_;
  const uint32_t base_;
};

template <int kBits, int kPatience>
size_t Compress(const uint8_t* from, size_t bytes, uint8_t* to, size_t capacity,
                uint32_t* positions, uint32_t base) {
  Search<kBits, kPatience> search(from, bytes, positions, base);
  const uint8_t* const end = from + bytes;
  Output output{to, to + capacity};
  const uint8_t* literals = from;
  size_t distance = 0;
  while (const uint8_t* at = search.NextMatch(literals, distance)) {
    const auto left = static_cast<size_t>(end - at);
    const uint8_t* const limit = at + (left < kMatchMax ? left : kMatchMax);
    const size_t length =
        kMatchMin + CommonLength(at + kMatchMin - distance, at + kMatchMin, limit);
    const size_t extra = Output::MatchBytes(length);
    if (!output.PutLiterals(literals, static_cast<size_t>(at - literals), extra, end)) return 0;
    output.PutMatch(length, distance);
    // The first and the last positions of a match are the ones worth remembering.
    search.Remember(at + 1);
    literals = at + length;
    search.Remember(literals - 2);
    search.Remember(literals - 1);
  }
  if (!output.PutLiterals(literals, static_cast<size_t>(end - literals), 0, end)) return 0;
  return static_cast<size_t>(output.at - to);
}

// Copies `length` bytes from `distance` back; the ranges may overlap, which repeats a pattern.
// `room` is what may be written at `to`, at least `length`.
inline void CopyMatch(uint8_t* to, size_t distance, size_t length, size_t room) {
  const uint8_t* from = to - distance;
  if (distance >= 16 && room >= length + 16) {
    for (size_t i = 0; i < length; i += 16) std::memcpy(to + i, from + i, 16);
  } else if (distance >= 8 && room >= length + 8) {
    for (size_t i = 0; i < length; i += 8) std::memcpy(to + i, from + i, 8);
  } else if (distance == 1) {
    std::memset(to, *from, length);
  } else {
    for (size_t i = 0; i < length; ++i) to[i] = from[i];
  }
}

}  // namespace

size_t LzfCompress(const void* from, size_t bytes, void* to, size_t capacity, LzfTable& table) {
  constexpr size_t kNumbers = std::numeric_limits<uint32_t>::max();
  if (bytes < 4 || bytes >= kNumbers) return 0;
  if (kNumbers - table.numbers_used <= bytes) {
    std::memset(table.positions, 0, sizeof(table.positions));
    table.numbers_used = 0;
  }
  const uint32_t base = table.numbers_used + 1;  // Number 0 is the empty slot.
  table.numbers_used += static_cast<uint32_t>(bytes);
  const auto* input = static_cast<const uint8_t*>(from);
  auto* output = static_cast<uint8_t*>(to);
  if (bytes <= kShortInputMax) {
    return Compress<kShortBits, 32>(input, bytes, output, capacity, table.positions, base);
  }
  return Compress<LzfTable::kBits, 128>(input, bytes, output, capacity, table.positions, base);
}

bool LzfDecompress(const void* from, size_t bytes, void* to, size_t to_bytes) {
  const auto* at = static_cast<const uint8_t*>(from);
  const uint8_t* const end = at + bytes;
  auto* out = static_cast<uint8_t*>(to);
  const uint8_t* const out_start = out;
  const uint8_t* const out_end = out + to_bytes;
  while (at < end) {
    const size_t control = *at++;
    const auto left = static_cast<size_t>(end - at);
    const auto room = static_cast<size_t>(out_end - out);
    if (control < kLiteralsMax) {
      const size_t run = control + 1;
      if (run > left || run > room) return false;
      if (left >= kLiteralsMax && room >= kLiteralsMax) {
        std::memcpy(out, at, kLiteralsMax);
      } else {
        std::memcpy(out, at, run);
      }
      at += run;
      out += run;
      continue;
    }
    size_t length = (control >> 5) + 2;
    if (left < (length == 9 ? 2 : 1)) return false;
    if (length == 9) length += *at++;
    const size_t distance = ((control & 31) << 8 | *at++) + 1;
    if (distance > static_cast<size_t>(out - out_start) || length > room) return false;
    CopyMatch(out, distance, length, room);
    out += length;
  }
  return out == out_end;
}

}  // namespace snapfork
