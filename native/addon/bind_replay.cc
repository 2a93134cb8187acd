// bind_replay.cc - the engine's methods that run an append-only file.

#include "addon/engine_object.h"

namespace snapfork {
namespace {

// Path, offset, whether commands are only read, and the last second that is.
napi_value ReplayOpen(Call& call) {
  std::string_view path;
  int64_t offset;
  bool only_reads;
  int64_t last_second;
  if (!call.ReadOperand(0, path) || !call.ReadInt64(1, offset) || !call.ReadBool(2, only_reads) ||
      !call.ReadInt64(3, last_second)) {
    return nullptr;
  }
  EngineObject& engine = call.engine();
  engine.replay = std::make_unique<LogReplay>(engine.keyspace());
  if (only_reads) engine.replay->OnlyRead();
  engine.replay->StopAfter(last_second);
  const Status status = engine.replay->Open(std::string(path), static_cast<uint64_t>(offset));
  return call.Finish(status, call.Undefined());
}

// Runs what it can for so many microseconds; the outcome as lib/native/replay.ts numbers it. For a
// command that is left to the caller its words are in the argument vector.
napi_value ReplayRun(Call& call) {
  int64_t micros;
  if (!call.ReadInt64(0, micros)) return nullptr;
  EngineObject& engine = call.engine();
  const LogReplay::Outcome outcome = engine.replay->Run(micros);
  if (outcome == LogReplay::Outcome::kCommand) engine.SetArguments(engine.replay->words());
  const bool failed =
      outcome == LogReplay::Outcome::kFailed || outcome == LogReplay::Outcome::kRefused;
  if (failed && engine.replay->status().code() == StatusCode::kOutOfMemory) {
    return call.Throw(engine.replay->status());
  }
  return call.Number(static_cast<double>(outcome));
}

napi_value ReplayState(Call& call) {
  const LogReplay& replay = *call.engine().replay;
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("database", replay.database());
  result.Set("argc", static_cast<double>(call.engine().argument_ranges.size()));
  result.Set("offset", MakeNumber(call.env(), replay.offset()));
  result.Set("totalBytes", MakeNumber(call.env(), replay.total_bytes()));
  result.Set("commands", MakeNumber(call.env(), replay.commands()));
  result.Set("status", static_cast<double>(replay.status().code()));
  result.Set("errno", replay.status().errno_value());
  return result;
}

napi_value ReplayHasCommandBehind(Call& call) {
  return call.Bool(call.engine().replay->HasCommandBehind());
}

napi_value ReplayClose(Call& call) {
  call.engine().replay.reset();
  return call.Undefined();
}

template <MethodBody kBody>
napi_value WithReplay(Call& call) {
  if (call.engine().replay == nullptr) return call.Throw(Status(StatusCode::kInvalidArgument));
  return kBody(call);
}

}  // namespace

void AppendReplayMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(),
                 {
                     {"replayOpen", Method<ReplayOpen>},
                     {"replayRun", Method<WithReplay<ReplayRun>>},
                     {"replayState", Method<WithReplay<ReplayState>>},
                     {"replayHasCommandBehind", Method<WithReplay<ReplayHasCommandBehind>>},
                     {"replayClose", Method<ReplayClose>},
                 });
}

}  // namespace snapfork
