// log_replay.cc - transactions, databases, and the commands that are run at once.

#include "persist/log_replay.h"

#include "base/clock.h"
#include "base/number.h"
#include "keyspace/hash_ops.h"
#include "keyspace/key_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/string_ops.h"
#include "keyspace/zset_ops.h"

namespace snapfork {
namespace {

// Commands between two looks at the clock.
constexpr uint64_t kSlice = 256;

bool Is(std::string_view word, std::string_view name) {
  if (word.size() != name.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != name[i]) return false;
  }
  return true;
}

}  // namespace

LogReplay::Outcome LogReplay::Run(int64_t micros) {
  const int64_t end = MonotonicMicros() + micros;
  for (uint64_t done = 0;; ++done) {
    if (done % kSlice == kSlice - 1 && MonotonicMicros() >= end) return Outcome::kPaused;
    LogReader::Outcome read = reader_.Next();
    offset_ = reader_.offset();
    if (read == LogReader::Outcome::kCommand && Is(words()[0], "MULTI")) {
      if (in_transaction_) return Outcome::kBad;
      if (IsTransactionWhole(read)) continue;
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
      if (Is(words()[0], "EXEC")) in_transaction_ = false;
      continue;
    }
    const Done hot = TryHot();
    if (hot == Done::kNo) return Outcome::kCommand;
    if (hot == Done::kRefused) return Outcome::kRefused;
  }
}

// Reads to the EXEC and comes back behind the MULTI. Else `outcome` tells why there is none, and
// offset() where it is missed.
bool LogReplay::IsTransactionWhole(LogReader::Outcome& outcome) {
  const uint64_t start = reader_.next_offset();
  do {
    outcome = reader_.Next();
  } while (outcome == LogReader::Outcome::kCommand && !Is(words()[0], "EXEC"));
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
  bool done = false;
  int64_t number = 0;
  if (Is(name, "SET")) return Set();
  if (Is(name, "EXEC") && in_transaction_) {
    in_transaction_ = false;
    return Done::kYes;
  }
  if (Is(name, "SELECT") && count == 2) {
    if (!ParseInteger(words()[1], number) || number < 0 ||
        number >= static_cast<int64_t>(keyspace_.database_count())) {
      return Refuse(Status(StatusCode::kDatabaseOutOfRange));
    }
    db_ = static_cast<uint32_t>(number);
    return Done::kYes;
  }
  if (Is(name, "DEL") || Is(name, "UNLINK")) {
    for (size_t i = 1; i < count; ++i) KeyRemove(keyspace_, db_, words()[i]);
    return Done::kYes;
  }
  if (Is(name, "HSET") || Is(name, "HMSET")) return SetFields();
  if (Is(name, "RPUSH")) return Push(false);
  if (Is(name, "LPUSH")) return Push(true);
  if (Is(name, "SADD")) return AddMembers();
  if (Is(name, "ZADD")) return AddScores();
  if (Is(name, "INCR") && count == 2) {
    return Finish(StringIncrement(keyspace_, db_, words()[1], 1, number));
  }
  if (Is(name, "INCRBY") && count == 3 && ParseInteger(words()[2], number)) {
    return Finish(StringIncrement(keyspace_, db_, words()[1], number, number));
  }
  if (Is(name, "PEXPIREAT") && count == 3 && ParseInteger(words()[2], number)) {
    ExpiryOutcome outcome;
    return Finish(KeySetExpiry(keyspace_, db_, words()[1], number, 0, outcome));
  }
  if (Is(name, "SREM")) {
    for (size_t i = 2; i < count; ++i) {
      const Status status = SetRemove(keyspace_, db_, words()[1], words()[i], done);
      if (!status.ok()) return Refuse(status);
    }
    return Done::kYes;
  }
  return Done::kNo;
}

LogReplay::Done LogReplay::Set() {
  bool done = false;
  int64_t expiry = kNoExpiry;
  uint32_t flags = 0;
  const size_t count = words().size();
  if (count == 4 && Is(words()[3], "KEEPTTL")) {
    flags = kSetKeepExpiry;
  } else if (count == 5 && Is(words()[3], "PXAT")) {
    if (!ParseInteger(words()[4], expiry) || expiry < 0) return Done::kNo;
  } else if (count != 3) {
    return Done::kNo;
  }
  return Finish(StringSet(keyspace_, db_, words()[1], words()[2], flags, expiry, done));
}

LogReplay::Done LogReplay::Push(bool left) {
  if (words().size() < 3) return Done::kNo;
  const ListEnd end = left ? ListEnd::kLeft : ListEnd::kRight;
  uint64_t length = 0;
  for (size_t i = 2; i < words().size(); ++i) {
    const Status status = ListPush(keyspace_, db_, words()[1], words()[i], end, false, length);
    if (!status.ok()) return Refuse(status);
  }
  return Done::kYes;
}

LogReplay::Done LogReplay::AddMembers() {
  if (words().size() < 3) return Done::kNo;
  bool added = false;
  for (size_t i = 2; i < words().size(); ++i) {
    const Status status = SetAdd(keyspace_, db_, words()[1], words()[i], added);
    if (!status.ok()) return Refuse(status);
  }
  return Done::kYes;
}

LogReplay::Done LogReplay::SetFields() {
  if (words().size() < 4 || words().size() % 2 != 0) return Done::kNo;
  bool created = false;
  for (size_t i = 2; i < words().size(); i += 2) {
    const Status status =
        HashSet(keyspace_, db_, words()[1], words()[i], words()[i + 1], 0, created);
    if (!status.ok()) return Refuse(status);
  }
  return Done::kYes;
}

// Without options: then the third word is a score.
LogReplay::Done LogReplay::AddScores() {
  if (words().size() < 4 || words().size() % 2 != 0) return Done::kNo;
  double score = 0;
  for (size_t i = 2; i < words().size(); i += 2) {
    if (!ParseScore(words()[i], score)) return Done::kNo;
  }
  ZaddOutcome outcome;
  for (size_t i = 2; i < words().size(); i += 2) {
    ParseScore(words()[i], score);
    const Status status =
        ZsetAdd(keyspace_, db_, words()[1], words()[i + 1], score, 0, outcome);
    if (!status.ok()) return Refuse(status);
  }
  return Done::kYes;
}

}  // namespace snapfork
