// msgpack_library.cc - the table `cmsgpack`: values of Lua in MessagePack, as Redis has it.
//
// Types of MessagePack that Redis does not read (bin, ext) are refused as it refuses them.

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "script/libraries.h"
#include "script/script_vm.h"

namespace snapfork {
namespace {

// Deeper values are packed as nil.
constexpr int kNestingMax = 16;

// --- packing ---

template <typename Word>
void AppendBigEndian(std::string& to, uint8_t head, Word word) {
  to += static_cast<char>(head);
  for (int shift = 8 * (sizeof(Word) - 1); shift >= 0; shift -= 8) {
    to += static_cast<char>(static_cast<uint64_t>(word) >> shift & 0xff);
  }
}

void AppendByte(std::string& to, uint32_t byte) { to += static_cast<char>(byte); }

void AppendInteger(std::string& to, int64_t value) {
  if (value >= 0) {
    if (value <= 127) return AppendByte(to, static_cast<uint32_t>(value));
    if (value <= UINT8_MAX) return AppendBigEndian(to, 0xcc, static_cast<uint8_t>(value));
    if (value <= UINT16_MAX) return AppendBigEndian(to, 0xcd, static_cast<uint16_t>(value));
    if (value <= UINT32_MAX) return AppendBigEndian(to, 0xce, static_cast<uint32_t>(value));
    return AppendBigEndian(to, 0xcf, static_cast<uint64_t>(value));
  }
  if (value >= -32) return AppendByte(to, static_cast<uint32_t>(value & 0xff));
  if (value >= INT8_MIN) return AppendBigEndian(to, 0xd0, static_cast<uint8_t>(value));
  if (value >= INT16_MIN) return AppendBigEndian(to, 0xd1, static_cast<uint16_t>(value));
  if (value >= INT32_MIN) return AppendBigEndian(to, 0xd2, static_cast<uint32_t>(value));
  AppendBigEndian(to, 0xd3, static_cast<uint64_t>(value));
}

void AppendNumber(std::string& to, lua_Number number) {
  if (number >= -0x1p63 && number < 0x1p63 && number == std::trunc(number)) {
    return AppendInteger(to, static_cast<int64_t>(number));
  }
  const float narrow = static_cast<float>(number);
  if (static_cast<lua_Number>(narrow) == number) {
    AppendBigEndian(to, 0xca, std::bit_cast<uint32_t>(narrow));
  } else {
    AppendBigEndian(to, 0xcb, std::bit_cast<uint64_t>(number));
  }
}

void AppendText(std::string& to, std::string_view text) {
  const size_t bytes = text.size();
  if (bytes < 32) {
    AppendByte(to, static_cast<uint32_t>(0xa0 | bytes));
  } else if (bytes <= UINT8_MAX) {
    AppendBigEndian(to, 0xd9, static_cast<uint8_t>(bytes));
  } else if (bytes <= UINT16_MAX) {
    AppendBigEndian(to, 0xda, static_cast<uint16_t>(bytes));
  } else {
    AppendBigEndian(to, 0xdb, static_cast<uint32_t>(bytes));
  }
  to += text;
}

void AppendHead(std::string& to, size_t count, uint32_t small, uint8_t wide) {
  if (count <= 15) {
    AppendByte(to, static_cast<uint32_t>(small | count));
  } else if (count <= UINT16_MAX) {
    AppendBigEndian(to, wide, static_cast<uint16_t>(count));
  } else {
    AppendBigEndian(to, static_cast<uint8_t>(wide + 1), static_cast<uint32_t>(count));
  }
}

void AppendValue(lua_State* L, std::string& to, int level);

// Counts the pairs of the table on top of the stack; whether the keys are 1 to that number.
bool IsArray(lua_State* L, size_t& count) {
  lua_Number highest = 0;
  bool is_array = true;
  count = 0;
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    ++count;
    const lua_Number key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (key <= 0 || key != std::trunc(key)) is_array = false;
    if (key > highest) highest = key;
  }
  return is_array && highest == static_cast<lua_Number>(count);
}

void AppendTable(lua_State* L, std::string& to, int level) {
  size_t count = 0;
  if (IsArray(L, count)) {
    AppendHead(to, count, 0x90, 0xdc);
    for (size_t i = 1; i <= count; ++i) {
      lua_rawgeti(L, -1, static_cast<int>(i));
      AppendValue(L, to, level + 1);
    }
    return;
  }
  AppendHead(to, count, 0x80, 0xde);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pushvalue(L, -2);
    AppendValue(L, to, level + 1);
    AppendValue(L, to, level + 1);
  }
}

