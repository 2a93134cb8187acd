// snapshot_walk.h - every live entry of a heap.
//
// Needs the chunk map alone, never the index: this is what the forked child runs on its
// copy-on-write view. REQUIRES: no deferred free is pending (invariant A3 of mem/arena.h), as at
// the instant of a fork.
//
// Runs in: the forked child, or the parent's main thread for a synchronous save.

#pragma once

#include <bit>

#include "base/child_safe.h"
#include "base/status.h"
#include "keyspace/entry.h"
#include "mem/chunk_map.h"

namespace snapfork {

// Calls `visit(EntryView)` for each entry of one slab.
template <typename Visit>
SF_CHILD_SAFE Status WalkSlab(const ChunkMap& map, uint32_t page, Visit&& visit) {
  const PageInfo& info = map.pages[page];
  const uint64_t* const live = map.LiveWords(page);
  const uint8_t* const base = map.PageAddress(page);
  const size_t object_bytes = SizeClassBytes(info.size_class);
  const uint32_t objects = SizeClassObjects(info.size_class);
  for (uint32_t first = 0; first < objects; first += 64) {
    uint64_t bits = live[first / 64];
    // Bits past the last object are set, to keep the allocator away from them.
    if (objects - first < 64) bits &= (uint64_t{1} << (objects - first)) - 1;
    for (; bits != 0; bits &= bits - 1) {
      const uint32_t index = first + static_cast<uint32_t>(std::countr_zero(bits));
      SF_RETURN_IF_ERROR(visit(EntryView(base + index * object_bytes)));
    }
  }
  return Status();
}

// Calls `visit(EntryView)` for each live entry of `heap` that begins in a chunk.
template <typename Visit>
SF_CHILD_SAFE Status WalkChunk(const ChunkMap& map, uint16_t heap, uint32_t chunk,
                               Visit&& visit) {
  for (uint32_t i = 0; i < kPagesPerChunk; ++i) {
    const uint32_t page = chunk * kPagesPerChunk + i;
    const PageInfo& info = map.pages[page];
    if (info.heap != heap || info.kind != static_cast<uint8_t>(ObjectKind::kEntry)) continue;
    if (info.use == PageUse::kSlab) {
      SF_RETURN_IF_ERROR(WalkSlab(map, page, visit));
    } else if (info.use == PageUse::kLarge) {
      SF_RETURN_IF_ERROR(visit(EntryView(map.PageAddress(page))));
    }
  }
  return Status();
}

}  // namespace snapfork
