// struct_library.cc - the table `struct`: values to bytes and back by a format, as Redis has it.
//
// A format is read option by option: < > (order), ! with a power of 2 (alignment), blanks; x (a
// byte of padding), b B h H l L T i I with a size (integers), f d, s (ends with a NUL), c with a
// size (bytes). Integers and floats are aligned to their size, as far as ! allows.

#include <algorithm>
#include <bit>
#include <cctype>
#include <climits>
#include <cstdint>
#include <cstring>

#include "script/libraries.h"

namespace snapfork {
namespace {

constexpr int kIntegerBytesMax = 32;
constexpr int kAlignMax = 8;

// How options are read, and the option that was read last.
struct Format {
  lua_State* L;
  const char* at;
  bool is_little = true;
  int align = 1;
  char option = 0;
  size_t bytes = 0;

  // The next option with its size; false at the end.
  bool Next();
  size_t Padding(size_t position) const;
  // What an option does that stands for no value.
  void ReadControl();

 private:
  bool IsDigit() const { return *at >= '0' && *at <= '9'; }
  int ReadSize(int otherwise);
  size_t OptionBytes();
};

int Format::ReadSize(int otherwise) {
  if (!IsDigit()) return otherwise;
  int size = 0;
  do {
    if (size > (INT_MAX - (*at - '0')) / 10) luaL_error(L, "integral size overflow");
    size = size * 10 + (*at++ - '0');
  } while (IsDigit());
  return size;
}

size_t Format::OptionBytes() {
  switch (option) {
    case 'B':
    case 'b':
    case 'x':
      return 1;
    case 'H':
    case 'h':
      return sizeof(short);
    case 'L':
    case 'l':
      return sizeof(long);
    case 'T':
      return sizeof(size_t);
    case 'f':
      return sizeof(float);
    case 'd':
      return sizeof(double);
    case 'c':
      return static_cast<size_t>(ReadSize(1));
    case 'i':
    case 'I': {
      const int size = ReadSize(sizeof(int));
      if (size > kIntegerBytesMax) {
        luaL_error(L, "integral size %d is larger than limit of %d", size, kIntegerBytesMax);
      }
      return static_cast<size_t>(size);
    }
    default:
      return 0;
  }
}

void Format::ReadControl() {
  switch (option) {
    case ' ':
      return;
    case '>':
      is_little = false;
      return;
    case '<':
      is_little = true;
      return;
    case '!': {
      const int size = ReadSize(kAlignMax);
      if (size <= 0 || (size & (size - 1)) != 0) {
        luaL_error(L, "alignment %d is not a power of 2", size);
      }
      align = size;
      return;
    }
    default:
      luaL_argerror(L, 1, lua_pushfstring(L, "invalid format option '%c'", option));
  }
}

bool Format::Next() {
  if (*at == '\0') return false;
  option = *at++;
  bytes = OptionBytes();
  return true;
}

size_t Format::Padding(size_t position) const {
  if (bytes <= 1 || option == 'c') return 0;
  const size_t to = bytes > static_cast<size_t>(align) ? static_cast<size_t>(align) : bytes;
  if (to <= 1) return 0;
  return (to - (position & (to - 1))) & (to - 1);
}

bool IsInteger(char option) { return std::strchr("bBhHlLTiI", option) != nullptr; }

// A number modulo 2^64; what is beyond becomes what x86-64 makes of it.
uint64_t ToBits(lua_Number number) {
  if (number < 0) return static_cast<uint64_t>(number >= -0x1p63 ? static_cast<int64_t>(number)
                                                                 : INT64_MIN);
  if (number != number) return uint64_t{1} << 63;
  return number < 0x1p64 ? static_cast<uint64_t>(number) : 0;
}

void PackInteger(lua_State* L, luaL_Buffer* to, const Format& format, int index) {
  uint64_t bits = ToBits(luaL_checknumber(L, index));
  char bytes[kIntegerBytesMax];
  for (size_t i = 0; i < format.bytes; ++i) {
    bytes[format.is_little ? i : format.bytes - 1 - i] = static_cast<char>(bits & 0xff);
    bits >>= 8;
  }
  luaL_addlstring(to, bytes, format.bytes);
}

template <typename Float>
void PackFloat(luaL_Buffer* to, const Format& format, lua_Number number) {
  const Float value = static_cast<Float>(number);
  char bytes[sizeof(Float)];
  std::memcpy(bytes, &value, sizeof(Float));
  if (format.is_little != (std::endian::native == std::endian::little)) {
    std::reverse(bytes, bytes + sizeof(Float));
  }
  luaL_addlstring(to, bytes, sizeof(Float));
}

int Pack(lua_State* L) {
  Format format{L, luaL_checkstring(L, 1)};
  // A nil behind the arguments: numbers of the buffer lie behind it.
  lua_pushnil(L);
  luaL_Buffer to;
  luaL_buffinit(L, &to);
  int index = 2;
  size_t total = 0;
  while (format.Next()) {
    for (size_t n = format.Padding(total); n > 0; --n, ++total) luaL_addchar(&to, '\0');
    size_t bytes = format.bytes;
    if (IsInteger(format.option)) {
      PackInteger(L, &to, format, index++);
    } else if (format.option == 'x') {
      luaL_addchar(&to, '\0');
    } else if (format.option == 'f') {
      PackFloat<float>(&to, format, luaL_checknumber(L, index++));
    } else if (format.option == 'd') {
      PackFloat<double>(&to, format, luaL_checknumber(L, index++));
    } else if (format.option == 'c' || format.option == 's') {
      size_t length = 0;
      const char* text = luaL_checklstring(L, index++, &length);
      if (bytes == 0) bytes = length;
      // As Redis counts: the argument is passed already.
      luaL_argcheck(L, length >= bytes, index, "string too short");
      luaL_addlstring(&to, text, bytes);
      if (format.option == 's') {
        luaL_addchar(&to, '\0');
        ++bytes;
      }
    } else {
      format.ReadControl();
    }
    total += bytes;
  }
  luaL_pushresult(&to);
  return 1;
}

lua_Number UnpackInteger(const Format& format, const char* from) {
  uint64_t bits = 0;
  for (size_t i = 0; i < format.bytes; ++i) {
    const size_t at = format.is_little ? format.bytes - 1 - i : i;
    bits = bits << 8 | static_cast<uint8_t>(from[at]);
  }
  if (format.option < 'a') return static_cast<lua_Number>(bits);
  // Of more than 8 bytes Redis takes a sign from elsewhere, as its processor shifts modulo 64.
  const uint64_t sign = ~uint64_t{0} << ((8 * format.bytes - 1) & 63);
  if ((bits & sign) != 0) bits |= sign;
  return static_cast<lua_Number>(static_cast<int64_t>(bits));
}

template <typename Float>
lua_Number UnpackFloat(const Format& format, const char* from) {
  char bytes[sizeof(Float)];
  std::memcpy(bytes, from, sizeof(Float));
  if (format.is_little != (std::endian::native == std::endian::little)) {
    std::reverse(bytes, bytes + sizeof(Float));
  }
  Float value;
  std::memcpy(&value, bytes, sizeof(Float));
  return value;
}

// Bytes of the option 'c' with 0: the number that was read last, which is taken back.
size_t TakeLength(lua_State* L, size_t rest) {
  if (lua_gettop(L) <= 2 || !lua_isnumber(L, -1)) {
    luaL_error(L, "format 'c0' needs a previous size");
  }
  const lua_Number length = lua_tonumber(L, -1);
  lua_pop(L, 1);
  luaL_argcheck(L, length >= 0 && length <= static_cast<lua_Number>(rest), 2,
                "data string too short");
  return static_cast<size_t>(length);
}

int Unpack(lua_State* L) {
  Format format{L, luaL_checkstring(L, 1)};
  size_t length = 0;
  const char* data = luaL_checklstring(L, 2, &length);
  const lua_Integer start = luaL_optinteger(L, 3, 1);
  luaL_argcheck(L, start != 0, 3, "offset must be 1 or greater");
  size_t at = static_cast<size_t>(start) - 1;
  lua_settop(L, 2);
  while (format.Next()) {
    size_t bytes = format.bytes;
    at += format.Padding(at);
    luaL_argcheck(L, at <= length && bytes <= length - at, 2, "data string too short");
    luaL_checkstack(L, 2, "too many results");
    const char* from = data + at;
    if (IsInteger(format.option)) {
      lua_pushnumber(L, UnpackInteger(format, from));
    } else if (format.option == 'f') {
      lua_pushnumber(L, UnpackFloat<float>(format, from));
    } else if (format.option == 'd') {
      lua_pushnumber(L, UnpackFloat<double>(format, from));
    } else if (format.option == 'c') {
      if (bytes == 0) bytes = TakeLength(L, length - at);
      lua_pushlstring(L, from, bytes);
    } else if (format.option == 's') {
      const void* end = at < length ? std::memchr(from, '\0', length - at) : nullptr;
      if (end == nullptr) luaL_error(L, "unfinished string in data");
      const size_t text_bytes = static_cast<size_t>(static_cast<const char*>(end) - from);
      lua_pushlstring(L, from, text_bytes);
      bytes = text_bytes + 1;
    } else if (format.option != 'x') {
      format.ReadControl();
    }
    at += bytes;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(at + 1));
  return lua_gettop(L) - 2;
}

int Size(lua_State* L) {
  Format format{L, luaL_checkstring(L, 1)};
  size_t total = 0;
  while (format.Next()) {
    total += format.Padding(total);
    if (format.option == 's') luaL_argerror(L, 1, "option 's' has no fixed size");
    if (format.option == 'c' && format.bytes == 0) {
      luaL_argerror(L, 1, "option 'c0' has no fixed size");
    }
    // As in Redis, a letter that is no option counts as nothing here.
    if (!std::isalnum(static_cast<unsigned char>(format.option))) format.ReadControl();
    total += format.bytes;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(total));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"pack", &Pack}, {"unpack", &Unpack}, {"size", &Size}};

}  // namespace

void PushStructLibrary(lua_State* L) {
  lua_newtable(L);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(L, function.func);
    lua_setfield(L, -2, function.name);
  }
}

}  // namespace snapfork
