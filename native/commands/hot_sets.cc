// hot_sets.cc - sets.

#include "commands/hot_call.h"
#include "keyspace/set_ops.h"

namespace snapfork {
namespace {

bool LookupSet(HotCall& call, EntryView& set) {
  return SetLookup(call.keyspace, call.db, call.key(), set).ok();
}

}  // namespace

HotOutcome HotSetAdd(HotCall& call) {
  return CountChanges(call, [&](std::string_view word, bool& changed) {
    return SetAdd(call.keyspace, call.db, call.key(), word, changed);
  });
}

HotOutcome HotSetRemove(HotCall& call) {
  return CountChanges(call, [&](std::string_view word, bool& changed) {
    return SetRemove(call.keyspace, call.db, call.key(), word, changed);
  });
}

HotOutcome HotSetContains(HotCall& call) {
  EntryView set;
  if (!LookupSet(call, set)) return HotOutcome::kNotHot;
  call.reply.Boolean(set && SetContains(call.keyspace, set, call.words[2]));
  return HotOutcome::kDone;
}

HotOutcome HotSetSize(HotCall& call) {
  EntryView set;
  if (!LookupSet(call, set)) return HotOutcome::kNotHot;
  call.reply.Integer(set ? static_cast<int64_t>(SetSize(call.keyspace, set)) : 0);
  return HotOutcome::kDone;
}

HotOutcome HotSetMembers(HotCall& call) {
  EntryView set;
  if (!LookupSet(call, set)) return HotOutcome::kNotHot;
  call.reply.Set(set ? SetSize(call.keyspace, set) : 0);
  if (set) {
    VisitMembers(call.keyspace, set, [&](const PackElement& member) {
      call.reply.Bulk(member);
      return true;
    });
  }
  return HotOutcome::kDone;
}

// What chance has chosen is logged by name.
HotOutcome HotSetPop(HotCall& call) {
  EntryView set;
  if (!SetToChange(call.keyspace, call.db, call.key(), set).ok()) return HotOutcome::kNotHot;
  if (!set) {
    call.reply.Null();
    return HotOutcome::kDone;
  }
  const uint64_t rank = call.keyspace.Random() % SetSize(call.keyspace, set);
  char scratch[kIntegerTextMax];
  const std::string_view member = SetMemberAtRank(call.keyspace, set, rank).Text(scratch);
  call.effect.Set({"SREM", call.key(), member});
  const std::string_view copy = call.effect.words()[2];
  bool removed = false;
  if (!SetRemove(call.keyspace, call.db, call.key(), copy, removed).ok()) {
    call.effect.Clear();
    return HotOutcome::kNotHot;
  }
  call.reply.Bulk(copy);
  return HotOutcome::kDone;
}

}  // namespace snapfork
