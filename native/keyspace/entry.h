// entry.h - the layout of one key with its value, and a view of it.
//
//   narrow            wide (key or value part over 255 bytes)
//   u8  type|encoding u8  type|encoding
//   u8  flags         u8  flags
//   u8  key bytes     u16 0
//   u8  value bytes   u32 key bytes
//                     u32 value bytes
//   [i64 expiry in Unix ms, if kHasExpiry]
//   key
//   value part, by encoding:
//     kInline          string: the bytes; else a listpack
//     kInteger         1, 2, 4 or 8 bytes
//     kExternal        External: the same as kInline in an object of its own
//     kIntset          an intset; kExternalIntset: in an object of its own
//     kTree            the roots of trees (PackSlot) and what the type keeps
//     beside them
//
// An entry knows nothing of its index slot, and only its slot (and expiry record) knows of it, so
// it can move. Everything is little-endian and unaligned.
//
// Runs in: parent and child (read only there).

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "base/child_safe.h"
#include "base/limits.h"
#include "mem/chunk_map.h"

namespace snapfork {

// As TYPE and lib/native/engine.ts number them.
enum class ValueType : uint8_t { kNone, kString, kList, kSet, kSortedSet, kHash, kStream };

enum class Encoding : uint8_t { kInline, kInteger, kExternal, kIntset, kExternalIntset, kTree };

constexpr bool IsExternal(Encoding encoding) {
  return encoding == Encoding::kExternal || encoding == Encoding::kExternalIntset;
}

// A value too large to move with its entry. `bytes` is the length of a string;
// a listpack or intset knows its own, and may change it without telling the
// entry.
struct External {
  Handle handle;
  uint64_t bytes;
};

class EntryView {
 public:
  static constexpr uint8_t kHasExpiry = 1;
  static constexpr uint8_t kWide = 2;
  // The string was changed in place of being set: OBJECT ENCODING calls it raw.
  static constexpr uint8_t kRaw = 4;
  // A hash some of whose fields have an expiry: a listpack then holds field,
  // value, expiry.
  static constexpr uint8_t kFieldExpiry = 8;

  EntryView() = default;
  SF_CHILD_SAFE explicit EntryView(const uint8_t* entry) : entry_(entry) {}

  explicit operator bool() const { return entry_ != nullptr; }
  const uint8_t* address() const { return entry_; }

  ValueType type() const { return static_cast<ValueType>(entry_[0] & 15); }
  Encoding encoding() const { return static_cast<Encoding>(entry_[0] >> 4); }
  bool raw() const { return (entry_[1] & kRaw) != 0; }
  bool has_field_expiry() const { return (entry_[1] & kFieldExpiry) != 0; }
  bool has_expiry() const { return (entry_[1] & kHasExpiry) != 0; }
  int64_t expiry() const {
    return has_expiry() ? LoadLittle<int64_t>(entry_ + header_bytes()) : kNoExpiry;
  }
  std::string_view key() const { return {KeyAddress(), key_bytes()}; }
  // The value part. For kInline: the string or listpack.
  std::string_view inline_value() const { return {KeyAddress() + key_bytes(), value_bytes()}; }

  int64_t integer() const {
    const void* at = KeyAddress() + key_bytes();
    switch (value_bytes()) {
      case 1:
        return LoadLittle<int8_t>(at);
      case 2:
        return LoadLittle<int16_t>(at);
      case 4:
        return LoadLittle<int32_t>(at);
      default:
        return LoadLittle<int64_t>(at);
    }
  }
  External external() const { return LoadLittle<External>(KeyAddress() + key_bytes()); }

  // Writes another expiry where one is. `to` is the entry, writable.
  void StoreExpiry(uint8_t* to, int64_t expiry) const { StoreLittle(to + header_bytes(), expiry); }

  size_t total_bytes() const {
    return header_bytes() + (has_expiry() ? sizeof(int64_t) : 0) + key_bytes() + value_bytes();
  }

 private:
  bool wide() const { return (entry_[1] & kWide) != 0; }
  size_t header_bytes() const { return wide() ? 12 : 4; }
  size_t key_bytes() const { return wide() ? LoadLittle<uint32_t>(entry_ + 4) : entry_[2]; }
  size_t value_bytes() const { return wide() ? LoadLittle<uint32_t>(entry_ + 8) : entry_[3]; }
  const char* KeyAddress() const {
    return reinterpret_cast<const char*>(entry_) + header_bytes() +
           (has_expiry() ? sizeof(int64_t) : 0);
  }

  const uint8_t* entry_ = nullptr;
};

// What an entry is to hold; bytes are borrowed.
struct EntryContent {
  std::string_view key;
  ValueType type = ValueType::kString;
  Encoding encoding = Encoding::kInline;
  bool raw = false;
  bool field_expiry = false;
  int64_t expiry = kNoExpiry;
  std::string_view bytes;  // kInline, kIntset, kTree
  int64_t integer = 0;     // kInteger
  External external{};     // kExternal, kExternalIntset

  static size_t IntegerBytes(int64_t value) {
    if (value == static_cast<int8_t>(value)) return 1;
    if (value == static_cast<int16_t>(value)) return 2;
    return value == static_cast<int32_t>(value) ? 4 : 8;
  }
  size_t ValuePartBytes() const {
    if (encoding == Encoding::kInteger) return IntegerBytes(integer);
    return IsExternal(encoding) ? sizeof(External) : bytes.size();
  }
  bool IsWide() const { return key.size() > 255 || ValuePartBytes() > 255; }
  size_t TotalBytes() const {
    return (IsWide() ? 12 : 4) + (expiry != kNoExpiry ? sizeof(int64_t) : 0) + key.size() +
           ValuePartBytes();
  }

  // Writes TotalBytes() bytes. REQUIRES: `key` and `bytes` lie outside of them.
  void WriteTo(uint8_t* to) const;
};

inline void EntryContent::WriteTo(uint8_t* to) const {
  const bool is_wide = IsWide();
  const size_t value_part = ValuePartBytes();
  uint8_t* at = to + (is_wide ? 12 : 4) + (expiry != kNoExpiry ? sizeof(int64_t) : 0);
  std::memcpy(at, key.data(), key.size());
  at += key.size();
  switch (encoding) {
    case Encoding::kInline:
    case Encoding::kIntset:
    case Encoding::kTree:
      std::memcpy(at, bytes.data(), bytes.size());
      break;
    case Encoding::kInteger:
      std::memcpy(at, &integer, value_part);  // two's complement, little-endian: a prefix
      break;
    case Encoding::kExternal:
    case Encoding::kExternalIntset:
      StoreLittle(at, external);
      break;
  }
  to[0] = static_cast<uint8_t>(static_cast<unsigned>(type) | static_cast<unsigned>(encoding) << 4);
  to[1] = static_cast<uint8_t>((expiry != kNoExpiry ? EntryView::kHasExpiry : 0) |
                               (is_wide ? EntryView::kWide : 0) | (raw ? EntryView::kRaw : 0) |
                               (field_expiry ? EntryView::kFieldExpiry : 0));
  if (is_wide) {
    StoreLittle<uint16_t>(to + 2, 0);
    StoreLittle(to + 4, static_cast<uint32_t>(key.size()));
    StoreLittle(to + 8, static_cast<uint32_t>(value_part));
  } else {
    to[2] = static_cast<uint8_t>(key.size());
    to[3] = static_cast<uint8_t>(value_part);
  }
  if (expiry != kNoExpiry) StoreLittle(to + (is_wide ? 12 : 4), expiry);
}

}  // namespace snapfork
