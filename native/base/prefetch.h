// prefetch.h - loads memory into the cache before it is needed.

#pragma once

#include <cstddef>

namespace snapfork {

inline constexpr size_t kCacheLineBytes = 64;

// Of the cache line at `address`, which need not be valid. Without the assembly GCC takes a
// function that does no more than this for one without effects, and drops its calls.
inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("" : : "r"(address));
}

}  // namespace snapfork
