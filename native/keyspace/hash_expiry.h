// hash_expiry.h - expiry of single fields, as HEXPIRE and its family set and tell it.
//
// Errors as in hash_ops.h.

#pragma once

#include <cstdint>
#include <string_view>

#include "keyspace/keyspace.h"

namespace snapfork {

// As HEXPIRE replies.
enum class FieldExpiryOutcome : int { kNoField = -2, kNotMet = 0, kSet = 1, kRemoved = 2 };

// `flags` are ExpiryFlags. A time that is not in the future removes the field.
Status HashSetExpiry(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                     int64_t expiry, uint32_t flags, FieldExpiryOutcome& outcome);

// -2: no such field, -1: no expiry, else Unix ms.
Status HashFieldExpiry(Keyspace& keyspace, uint32_t db, std::string_view key,
                       std::string_view field, int64_t& expiry);

// As HPERSIST replies: -2 no such field, -1 no expiry, 1 done.
Status HashPersist(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                   int& outcome);

// Removes up to `limit` fields whose time has come, in each database earliest first, and keys with
// their last field; returns how many.
uint64_t HashExpireDueFields(Keyspace& keyspace, uint64_t limit);

}  // namespace snapfork
