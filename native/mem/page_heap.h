// page_heap.h - runs of 64 KiB pages out of the chunks of the data region.
//
// Lowest address first, so that the store stays dense and the end of it can be given back. While
// a child lives only chunks younger than the fork give pages: a write to a free page of an older
// chunk would split the huge page that the child shares.
//
// Invariants
//   (P1) ChunkInfo::free_pages has the bit of a page set iff PageInfo::use is kFree.
//   (P2) `usable_` has the bit of a chunk set iff the chunk is in use, has a free page and may
//        give it now; `withheld_` the same for chunks that are frozen. A chunk that is being
//        drained has neither.
//   (P3) A chunk without a used page is not in use: it is back in the pool.
//   (P4) A chunk that gives a page while a child lives is young from then on: the child has
//        passed it, and must not appear to have it before itself again.

#pragma once

#include <cstdint>
#include <vector>

#include "mem/chunk_map.h"
#include "mem/freeze.h"
#include "mem/keeper.h"

namespace snapfork {

class PageHeap {
 public:
  explicit PageHeap(Keeper& keeper) : pool_(data_, keeper, kSpareChunksMax) {}

  Status Open(Backing backing);

  // Allocates `count` adjacent pages. The caller fills in PageInfo.
  Status Allocate(uint32_t count, uint32_t& page);
  // REQUIRES: the pages' chunks are not frozen.
  void Free(uint32_t page, uint32_t count);

  // A chunk that is drained gives no pages; it is no longer so once it is empty.
  // REQUIRES: not freezing().
  void SetDraining(uint32_t chunk, bool draining);
  bool IsDraining(uint32_t chunk) const {
    return (draining_[chunk / 64] >> (chunk % 64) & 1) != 0;
  }

  void BeginFreeze(PassedChunks passed);
  // A chunk that the child has passed gives pages again.
  void Thaw(uint32_t chunk);
  void EndFreeze();
  // The child has a copy of the data only between these two.
  void SetForkable(bool forkable);

  bool IsFrozenPage(uint32_t page) const {
    if (!freeze_.active) return false;
    const uint32_t chunk = page / kPagesPerChunk;
    return freeze_.IsFrozen(chunk, chunks()[chunk].born);
  }
  // Of 64 chunks that existed at the fork. REQUIRES: freezing().
  uint64_t PassedWord(size_t word) const { return freeze_.passed.Word(word); }
  bool freezing() const { return freeze_.active; }

  uint8_t* data() const { return data_.base(); }
  ChunkInfo* chunks() const { return reinterpret_cast<ChunkInfo*>(chunk_table_.base()); }
  PageInfo* pages() const { return reinterpret_cast<PageInfo*>(page_table_.base()); }
  // A child reads these very bits: the arena leaves those that it still needs as they are.
  uint64_t* live() const { return reinterpret_cast<uint64_t*>(live_bits_.base()); }
  // Like the live bits: objects whose free waits for a child. No child has these.
  uint64_t* dead() const { return reinterpret_cast<uint64_t*>(dead_bits_.base()); }
  // One more than the highest chunk that was ever in use; the tables reach so far.
  uint32_t chunk_limit() const { return chunk_limit_; }
  ChunkMap Map() const;

  const Region& data_region() const { return data_; }
  const Region& chunk_table() const { return chunk_table_; }
  const Region& page_table() const { return page_table_; }
  const Region& live_bits() const { return live_bits_; }
  const Region& dead_bits() const { return dead_bits_; }
  // Of the chunks that hold something.
  size_t held_bytes() const { return size_t{pool_.in_use()} * kChunkBytes; }
  size_t backed_bytes() const { return size_t{pool_.backed()} * kChunkBytes; }
  // Bytes of the tables about the chunks taken so far, and about those that hold something.
  size_t MetaBytes() const { return chunk_limit() * kChunkMeta; }
  size_t HeldMetaBytes() const { return pool_.in_use() * kChunkMeta; }

 private:
  static constexpr uint32_t kSpareChunksMax = 8;
  static constexpr size_t kChunkMeta =
      sizeof(ChunkInfo) +
      kPagesPerChunk * (sizeof(PageInfo) + kLiveWordsPerPage * sizeof(uint64_t));

  Status AllocateInChunk(uint32_t count, uint32_t& page);
  Status AllocateAcrossChunks(uint32_t count, uint32_t& page);
  Status OpenChunks(uint32_t first, uint32_t count);
  void Use(uint32_t chunk, uint32_t mask);
  void SetUsable(uint32_t chunk, bool usable);
  void TouchDeadBits(uint32_t chunk);
  std::vector<uint64_t> ChunksInUse() const;

  Region data_;
  Region chunk_table_;
  Region page_table_;
  Region live_bits_;
  Region dead_bits_;
  ChunkPool pool_;
  uint32_t chunk_limit_ = 1;
  Freeze freeze_;
  std::vector<uint64_t> usable_;
  std::vector<uint64_t> withheld_;
  std::vector<uint64_t> draining_;
  bool is_huge_ = false;
};

}  // namespace snapfork
