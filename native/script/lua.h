// lua.h - the C headers of Lua.

#pragma once

extern "C" {
#include "vendor/lua/lauxlib.h"
#include "vendor/lua/lua.h"
#include "vendor/lua/lualib.h"

// Of lua-cjson, which has no header.
int luaopen_cjson(lua_State* L);
}
