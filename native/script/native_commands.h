// native_commands.h - commands that scripts call without a way through JavaScript.

#pragma once

#include <span>
#include <string_view>

#include "base/byte_buffer.h"

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

enum class NativeOutcome {
  kLeft,    // to the host, with nothing done
  kDone,    // with its reply
  kBroken,  // it failed in the middle: the host is to tell why
};

class NativeCommands {
 public:
  virtual ~NativeCommands() = default;

  // Runs the command and puts its reply into `reply`; sets `wrote` if it is one that writes.
  //
  // Called on the stack of the script: it must not call Node-API.
  virtual NativeOutcome TryNative(const ScriptCall& call, ByteBuffer& reply, bool& wrote) = 0;
};

}  // namespace snapfork
