// sandbox.h - what scripts and libraries of functions find as globals.
//
// Scripts have the global table itself. A library has a table of its own, empty and read-only,
// which finds in the global table what functions may use when they run, and little while the
// library is loaded.

#pragma once

#include "script/lua.h"

namespace snapfork {

void OpenSandbox(lua_State* L, bool for_functions);

// Pops ARGV and, below it, KEYS.
void SetScriptGlobals(lua_State* L);

// Gives the function on top of the stack the globals of libraries.
void UseLibraryGlobals(lua_State* L);
// What libraries find as globals from now on.
void SetLibraryGlobals(lua_State* L, bool loading);

}  // namespace snapfork
