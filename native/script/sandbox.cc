// sandbox.cc - the tables of globals. All but KEYS and ARGV are read-only.

#include "script/sandbox.h"

#include "script/libraries.h"

namespace snapfork {
namespace {

// Keys in the registry.
constexpr char kLibraryGlobals[] = "snapfork.library_globals";
constexpr char kLoadingGlobals[] = "snapfork.loading_globals";

// Functions of Lua's base library that scripts do not have.
constexpr const char* kRemoved[] = {"dofile",  "loadfile", "newproxy", "print",
                                    "getfenv", "setfenv",  "module",   "require"};

int RefuseGlobal(lua_State* L) {
  if (lua_type(L, 2) != LUA_TSTRING) lua_pushnil(L);
  return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                    luaL_optstring(L, 2, "?"));
}

// The error of a call without arguments differs, so Lua's own is kept for those that succeed.
int ProtectedCall(lua_State* L) {
  luaL_checkany(L, 1);
  const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  lua_pushboolean(L, status == 0);
  lua_insert(L, 1);
  // Of an error that is a table with a field `err` that field is returned.
  if (status != 0 && lua_istable(L, -1)) {
    lua_getfield(L, -1, "err");
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
    } else {
      lua_replace(L, -2);
    }
  }
  return lua_gettop(L);
}

void OpenLibrary(lua_State* L, lua_CFunction open, const char* name) {
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
}

// Makes the table on top of the stack raise an error for what it does not have.
void RefuseUnknown(lua_State* L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, &RefuseGlobal);
  lua_setfield(L, -2, "__index");
  lua_setreadonly(L, -1, 1);
  lua_setmetatable(L, -2);
}

// Makes the tables in the table on top of the stack read-only, and itself.
void ProtectTables(lua_State* L) {
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    if (lua_istable(L, -1)) lua_setreadonly(L, -1, 1);
    lua_pop(L, 1);
  }
  lua_setreadonly(L, -1, 1);
}

// What a library sees while it is loaded: `redis`, with little in it.
void MakeLoadingGlobals(lua_State* L) {
  lua_newtable(L);
  PushRedisTable(L, RedisTable::kLoading);
  RefuseUnknown(L);
  lua_setreadonly(L, -1, 1);
  lua_setfield(L, -2, "redis");
  RefuseUnknown(L);
  lua_setreadonly(L, -1, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, kLoadingGlobals);
}

// The globals of libraries: nothing of their own, the rest by way of a metatable that changes.
void MakeLibraryGlobals(lua_State* L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_setmetatable(L, -2);
  lua_setreadonly(L, -1, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, kLibraryGlobals);
  SetLibraryGlobals(L, false);
}

}  // namespace

void OpenSandbox(lua_State* L, bool for_functions) {
  OpenLibrary(L, &luaopen_base, "");
  OpenLibrary(L, &luaopen_table, LUA_TABLIBNAME);
  OpenLibrary(L, &luaopen_string, LUA_STRLIBNAME);
  OpenLibrary(L, &luaopen_math, LUA_MATHLIBNAME);
  lua_settop(L, 0);
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  for (const char* name : kRemoved) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  lua_pushcfunction(L, &ProtectedCall);
  lua_setfield(L, -2, "pcall");
  lua_getfield(L, -1, LUA_MATHLIBNAME);
  SetRandomFunctions(L);
  lua_pop(L, 1);
  lua_pushcfunction(L, &luaopen_cjson);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "cjson");
  PushBitLibrary(L);
  lua_setfield(L, -2, "bit");
  PushStructLibrary(L);
  lua_setfield(L, -2, "struct");
  PushMessagePackLibrary(L);
  lua_setfield(L, -2, "cmsgpack");
  PushRedisTable(L, for_functions ? RedisTable::kFunctions : RedisTable::kScripts);
  lua_setfield(L, -2, "redis");
  RefuseUnknown(L);
  ProtectTables(L);
  lua_pop(L, 1);
  // The one metatable of a basic type that there is.
  lua_pushliteral(L, "");
  if (lua_getmetatable(L, -1)) lua_setreadonly(L, -1, 1);
  lua_settop(L, 0);
  if (for_functions) {
    MakeLoadingGlobals(L);
    MakeLibraryGlobals(L);
  }
}

void SetScriptGlobals(lua_State* L) {
  lua_setreadonly(L, LUA_GLOBALSINDEX, 0);
  lua_setglobal(L, "ARGV");
  lua_setglobal(L, "KEYS");
  lua_setreadonly(L, LUA_GLOBALSINDEX, 1);
}

void UseLibraryGlobals(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, kLibraryGlobals);
  lua_setfenv(L, -2);
}

void SetLibraryGlobals(lua_State* L, bool loading) {
  lua_getfield(L, LUA_REGISTRYINDEX, kLibraryGlobals);
  lua_getmetatable(L, -1);
  if (loading) {
    lua_getfield(L, LUA_REGISTRYINDEX, kLoadingGlobals);
  } else {
    lua_pushvalue(L, LUA_GLOBALSINDEX);
  }
  lua_setreadonly(L, -2, 0);
  lua_setfield(L, -2, "__index");
  lua_setreadonly(L, -1, 1);
  lua_pop(L, 2);
}

}  // namespace snapfork
