// bitmap_ops.h - strings as rows of bits, the highest bit of a byte first.
//
// Each function returns kWrongType for a key that holds no string, kOutOfMemory with nothing
// changed, kStringTooLong.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"

namespace snapfork {

// Bits of a string at most: 2^32, as offsets are checked by the caller.
Status BitSet(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset, bool bit,
              bool& old);
Status BitGet(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset, bool& bit);

// Bits that are set in `bytes`. Word by word.
uint64_t CountBits(std::string_view bytes);
// Bits that are set from bit `first` to bit `last`, both included and inside.
uint64_t CountBitRange(std::string_view bytes, uint64_t first, uint64_t last);
// The first bit of that value from bit `first` to bit `last`, -1 if there is none.
int64_t FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t last);

enum class BitOperation : uint32_t { kAnd, kOr, kXor, kNot };
// Combines the strings of keys; short ones are filled with zeros.
Status BitCombine(Keyspace& keyspace, uint32_t db, BitOperation operation,
                  const std::vector<std::string_view>& keys, std::string& result);

// Makes bytes the string of a key, whatever it was; none remove it.
Status BitStore(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view bytes,
                int64_t expiry = kNoExpiry);

// An integer of `bits` (1 to 64; 63 if unsigned) at a bit offset; zeros where the string ends.
uint64_t ReadBits(std::string_view bytes, uint64_t offset, unsigned bits);
void WriteBits(std::string& bytes, uint64_t offset, unsigned bits, uint64_t value);

// The string of a key; empty if there is none. `scratch` keeps the text of an integer. Does not
// count as a hit or a miss.
Status StringBytes(Keyspace& keyspace, uint32_t db, std::string_view key, char* scratch,
                   std::string_view& bytes, bool& found);

}  // namespace snapfork
