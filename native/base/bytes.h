// bytes.h - unaligned loads and stores in a stated byte order.

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace snapfork {

static_assert(std::endian::native == std::endian::little, "snapfork supports little-endian only");

template <typename T>
inline T LoadLittle(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
inline void StoreLittle(void* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

inline uint16_t LoadBig16(const void* from) {
  return __builtin_bswap16(LoadLittle<uint16_t>(from));
}
inline uint32_t LoadBig32(const void* from) {
  return __builtin_bswap32(LoadLittle<uint32_t>(from));
}
inline uint64_t LoadBig64(const void* from) {
  return __builtin_bswap64(LoadLittle<uint64_t>(from));
}
inline void StoreBig32(void* to, uint32_t value) { StoreLittle(to, __builtin_bswap32(value)); }
inline void StoreBig64(void* to, uint64_t value) { StoreLittle(to, __builtin_bswap64(value)); }

}  // namespace snapfork
