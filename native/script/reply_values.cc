// reply_values.cc - conversions as Redis documents them.

#include "script/reply_values.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "base/number.h"

namespace snapfork {
namespace {

// Slots of Lua's stack that a level of nesting takes.
constexpr int kSlots = 6;

// Reads a reply from its start on.
class ReplyReader {
 public:
  ReplyReader(lua_State* L, std::string_view bytes) : L_(L), bytes_(bytes) {}

  void Push();

 private:
  std::string_view Line();
  std::string_view Take(size_t bytes);
  static int64_t Number(std::string_view text);
  void PushArray(int64_t count);
  void PushMap(int64_t count);
  void PushSet(int64_t count);
  void PushVerbatim(std::string_view text);
  void PushText(std::string_view text) { lua_pushlstring(L_, text.data(), text.size()); }
  // A table with one field: the value that is on top of the stack.
  void WrapTop(const char* field);

  lua_State* L_;
  std::string_view bytes_;
};

std::string_view ReplyReader::Line() {
  const size_t end = bytes_.find('\r');
  const std::string_view line = bytes_.substr(0, end);
  bytes_.remove_prefix(end == std::string_view::npos ? bytes_.size() : end + 2);
  return line;
}

std::string_view ReplyReader::Take(size_t bytes) {
  const std::string_view text = bytes_.substr(0, bytes);
  bytes_.remove_prefix(bytes + 2 > bytes_.size() ? bytes_.size() : bytes + 2);
  return text;
}

int64_t ReplyReader::Number(std::string_view text) {
  int64_t value = 0;
  ParseInteger(text, value);
  return value;
}

void ReplyReader::WrapTop(const char* field) {
  lua_createtable(L_, 0, 1);
  lua_insert(L_, -2);
  lua_setfield(L_, -2, field);
}

void ReplyReader::PushArray(int64_t count) {
  lua_createtable(L_, static_cast<int>(count), 0);
  for (int64_t i = 0; i < count; ++i) {
    Push();
    lua_rawseti(L_, -2, static_cast<int>(i + 1));
  }
}

void ReplyReader::PushMap(int64_t count) {
  lua_createtable(L_, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    Push();
    Push();
    if (lua_isnil(L_, -2)) {
      lua_pop(L_, 2);
    } else {
      lua_rawset(L_, -3);
    }
  }
  WrapTop("map");
}

void ReplyReader::PushSet(int64_t count) {
  lua_createtable(L_, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    Push();
    if (lua_isnil(L_, -1)) {
      lua_pop(L_, 1);
      continue;
    }
    lua_pushboolean(L_, 1);
    lua_rawset(L_, -3);
  }
  WrapTop("set");
}

void ReplyReader::PushVerbatim(std::string_view text) {
  lua_createtable(L_, 0, 2);
  PushText(text.substr(0, 3));
  lua_setfield(L_, -2, "format");
  PushText(text.substr(text.size() < 4 ? text.size() : 4));
  lua_setfield(L_, -2, "string");
  WrapTop("verbatim_string");
}

void ReplyReader::Push() {
  luaL_checkstack(L_, kSlots, "the reply is nested too deeply");
  const char kind = bytes_.empty() ? '_' : bytes_.front();
  bytes_.remove_prefix(bytes_.empty() ? 0 : 1);
  const std::string_view line = Line();
  switch (kind) {
    case '+':
      PushText(line);
      return WrapTop("ok");
    case '-':
      PushErrorReply(L_, line);
      // As scripts of Redis see it.
      lua_pushboolean(L_, 1);
      return lua_setfield(L_, -2, "ignore_error_stats_update");
    case ':':
      return lua_pushnumber(L_, static_cast<lua_Number>(Number(line)));
    case '$':
      return line.front() == '-' ? lua_pushboolean(L_, 0) : PushText(Take(Number(line)));
    case '*':
      return line.front() == '-' ? lua_pushboolean(L_, 0) : PushArray(Number(line));
    case '#':
      return lua_pushboolean(L_, line == "t");
    case ',':
      PushText(line);
      lua_pushnumber(L_, std::strtod(lua_tostring(L_, -1), nullptr));
      lua_remove(L_, -2);
      return WrapTop("double");
    case '(':
      PushText(line);
      return WrapTop("big_number");
    case '=':
      return PushVerbatim(Take(Number(line)));
    case '%':
      return PushMap(Number(line));
    case '~':
      return PushSet(Number(line));
    default:
      return lua_pushnil(L_);
  }
}

// Makes blanks of line ends in the bulk string that begins there, its own excepted.
void BlankLineEnds(std::string& to, size_t at) {
  const size_t first = to.find('\n', at) + 1;
  for (size_t i = first; i + 2 < to.size(); ++i) {
    if (to[i] == '\r' || to[i] == '\n') to[i] = ' ';
  }
}

void AppendCount(std::string& to, char sign, size_t count) {
  to += sign;
  to += IntegerText(static_cast<int64_t>(count));
  to += "\r\n";
}

// Writes one result.
class ResultWriter {
 public:
  ResultWriter(lua_State* L, ReplyForm form, std::string& to) : L_(L), form_(form), to_(to) {}

