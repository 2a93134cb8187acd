// listpack.h - Redis's packed list of strings and integers, byte for byte.
//
//   u32 total bytes | u16 elements (65535: walk) | elements | 0xFF
//   element = encoding byte(s) | data | length of both, read from the right ("backlen")
//
// Text that is the canonical decimal of an int64 is kept as an integer, in the smallest form. The
// functions here trust their input: what comes from outside passes ValidateListpack first.
//
// Format: Redis's listpack specification; 16383-byte elements take a backlen of 3 bytes there.
//
// Runs in: parent and child (reading), the owner's thread (changing).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/child_safe.h"
#include "base/number.h"

namespace snapfork {

inline constexpr size_t kListpackHeaderBytes = 6;
inline constexpr size_t kListpackEmptyBytes = kListpackHeaderBytes + 1;
// No pack that is written here passes it: Redis's own limit.
inline constexpr size_t kListpackBytesMax = 1u << 30;

// An element as it is read; the text is borrowed from the pack.
struct PackElement {
  const char* text = nullptr;  // null: an integer
  uint32_t bytes = 0;
  int64_t integer = 0;

  SF_CHILD_SAFE bool is_integer() const { return text == nullptr; }
  // The element as text; an integer is formatted into `scratch` (kIntegerTextMax bytes).
  SF_CHILD_SAFE std::string_view Text(char* scratch) const {
    return is_integer() ? std::string_view(scratch, FormatInteger(integer, scratch))
                        : std::string_view(text, bytes);
  }
};

// An element to be written or looked for: encoded once, compared and copied as bytes.
class PackValue {
 public:
  PackValue() = default;
  // Text, kept as an integer if it is canonical. Borrowed.
  SF_CHILD_SAFE explicit PackValue(std::string_view text);
  SF_CHILD_SAFE explicit PackValue(int64_t integer);
  // An element of another pack, in its own form. Borrowed.
  SF_CHILD_SAFE explicit PackValue(const PackElement& element);
  // Text that stays text even if it looks like a number: binary data of ours.
  SF_CHILD_SAFE static PackValue OfBytes(std::string_view text);

  SF_CHILD_SAFE size_t encoded_bytes() const { return encoded_bytes_; }
  SF_CHILD_SAFE bool is_integer() const { return text_.data() == nullptr; }
  SF_CHILD_SAFE int64_t integer() const { return integer_; }
  SF_CHILD_SAFE std::string_view text() const { return text_; }
  // Writes encoded_bytes() bytes; returns their end.
  SF_CHILD_SAFE uint8_t* WriteTo(uint8_t* to) const;
  // True if `element` has the same content.
  SF_CHILD_SAFE bool Equals(const PackElement& element) const;

 private:
  void SetText(std::string_view text);
  void SetInteger(int64_t integer);

  std::string_view text_;  // data() == nullptr: an integer
  int64_t integer_ = 0;
  uint32_t encoded_bytes_ = 0;
  uint8_t head_bytes_ = 0;
  uint8_t head_[9];  // encoding, and the integer
};

// A pack to read. Positions are pointers to elements; end() is the 0xFF.
class Listpack {
 public:
  SF_CHILD_SAFE explicit Listpack(const uint8_t* pack) : pack_(pack) {}

  const uint8_t* address() const { return pack_; }
  SF_CHILD_SAFE size_t bytes() const { return LoadLittle<uint32_t>(pack_); }
  // Number of elements. Walks if the header does not know.
  SF_CHILD_SAFE size_t count() const;
  SF_CHILD_SAFE bool empty() const { return begin() == end(); }

  SF_CHILD_SAFE const uint8_t* begin() const { return pack_ + kListpackHeaderBytes; }
  SF_CHILD_SAFE const uint8_t* end() const { return pack_ + bytes() - 1; }
  SF_CHILD_SAFE size_t OffsetOf(const uint8_t* at) const { return static_cast<size_t>(at - pack_); }

  // REQUIRES: `at` is an element, not end().
  SF_CHILD_SAFE static const uint8_t* Next(const uint8_t* at) {
    const size_t bytes = ContentBytes(at);
    return at + bytes + BacklenBytes(bytes);
  }
  SF_CHILD_SAFE static PackElement Get(const uint8_t* at) {
    const uint8_t first = *at;
    if (first < 0x80) return Integer(first);
    if (first < 0xc0) return Text(at + 1, first & 63u);
    if (first < 0xe0) return Integer(SignExtend<13>((first & 31u) << 8 | at[1]));
    if (first < 0xf0) return Text(at + 2, (first & 15u) << 8 | at[1]);
    if (first == 0xf0) return Text(at + 5, LoadLittle<uint32_t>(at + 1));
    if (first == 0xf1) return Integer(LoadLittle<int16_t>(at + 1));
    if (first == 0xf2) {
      return Integer(SignExtend<24>(at[1] | uint32_t{at[2]} << 8 | uint32_t{at[3]} << 16));
    }
    if (first == 0xf3) return Integer(LoadLittle<int32_t>(at + 1));
    return Integer(LoadLittle<int64_t>(at + 1));
  }
  // REQUIRES: `at` is an element or end(), not begin().
  SF_CHILD_SAFE static const uint8_t* Previous(const uint8_t* at);

