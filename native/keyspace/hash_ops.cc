// hash_ops.cc - fields found, set and removed in both forms of a hash.

#include "keyspace/hash_ops.h"

#include <cmath>

#include "base/long_double.h"
#include "keyspace/hash_edit.h"

namespace snapfork {
namespace {

// A field as it is there, and as it is seen: not if it is due.
struct FoundField {
  FieldView old;
  FieldView live;

  FoundField(const Keyspace& keyspace, EntryView hash, std::string_view field) {
    if (!hash) return;
    old = FindField(keyspace, hash, field);
    if (old && !IsDue(old, keyspace.Now())) live = old;
  }
};

Status LookupHash(Keyspace& keyspace, uint32_t db, std::string_view key, Found& found) {
  found = keyspace.Lookup(db, key);
  return CheckType(found, ValueType::kHash);
}

}  // namespace

Status HashGet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
               FieldView& view) {
  view = FieldView();
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  keyspace.CountLookup(static_cast<bool>(found.entry));
  view = FoundField(keyspace, found.entry, field).live;
  return Status();
}

Status HashSet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
               std::string_view value, uint32_t flags, bool& created) {
  created = false;
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  const FoundField held(keyspace, found.entry, field);
  const bool present = static_cast<bool>(held.live);
  if (present && (flags & kHashIfAbsent) != 0) return Status();
  SF_RETURN_IF_ERROR(
      PutField(keyspace, db, found, key, field, held.old, PackValue(value), kNoExpiry));
  created = !present;
  ++keyspace.counters().changes;
  return Status();
}

Status HashRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                  bool& removed) {
  removed = false;
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  if (!found.entry) return Status();
  const FieldView view = FindField(keyspace, found.entry, field);
  if (!view) return Status();
  const bool due = IsDue(view, keyspace.Now());
  SF_RETURN_IF_ERROR(RemoveField(keyspace, db, found, key, field, view));
  removed = !due;
  ++keyspace.counters().changes;
  return Status();
}

Status HashLength(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t& length) {
  length = 0;
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  keyspace.CountLookup(static_cast<bool>(found.entry));
  if (found.entry) length = FieldCount(keyspace, found.entry);
  return Status();
}

Status HashIncrement(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                     int64_t delta, int64_t& value) {
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  const FoundField held(keyspace, found.entry, field);
  const FieldView& view = held.live;
  int64_t old = 0;
  if (view) {
    // Canonical text is an integer in the pack already.
    if (!view.value.is_integer()) return Status(StatusCode::kHashValueNotAnInteger);
    old = view.value.integer;
  }
  if (__builtin_add_overflow(old, delta, &value)) return Status(StatusCode::kIncrementOverflow);
  const int64_t expiry = view ? view.expiry : kNoExpiry;
  SF_RETURN_IF_ERROR(PutField(keyspace, db, found, key, field, held.old, PackValue(value), expiry));
  ++keyspace.counters().changes;
  return Status();
}

Status HashIncrementFloat(Keyspace& keyspace, uint32_t db, std::string_view key,
                          std::string_view field, std::string_view delta, std::string& text) {
  // The summand first, as Redis does.
  long double summand = 0;
  if (!ParseLongDouble(delta, summand)) return Status(StatusCode::kNotAFloat);
  if (std::isinf(summand)) return Status(StatusCode::kSummandNotFinite);
  Found found;
  SF_RETURN_IF_ERROR(LookupHash(keyspace, db, key, found));
  const FoundField held(keyspace, found.entry, field);
  const FieldView& view = held.live;
  long double value = 0;
  if (view) {
    char scratch[kIntegerTextMax];
    if (!ParseLongDouble(view.value.Text(scratch), value)) {
      return Status(StatusCode::kHashValueNotAFloat);
    }
  }
  value += summand;
  if (std::isnan(value) || std::isinf(value)) return Status(StatusCode::kNanOrInfinity);
  char formatted[kLongDoubleTextMax];
  text.assign(formatted, FormatLongDouble(value, formatted));
  const int64_t expiry = view ? view.expiry : kNoExpiry;
  SF_RETURN_IF_ERROR(PutField(keyspace, db, found, key, field, held.old, PackValue(text), expiry));
  ++keyspace.counters().changes;
  return Status();
}

}  // namespace snapfork
