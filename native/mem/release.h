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

// Drops a chunk; it reads as zeros from now on, in this process. Not to be called in the parent.
SF_CHILD_SAFE inline void ReleaseChunk(const void* from) {
  // Advice: if the kernel declines, the parent's writes cost copies as before.
  madvise(const_cast<void*>(from), kChunkBytes, MADV_DONTNEED);
}

}  // namespace snapfork
