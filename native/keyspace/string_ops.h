// string_ops.h - what the string commands do to the keyspace; no parsing, no replies.
//
// Each function returns kWrongType for a key that holds no string, kOutOfMemory with nothing
// changed, and what is named at it. Text is borrowed from the entry until the next change.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"

namespace snapfork {

struct StringResult {
  bool found = false;
  std::string_view text;
  char scratch[kIntegerTextMax];
};

enum SetFlags : uint32_t { kSetIfAbsent = 1, kSetIfPresent = 2, kSetKeepExpiry = 4 };

Status StringGet(Keyspace& keyspace, uint32_t db, std::string_view key, StringResult& result);

// `done` is false if a condition of `flags` failed.
Status StringSet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view value,
                 uint32_t flags, int64_t expiry, bool& done);

// kStringTooLong if the result would pass kStringBytesMax.
Status StringAppend(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view value,
                    uint64_t& length);
Status StringSetRange(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset,
                      std::string_view value, uint64_t& length);

Status StringLength(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t& length);

// Offsets count from the end when negative, as in GETRANGE.
Status StringGetRange(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t start,
                      int64_t end, StringResult& result);

// kNotAnInteger, kIncrementOverflow.
Status StringIncrement(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t delta,
                       int64_t& value);

// kNotAFloat, kNanOrInfinity. The sum is formed in long double and written with at most 17
// decimals.
Status StringIncrementFloat(Keyspace& keyspace, uint32_t db, std::string_view key,
                            std::string_view delta, StringResult& result);

// Makes `value` the value part of `content`, in a new object of the database's heap if it is
// large. Used by whatever brings whole values: SET, the loader.
Status EncodeString(Keyspace& keyspace, uint32_t db, std::string_view value,
                    EntryContent& content);

}  // namespace snapfork
