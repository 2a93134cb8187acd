// release.h - how the forked child lets go of memory it has written.
//
// A page that the child no longer maps need not be copied when the parent writes to it. Of data it
// pays only for whole chunks: a part of a huge page would be split from the rest, and copied all
// the same.
//
// Runs in: the forked child's only thread.

#pragma once

#include <sys/mman.h>

#include "base/child_safe.h"
#include "mem/chunk_map.h"
#include "mem/region.h"

namespace snapfork {

// Drops what holds the live bits of a chunk, when they are read no more.
SF_CHILD_SAFE inline void ReleaseLiveBits(const ChunkMap& map, uint32_t chunk) {
  constexpr size_t kBytes = kPagesPerChunk * kLiveWordsPerPage * sizeof(uint64_t);
  const uint64_t* const words = map.LiveWords(chunk * kPagesPerChunk);
  madvise(const_cast<uint64_t*>(words), kBytes, MADV_DONTNEED);
}

// Drops a chunk; it reads as zeros from now on, in this process. Not to be called in the parent.
SF_CHILD_SAFE inline void ReleaseChunk(const void* from) {
  // Advice: if the kernel declines, the parent's writes cost copies as before.
  madvise(const_cast<void*>(from), kChunkBytes, MADV_DONTNEED);
}

}  // namespace snapfork
