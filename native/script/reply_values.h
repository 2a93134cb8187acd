// reply_values.h - replies of commands as values of Lua, and values of Lua as replies.
//
// Functions that take a lua_State may raise its errors: they leave by longjmp, and hold nothing
// that has a destructor.

#pragma once

#include <string>
#include <string_view>

#include "script/lua.h"

namespace snapfork {

// Pushes a table {err = text} (a field of `text` may hold any bytes).
void PushErrorReply(lua_State* L, std::string_view text);

// Pushes a whole reply in RESP2 or RESP3. REQUIRES: it is well formed.
void PushReply(lua_State* L, std::string_view reply);

// Which RESP a script's result is written in: as the client reads it, with booleans as the script
// has asked for with redis.setresp.
struct ReplyForm {
  int client_resp = 2;
  int script_resp = 2;
};

// Appends the value on top of the stack as a reply, and pops it. Fields are read raw: no code runs.
void AppendReply(lua_State* L, ReplyForm form, std::string& to);

// Appends a line: a sign, text in which line ends are blanks, CR LF.
void AppendLine(std::string& to, char sign, std::string_view text);
void AppendBulk(std::string& to, std::string_view text);
// Text of a double as "%.17g" has it.
std::string_view FormatDouble(double value, char (&digits)[40]);

}  // namespace snapfork
