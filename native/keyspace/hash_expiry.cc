// hash_expiry.cc - fields that get an expiry, lose it, or are removed by it.

#include "keyspace/hash_expiry.h"

#include <string>

#include "base/check.h"
#include "keyspace/hash_edit.h"
#include "keyspace/key_ops.h"

namespace snapfork {
namespace {

// The field, if it is there and not due.
Status LookupField(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                   Found& found, FieldView& view) {
  view = FieldView();
  found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kHash));
  if (!found.entry) return Status();
  view = FindField(keyspace, found.entry, field);
  if (view && IsDue(view, keyspace.Now())) view = FieldView();
  return Status();
}

// Puts a field again as it is, but for its expiry.
Status ChangeExpiry(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                    std::string_view field, const FieldView& view, int64_t expiry) {
  const PackElement& value = view.value;
  if (value.is_integer()) {
    return PutField(keyspace, db, found, key, field, view, PackValue(value.integer), expiry);
  }
  const std::string copy(value.text, value.bytes);
  return PutField(keyspace, db, found, key, field, view, PackValue::OfBytes(copy), expiry);
}

bool ConditionHolds(const FieldView& view, int64_t expiry, uint32_t flags) {
  const bool has = view.expiry != kNoExpiry;
  if ((flags & kExpiryIfNone) != 0 && has) return false;
  if ((flags & kExpiryIfSome) != 0 && !has) return false;
  // Without an expiry a field lives for ever: nothing is later than that.
  if ((flags & kExpiryIfLater) != 0 && (!has || expiry <= view.expiry)) return false;
  if ((flags & kExpiryIfEarlier) != 0 && has && expiry >= view.expiry) return false;
  return true;
}

}  // namespace

Status HashSetExpiry(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                     int64_t expiry, uint32_t flags, FieldExpiryOutcome& outcome) {
  outcome = FieldExpiryOutcome::kNoField;
  Found found;
  FieldView view;
  SF_RETURN_IF_ERROR(LookupField(keyspace, db, key, field, found, view));
  if (!view) return Status();
  outcome = FieldExpiryOutcome::kNotMet;
  if (!ConditionHolds(view, expiry, flags)) return Status();
  if (expiry <= keyspace.Now()) {
    SF_RETURN_IF_ERROR(RemoveField(keyspace, db, found, key, field, view));
    outcome = FieldExpiryOutcome::kRemoved;
  } else {
    SF_RETURN_IF_ERROR(ChangeExpiry(keyspace, db, found, key, field, view, expiry));
    outcome = FieldExpiryOutcome::kSet;
  }
  ++keyspace.counters().changes;
  return Status();
}

Status HashFieldExpiry(Keyspace& keyspace, uint32_t db, std::string_view key,
                       std::string_view field, int64_t& expiry) {
  Found found;
  FieldView view;
  SF_RETURN_IF_ERROR(LookupField(keyspace, db, key, field, found, view));
  expiry = view ? view.expiry : -2;
  return Status();
}

Status HashPersist(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view field,
                   int& outcome) {
  Found found;
  FieldView view;
  SF_RETURN_IF_ERROR(LookupField(keyspace, db, key, field, found, view));
  outcome = !view ? -2 : view.expiry == kNoExpiry ? -1 : 1;
  if (outcome != 1) return Status();
  SF_RETURN_IF_ERROR(ChangeExpiry(keyspace, db, found, key, field, view, kNoExpiry));
  ++keyspace.counters().changes;
  return Status();
}

uint64_t HashExpireDueFields(Keyspace& keyspace, uint64_t limit) {
  uint64_t removed = 0;
  const int64_t now = keyspace.Now();
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) {
    Database& database = keyspace.database(db);
    int64_t time_ms = 0;
    Handle handle = 0;
    while (removed < limit && database.field_expiry.First(time_ms, handle) && time_ms <= now) {
      Found found;
      found.entry = keyspace.EntryAt(handle);
      const std::string key(found.entry.key());
      found.hash = keyspace.HashOf(key);
      found.slot = database.index.Find(found.hash, [&](Handle other) { return other == handle; });
      SF_CHECK(found.slot != nullptr);
      std::string field;
      const FieldView view = EarliestField(keyspace, found.entry, field);
      // Without memory to move what is frozen, it is tried again later.
      if (!RemoveField(keyspace, db, found, key, field, view).ok()) return removed;
      if (keyspace.expiry_observer() != nullptr) {
        keyspace.expiry_observer()->OnFieldExpired(db, key, field);
      }
      ++removed;
      ++keyspace.counters().expired_fields;
      ++keyspace.counters().changes;
    }
  }
  return removed;
}

}  // namespace snapfork
