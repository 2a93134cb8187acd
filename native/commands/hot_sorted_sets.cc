// hot_sorted_sets.cc - sorted sets.

#include "commands/hot_call.h"
#include "keyspace/list_ops.h"
#include "keyspace/zset_ops.h"

namespace snapfork {
namespace {

bool LookupZset(HotCall& call, EntryView& zset) {
  return ZsetLookup(call.keyspace, call.db, call.key(), zset).ok();
}

// A member as it leaves the set: first the reply, which borrows from it.
HotOutcome Pop(HotCall& call, bool highest) {
  EntryView zset;
  if (!ZsetToChange(call.keyspace, call.db, call.key(), zset).ok()) return HotOutcome::kNotHot;
  if (!zset) {
    call.reply.Array(0);
    return HotOutcome::kDone;
  }
  const uint64_t rank = highest ? ZsetSize(call.keyspace, zset) - 1 : 0;
  std::string member;
  double score = 0;
  VisitRanks(call.keyspace, zset, rank, 1, false, [&](const PackElement& element, double value) {
    char scratch[kIntegerTextMax];
    member.assign(element.Text(scratch));
    score = value;
  });
  if (!ZsetRemoveRanks(call.keyspace, call.db, call.key(), rank, 1).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Array(2);
  call.reply.Bulk(member);
  call.reply.Double(score);
  return HotOutcome::kDone;
}

}  // namespace

// Without options: then the third word is a score.
HotOutcome HotZsetAdd(HotCall& call) {
  if (call.count() % 2 != 0) return HotOutcome::kNotHot;
  double score = 0;
  for (size_t i = 2; i < call.count(); i += 2) {
    if (!ParseScore(call.words[i], score)) return HotOutcome::kNotHot;
  }
  int64_t count = 0;
  for (size_t i = 2; i < call.count(); i += 2) {
    ZaddOutcome outcome;
    ParseScore(call.words[i], score);
    const Status status = ZsetAdd(call.keyspace, call.db, call.key(), call.words[i + 1], score, 0,
                                  outcome);
    if (!status.ok()) return call.Fail(status, i == 2);
    if (outcome.added) ++count;
  }
  call.reply.Integer(count);
  return HotOutcome::kDone;
}

HotOutcome HotZsetIncrement(HotCall& call) {
  double delta = 0;
  ZaddOutcome outcome;
  if (!ParseScore(call.words[2], delta) ||
      !ZsetAdd(call.keyspace, call.db, call.key(), call.words[3], delta, kZaddIncrement, outcome)
           .ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Double(outcome.score);
  return HotOutcome::kDone;
}

HotOutcome HotZsetRemove(HotCall& call) {
  return CountChanges(call, [&](std::string_view word, bool& changed) {
    return ZsetRemove(call.keyspace, call.db, call.key(), word, changed);
  });
}

HotOutcome HotZsetScore(HotCall& call) {
  EntryView zset;
  if (!LookupZset(call, zset)) return HotOutcome::kNotHot;
  double score = 0;
  if (zset && ZsetScore(call.keyspace, zset, call.words[2], score)) {
    call.reply.Double(score);
  } else {
    call.reply.Null();
  }
  return HotOutcome::kDone;
}

HotOutcome HotZsetSize(HotCall& call) {
  EntryView zset;
  if (!LookupZset(call, zset)) return HotOutcome::kNotHot;
  call.reply.Integer(zset ? static_cast<int64_t>(ZsetSize(call.keyspace, zset)) : 0);
  return HotOutcome::kDone;
}

// By rank, upwards.
HotOutcome HotZsetRange(HotCall& call) {
  const bool with_scores = call.count() == 5 && IsWord(call.words[4], "WITHSCORES");
  int64_t start = 0;
  int64_t stop = 0;
  EntryView zset;
  if ((call.count() != 4 && !with_scores) || !ParseInteger(call.words[2], start) ||
      !ParseInteger(call.words[3], stop) || !LookupZset(call, zset)) {
    return HotOutcome::kNotHot;
  }
  uint64_t first = 0;
  uint64_t count = 0;
  if (!zset || !ClampRange(ZsetSize(call.keyspace, zset), start, stop, first, count)) count = 0;
  if (with_scores) {
    call.reply.Pairs(count);
  } else {
    call.reply.Array(count);
  }
  if (count == 0) return HotOutcome::kDone;
  VisitRanks(call.keyspace, zset, first, count, false,
             [&](const PackElement& member, double score) {
               if (with_scores) call.reply.Pair();
               call.reply.Bulk(member);
               if (with_scores) call.reply.Double(score);
             });
  return HotOutcome::kDone;
}

HotOutcome HotZsetPopLowest(HotCall& call) { return Pop(call, false); }
HotOutcome HotZsetPopHighest(HotCall& call) { return Pop(call, true); }

}  // namespace snapfork
