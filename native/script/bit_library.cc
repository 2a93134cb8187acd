// bit_library.cc - the table `bit`: 32-bit operations, as LuaBitOp documents them.

#include <bit>
#include <cstdint>
#include <cstring>

#include "script/libraries.h"

namespace snapfork {
namespace {

// A number modulo 2^32: adding 2^52 + 2^51 leaves it in the low bits.
uint32_t ToBits(lua_State* L, int index) {
  const double shifted = luaL_checknumber(L, index) + 6755399441055744.0;
  return static_cast<uint32_t>(std::bit_cast<uint64_t>(shifted));
}

int Push(lua_State* L, uint32_t bits) {
  lua_pushnumber(L, static_cast<int32_t>(bits));
  return 1;
}

int ToBit(lua_State* L) { return Push(L, ToBits(L, 1)); }
int Not(lua_State* L) { return Push(L, ~ToBits(L, 1)); }

template <typename Combine>
int Fold(lua_State* L, Combine combine) {
  uint32_t bits = ToBits(L, 1);
  for (int i = lua_gettop(L); i > 1; --i) bits = combine(bits, ToBits(L, i));
  return Push(L, bits);
}

int And(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a & b; });
}
int Or(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a | b; });
}
int Xor(lua_State* L) {
  return Fold(L, [](uint32_t a, uint32_t b) { return a ^ b; });
}

template <typename Shift>
int ShiftBy(lua_State* L, Shift shift) {
  const uint32_t bits = ToBits(L, 1);
  const int count = static_cast<int>(ToBits(L, 2) & 31);
  return Push(L, shift(bits, count));
}

int ShiftLeft(lua_State* L) {
  return ShiftBy(L, [](uint32_t bits, int count) { return bits << count; });
}
int ShiftRight(lua_State* L) {
  return ShiftBy(L, [](uint32_t bits, int count) { return bits >> count; });
}
int ShiftRightSigned(lua_State* L) {
  return ShiftBy(L, [](uint32_t bits, int count) {
    return static_cast<uint32_t>(static_cast<int32_t>(bits) >> count);
  });
}
int RotateLeft(lua_State* L) {
  return ShiftBy(L, [](uint32_t bits, int count) { return std::rotl(bits, count); });
}
int RotateRight(lua_State* L) {
  return ShiftBy(L, [](uint32_t bits, int count) { return std::rotr(bits, count); });
}

int SwapBytes(lua_State* L) { return Push(L, __builtin_bswap32(ToBits(L, 1))); }

// The last digits, so many as the second argument says; in upper case if it is negative.
int ToHex(lua_State* L) {
  uint32_t bits = ToBits(L, 1);
  // Wider than an int, so that the lowest one can be negated.
  int64_t count = lua_isnone(L, 2) ? 8 : static_cast<int32_t>(ToBits(L, 2));
  const char* digits = "0123456789abcdef";
  if (count < 0) {
    count = -count;
    digits = "0123456789ABCDEF";
  }
  if (count > 8) count = 8;
  char text[8];
  for (int64_t i = count; i-- > 0;) {
    text[i] = digits[bits & 15];
    bits >>= 4;
  }
  lua_pushlstring(L, text, static_cast<size_t>(count));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"tobit", &ToBit},          {"bnot", &Not},      {"band", &And},
    {"bor", &Or},               {"bxor", &Xor},      {"lshift", &ShiftLeft},
    {"rshift", &ShiftRight},    {"arshift", &ShiftRightSigned},
    {"rol", &RotateLeft},       {"ror", &RotateRight},
    {"bswap", &SwapBytes},      {"tohex", &ToHex},
};

}  // namespace

void PushBitLibrary(lua_State* L) {
  lua_newtable(L);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(L, function.func);
    lua_setfield(L, -2, function.name);
  }
}

}  // namespace snapfork
