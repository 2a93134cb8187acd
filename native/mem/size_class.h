// size_class.h - the object sizes slabs are cut into.
//
// 16 to 128 in steps of 8, then eight steps a doubling up to 128 KiB: at most 12.5 % is lost to
// rounding. Larger objects are runs of whole pages.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace snapfork {

// The unit that has one size class, kind and heap: a thirty-second of a chunk.
inline constexpr size_t kPageBytes = 64u << 10;
inline constexpr size_t kObjectBytesMin = 16;
inline constexpr size_t kSlabObjectBytesMax = 128u << 10;
inline constexpr unsigned kFineClasses = 15;  // 16, 24, ... 128
inline constexpr unsigned kSizeClasses = kFineClasses + 10 * 8;

// The smallest class that holds `bytes`. REQUIRES: bytes <= kSlabObjectBytesMax.
constexpr unsigned SizeClassOf(size_t bytes) {
  if (bytes <= 128) return bytes <= 16 ? 0 : static_cast<unsigned>((bytes - 9) / 8);
  // Eight classes between 2^k and 2^(k+1), k = 7 for 129..256.
  const unsigned doubling = static_cast<unsigned>(std::bit_width(bytes - 1)) - 1;
  const unsigned step = static_cast<unsigned>((bytes - 1) >> (doubling - 3)) & 7;
  return kFineClasses + (doubling - 7) * 8 + step;
}

constexpr size_t SizeClassBytes(unsigned size_class) {
  if (size_class < kFineClasses) return 16 + size_t{size_class} * 8;
  const unsigned coarse = size_class - kFineClasses;
  const unsigned doubling = 7 + coarse / 8;
  return (size_t{9} + coarse % 8) << (doubling - 3);
}

// Pages of one slab: few objects a slab waste its tail, many waste memory while it is empty.
constexpr uint32_t SizeClassPages(unsigned size_class) {
  const size_t bytes = SizeClassBytes(size_class);
  if (bytes <= (8u << 10)) return 1;
  if (bytes <= (16u << 10)) return 2;
  if (bytes <= (32u << 10)) return 4;
  return 8;
}

constexpr uint32_t SizeClassObjects(unsigned size_class) {
  return static_cast<uint32_t>(SizeClassPages(size_class) * kPageBytes /
                               SizeClassBytes(size_class));
}

static_assert(SizeClassOf(16) == 0 && SizeClassOf(17) == 1 && SizeClassOf(128) == 14);
static_assert(SizeClassBytes(SizeClassOf(129)) == 144 && SizeClassBytes(SizeClassOf(256)) == 256);
static_assert(SizeClassOf(kSlabObjectBytesMax) == kSizeClasses - 1);
static_assert(SizeClassBytes(kSizeClasses - 1) == kSlabObjectBytesMax);

}  // namespace snapfork
