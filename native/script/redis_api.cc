// redis_api.cc - the functions of the table `redis`.

#include <cmath>
#include <string_view>

#include "base/number.h"
#include "base/sha1.h"
#include "script/libraries.h"
#include "script/reply_values.h"
#include "script/script_vm.h"

namespace snapfork {
namespace {

constexpr int kLogLevels = 4;
constexpr int kReplAll = 3;

// Raises {err = "ERR " .. text}.
int Raise(lua_State* L, const char* text) {
  lua_createtable(L, 0, 1);
  lua_pushfstring(L, "ERR %s", text);
  lua_setfield(L, -2, "err");
  return lua_error(L);
}

// Leaves nil, or what is wrong with the words, as a text.
const char* TakeWords(lua_State* L) {
  if (lua_gettop(L) == 0) return "Please specify at least one argument for this redis lib call";
  if (!ScriptVm::Of(L).ReadWords(L)) {
    return "Lua redis lib command arguments must be strings or integers";
  }
  return nullptr;
}

int Call(lua_State* L, bool raises) {
  const char* fault = TakeWords(L);
  if (fault != nullptr) {
    if (raises) return Raise(L, fault);
    lua_createtable(L, 0, 1);
    lua_pushfstring(L, "ERR %s", fault);
    lua_setfield(L, -2, "err");
    return 1;
  }
  lua_settop(L, 0);
  const std::string_view reply = ScriptVm::Of(L).Call();
  const bool failed = reply.starts_with('-');
  PushReply(L, reply);
  return failed && raises ? lua_error(L) : 1;
}

int RedisCall(lua_State* L) { return Call(L, true); }
int RedisProtectedCall(lua_State* L) { return Call(L, false); }

// {[field] = text}, of the one argument.
int SingleField(lua_State* L, const char* field) {
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) {
    PushErrorReply(L, "ERR wrong number or type of arguments");
    return 1;
  }
  lua_createtable(L, 0, 1);
  lua_insert(L, -2);
  lua_setfield(L, -2, field);
  return 1;
}

// A text without a code in front gets ERR; a dash before the code is dropped. Line ends behind it
// are dropped, others become blanks when it is written.
int ErrorReply(lua_State* L) {
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) return SingleField(L, "err");
  size_t bytes = 0;
  const char* text = lua_tolstring(L, 1, &bytes);
  std::string_view message(text, bytes);
  if (message.starts_with('-')) message.remove_prefix(1);
  while (message.ends_with('\n') || message.ends_with('\r')) message.remove_suffix(1);
  const bool has_code = message.find(' ') != std::string_view::npos;
  lua_pushstring(L, has_code ? "" : "ERR ");
  lua_pushlstring(L, message.data(), message.size());
  lua_concat(L, 2);
  lua_replace(L, 1);
  return SingleField(L, "err");
}

int StatusReply(lua_State* L) { return SingleField(L, "ok"); }

int Sha1OfText(lua_State* L) {
  if (lua_gettop(L) != 1) return Raise(L, "wrong number of arguments");
  size_t bytes = 0;
  const char* text = lua_tolstring(L, 1, &bytes);
  const Sha1Text digits = Sha1Hex({text, bytes});
  lua_pushlstring(L, digits.data(), digits.size());
  return 1;
}

int Log(lua_State* L) {
  const int count = lua_gettop(L);
  if (count < 2) return Raise(L, "redis.log() requires two arguments or more.");
  if (!lua_isnumber(L, 1)) return Raise(L, "First argument must be a number (log level).");
  const lua_Integer level = lua_tointeger(L, 1);
  if (level < 0 || level >= kLogLevels) return Raise(L, "Invalid debug level.");
  ScriptVm& vm = ScriptVm::Of(L);
  std::string& line = vm.scratch();
  line.clear();
  for (int i = 2; i <= count; ++i) {
    size_t bytes = 0;
    const char* text = lua_tolstring(L, i, &bytes);
    if (text == nullptr) continue;
    if (i > 2) line += ' ';
    line.append(text, bytes);
  }
  const char digit = static_cast<char>('0' + level);
  vm.SetWords({std::string_view(&digit, 1), line});
  vm.Ask(ScriptOutcome::kLog);
  return 0;
}