// Of the value on top of the stack, which is popped.
void AppendValue(lua_State* L, std::string& to, int level) {
  luaL_checkstack(L, 5, "too deep");
  switch (lua_type(L, -1)) {
    case LUA_TSTRING: {
      size_t bytes = 0;
      const char* text = lua_tolstring(L, -1, &bytes);
      AppendText(to, {text, bytes});
      break;
    }
    case LUA_TBOOLEAN:
      AppendByte(to, lua_toboolean(L, -1) ? 0xc3 : 0xc2);
      break;
    case LUA_TNUMBER:
      AppendNumber(to, lua_tonumber(L, -1));
      break;
    case LUA_TTABLE:
      if (level < kNestingMax) {
        AppendTable(L, to, level);
        break;
      }
      [[fallthrough]];
    default:
      AppendByte(to, 0xc0);
  }
  lua_pop(L, 1);
}

int Pack(lua_State* L) {
  const int count = lua_gettop(L);
  if (count == 0) return luaL_argerror(L, 0, "MessagePack pack needs input.");
  std::string& to = ScriptVm::Of(L).scratch();
  to.clear();
  for (int i = 1; i <= count; ++i) {
    luaL_checkstack(L, 1, "in function mp_check");
    lua_pushvalue(L, i);
    AppendValue(L, to, 0);
  }
  lua_pushlstring(L, to.data(), to.size());
  return 1;
}

// --- unpacking ---

struct Input {
  lua_State* L;
  const uint8_t* at;
  size_t left;

  // Moves behind so many bytes, and returns them.
  const uint8_t* Take(size_t bytes) {
    if (bytes > left) luaL_error(L, "Missing bytes in input.");
    const uint8_t* const from = at;
    at += bytes;
    left -= bytes;
    return from;
  }
  uint64_t TakeNumber(size_t bytes) {
    const uint8_t* from = Take(bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; ++i) number = number << 8 | from[i];
    return number;
  }
};

void PushValue(Input& input);

void PushText(Input& input, size_t bytes) {
  const uint8_t* from = input.Take(bytes);
  lua_pushlstring(input.L, reinterpret_cast<const char*>(from), bytes);
}

void PushArray(Input& input, uint64_t count) {
  luaL_checkstack(input.L, 1, "in function mp_decode_to_lua_array");
  lua_newtable(input.L);
  for (uint64_t i = 1; i <= count; ++i) {
    lua_pushnumber(input.L, static_cast<lua_Number>(i));
    PushValue(input);
    lua_settable(input.L, -3);
  }
}

void PushMap(Input& input, uint64_t count) {
  luaL_checkstack(input.L, 1, "in function mp_decode_to_lua_hash");
  lua_newtable(input.L);
  for (; count > 0; --count) {
    PushValue(input);
    PushValue(input);
    lua_settable(input.L, -3);
  }
}

