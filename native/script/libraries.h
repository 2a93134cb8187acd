// libraries.h - the tables of functions that scripts find, beside those of Lua and lua-cjson.

#pragma once

#include "script/lua.h"

namespace snapfork {

// Whose `redis` it is.
enum class RedisTable { kScripts, kFunctions, kLoading };

void PushRedisTable(lua_State* L, RedisTable which);
void PushBitLibrary(lua_State* L);
void PushStructLibrary(lua_State* L);
void PushMessagePackLibrary(lua_State* L);
// Puts `random` and `randomseed` into the table on top of the stack.
void SetRandomFunctions(lua_State* L);

}  // namespace snapfork