int SetResp(lua_State* L) {
  if (lua_gettop(L) != 1) return Raise(L, "redis.setresp() requires one argument.");
  const lua_Integer version = lua_tointeger(L, 1);
  if (version != 2 && version != 3) return Raise(L, "RESP version must be 2 or 3.");
  ScriptVm::Of(L).set_script_resp(static_cast<int>(version));
  return 0;
}

int SetRepl(lua_State* L) {
  if (lua_gettop(L) != 1) return Raise(L, "redis.set_repl() requires two arguments.");
  const lua_Integer flags = lua_tointeger(L, 1);
  if ((flags & ~lua_Integer{kReplAll}) != 0) {
    return Raise(L,
                 "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  ScriptVm::Of(L).set_repl_flags(static_cast<int>(flags));
  return 0;
}

int CheckCommand(lua_State* L) {
  const char* fault = TakeWords(L);
  if (fault != nullptr) return Raise(L, fault);
  const std::string_view reply = ScriptVm::Of(L).Ask(ScriptOutcome::kCheck);
  if (reply.starts_with('-')) {
    return Raise(L, "Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(L, reply.starts_with(":1"));
  return 1;
}

int ReturnTrue(lua_State* L) {
  lua_pushboolean(L, 1);
  return 1;
}

// Without a debugger a breakpoint is none.
int ReturnFalse(lua_State* L) {
  lua_pushboolean(L, 0);
  return 1;
}

int ReturnNothing(lua_State*) { return 0; }

constexpr const char* kFlagNames[] = {"no-writes", "allow-oom", "allow-stale", "no-cluster",
                                      "allow-cross-slot-keys"};

bool IsName(std::string_view name) {
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return !name.empty();
}

std::string_view TextAt(lua_State* L, int index) {
  size_t bytes = 0;
  const char* text = lua_tolstring(L, index, &bytes);
  return {text, bytes};
}

// The flags in the table on top of the stack. False for one that is unknown.
bool ReadFlags(lua_State* L, uint32_t& flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(L, -1, i);
    if (lua_isnil(L, -1)) break;
    if (lua_type(L, -1) != LUA_TSTRING) return false;
    const std::string_view name = TextAt(L, -1);
    uint32_t bit = 0;
    for (uint32_t n = 0; n < std::size(kFlagNames); ++n) {
      if (name == kFlagNames[n]) bit = 1u << n;
    }
    if (bit == 0) return false;
    flags |= bit;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return true;
}

// Slots of the stack in which named arguments are gathered.
enum Argument : int { kTable = 1, kName, kCallback, kDescription };

// Reads named arguments into their slots; null, or what is wrong.
const char* ReadNamed(lua_State* L, uint32_t& flags) {
  lua_settop(L, kDescription);
  lua_pushnil(L);
  while (lua_next(L, kTable) != 0) {
    if (!lua_isstring(L, -2)) {
      return "named argument key given to redis.register_function is not a string";
    }
    // Not lua_tolstring on a number that is a key: it would change it under lua_next.
    const std::string_view key =
        lua_type(L, -2) == LUA_TSTRING ? TextAt(L, -2) : std::string_view();
    if (key == "function_name") {
      if (!lua_isstring(L, -1)) {
        return "function_name argument given to redis.register_function must be a string";
      }
      lua_replace(L, kName);
    } else if (key == "description") {
      if (!lua_isstring(L, -1)) {
        return "description argument given to redis.register_function must be a string";
      }
      lua_replace(L, kDescription);
    } else if (key == "callback") {
      if (!lua_isfunction(L, -1)) {
        return "callback argument given to redis.register_function must be a function";
      }
      lua_replace(L, kCallback);
    } else if (key == "flags") {
      if (!lua_istable(L, -1)) {
        return "flags argument to redis.register_function must be a table representing function "
               "flags";
      }
      if (!ReadFlags(L, flags)) return "unknown flag given";
      lua_pop(L, 1);
    } else {
      return "unknown argument given to redis.register_function";
    }
  }
  if (lua_isnil(L, kName)) return "redis.register_function must get a function name argument";
  if (lua_isnil(L, kCallback)) return "redis.register_function must get a callback argument";
  return nullptr;
}

const char* ReadPositional(lua_State* L) {
  if (!lua_isstring(L, 1)) return "first argument to redis.register_function must be a string";
  if (!lua_isfunction(L, 2)) return "second argument to redis.register_function must be a function";
  lua_pushnil(L);
  lua_insert(L, 1);
  lua_settop(L, kDescription);
  return nullptr;
}

const char* ReadRegistration(lua_State* L, uint32_t& flags) {
  const int count = lua_gettop(L);
  if (count < 1 || count > 2) return "wrong number of arguments to redis.register_function";
  if (count == 2) return ReadPositional(L);
  if (!lua_istable(L, 1)) {
    return "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).";
  }
  return ReadNamed(L, flags);
}

int RegisterFunction(lua_State* L) {
  ScriptVm& vm = ScriptVm::Of(L);
  if (!vm.loading()) {
    return Raise(L, "redis.register_function can only be called on FUNCTION LOAD command");
  }
  uint32_t flags = 0;
  const char* fault = ReadRegistration(L, flags);
  if (fault != nullptr) return Raise(L, fault);
  const std::string_view name = TextAt(L, kName);
  if (!IsName(name)) {
    return Raise(L,
                 "Library names can only contain letters, numbers, or underscores(_) and must be "
                 "at least one character long");
  }
  for (const FunctionRegistration& other : vm.registrations()) {
    if (other.name == name) return Raise(L, "Function already exists in the library");
  }
  // The text as long as it may be converted from a number.
  const bool has_description = !lua_isnil(L, kDescription);
  const std::string_view description = has_description ? TextAt(L, kDescription) : "";
  lua_pushvalue(L, kCallback);
  const int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  vm.registrations().push_back(
      {std::string(name), std::string(description), has_description, flags, ref});
  return 0;
}

struct NamedNumber {
  const char* name;
  int number;
};

constexpr NamedNumber kLogConstants[] = {
    {"LOG_DEBUG", 0}, {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2}, {"LOG_WARNING", 3}};
constexpr NamedNumber kReplConstants[] = {{"REPL_NONE", 0},
                                          {"REPL_AOF", 1},
                                          {"REPL_SLAVE", 2},
                                          {"REPL_REPLICA", 2},
                                          {"REPL_ALL", kReplAll}};

// The version whose behaviour this is.
constexpr char kRedisVersion[] = "7.0.15";
constexpr int kRedisVersionNumber = 0x07000f;

constexpr luaL_Reg kCommonFunctions[] = {{"call", &RedisCall},
                                         {"pcall", &RedisProtectedCall},
                                         {"error_reply", &ErrorReply},
                                         {"status_reply", &StatusReply},
                                         {"sha1hex", &Sha1OfText},
                                         {"setresp", &SetResp},
                                         {"set_repl", &SetRepl},
                                         {"acl_check_cmd", &CheckCommand}};
constexpr luaL_Reg kScriptFunctions[] = {{"replicate_commands", &ReturnTrue},
                                         {"breakpoint", &ReturnFalse},
                                         {"debug", &ReturnNothing}};

void SetFunctions(lua_State* L, std::span<const luaL_Reg> functions) {
  for (const luaL_Reg& function : functions) {
    lua_pushcfunction(L, function.func);
    lua_setfield(L, -2, function.name);
  }
}

void SetNumbers(lua_State* L, std::span<const NamedNumber> numbers) {
  for (const NamedNumber& constant : numbers) {
    lua_pushinteger(L, constant.number);
    lua_setfield(L, -2, constant.name);
  }
}

}  // namespace

void PushRedisTable(lua_State* L, RedisTable which) {
  lua_newtable(L);
  lua_pushcfunction(L, &Log);
  lua_setfield(L, -2, "log");
  SetNumbers(L, kLogConstants);
  lua_pushstring(L, kRedisVersion);
  lua_setfield(L, -2, "REDIS_VERSION");
  lua_pushinteger(L, kRedisVersionNumber);
  lua_setfield(L, -2, "REDIS_VERSION_NUM");
  if (which == RedisTable::kLoading) {
    lua_pushcfunction(L, &RegisterFunction);
    lua_setfield(L, -2, "register_function");
    return;
  }
  SetFunctions(L, kCommonFunctions);
  SetNumbers(L, kReplConstants);
  if (which == RedisTable::kScripts) SetFunctions(L, kScriptFunctions);
}

}  // namespace snapfork
