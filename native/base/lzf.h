// lzf.h - the LZF compression of RDB strings.
//
// The stream is a row of items, each led by a control byte c:
//
//   000lllll                     l + 1 literal bytes follow (1 to 32)
//   LLLooooo oooooooo            copy L + 2 bytes (3 to 8) from distance o + 1 (1 to 8192)
//   111ooooo LLLLLLLL oooooooo   the same for L + 9 bytes (9 to 264)
//
// Runs in: any thread of the parent, or the child's only thread. The caller owns all memory.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"

namespace snapfork {

// What one byte of compressed data can become at most: three bytes give up to 264.
inline constexpr uint64_t kLzfExpansionMax = 88;

// Where the compressor has seen which three bytes. Zeroed memory is a valid table. It is never
// cleared between calls: each call numbers its positions above those of the calls before, so that
// what they left behind is out of reach.
struct LzfTable {
  static constexpr int kBits = 14;
  uint32_t numbers_used = 0;
  uint32_t positions[1u << kBits] = {};
};

// Compresses `bytes` bytes to at most `capacity` bytes at `to`. Returns the length of the result,
// or 0 if it does not fit or looks as if it would not.
SF_CHILD_SAFE size_t LzfCompress(const void* from, size_t bytes, void* to, size_t capacity,
                                 LzfTable& table);

// True if the `bytes` bytes at `from` are a valid stream of exactly `to_bytes` bytes, which are
// then at `to`. Never touches memory outside the two ranges, whatever the input; what is at `to`
// after false is unspecified.
bool LzfDecompress(const void* from, size_t bytes, void* to, size_t to_bytes);

}  // namespace snapfork
