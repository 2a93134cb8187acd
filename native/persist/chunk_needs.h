// chunk_needs.h - what the forked child still has to write of each chunk.
//
// A chunk holds entries, and nodes that entries anywhere lead to. Its objects are counted at the
// fork and taken off as they are written; when none is left the child lets go of the chunk and
// says so: from then on a write of the parent there costs no copy.
//
// Invariants
//   (N1) A chunk is released only when no entry that is still to be written leads to it. From then
//        on its live bits may be of objects that the child knows nothing of.
//   (N2) The release comes before the bit: the parent writes only where the child maps nothing.
//
// Nodes whose key is gone already, but that were not freed before the fork, keep their chunk
// until the child ends.
//
// Runs in: the forked child's only thread.

#pragma once

#include <cstdint>

#include "base/check.h"
#include "mem/chunk_map.h"
#include "mem/freeze.h"
#include "mem/release.h"

namespace snapfork {

class ChunkNeeds {
 public:
  // `counts`: one for each chunk of the map, written by this alone.
  SF_CHILD_SAFE ChunkNeeds(const ChunkMap& map, uint32_t* counts, PassedChunks passed)
      : map_(map), counts_(counts), passed_(passed) {}

  // Before anything is taken off. Costs a walk over the page table.
  SF_CHILD_SAFE void Count() {
    for (uint32_t chunk = 0; chunk < map_.chunk_limit; ++chunk) counts_[chunk] = 0;
    for (uint32_t page = kPagesPerChunk; page < map_.chunk_limit * kPagesPerChunk; ++page) {
      const PageInfo& info = map_.pages[page];
      if (info.use == PageUse::kSlab) counts_[page / kPagesPerChunk] += info.live;
      if (info.use != PageUse::kLarge) continue;
      for (uint32_t i = page / kPagesPerChunk; i <= LastChunkOf(page); ++i) ++counts_[i];
    }
  }

  // What was free at the fork, but not yet the kernel's again, would stay until the child ends.
  SF_CHILD_SAFE void ReleaseUnused() const {
    for (uint32_t chunk = 1; chunk < map_.chunk_limit; ++chunk) {
      if (!IsInUse(map_.chunks[chunk])) ReleaseChunk(map_.PageAddress(chunk * kPagesPerChunk));
    }
  }

  // All entries of a heap that begin in a chunk, and what they lead to, are written.
  SF_CHILD_SAFE void EntriesDone(uint16_t heap, uint32_t chunk) {
    const uint32_t first = chunk * kPagesPerChunk;
    for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
      const PageInfo& info = map_.pages[page];
      if (info.heap != heap || info.kind != static_cast<uint8_t>(ObjectKind::kEntry)) continue;
      if (info.use == PageUse::kSlab) TakeOff(chunk, info.live);
      if (info.use == PageUse::kLarge) LargeDone(page);
    }
  }

  // An object that one entry alone leads to is written, and no longer read.
  SF_CHILD_SAFE void ObjectDone(Handle handle) {
    const uint32_t page = FirstPageOf(map_.pages, handle);
    if (map_.pages[page].use == PageUse::kLarge) {
      LargeDone(page);
    } else {
      TakeOff(page / kPagesPerChunk, 1);
    }
  }

  // Nothing is needed any more.
  SF_CHILD_SAFE void AllDone() {
    for (uint32_t chunk = 1; chunk < map_.chunk_limit; ++chunk) {
      if (!passed_.Has(chunk)) Release(chunk);
    }
  }

 private:
  SF_CHILD_SAFE uint32_t LastChunkOf(uint32_t page) const {
    return (page + map_.pages[page].next - 1) / kPagesPerChunk;
  }
  SF_CHILD_SAFE void LargeDone(uint32_t page) {
    const uint32_t last = LastChunkOf(page);
    for (uint32_t chunk = page / kPagesPerChunk; chunk <= last; ++chunk) TakeOff(chunk, 1);
  }
  SF_CHILD_SAFE void TakeOff(uint32_t chunk, uint32_t objects) {
    SF_DCHECK(counts_[chunk] >= objects);
    counts_[chunk] -= objects;
    if (counts_[chunk] == 0 && objects > 0) Release(chunk);
  }
  SF_CHILD_SAFE void Release(uint32_t chunk) {
    ReleaseChunk(map_.PageAddress(chunk * kPagesPerChunk));
    passed_.Add(chunk);
  }

  const ChunkMap& map_;
  uint32_t* const counts_;
  const PassedChunks passed_;
};

}  // namespace snapfork
