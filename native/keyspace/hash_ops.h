// hash_ops.h - what the hash commands do to the keyspace; no parsing, no replies.
//
// Each function returns kWrongType for a key that holds no hash, kOutOfMemory with nothing changed,
// and what is named at it. Elements are borrowed from the hash until the next change.
//
// A field whose time has come is not seen by any function here but HashLength, which counts it
// until it is removed.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/number.h"
#include "ds/hash_tree.h"
#include "keyspace/collection.h"
#include "keyspace/hash_fields.h"
#include "keyspace/keyspace.h"

namespace snapfork {

enum HashFlags : uint32_t { kHashIfAbsent = 1 };

Status HashGet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
               FieldView& view);

// `created` is true if the field was not there. With kHashIfAbsent one that is there is left. A
// field that is set has no expiry any more.
Status HashSet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
               std::string_view value, uint32_t flags, bool& created);

// Removes the key with its last field.
Status HashRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                  bool& removed);

Status HashLength(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t& length);

// kHashValueNotAnInteger, kIncrementOverflow. The field keeps its expiry.
Status HashIncrement(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                     int64_t delta, int64_t& value);
// kNotAFloat, kSummandNotFinite, kHashValueNotAFloat, kNanOrInfinity. `text` is what the field then
// holds.
Status HashIncrementFloat(Keyspace& keyspace, uint32_t db, std::string_view key,
                          std::string_view field, std::string_view delta, std::string& text);

// The same for a hash in any form, fields that are due included.
template <typename Visit>
bool VisitAllFields(const Keyspace& keyspace, EntryView hash, Visit&& visit) {
  if (hash.encoding() != Encoding::kTree) {
    return VisitPackFields(Listpack(keyspace.PackOf(hash)), StrideOf(hash), visit);
  }
  return WalkPackTree(keyspace.trees(), RootOf(hash), [&](const PackSlot& slot, Listpack leaf) {
    return VisitPackFields(leaf, slot.mark(), visit);
  });
}

// Fields that are not due.
template <typename Visit>
void VisitFields(const Keyspace& keyspace, EntryView hash, Visit&& visit) {
  const int64_t now = hash.has_field_expiry() ? keyspace.Now() : INT64_MIN;
  VisitAllFields(keyspace, hash, [&](const PackElement& field, const FieldView& view) {
    if (!IsDue(view, now)) visit(field, view);
    return true;
  });
}

}  // namespace snapfork
