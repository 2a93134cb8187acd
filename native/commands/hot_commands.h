// hot_commands.h - the commands most of a load consists of, from words to a reply.
//
// The server's express lane and the replay of a log run them without a call into JavaScript. They
// use the same operations of the keyspace as the handlers in TypeScript do.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "commands/hot_call.h"

namespace snapfork {

using HotHandler = HotOutcome (*)(HotCall& call);

struct HotCommand {
  std::string_view name;  // upper case
  int32_t arity;          // as in COMMAND: at least so many words if it is negative
  bool writes;
  bool needs_memory;      // writes that are refused when there is none: denyoom
  uint8_t element_word;   // which word is looked up in the value, most often; 0: none
  HotHandler run;
};

inline constexpr size_t kHotCommandsMax = 64;

// All of them; a command is known by its place here.
std::span<const HotCommand> HotCommands();

// The command of that name with so many words, or null.
const HotCommand* FindHotCommand(std::string_view name, size_t words);

}  // namespace snapfork
