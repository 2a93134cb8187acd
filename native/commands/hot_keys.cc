// hot_keys.cc - keys of any type, and when they expire.

#include <algorithm>

#include "commands/hot_call.h"
#include "commands/look_ahead.h"
#include "keyspace/key_ops.h"

namespace snapfork {
namespace {

// What stands for "no key" and "no expiry" is negative, and the reply itself.
HotOutcome TimeToLive(HotCall& call, int64_t unit_ms) {
  int64_t left = KeyExpiry(call.keyspace, call.db, call.key());
  call.keyspace.CountLookup(left != kExpiryOfNoKey);
  if (left >= 0) {
    left = std::max<int64_t>(0, left - call.keyspace.Now());
    if (unit_ms > 1) left = (left + unit_ms / 2) / unit_ms;
  }
  call.reply.Integer(left);
  return HotOutcome::kDone;
}

HotOutcome ExpireAt(HotCall& call, int64_t at) {
  ExpiryOutcome outcome = ExpiryOutcome::kNothing;
  if (!KeySetExpiry(call.keyspace, call.db, call.key(), at, 0, outcome).ok()) {
    return HotOutcome::kNotHot;
  }
  if (outcome == ExpiryOutcome::kRemoved) {
    call.effect.Set({"DEL", call.key()});
  } else if (outcome == ExpiryOutcome::kSet) {
    call.effect.Set({"PEXPIREAT", call.key(), IntegerText(at)});
  }
  call.reply.Boolean(outcome != ExpiryOutcome::kNothing);
  return HotOutcome::kDone;
}

HotOutcome ExpireIn(HotCall& call, int64_t unit_ms) {
  int64_t amount = 0;
  int64_t at = 0;
  const bool fits = !call.is_replay && ParseInteger(call.words[2], amount) &&
                    ExpiryAfter(call, amount, unit_ms, at);
  return fits ? ExpireAt(call, at) : HotOutcome::kNotHot;
}

}  // namespace

HotOutcome HotRemoveKeys(HotCall& call) {
  LookAtKeys(call.keyspace, call.db, call.words.subspan(1), 1);
  int64_t removed = 0;
  for (const std::string_view key : call.words.subspan(1)) {
    if (KeyRemove(call.keyspace, call.db, key)) ++removed;
  }
  call.reply.Integer(removed);
  return HotOutcome::kDone;
}

HotOutcome HotExists(HotCall& call) {
  int64_t found = 0;
  for (const std::string_view key : call.words.subspan(1)) {
    if (KeyExists(call.keyspace, call.db, key)) ++found;
  }
  call.reply.Integer(found);
  return HotOutcome::kDone;
}

HotOutcome HotSecondsToLive(HotCall& call) { return TimeToLive(call, 1000); }
HotOutcome HotMillisToLive(HotCall& call) { return TimeToLive(call, 1); }

HotOutcome HotExpireSeconds(HotCall& call) { return ExpireIn(call, 1000); }
HotOutcome HotExpireMillis(HotCall& call) { return ExpireIn(call, 1); }

HotOutcome HotExpireAtMillis(HotCall& call) {
  int64_t at = 0;
  return ParseInteger(call.words[2], at) ? ExpireAt(call, at) : HotOutcome::kNotHot;
}

}  // namespace snapfork
