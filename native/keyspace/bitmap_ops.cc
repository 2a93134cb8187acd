// bitmap_ops.cc - bits read, set, counted and combined.

#include "keyspace/bitmap_ops.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/number.h"
#include "keyspace/collection.h"
#include "keyspace/string_ops.h"

namespace snapfork {
namespace {

bool BitAt(std::string_view bytes, uint64_t offset) {
  if (offset / 8 >= bytes.size()) return false;
  return (static_cast<uint8_t>(bytes[offset / 8]) >> (7 - offset % 8) & 1) != 0;
}

}  // namespace

Status StringBytes(Keyspace& keyspace, uint32_t db, std::string_view key, char* scratch,
                   std::string_view& bytes, bool& found) {
  const Found entry = keyspace.Lookup(db, key);
  found = static_cast<bool>(entry.entry);
  SF_RETURN_IF_ERROR(CheckType(entry, ValueType::kString));
  bytes = found ? keyspace.StringOf(entry.entry, scratch) : std::string_view();
  return Status();
}

Status BitSet(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset, bool bit,
              bool& old) {
  char scratch[kIntegerTextMax];
  std::string_view bytes;
  bool found;
  SF_RETURN_IF_ERROR(StringBytes(keyspace, db, key, scratch, bytes, found));
  old = BitAt(bytes, offset);
  const uint64_t at = offset / 8;
  const auto mask = static_cast<uint8_t>(0x80 >> offset % 8);
  const auto before = static_cast<uint8_t>(at < bytes.size() ? bytes[at] : 0);
  const auto after = static_cast<char>(bit ? before | mask : before & ~mask);
  const bool is_change = bit != old || at >= bytes.size();
  const uint64_t changes = keyspace.counters().changes;
  // One byte of a long string is written where it is.
  uint64_t length;
  const Status status = StringSetRange(keyspace, db, key, at, {&after, 1}, length);
  // A bit that was so before may give the string another form, which is no change.
  if (!is_change) keyspace.counters().changes = changes;
  return status;
}

Status BitGet(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset, bool& bit) {
  char scratch[kIntegerTextMax];
  std::string_view bytes;
  bool found;
  SF_RETURN_IF_ERROR(StringBytes(keyspace, db, key, scratch, bytes, found));
  keyspace.CountLookup(found);
  bit = BitAt(bytes, offset);
  return Status();
}

uint64_t CountBits(std::string_view bytes) {
  uint64_t count = 0;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    count += static_cast<uint64_t>(std::popcount(LoadLittle<uint64_t>(bytes.data() + at)));
  }
  for (; at < bytes.size(); ++at) {
    count += static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(bytes[at])));
  }
  return count;
}

uint64_t CountBitRange(std::string_view bytes, uint64_t first, uint64_t last) {
  const uint64_t first_byte = first / 8;
  const uint64_t last_byte = last / 8;
  uint64_t count = CountBits(bytes.substr(first_byte, last_byte - first_byte + 1));
  // Bits of the outer bytes that are outside.
  const auto front = static_cast<uint8_t>(bytes[first_byte]);
  const auto back = static_cast<uint8_t>(bytes[last_byte]);
  count -= static_cast<uint64_t>(
      std::popcount(static_cast<uint8_t>(front & ~(0xff >> first % 8))));
  count -= static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(back & (0x7f >> last % 8))));
  return count;
}

int64_t FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t last) {
  const uint64_t none = bit ? 0 : UINT64_MAX;
  for (uint64_t at = first; at <= last;) {
    if (at % 8 == 0) {
      // Whole words, then bytes, without the bit.
      while (at + 64 <= last + 1 && LoadLittle<uint64_t>(bytes.data() + at / 8) == none) at += 64;
      const auto byte = static_cast<uint8_t>(none);
      while (at + 8 <= last + 1 && static_cast<uint8_t>(bytes[at / 8]) == byte) at += 8;
      if (at > last) return -1;
    }
    if (BitAt(bytes, at) == bit) return static_cast<int64_t>(at);
    ++at;
  }
  return -1;
}

Status BitCombine(Keyspace& keyspace, uint32_t db, BitOperation operation,
                  const std::vector<std::string_view>& keys, std::string& result) {
  // Copies: an integer's text has no place of its own.
  std::vector<std::string> inputs;
  size_t longest = 0;
  for (const std::string_view key : keys) {
    char scratch[kIntegerTextMax];
    std::string_view bytes;
    bool found;
    SF_RETURN_IF_ERROR(StringBytes(keyspace, db, key, scratch, bytes, found));
    keyspace.CountLookup(found);
    inputs.emplace_back(bytes);
    longest = std::max(longest, bytes.size());
  }
  result = inputs[0];
  result.resize(longest, '\0');
  if (operation == BitOperation::kNot) {
    for (char& byte : result) byte = static_cast<char>(~byte);
    return Status();
  }
  for (size_t i = 1; i < inputs.size(); ++i) {
    inputs[i].resize(longest, '\0');
    // Plain loops over bytes: compilers make words of them.
    const char* const from = inputs[i].data();
    char* const to = result.data();
    for (size_t at = 0; at < longest; ++at) {
      if (operation == BitOperation::kAnd) {
        to[at] = static_cast<char>(to[at] & from[at]);
      } else if (operation == BitOperation::kOr) {
        to[at] = static_cast<char>(to[at] | from[at]);
      } else {
        to[at] = static_cast<char>(to[at] ^ from[at]);
      }
    }
  }
  return Status();
}

Status BitStore(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view bytes,
                int64_t expiry) {
  const Found found = keyspace.Lookup(db, key);
  if (bytes.empty() && !found.entry) return Status();
  ++keyspace.counters().changes;
  if (bytes.empty()) {
    keyspace.Remove(db, found);
    return Status();
  }
  EntryContent content;
  content.key = key;
  content.raw = true;
  content.expiry = expiry;
  content.bytes = bytes;
  if (bytes.size() > kInlineValueBytesMax) {
    const Handle handle = keyspace.arena().Allocate(keyspace.database(db).heap,
                                                    ObjectKind::kNode, bytes.size());
    if (handle == 0) return Status(StatusCode::kOutOfMemory);
    std::memcpy(keyspace.arena().At(handle), bytes.data(), bytes.size());
    content.encoding = Encoding::kExternal;
    content.external = {handle, bytes.size()};
  }
  return PutContent(keyspace, db, found, content);
}

uint64_t ReadBits(std::string_view bytes, uint64_t offset, unsigned bits) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bits; ++i) value = value << 1 | (BitAt(bytes, offset + i) ? 1 : 0);
  return value;
}

void WriteBits(std::string& bytes, uint64_t offset, unsigned bits, uint64_t value) {
  const uint64_t end = (offset + bits + 7) / 8;
  if (bytes.size() < end) bytes.resize(end, '\0');
  for (unsigned i = 0; i < bits; ++i) {
    const uint64_t at = offset + i;
    const auto mask = static_cast<uint8_t>(0x80 >> at % 8);
    const bool bit = (value >> (bits - 1 - i) & 1) != 0;
    const auto byte = static_cast<uint8_t>(bytes[at / 8]);
    bytes[at / 8] = static_cast<char>(bit ? byte | mask : byte & ~mask);
  }
}

}  // namespace snapfork
