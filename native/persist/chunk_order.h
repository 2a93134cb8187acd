// chunk_order.h - in which order a snapshot takes the chunks: what changes most comes first.
//
// A chunk that was passed costs nothing any more, so the sooner those are passed that the parent
// is about to write to, the less it has to move.

#pragma once

#include <algorithm>
#include <cstdint>

#include "base/child_safe.h"
#include "mem/chunk_map.h"

namespace snapfork {

// Writes the chunks in use to `order`, which has room for all of the map; how many there are.
// Chunks that changed alike are in the order of their addresses.
SF_CHILD_SAFE inline uint32_t OrderChunks(const ChunkMap& map, uint32_t* order) {
  uint32_t count = 0;
  for (uint32_t chunk = 1; chunk < map.chunk_limit; ++chunk) {
    if (IsInUse(map.chunks[chunk])) order[count++] = chunk;
  }
  std::sort(order, order + count, [&](uint32_t a, uint32_t b) {
    const uint32_t changes_a = map.chunks[a].changes;
    const uint32_t changes_b = map.chunks[b].changes;
    return changes_a != changes_b ? changes_a > changes_b : a < b;
  });
  return count;
}

}  // namespace snapfork
