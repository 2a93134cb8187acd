// hot_call.h - one call of a hot command: its words, and where its reply and its effect go.
//
// A handler takes the plain forms of its command. Whatever is wrong with a call (another type, a
// word that is no number, an option it does not know) it leaves to the handler in TypeScript, which
// knows the texts: it has changed nothing then. So no error is worded twice.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/reply_writer.h"
#include "keyspace/keyspace.h"

namespace snapfork {

enum class HotOutcome {
  kDone,
  kNotHot,  // nothing was changed, and nothing replied
  kBroken,  // there was no memory in the middle: `status` says so
};

// What is logged of a command in the place of its words.
class HotEffect {
 public:
  bool is_given() const { return !words_.empty(); }
  // Copies the words, which may lie in a value that goes.
  void Set(std::initializer_list<std::string_view> words);
  std::span<const std::string_view> words() const { return words_; }
  void Clear() { words_.clear(); }

 private:
  std::string bytes_;
  std::vector<std::string_view> words_;
};

struct HotCall {
  Keyspace& keyspace;
  uint32_t db;
  std::span<const std::string_view> words;
  ReplyWriter& reply;
  HotEffect& effect;
  bool is_replay = false;
  Status status;

  size_t count() const { return words.size(); }
  std::string_view key() const { return words[1]; }

  // For one of several elements.
  HotOutcome Fail(Status failure, bool is_first) {
    status = failure;
    return is_first ? HotOutcome::kNotHot : HotOutcome::kBroken;
  }
};

// Calls `change(word, changed)` for each word from the third on; replies how many have changed
// something.
template <typename Change>
HotOutcome CountChanges(HotCall& call, Change&& change) {
  int64_t count = 0;
  for (size_t i = 2; i < call.count(); ++i) {
    bool changed = false;
    const Status status = change(call.words[i], changed);
    if (!status.ok()) return call.Fail(status, i == 2);
    if (changed) ++count;
  }
  call.reply.Integer(count);
  return HotOutcome::kDone;
}

// Whether a word is a name, without regard to ASCII case. `name` is in upper case.
bool IsWord(std::string_view word, std::string_view name);

// When something expires that does so `amount` units of `unit_ms` from now. False for what is out
// of range.
bool ExpiryAfter(const HotCall& call, int64_t amount, int64_t unit_ms, int64_t& at);

// The families. Each is one handler, told what to do by the row that names it.
HotOutcome HotPing(HotCall& call);
HotOutcome HotGet(HotCall& call);
HotOutcome HotSet(HotCall& call);
HotOutcome HotSetIfAbsent(HotCall& call);
HotOutcome HotSetForSeconds(HotCall& call);
HotOutcome HotSetForMillis(HotCall& call);
HotOutcome HotIncrement(HotCall& call);
HotOutcome HotDecrement(HotCall& call);
HotOutcome HotIncrementBy(HotCall& call);
HotOutcome HotDecrementBy(HotCall& call);
HotOutcome HotAppend(HotCall& call);
HotOutcome HotStringLength(HotCall& call);
HotOutcome HotGetMany(HotCall& call);
HotOutcome HotSetMany(HotCall& call);

HotOutcome HotRemoveKeys(HotCall& call);
HotOutcome HotExists(HotCall& call);
HotOutcome HotSecondsToLive(HotCall& call);
HotOutcome HotMillisToLive(HotCall& call);
HotOutcome HotExpireSeconds(HotCall& call);
HotOutcome HotExpireMillis(HotCall& call);
HotOutcome HotExpireAtMillis(HotCall& call);

HotOutcome HotPushLeft(HotCall& call);
HotOutcome HotPushRight(HotCall& call);
HotOutcome HotPopLeft(HotCall& call);
HotOutcome HotPopRight(HotCall& call);
HotOutcome HotListLength(HotCall& call);
HotOutcome HotListRange(HotCall& call);

HotOutcome HotHashSet(HotCall& call);
HotOutcome HotHashSetOk(HotCall& call);
HotOutcome HotHashGet(HotCall& call);
HotOutcome HotHashGetMany(HotCall& call);
HotOutcome HotHashGetAll(HotCall& call);
HotOutcome HotHashRemove(HotCall& call);
HotOutcome HotHashExists(HotCall& call);
HotOutcome HotHashLength(HotCall& call);
HotOutcome HotHashIncrement(HotCall& call);

HotOutcome HotSetAdd(HotCall& call);
HotOutcome HotSetRemove(HotCall& call);
HotOutcome HotSetContains(HotCall& call);
HotOutcome HotSetSize(HotCall& call);
HotOutcome HotSetMembers(HotCall& call);
HotOutcome HotSetPop(HotCall& call);

HotOutcome HotZsetAdd(HotCall& call);
HotOutcome HotZsetIncrement(HotCall& call);
HotOutcome HotZsetRemove(HotCall& call);
HotOutcome HotZsetScore(HotCall& call);
HotOutcome HotZsetSize(HotCall& call);
HotOutcome HotZsetRange(HotCall& call);
HotOutcome HotZsetPopLowest(HotCall& call);
HotOutcome HotZsetPopHighest(HotCall& call);

}  // namespace snapfork