  void Append();

 private:
  bool is_resp3() const { return form_.client_resp > 2; }
  void AppendNull() { to_ += is_resp3() ? "_\r\n" : "$-1\r\n"; }
  void AppendBoolean(bool value);
  void AppendInteger(lua_Number value);
  void AppendTable();
  bool AppendSpecial();
  void AppendMap();
  void AppendSet();
  bool AppendVerbatim();
  void AppendArray();
  // Pushes a field of the table on top; whether it is of that type, else it is popped again.
  bool Field(const char* name, int type);
  std::string_view Top() const;

  lua_State* L_;
  const ReplyForm form_;
  std::string& to_;
};

std::string_view ResultWriter::Top() const {
  size_t bytes = 0;
  const char* text = lua_tolstring(L_, -1, &bytes);
  return {text, bytes};
}

bool ResultWriter::Field(const char* name, int type) {
  lua_pushstring(L_, name);
  lua_rawget(L_, -2);
  if (lua_type(L_, -1) == type) return true;
  lua_pop(L_, 1);
  return false;
}

void ResultWriter::AppendBoolean(bool value) {
  if (form_.script_resp > 2) {
    if (is_resp3()) {
      to_ += value ? "#t\r\n" : "#f\r\n";
    } else {
      to_ += value ? ":1\r\n" : ":0\r\n";
    }
  } else if (value) {
    to_ += ":1\r\n";
  } else {
    AppendNull();
  }
}

// As the processor converts, which is what Redis does: what has no integer is the lowest one.
void ResultWriter::AppendInteger(lua_Number value) {
  const bool fits = value >= -0x1p63 && value < 0x1p63;
  to_ += ':';
  to_ += IntegerText(fits ? static_cast<int64_t>(value) : INT64_MIN);
  to_ += "\r\n";
}

void ResultWriter::AppendMap() {
  const size_t at = to_.size();
  size_t count = 0;
  lua_pushnil(L_);
  while (lua_next(L_, -2) != 0) {
    lua_pushvalue(L_, -2);
    Append();
    Append();
    ++count;
  }
  std::string head;
  AppendCount(head, is_resp3() ? '%' : '*', is_resp3() ? count : 2 * count);
  to_.insert(at, head);
}

void ResultWriter::AppendSet() {
  const size_t at = to_.size();
  size_t count = 0;
  lua_pushnil(L_);
  while (lua_next(L_, -2) != 0) {
    lua_pop(L_, 1);
    lua_pushvalue(L_, -1);
    Append();
    ++count;
  }
  std::string head;
  AppendCount(head, is_resp3() ? '~' : '*', count);
  to_.insert(at, head);
}

// The table {format = , string = } is on top; whether it is one.
bool ResultWriter::AppendVerbatim() {
  if (!Field("format", LUA_TSTRING)) return false;
  const std::string_view format = Top().substr(0, 3);
  lua_insert(L_, -2);  // the format stays alive below the table
  const bool has_text = Field("string", LUA_TSTRING);
  if (has_text) {
    const std::string_view text = Top();
    if (is_resp3()) {
      AppendCount(to_, '=', text.size() + 4);
      to_ += format;
      to_.append(3 - format.size(), ' ');
      to_ += ':';
      to_ += text;
      to_ += "\r\n";
    } else {
      AppendBulk(to_, text);
    }
    lua_pop(L_, 1);
  }
  lua_remove(L_, -2);
  return has_text;
}

// A table that stands for a reply of another type; the table stays on the stack.
bool ResultWriter::AppendSpecial() {
  char digits[40];
  if (Field("err", LUA_TSTRING)) {
    AppendLine(to_, '-', Top());
  } else if (Field("ok", LUA_TSTRING)) {
    AppendLine(to_, '+', Top());
  } else if (Field("double", LUA_TNUMBER)) {
    const std::string_view text = FormatDouble(lua_tonumber(L_, -1), digits);
    if (is_resp3()) {
      AppendLine(to_, ',', text);
    } else {
      AppendBulk(to_, text);
    }
  } else if (Field("map", LUA_TTABLE)) {
    AppendMap();
  } else if (Field("set", LUA_TTABLE)) {
    AppendSet();
  } else if (Field("big_number", LUA_TSTRING)) {
    const size_t at = to_.size();
    if (is_resp3()) {
      AppendLine(to_, '(', Top());
    } else {
      AppendBulk(to_, Top());
      BlankLineEnds(to_, at);
    }
  } else if (Field("verbatim_string", LUA_TTABLE)) {
    if (!AppendVerbatim()) {
      lua_pop(L_, 1);
      return false;
    }
  } else {
    return false;
  }
  lua_pop(L_, 1);
  return true;
}

void ResultWriter::AppendArray() {
  const size_t at = to_.size();
  size_t count = 0;
  for (;; ++count) {
    lua_rawgeti(L_, -1, static_cast<int>(count + 1));
    if (lua_isnil(L_, -1)) break;
    Append();
  }
  lua_pop(L_, 1);
  std::string head;
  AppendCount(head, '*', count);
  to_.insert(at, head);
}

void ResultWriter::AppendTable() {
  if (!AppendSpecial()) AppendArray();
}

void ResultWriter::Append() {
  if (!lua_checkstack(L_, kSlots)) {
    to_ += "-ERR reached lua stack limit\r\n";
    lua_pop(L_, 1);
    return;
  }
  switch (lua_type(L_, -1)) {
    case LUA_TSTRING:
      AppendBulk(to_, Top());
      break;
    case LUA_TNUMBER:
      AppendInteger(lua_tonumber(L_, -1));
      break;
    case LUA_TBOOLEAN:
      AppendBoolean(lua_toboolean(L_, -1) != 0);
      break;
    case LUA_TTABLE:
      AppendTable();
      break;
    default:
      AppendNull();
  }
  lua_pop(L_, 1);
}

}  // namespace

void PushErrorReply(lua_State* L, std::string_view text) {
  lua_createtable(L, 0, 2);
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, "err");
}

void PushReply(lua_State* L, std::string_view reply) { ReplyReader(L, reply).Push(); }

void AppendReply(lua_State* L, ReplyForm form, std::string& to) {
  ResultWriter(L, form, to).Append();
}

void AppendLine(std::string& to, char sign, std::string_view text) {
  to += sign;
  for (const char c : text) to += c == '\r' || c == '\n' ? ' ' : c;
  to += "\r\n";
}

void AppendBulk(std::string& to, std::string_view text) {
  AppendCount(to, '$', text.size());
  to += text;
  to += "\r\n";
}

std::string_view FormatDouble(double value, char (&digits)[40]) {
  const int length = std::snprintf(digits, sizeof(digits), "%.17g", value);
  return {digits, static_cast<size_t>(length)};
}

}  // namespace snapfork
