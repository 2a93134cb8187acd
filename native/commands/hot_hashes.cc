// hot_hashes.cc - hashes.

#include "commands/hot_call.h"
#include "keyspace/hash_edit.h"
#include "keyspace/hash_ops.h"

namespace snapfork {
namespace {

HotOutcome SetFields(HotCall& call, int64_t& added) {
  if (call.count() % 2 != 0) return HotOutcome::kNotHot;
  for (size_t i = 2; i < call.count(); i += 2) {
    bool created = false;
    const Status status = HashSet(call.keyspace, call.db, call.key(), call.words[i],
                                  call.words[i + 1], 0, created);
    if (!status.ok()) return call.Fail(status, i == 2);
    if (created) ++added;
  }
  return HotOutcome::kDone;
}

// The hash of a key, to be read; an empty view if there is none.
bool LookupHash(HotCall& call, EntryView& hash) {
  const Found found = call.keyspace.Lookup(call.db, call.key());
  if (!CheckType(found, ValueType::kHash).ok()) return false;
  call.keyspace.CountLookup(static_cast<bool>(found.entry));
  hash = found.entry;
  return true;
}

}  // namespace

HotOutcome HotHashSet(HotCall& call) {
  int64_t added = 0;
  const HotOutcome outcome = SetFields(call, added);
  if (outcome == HotOutcome::kDone) call.reply.Integer(added);
  return outcome;
}

HotOutcome HotHashSetOk(HotCall& call) {
  int64_t added = 0;
  const HotOutcome outcome = SetFields(call, added);
  if (outcome == HotOutcome::kDone) call.reply.Ok();
  return outcome;
}

HotOutcome HotHashGet(HotCall& call) {
  FieldView view;
  if (!HashGet(call.keyspace, call.db, call.key(), call.words[2], view).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.BulkIf(static_cast<bool>(view), view.value);
  return HotOutcome::kDone;
}

HotOutcome HotHashExists(HotCall& call) {
  FieldView view;
  if (!HashGet(call.keyspace, call.db, call.key(), call.words[2], view).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Boolean(static_cast<bool>(view));
  return HotOutcome::kDone;
}

HotOutcome HotHashGetMany(HotCall& call) {
  EntryView hash;
  if (!LookupHash(call, hash)) return HotOutcome::kNotHot;
  const int64_t now = hash && hash.has_field_expiry() ? call.keyspace.Now() : INT64_MIN;
  call.reply.Array(call.count() - 2);
  for (const std::string_view field : call.words.subspan(2)) {
    FieldView view;
    if (hash) view = FindField(call.keyspace, hash, field);
    call.reply.BulkIf(view && !IsDue(view, now), view.value);
  }
  return HotOutcome::kDone;
}

// How many of a hash are live is known only if none of its fields expires.
HotOutcome HotHashGetAll(HotCall& call) {
  EntryView hash;
  if (!LookupHash(call, hash) || (hash && hash.has_field_expiry())) return HotOutcome::kNotHot;
  call.reply.Map(hash ? FieldCount(call.keyspace, hash) : 0);
  if (hash) {
    VisitFields(call.keyspace, hash, [&](const PackElement& field, const FieldView& view) {
      call.reply.Bulk(field);
      call.reply.Bulk(view.value);
    });
  }
  return HotOutcome::kDone;
}

HotOutcome HotHashRemove(HotCall& call) {
  return CountChanges(call, [&](std::string_view word, bool& changed) {
    return HashRemove(call.keyspace, call.db, call.key(), word, changed);
  });
}

HotOutcome HotHashLength(HotCall& call) {
  uint64_t length = 0;
  if (!HashLength(call.keyspace, call.db, call.key(), length).ok()) return HotOutcome::kNotHot;
  call.reply.Integer(static_cast<int64_t>(length));
  return HotOutcome::kDone;
}

HotOutcome HotHashIncrement(HotCall& call) {
  int64_t delta = 0;
  int64_t value = 0;
  if (!ParseInteger(call.words[3], delta) ||
      !HashIncrement(call.keyspace, call.db, call.key(), call.words[2], delta, value).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Integer(value);
  return HotOutcome::kDone;
}

}  // namespace snapfork
