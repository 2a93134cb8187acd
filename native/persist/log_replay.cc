// log_replay.cc - transactions, databases, and the commands that are run at once.

#include "persist/log_replay.h"

#include "base/clock.h"
#include "base/number.h"
#include "commands/hot_commands.h"

namespace snapfork {
namespace {

// Commands between two looks at the clock.
constexpr uint64_t kSlice = 256;

}  // namespace

LogReplay::Outcome LogReplay::Run(int64_t micros) {
  const int64_t end = MonotonicMicros() + micros;
  for (uint64_t done = 0;; ++done) {
    if (done % kSlice == kSlice - 1 && MonotonicMicros() >= end) return Outcome::kPaused;
    LogReader::Outcome read = reader_.Next();
    offset_ = reader_.offset();
    if (read == LogReader::Outcome::kCommand) {
      LookAheadOnce();
      if (IsWord(words()[0], "MULTI")) {
        if (in_transaction_) return Outcome::kBad;
        if (IsTransactionWhole(read)) continue;
      }
    }
    switch (read) {
      case LogReader::Outcome::kCommand:
        break;
      case LogReader::Outcome::kEnd:
        return Outcome::kEnd;
      case LogReader::Outcome::kTorn:
        return Outcome::kTorn;
      case LogReader::Outcome::kBad:
        return Outcome::kBad;
      case LogReader::Outcome::kStopped:
        return Outcome::kStopped;
      case LogReader::Outcome::kFailed:
        status_ = reader_.error();
        return Outcome::kFailed;
    }
    ++commands_;
    if (only_reads_) {
      if (IsWord(words()[0], "EXEC")) in_transaction_ = false;
      continue;
    }
    const Done hot = TryHot();
    if (hot == Done::kNo) return Outcome::kCommand;
    if (hot == Done::kRefused) return Outcome::kRefused;
  }
}

void LogReplay::LookAheadOnce() {
  if (reader_.fills() == looks_since_fill_ && db_ == looks_in_db_) {
    look_ahead_.Step();
    return;
  }
  looks_since_fill_ = reader_.fills();
  looks_in_db_ = db_;
  look_ahead_.Begin(db_, reader_.behind(), 0);
}

// Reads to the EXEC and comes back behind the MULTI. Else `outcome` tells why there is none, and
// offset() where it is missed.
bool LogReplay::IsTransactionWhole(LogReader::Outcome& outcome) {
  const uint64_t start = reader_.next_offset();
  do {
    outcome = reader_.Next();
  } while (outcome == LogReader::Outcome::kCommand && !IsWord(words()[0], "EXEC"));
  if (outcome == LogReader::Outcome::kCommand) {
    reader_.SeekTo(start);
    in_transaction_ = true;
    return true;
  }
  // Nothing of it was run: the file is as good as ended before the MULTI.
  if (outcome == LogReader::Outcome::kEnd) outcome = LogReader::Outcome::kTorn;
  if (outcome == LogReader::Outcome::kBad) offset_ = reader_.offset();
  return false;
}

LogReplay::Done LogReplay::Refuse(Status status) {
  status_ = status;
  return Done::kRefused;
}

LogReplay::Done LogReplay::TryHot() {
  const std::string_view name = words()[0];
  const size_t count = words().size();
  if (IsWord(name, "EXEC") && in_transaction_) {
    in_transaction_ = false;
    return Done::kYes;
  }
  int64_t number = 0;
  if (IsWord(name, "SELECT") && count == 2) {
    if (!ParseInteger(words()[1], number) || number < 0 ||
        number >= static_cast<int64_t>(keyspace_.database_count())) {
      return Refuse(Status(StatusCode::kDatabaseOutOfRange));
    }
    db_ = static_cast<uint32_t>(number);
    return Done::kYes;
  }
  const HotCommand* const command = FindHotCommand(name, count);
  if (command == nullptr) return Done::kNo;
  replies_.clear();
  ReplyWriter reply(replies_);
  HotCall call{keyspace_, db_, words(), reply, effect_, true, Status()};
  switch (command->run(call)) {
    case HotOutcome::kDone:
      return Done::kYes;
    case HotOutcome::kNotHot:
      return Done::kNo;
    case HotOutcome::kBroken:
      return Refuse(call.status);
  }
  return Done::kNo;
}

}  // namespace snapfork
