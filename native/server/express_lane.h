// express_lane.h - what one client sends, on its way to replies.
//
// Commands are read and run one after the other until one is not hot, or not for the lane: it is
// handed to the caller with its words, and the caller goes on with Run. Replies gather here in
// order, those of the caller among them, until they are told to go:
//
//   Run --> output() --Clear--> ready() --Send--> socket, or the caller if that has no room
//               |                  ^
//               +--Hold--> held ---+ Clear: until the disk has what they tell of
//
// Invariants
//   (L1) A command is run once, here or by the caller, and its reply comes before those of all
//        that were sent behind it.
//   (L2) What is logged of a command is committed before the next one is run: by the caller if a
//        watched key has changed, behind what those do who waited for it.
//
// Runs in: the owner's thread.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "commands/hot_commands.h"
#include "commands/look_ahead.h"
#include "keyspace/keyspace.h"
#include "server/lane_durations.h"
#include "server/resp_parser.h"

namespace snapfork {

// Where the lane asks before a write, and where effects go.
class LaneLog {
 public:
  virtual bool MayWrite(bool needs_memory) = 0;
  // A command was run: `words` are logged if it has changed something.
  virtual void Add(uint32_t db, std::span<const std::string_view> words) = 0;
  // Ends the unit.
  virtual void Commit() = 0;
  // Bytes of all units so far; 0 without a log.
  virtual uint64_t appended() const = 0;

  // Runs a command that may be run, and adds it.
  HotOutcome Run(const HotCommand& command, HotCall& call);

 protected:
  ~LaneLog() = default;
};

// What all clients of an engine have in common.
struct LaneShared {
  struct Use {
    uint64_t calls = 0;
    uint64_t nanos = 0;
  };

  Keyspace& keyspace;
  LaneLog& log;
  // Whether hot commands are run here, and writes among them.
  bool runs_reads = true;
  bool runs_writes = true;
  int64_t bulk_bytes_max = 512 << 20;
  // More that has come by a socket and waits in a lane than this is told of.
  size_t query_bytes_max = SIZE_MAX;
  // A command that takes longer is told of; 0: none is.
  uint64_t slow_nanos = 0;
  // Of what has come by sockets, and of replies that were made ready to be sent.
  uint64_t received_bytes = 0;
  uint64_t sent_bytes = 0;
  // Of each hot command, by its place.
  std::array<Use, kHotCommandsMax> uses{};
  LaneDurations durations{};
  HotEffect effect{};
  LookAhead look_ahead{keyspace};

  // A hot command was run.
  void Count(const HotCommand& command, uint64_t nanos);
};

class ExpressLane {
 public:
  // Replies gathered before the caller is to send them.
  static constexpr size_t kOutputBytesMax = 1 << 20;

  enum class Outcome {
    kIdle,     // all that is whole was run
    kCommand,  // words() are to be run by the caller
    kBad,      // error(): no command can be read any more
    kOutput,   // take the output, then go on
    kBroken,   // words() failed in the middle, for status()
    kSlow,     // words() were run, in nanos()
    kWatched,  // a command has changed keys that are watched
  };

  explicit ExpressLane(LaneShared& shared) : shared_(shared), clock_(MonotonicNanos()) {}

  // Runs what has come, and `chunk` behind it. The words of a command lie in either until then.
  Outcome Run(std::string_view chunk);
  // Keeps what has come for the next Run.
  void Keep(std::string_view rest);

  const std::vector<std::string_view>& words() const { return parser_.words(); }
  const std::string& error() const { return parser_.error(); }
  Status status() const { return status_; }
  uint64_t nanos() const { return nanos_; }
  // When something was run last, in nanoseconds of MonotonicNanos(); at first, when it was made.
  uint64_t used_at() const { return clock_; }

  // What came and was not read yet.
  size_t pending_bytes() const { return pending_.view().size() - at_; }
  ByteBuffer& output() { return output_; }
  const ByteBuffer& output() const { return output_; }

  // The caller has taken what was gathered, to be sent.
  void DropOutput();
  // What was gathered is to wait, behind what waits already. Returns how many bytes it is.
  size_t Hold();
  // Makes so many of the bytes that wait ready to be sent; with 0, what was gathered.
  // REQUIRES: nothing waits, or `held_bytes` > 0.
  void Clear(size_t held_bytes);
  // Whether something waits.
  bool holds() const { return !held_.empty(); }
  std::string_view held() const { return held_.view(); }
  // The caller has taken so much of it, to be sent.
  void DropHeld(size_t bytes);
  // What is to be sent; the caller may add to it.
  ByteBuffer& ready_bytes() { return ready_; }
  std::string_view ready() const { return ready_.view().substr(sent_); }
  // Sends it to a socket, as much as goes without waiting. Returns how many bytes went; an error
  // is left for the next who writes there.
  size_t Send(int fd);
  // The caller has taken it.
  void DropReady();

  uint32_t db = 0;
  bool resp3 = false;
  bool is_unauthenticated = false;
  // Whether the client's hot commands are run here.
  bool is_express = true;

 private:
  enum class Step { kDone, kNotHot, kBroken, kSlow, kWatched };

  Outcome Read(std::string_view input, size_t& at);
  Step TryHot();
  static void Empty(ByteBuffer& bytes);

  LaneShared& shared_;
  RespParser parser_;
  ByteBuffer pending_;
  size_t at_ = 0;  // read of pending_
  ByteBuffer output_;
  ByteBuffer held_;
  ByteBuffer ready_;
  size_t sent_ = 0;  // of ready_
  Status status_;
  uint64_t clock_;
  uint64_t nanos_ = 0;  // of the last command
};

}  // namespace snapfork
