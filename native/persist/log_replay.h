// log_replay.h - an append-only file run on a keyspace.
//
// Hot commands are run here; every other is left to the caller, who runs it by name. What is
// between MULTI and EXEC is run only if all of it is there.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commands/hot_call.h"
#include "commands/look_ahead.h"
#include "keyspace/keyspace.h"
#include "persist/log_reader.h"

namespace snapfork {

class LogReplay {
 public:
  explicit LogReplay(Keyspace& keyspace) : keyspace_(keyspace) {}

  Status Open(const std::string& path, uint64_t offset) { return reader_.Open(path, offset); }

  // Commands are read and not run.
  void OnlyRead() { only_reads_ = true; }
  void StopAfter(int64_t second) { reader_.StopAfter(second); }

  // kCommand: words() are to be run by the caller; kPaused: the time is over; kRefused: a command
  // could not be run (status()). The rest as LogReader has it, with offset() where it begins.
  enum class Outcome { kCommand, kPaused, kEnd, kTorn, kBad, kFailed, kRefused, kStopped };
  Outcome Run(int64_t micros);

  const std::vector<std::string_view>& words() const { return reader_.words(); }
  uint32_t database() const { return db_; }
  uint64_t offset() const { return offset_; }
  uint64_t total_bytes() const { return reader_.total_bytes(); }
  uint64_t commands() const { return commands_; }
  Status status() const { return status_; }
  bool HasCommandBehind() { return reader_.HasCommandBehind(); }

 private:
  enum class Done { kYes, kNo, kRefused };
  Done TryHot();
  Done Refuse(Status status);
  bool IsTransactionWhole(LogReader::Outcome& outcome);
  void LookAheadOnce();

  Keyspace& keyspace_;
  LogReader reader_;
  uint32_t db_ = 0;
  uint64_t offset_ = 0;
  uint64_t commands_ = 0;
  bool in_transaction_ = false;
  bool only_reads_ = false;
  Status status_;
  ByteBuffer replies_;  // which nobody reads
  HotEffect effect_;
  LookAhead look_ahead_{keyspace_};
  uint64_t looks_since_fill_ = 0;
  uint32_t looks_in_db_ = 0;
};

}  // namespace snapfork