// The types of more than one byte; false for one that is none.
bool PushWide(Input& input, uint8_t type) {
  lua_State* const L = input.L;
  switch (type) {
    case 0xca:
      lua_pushnumber(L, std::bit_cast<float>(static_cast<uint32_t>(input.TakeNumber(4))));
      return true;
    case 0xcb:
      lua_pushnumber(L, std::bit_cast<double>(input.TakeNumber(8)));
      return true;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: {
      // As Redis reads it: above 2^63 it is negative.
      const uint64_t number = input.TakeNumber(size_t{1} << (type - 0xcc));
      lua_pushnumber(L, static_cast<lua_Number>(static_cast<int64_t>(number)));
      return true;
    }
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: {
      const size_t bytes = size_t{1} << (type - 0xd0);
      const int unused = static_cast<int>(64 - 8 * bytes);
      const int64_t number = static_cast<int64_t>(input.TakeNumber(bytes) << unused) >> unused;
      lua_pushnumber(L, static_cast<lua_Number>(number));
      return true;
    }
    case 0xd9:
    case 0xda:
    case 0xdb:
      PushText(input, input.TakeNumber(size_t{1} << (type - 0xd9)));
      return true;
    case 0xdc:
    case 0xdd:
      PushArray(input, input.TakeNumber(type == 0xdc ? 2 : 4));
      return true;
    case 0xde:
    case 0xdf:
      PushMap(input, input.TakeNumber(type == 0xde ? 2 : 4));
      return true;
    default:
      return false;
  }
}

void PushValue(Input& input) {
  lua_State* const L = input.L;
  luaL_checkstack(L, 1,
                  "too many return values at once; use unpack_one or unpack_limit instead.");
  const uint8_t type = *input.Take(1);
  if (type < 0x80) {
    lua_pushnumber(L, type);
  } else if (type >= 0xe0) {
    lua_pushnumber(L, static_cast<int8_t>(type));
  } else if (type < 0x90) {
    PushMap(input, type & 0xf);
  } else if (type < 0xa0) {
    PushArray(input, type & 0xf);
  } else if (type < 0xc0) {
    PushText(input, type & 0x1f);
  } else if (type == 0xc0) {
    lua_pushnil(L);
  } else if (type == 0xc2 || type == 0xc3) {
    lua_pushboolean(L, type == 0xc3);
  } else if (!PushWide(input, type)) {
    luaL_error(L, "Bad data format in input.");
  }
}

// Values from an offset on, with the offset behind them in front, or all of them.
int UnpackFrom(lua_State* L, int limit, int offset) {
  size_t bytes = 0;
  const char* text = luaL_checklstring(L, 1, &bytes);
  if (offset < 0 || limit < 0) {
    return luaL_error(L, "Invalid request to unpack with offset of %d and limit of %d.", offset,
                      static_cast<int>(bytes));
  }
  if (static_cast<size_t>(offset) > bytes) {
    return luaL_error(L, "Start offset %d greater than input length %d.", offset,
                      static_cast<int>(bytes));
  }
  const bool is_all = limit == 0 && offset == 0;
  Input input{L, reinterpret_cast<const uint8_t*>(text) + offset,
              bytes - static_cast<size_t>(offset)};
  int count = 0;
  for (; input.left > 0 && (is_all || count < limit); ++count) PushValue(input);
  if (is_all) return count;
  luaL_checkstack(L, 1, "in function mp_unpack_full");
  const size_t behind = bytes - input.left;
  lua_pushnumber(L, input.left == 0 ? -1 : static_cast<lua_Number>(behind));
  lua_insert(L, 2);
  return count + 1;
}

int Unpack(lua_State* L) {
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, 0, 0);
}

int UnpackOne(lua_State* L) {
  const int offset = luaL_optint(L, 2, 0);
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, 1, offset);
}

int UnpackLimit(lua_State* L) {
  const int limit = luaL_checkint(L, 2);
  const int offset = luaL_optint(L, 3, 0);
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return UnpackFrom(L, limit, offset);
}

constexpr luaL_Reg kFunctions[] = {{"pack", &Pack},
                                   {"unpack", &Unpack},
                                   {"unpack_one", &UnpackOne},
                                   {"unpack_limit", &UnpackLimit}};

}  // namespace

void PushMessagePackLibrary(lua_State* L) {
  lua_newtable(L);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(L, function.func);
    lua_setfield(L, -2, function.name);
  }
  lua_pushliteral(L, "cmsgpack");
  lua_setfield(L, -2, "_NAME");
  lua_pushliteral(L, "lua-cmsgpack 0.4.0");
  lua_setfield(L, -2, "_VERSION");
}

}  // namespace snapfork
