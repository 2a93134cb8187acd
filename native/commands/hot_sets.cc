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
  int64_t count = 0;
  for (size_t i = 2; i < call.count(); ++i) {
    bool added = false;
    const Status status = SetAdd(call.keyspace, call.db, call.key(), call.words[i], added);
    if (!status.ok()) return call.Fail(status, i == 2);
    if (added) ++count;
  }
  call.reply.Integer(count);
  return HotOutcome::kDone;
}

HotOutcome HotSetRemove(HotCall& call) {
  int64_t count = 0;
  for (size_t i = 2; i < call.count(); ++i) {
    bool removed = false;
    const Status status = SetRemove(call.keyspace, call.db, call.key(), call.words[i], removed);
    if (!status.ok()) return call.Fail(status, i == 2);
    if (removed) ++count;
  }
  call.reply.Integer(count);
  return HotOutcome::kDone;
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
  if (!LookupSet(call, set)) return HotOutcome::kNotHot;
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
