// script_commands.cc - as the express lane runs them.

#include "addon/script_commands.h"

#include "addon/engine_object.h"
#include "base/clock.h"
#include "commands/hot_commands.h"

namespace snapfork {

NativeOutcome ScriptCommands::TryNative(const ScriptCall& call, ByteBuffer& reply, bool& wrote) {
  if (!is_on) return NativeOutcome::kLeft;
  const HotCommand* const command = FindHotCommand(call.words[0], call.words.size());
  if (command == nullptr) return NativeOutcome::kLeft;
  LaneTable& lanes = engine_.lanes();
  LaneLog& log = lanes;
  if (command->writes &&
      (call.read_only || !call.logged || !log.MayWrite(command->needs_memory))) {
    return NativeOutcome::kLeft;
  }
  ReplyWriter writer(reply, call.resp == 3);
  const uint64_t start = MonotonicNanos();
  HotCall hot{engine_.keyspace(), db, call.words, writer, effect_, false, Status()};
  const HotOutcome outcome = log.Run(*command, hot);
  if (outcome == HotOutcome::kNotHot) {
    reply.clear();
    return NativeOutcome::kLeft;
  }
  wrote = wrote || command->writes;
  if (outcome == HotOutcome::kBroken) {
    status_ = hot.status;
    return NativeOutcome::kBroken;
  }
  log.Commit();
  lanes.shared().Count(*command, MonotonicNanos() - start);
  return NativeOutcome::kDone;
}

}  // namespace snapfork
