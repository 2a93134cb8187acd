// express_lane.cc - from command to command.

#include "server/express_lane.h"

#include <sys/socket.h>

namespace snapfork {
namespace {

// What an idle client may keep of the memory that its largest command or reply took.
constexpr size_t kIdleBytesMax = 64 << 10;

}  // namespace

HotOutcome LaneLog::Run(const HotCommand& command, HotCall& call) {
  call.effect.Clear();
  const HotOutcome outcome = command.run(call);
  if (outcome == HotOutcome::kDone) {
    Add(call.db, call.effect.is_given() ? call.effect.words() : call.words);
  }
  return outcome;
}

void LaneShared::Count(const HotCommand& command, uint64_t nanos) {
  const auto place = static_cast<size_t>(&command - HotCommands().data());
  ++uses[place].calls;
  uses[place].nanos += nanos;
  durations.Add(place, nanos);
}

void ExpressLane::Empty(ByteBuffer& bytes) {
  bytes.clear();
  if (bytes.capacity() > kIdleBytesMax) bytes = ByteBuffer();
}

size_t ExpressLane::Hold() {
  const size_t bytes = output_.view().size();
  if (held_.empty()) {
    held_.swap(output_);
  } else {
    held_.Append(output_.view());
  }
  Empty(output_);
  return bytes;
}

void ExpressLane::Clear(size_t held_bytes) {
  ByteBuffer& from = held_bytes == 0 ? output_ : held_;
  const size_t bytes = held_bytes == 0 ? output_.view().size() : held_bytes;
  shared_.sent_bytes += bytes;
  if (ready_.empty() && bytes == from.view().size()) {
    ready_.swap(from);
    return;
  }
  ready_.Append(from.view().substr(0, bytes));
  from.DropFirst(bytes);
}

void ExpressLane::DropOutput() {
  shared_.sent_bytes += output_.view().size();
  Empty(output_);
}

void ExpressLane::DropHeld(size_t bytes) {
  shared_.sent_bytes += bytes;
  held_.DropFirst(bytes);
}

void ExpressLane::DropReady() {
  Empty(ready_);
  sent_ = 0;
  // One buffer is enough for a client whose replies go at once.
  if (output_.capacity() == 0) output_.swap(ready_);
}

size_t ExpressLane::Send(int fd) {
  const std::string_view bytes = ready();
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent <= 0) return 0;
  if (static_cast<size_t>(sent) == bytes.size()) {
    DropReady();
  } else {
    sent_ += static_cast<size_t>(sent);
    // What was sent goes when it is the larger part, so that no byte is moved often.
    if (sent_ > ready().size()) {
      ready_.DropFirst(sent_);
      sent_ = 0;
    }
  }
  return static_cast<size_t>(sent);
}

ExpressLane::Outcome ExpressLane::Run(std::string_view chunk) {
  if (pending_bytes() == 0) {
    Empty(pending_);
    at_ = 0;
    size_t at = 0;
    const Outcome outcome = Read(chunk, at);
    Keep(chunk.substr(at));
    return outcome;
  }
  Keep(chunk);
  return Read(pending_.view(), at_);
}

// What was read goes when it is the larger part, so that no byte is moved often.
void ExpressLane::Keep(std::string_view rest) {
  if (at_ > pending_bytes()) {
    pending_.DropFirst(at_);
    at_ = 0;
  }
  pending_.Append(rest);
}

ExpressLane::Outcome ExpressLane::Read(std::string_view input, size_t& at) {
  const RespParser::Limits limits{shared_.bulk_bytes_max, is_unauthenticated};
  // The end of one command is the start of the next: a look at the clock costs as much as a GET.
  clock_ = MonotonicNanos();
  bool looks_ahead = false;
  while (true) {
    if (output_.view().size() >= kOutputBytesMax) return Outcome::kOutput;
    switch (parser_.Parse(input.substr(at), limits)) {
      case RespParser::Outcome::kIncomplete:
        return Outcome::kIdle;
      case RespParser::Outcome::kBad:
        return Outcome::kBad;
      case RespParser::Outcome::kCommand:
        break;
    }
    at += parser_.bytes();
    if (looks_ahead) {
      shared_.look_ahead.Step();
    } else if (at < input.size() && is_express && shared_.runs_reads) {
      shared_.look_ahead.Begin(db, input, at);
      looks_ahead = true;
    }
    if (words().empty()) continue;
    switch (TryHot()) {
      case Step::kDone:
        continue;
      case Step::kNotHot:
        return Outcome::kCommand;
      case Step::kBroken:
        return Outcome::kBroken;
      case Step::kSlow:
        return Outcome::kSlow;
      case Step::kWatched:
        return Outcome::kWatched;
    }
  }
}

ExpressLane::Step ExpressLane::TryHot() {
  if (!is_express || !shared_.runs_reads) return Step::kNotHot;
  const HotCommand* const command = FindHotCommand(words()[0], words().size());
  if (command == nullptr) return Step::kNotHot;
  if (command->writes &&
      (!shared_.runs_writes || !shared_.log.MayWrite(command->needs_memory))) {
    return Step::kNotHot;
  }
  ReplyWriter reply(output_, resp3);
  HotCall call{shared_.keyspace, db, words(), reply, shared_.effect, false, Status()};
  const HotOutcome outcome = shared_.log.Run(*command, call);
  if (outcome == HotOutcome::kNotHot) return Step::kNotHot;
  status_ = call.status;
  if (outcome == HotOutcome::kBroken) return Step::kBroken;
  const uint64_t now = MonotonicNanos();
  nanos_ = now - clock_;
  clock_ = now;
  shared_.Count(*command, nanos_);
  KeyWatch& watch = shared_.keyspace.watch();
  if (watch.is_active()) shared_.keyspace.EndWatchedCommand();
  if (!watch.has_changed()) shared_.log.Commit();  // (L2)
  if (shared_.slow_nanos != 0 && nanos_ >= shared_.slow_nanos) return Step::kSlow;
  return watch.has_changed() ? Step::kWatched : Step::kDone;
}

}  // namespace snapfork