  // The element of an index, end() if there is none. Walks from the nearer side if the header
  // knows the number of elements. Cost: O(elements).
  SF_CHILD_SAFE const uint8_t* Seek(size_t index) const;

  // The first element from `from` on with that content, looking at one of each `stride`; end() if
  // there is none.
  SF_CHILD_SAFE const uint8_t* Find(const uint8_t* from, const PackValue& value,
                                    size_t stride) const;

  // Bytes of encoding and data of an element.
  SF_CHILD_SAFE static size_t ContentBytes(const uint8_t* at) {
    const uint8_t first = *at;
    if (first < 0x80) return 1;
    if (first < 0xc0) return 1 + (first & 63u);
    if (first < 0xe0) return 2;
    if (first < 0xf0) return 2 + ((first & 15u) << 8 | at[1]);
    constexpr uint8_t kIntegerBytes[] = {0, 3, 4, 5, 9};
    if (first == 0xf0) return 5 + size_t{LoadLittle<uint32_t>(at + 1)};
    return kIntegerBytes[first - 0xf0];
  }
  // An element of exactly 16383 bytes takes three: the limits are exclusive above the first.
  SF_CHILD_SAFE static size_t BacklenBytes(size_t content_bytes) {
    if (content_bytes <= 127) return 1;
    if (content_bytes < 16383) return 2;
    if (content_bytes < 2097151) return 3;
    return content_bytes < 268435455 ? 4 : 5;
  }

 private:
  SF_CHILD_SAFE static bool IsText(uint8_t first) {
    return (first >= 0x80 && first < 0xc0) || (first >= 0xe0 && first <= 0xf0);
  }
  SF_CHILD_SAFE const uint8_t* FindInteger(const uint8_t* from, int64_t integer,
                                           size_t stride) const;
  SF_CHILD_SAFE const uint8_t* FindText(const uint8_t* from, std::string_view text,
                                        size_t stride) const;
  SF_CHILD_SAFE static PackElement Integer(int64_t integer) { return {nullptr, 0, integer}; }
  SF_CHILD_SAFE static PackElement Text(const uint8_t* text, uint32_t bytes) {
    return {reinterpret_cast<const char*>(text), bytes, 0};
  }
  template <unsigned kBits>
  SF_CHILD_SAFE static int64_t SignExtend(uint64_t value) {
    return static_cast<int64_t>(value << (64 - kBits)) >> (64 - kBits);
  }

  const uint8_t* pack_;
};

// Elements as they lie in packs, without header and end: more of them than one pack could hold.
struct PackRange {
  const uint8_t* begin;
  const uint8_t* end;
  size_t count;

  static PackRange Of(const Listpack& pack) { return {pack.begin(), pack.end(), pack.count()}; }
  bool empty() const { return begin == end; }
};

// Writes an empty pack: kListpackEmptyBytes bytes.
void ListpackClear(uint8_t* pack);

// One change: at `offset` take `removed_elements` (their `removed_bytes`) out and put `inserted`
// in.
struct PackSplice {
  size_t offset = kListpackHeaderBytes;
  size_t removed_bytes = 0;
  size_t removed_elements = 0;
  std::span<const PackValue> inserted;

  size_t InsertedBytes() const {
    size_t sum = 0;
    for (const PackValue& value : inserted) sum += value.encoded_bytes();
    return sum;
  }
};

// Makes the change in place. REQUIRES: room for bytes() + InsertedBytes() - removed_bytes; the
// inserted text lies outside of the pack.
void ListpackSplice(uint8_t* pack, const PackSplice& splice);
// Writes the changed pack to `to`, leaving `pack` as it is; the inserted text may lie in `pack`.
void ListpackSpliceCopy(uint8_t* to, const uint8_t* pack, const PackSplice& splice);

// Header and end only (what Redis does without deep checks), or every element too: inside the
// pack, right backlen, right count.
enum class PackCheck { kHeader, kDeep };
// What a deep check finds out by the way.
struct PackFacts {
  size_t count = 0;
  // No text would be kept as an integer here: the pack can be searched as it is.
  bool canonical = true;
};
bool ValidateListpack(const uint8_t* pack, size_t bytes, PackCheck check,
                      PackFacts* facts = nullptr);

}  // namespace snapfork
