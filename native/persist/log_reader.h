// log_reader.h - commands of an append-only file, one after the other.
//
// A line that begins with `#` between two commands is passed over, but for the time in `#TS:` if
// reading is to stop there, and heads of blocks (log_block.h), whose checksum has to be right.
// Everything else has to be exact: the counts, and the line ends behind every word, so that damage
// shows where it is.
//
// A block that power has cut short is at the end, and may have room in the place of any part of it,
// also of its head. So nothing is believed behind room but a block, or the SELECT with which a
// program begins that goes on in the file.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/raw_bytes.h"
#include "base/status.h"

namespace snapfork {

class LogReader {
 public:
  LogReader() = default;
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  Status Open(const std::string& path, uint64_t offset);

  // Stops before what was logged after this second of Unix time.
  void StopAfter(int64_t second) { last_second_ = second; }

  // kTorn: the file ends inside of a command, in nothing but NULs, or in a block that is not all
  // there; kBad: there is no command where one should be, or a block is damaged; kFailed: see
  // error(); kStopped: what follows was logged too late.
  enum class Outcome { kCommand, kEnd, kTorn, kBad, kFailed, kStopped };
  Outcome Next();

  // Of the command that was read; valid until the next call.
  const std::vector<std::string_view>& words() const { return words_; }
  // Where it, or what is wrong, begins; at the end: where the last command ended.
  uint64_t offset() const { return command_offset_; }
  // Where the next one begins.
  uint64_t next_offset() const { return buffer_offset_ + at_; }
  uint64_t total_bytes() const { return total_bytes_; }
  // What is buffered of the commands behind it; valid while fills() does not change.
  std::string_view behind() const { return {buffer_.data() + at_, bytes_ - at_}; }
  uint64_t fills() const { return fills_; }
  Status error() const { return error_; }

  // Goes back or on to where a command begins.
  void SeekTo(uint64_t offset);
  // Whether a whole command can be found anywhere behind what is wrong: then the damage is in the
  // middle of the file. Loses the position.
  bool HasCommandBehind();

 private:
  enum class Parsed { kCommand, kIncomplete, kBad, kTooLate, kNothing };
  Parsed Parse();
  Parsed ParseCommand(size_t& at);
  Parsed SkipAnnotations(size_t& at);
  // kLonger than the file: it was cut with the file, and is as good as commands without a head as
  // far as it goes; kIncomplete: not all of it is buffered.
  enum class Block { kWhole, kLonger, kIncomplete, kDamaged };
  Block BlockAt(size_t at, uint64_t& end) const;
  bool ReadLine(size_t& at, std::string_view& line, bool& bad) const;
  // Reads more behind what is buffered from the command on; false at the end of the file.
  bool Fill();
  bool IsZeroTail();
  bool IsTornBlock();
  bool HasBlockBehind();
  template <typename Predicate>
  bool HasOnlyBehind(uint64_t offset, Predicate may_be);

  int fd_ = -1;
  uint64_t total_bytes_ = 0;
  RawBytes buffer_;
  size_t bytes_ = 0;  // buffered
  size_t at_ = 0;     // the next command, in the buffer
  uint64_t buffer_offset_ = 0;
  uint64_t fills_ = 0;
  uint64_t command_offset_ = 0;
  bool is_behind_room_ = false;  // without a block since
  // Of a damaged block, or as far as it may go if its head is not known; 0: there is none.
  uint64_t damaged_end_ = 0;
  std::vector<std::string_view> words_;
  int64_t last_second_ = INT64_MAX;
  Status error_;
};

}  // namespace snapfork
