// random_library.cc - math.random and math.randomseed, with the sequence that Redis has: lrand48's.

#include <cmath>
#include <cstdint>

#include "script/libraries.h"
#include "script/script_vm.h"

namespace snapfork {
namespace {

constexpr int32_t kMax = INT32_MAX;

int32_t Next(ScriptRandom& random) {
  constexpr uint64_t kBits48 = (uint64_t{1} << 48) - 1;
  random.state = (random.state * 0x5deece66du + 0xbu) & kBits48;
  return static_cast<int32_t>(random.state >> 17);
}

int Random(lua_State* L) {
  const lua_Number drawn =
      static_cast<lua_Number>(Next(ScriptVm::Of(L).random()) % kMax) / lua_Number{kMax};
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(L, drawn);
      return 1;
    case 1: {
      const int last = luaL_checkint(L, 1);
      luaL_argcheck(L, 1 <= last, 1, "interval is empty");
      lua_pushnumber(L, std::floor(drawn * last) + 1);
      return 1;
    }
    case 2: {
      const int first = luaL_checkint(L, 1);
      const int last = luaL_checkint(L, 2);
      luaL_argcheck(L, first <= last, 2, "interval is empty");
      const lua_Number width = static_cast<lua_Number>(int64_t{last} - first + 1);
      lua_pushnumber(L, std::floor(drawn * width) + first);
      return 1;
    }
    default:
      return luaL_error(L, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* L) {
  const uint32_t seed = static_cast<uint32_t>(luaL_checkint(L, 1));
  ScriptVm::Of(L).random().state = uint64_t{seed} << 16 | 0x330e;
  return 0;
}

}  // namespace

void SetRandomFunctions(lua_State* L) {
  lua_pushcfunction(L, &Random);
  lua_setfield(L, -2, "random");
  lua_pushcfunction(L, &RandomSeed);
  lua_setfield(L, -2, "randomseed");
}

}  // namespace snapfork
