// heap_walk.h - all entries of a heap, chunk by chunk.

#pragma once

#include "keyspace/snapshot_walk.h"

namespace sf {

// Calls `visit(EntryView)` for each live entry of `heap`, in address order, and `passed(chunk)`
// behind each chunk in use; both return a Status, and the first that is not ok ends the walk.
template <typename Visit, typename Passed>
snapfork::Status WalkHeap(const snapfork::ChunkMap& map, uint16_t heap, Visit&& visit,
                          Passed&& passed) {
  for (uint32_t chunk = 1; chunk < map.chunk_limit; ++chunk) {
    if (map.chunks[chunk].free_pages == ~0u) continue;  // not in use
    SF_RETURN_IF_ERROR(snapfork::WalkChunk(map, heap, chunk, visit));
    SF_RETURN_IF_ERROR(passed(chunk));
  }
  return snapfork::Status();
}

}  // namespace sf
