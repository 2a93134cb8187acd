// digest.h - an order-free digest of everything a keyspace holds.
//
// The sum, modulo 2^64 each, of two keyed hashes of every (database, type, key, expiry, value). The
// elements of a set or hash are summed up likewise, those of an ordered type are chained.
// Equal content gives equal digests whatever the encodings, addresses and insertion order. The
// keys of the hashes are fixed, so digests of different processes compare.

#pragma once

#include <cstdint>
#include <string>

#include "keyspace/keyspace.h"

namespace snapfork {

struct Digest {
  uint64_t first = 0;
  uint64_t second = 0;
  bool operator==(const Digest&) const = default;
};

// 32 digits.
std::string HexOf(const Digest& digest);

// Entries whose time has come, removed or not, are left out. Cost: a visit to every entry.
Digest DigestOf(const Keyspace& keyspace);

// Of the type and value of one entry alone.
Digest DigestOfValue(const Keyspace& keyspace, EntryView entry);

}  // namespace snapfork
