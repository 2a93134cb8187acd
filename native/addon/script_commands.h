// script_commands.h - the hot commands of scripts, run without a way through JavaScript.

#pragma once

#include "commands/hot_call.h"
#include "script/native_commands.h"

namespace snapfork {

class EngineObject;

class ScriptCommands final : public NativeCommands {
 public:
  explicit ScriptCommands(EngineObject& engine) : engine_(engine) {}

  // Whether the script that runs may, and in which database.
  bool is_on = false;
  uint32_t db = 0;

  NativeOutcome TryNative(const ScriptCall& call, ByteBuffer& reply, bool& wrote) override;
  // Why the last command was broken.
  Status status() const { return status_; }

 private:
  EngineObject& engine_;
  HotEffect effect_;
  Status status_;
};

}  // namespace snapfork
