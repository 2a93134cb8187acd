// native_commands.h - commands that scripts call without a way through JavaScript.

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace snapfork {

// What a script's call is subject to.
struct ScriptCall {
  std::span<const std::string_view> words;
  // RESP version of the reply: 2 or 3.
  int resp = 2;
  // Writes are to be refused.
  bool read_only = false;
  // Effects are to be logged.
  bool logged = true;
};

class NativeCommands {
 public:
  virtual ~NativeCommands() = default;

  // Runs the command and puts its reply, an error too, into `reply`; sets `wrote` if it is one that
  // writes. False, with nothing done, for a command that is left to the caller.
  //
  // Called on the stack of the script: it must not call Node-API.
  virtual bool TryNative(const ScriptCall& call, std::string& reply, bool& wrote) = 0;
};

}  // namespace snapfork
