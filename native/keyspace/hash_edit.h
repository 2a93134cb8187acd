// hash_edit.h - the two forms of a hash, changed field by field: what hash_ops and hash_expiry
// stand on.
//
// Compact with expiries: triples by expiry ascending, those without one last. A large hash has
// leaves of pairs until a field of the leaf gets an expiry, and of triples from then on.

#pragma once

#include <string>
#include <string_view>

#include "keyspace/field_expiry.h"
#include "keyspace/hash_ops.h"

namespace snapfork {

// Fields that are due are found too.
FieldView FindField(const Keyspace& keyspace, EntryView hash, std::string_view field);
uint64_t FieldCount(const Keyspace& keyspace, EntryView hash);

// Sets a field with its expiry, whatever it was before; makes the hash if there is none. `old` is
// what FindField found. The value lies outside of the hash.
Status PutField(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                std::string_view field, const FieldView& old, const PackValue& value,
                int64_t expiry);
// Removes the field that FindField found, and the key with the last one.
Status RemoveField(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                   std::string_view field, const FieldView& old);

// The field that expires first, and its name. REQUIRES: one expires.
FieldView EarliestField(const Keyspace& keyspace, EntryView hash, std::string& name);

// Makes elements of 2 or 3 items the root of a large hash. kOutOfMemory, kBadValue if a field comes
// twice: all is freed.
Status BuildLargeHash(Keyspace& keyspace, uint32_t db, const PackRange& fields, unsigned stride,
                      PackSlot& root);

}  // namespace snapfork
