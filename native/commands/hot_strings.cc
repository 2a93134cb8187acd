// hot_strings.cc - strings.

#include "commands/hot_call.h"
#include "commands/look_ahead.h"
#include "keyspace/string_ops.h"

namespace snapfork {
namespace {

// What follows the value of a SET.
struct SetWords {
  uint32_t flags = 0;
  int64_t expiry = kNoExpiry;
};

// A number behind EX or PX, above 0, as the time when it is over.
bool ReadTimeToLive(const HotCall& call, std::string_view word, int64_t unit_ms, int64_t& at) {
  int64_t amount = 0;
  return ParseInteger(word, amount) && amount > 0 && ExpiryAfter(call, amount, unit_ms, at);
}

// In a log the times are absolute, and may be over.
bool ReadLoggedSet(const HotCall& call, SetWords& set) {
  if (call.count() == 4 && IsWord(call.words[3], "KEEPTTL")) {
    set.flags = kSetKeepExpiry;
    return true;
  }
  return call.count() == 5 && IsWord(call.words[3], "PXAT") &&
         ParseInteger(call.words[4], set.expiry) && set.expiry >= 0;
}

// One time and one condition; all the rest is left to the other handler.
bool ReadSet(const HotCall& call, SetWords& set) {
  for (size_t i = 3; i < call.count(); ++i) {
    const std::string_view word = call.words[i];
    if (IsWord(word, "NX") && set.flags == 0) {
      set.flags = kSetIfAbsent;
    } else if (IsWord(word, "XX") && set.flags == 0) {
      set.flags = kSetIfPresent;
    } else if (set.expiry == kNoExpiry && i + 1 < call.count() &&
               (IsWord(word, "EX") || IsWord(word, "PX"))) {
      const int64_t unit_ms = IsWord(word, "EX") ? 1000 : 1;
      if (!ReadTimeToLive(call, call.words[++i], unit_ms, set.expiry)) return false;
    } else {
      return false;
    }
  }
  return true;
}

HotOutcome SetFor(HotCall& call, int64_t unit_ms) {
  int64_t at = 0;
  bool done = false;
  if (call.is_replay || !ReadTimeToLive(call, call.words[2], unit_ms, at) ||
      !StringSet(call.keyspace, call.db, call.key(), call.words[3], 0, at, done).ok()) {
    return HotOutcome::kNotHot;
  }
  call.effect.Set({"SET", call.key(), call.words[3], "PXAT", IntegerText(at)});
  call.reply.Ok();
  return HotOutcome::kDone;
}

HotOutcome Increment(HotCall& call, int64_t delta) {
  int64_t value = 0;
  if (!StringIncrement(call.keyspace, call.db, call.key(), delta, value).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Integer(value);
  return HotOutcome::kDone;
}

}  // namespace

HotOutcome HotGet(HotCall& call) {
  StringResult result;
  if (!StringGet(call.keyspace, call.db, call.key(), result).ok()) return HotOutcome::kNotHot;
  call.reply.BulkIf(result.found, result.text);
  return HotOutcome::kDone;
}

HotOutcome HotSet(HotCall& call) {
  SetWords set;
  if (call.count() > 3 && !(call.is_replay ? ReadLoggedSet(call, set) : ReadSet(call, set))) {
    return HotOutcome::kNotHot;
  }
  bool done = false;
  const Status status = StringSet(call.keyspace, call.db, call.key(), call.words[2], set.flags,
                                  set.expiry, done);
  if (!status.ok()) return HotOutcome::kNotHot;
  if (done && set.expiry != kNoExpiry) {
    call.effect.Set({"SET", call.key(), call.words[2], "PXAT", IntegerText(set.expiry)});
  }
  if (done) {
    call.reply.Ok();
  } else {
    call.reply.Null();
  }
  return HotOutcome::kDone;
}

HotOutcome HotSetIfAbsent(HotCall& call) {
  bool done = false;
  const Status status = StringSet(call.keyspace, call.db, call.key(), call.words[2], kSetIfAbsent,
                                  kNoExpiry, done);
  if (!status.ok()) return HotOutcome::kNotHot;
  call.reply.Boolean(done);
  return HotOutcome::kDone;
}

HotOutcome HotSetForSeconds(HotCall& call) { return SetFor(call, 1000); }
HotOutcome HotSetForMillis(HotCall& call) { return SetFor(call, 1); }

HotOutcome HotIncrement(HotCall& call) { return Increment(call, 1); }
HotOutcome HotDecrement(HotCall& call) { return Increment(call, -1); }

HotOutcome HotIncrementBy(HotCall& call) {
  int64_t delta = 0;
  return ParseInteger(call.words[2], delta) ? Increment(call, delta) : HotOutcome::kNotHot;
}

HotOutcome HotDecrementBy(HotCall& call) {
  int64_t amount = 0;
  const bool fits = ParseInteger(call.words[2], amount) && amount != INT64_MIN;
  return fits ? Increment(call, -amount) : HotOutcome::kNotHot;
}

HotOutcome HotAppend(HotCall& call) {
  uint64_t length = 0;
  if (!StringAppend(call.keyspace, call.db, call.key(), call.words[2], length).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.Integer(static_cast<int64_t>(length));
  return HotOutcome::kDone;
}

HotOutcome HotStringLength(HotCall& call) {
  uint64_t length = 0;
  if (!StringLength(call.keyspace, call.db, call.key(), length).ok()) return HotOutcome::kNotHot;
  call.reply.Integer(static_cast<int64_t>(length));
  return HotOutcome::kDone;
}

// A key of another type counts as missing.
HotOutcome HotGetMany(HotCall& call) {
  LookAtKeys(call.keyspace, call.db, call.words.subspan(1), 1);
  call.reply.Array(call.count() - 1);
  for (const std::string_view key : call.words.subspan(1)) {
    StringResult result;
    const bool ok = StringGet(call.keyspace, call.db, key, result).ok();
    if (!ok) call.keyspace.CountLookup(true);
    call.reply.BulkIf(ok && result.found, result.text);
  }
  return HotOutcome::kDone;
}

HotOutcome HotSetMany(HotCall& call) {
  if (call.count() % 2 == 0) return HotOutcome::kNotHot;
  LookAtKeys(call.keyspace, call.db, call.words.subspan(1), 2);
  for (size_t i = 1; i < call.count(); i += 2) {
    bool done = false;
    const Status status =
        StringSet(call.keyspace, call.db, call.words[i], call.words[i + 1], 0, kNoExpiry, done);
    if (!status.ok()) return call.Fail(status, i == 1);
  }
  call.reply.Ok();
  return HotOutcome::kDone;
}

}  // namespace snapfork
