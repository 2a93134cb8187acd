// block_pool.h - memory for what finds entries: 64 KiB blocks of the index region.
//
// The child never has this region, so it may be written at any time, also while a child lives,
// without a copied page.

#pragma once

#include <cstdint>
#include <vector>

#include "mem/keeper.h"

namespace snapfork {

inline constexpr size_t kBlockBytes = 64u << 10;

class BlockPool {
 public:
  explicit BlockPool(Keeper& keeper) : chunks_(region_, keeper, kSpareChunksMax) {}

  Status Open(Backing backing);

  // Returns a block of undefined content, or 0 if the region is exhausted.
  uint32_t Allocate();
  void Free(uint32_t block);

  uint8_t* At(uint32_t block) const { return region_.base() + size_t{block} * kBlockBytes; }
  const Region& region() const { return region_; }
  size_t backed_bytes() const { return size_t{chunks_.backed()} * kChunkBytes; }
  // Of the blocks that were given out.
  size_t used_bytes() const { return used_blocks_ * kBlockBytes; }

 private:
  static constexpr size_t kRegionBytes = size_t{256} << 30;
  static constexpr uint32_t kBlocksPerChunk = kChunkBytes / kBlockBytes;
  static constexpr uint32_t kSpareChunksMax = 1;

  Region region_;
  ChunkPool chunks_;
  std::vector<uint32_t> free_blocks_;  // by chunk: a bit for each free block
  std::vector<uint32_t> with_room_;    // chunks in use that may have a free block
  size_t used_blocks_ = 0;
};

// Cells of one size out of blocks, for structures that make and drop many small nodes.
// Cell 0 is never given out.
template <size_t kCellBytes>
class CellPool {
 public:
  static constexpr uint32_t kCellsPerBlock = kBlockBytes / kCellBytes;

  explicit CellPool(BlockPool& blocks) : blocks_(blocks) {}
  ~CellPool() { Clear(); }
  CellPool(const CellPool&) = delete;
  CellPool& operator=(const CellPool&) = delete;

  // Returns 0 if there is no memory.
  uint32_t Allocate() {
    if (free_head_ == 0 && !AddBlock()) return 0;
    const uint32_t cell = free_head_;
    free_head_ = *reinterpret_cast<uint32_t*>(At(cell));
    --free_count_;
    return cell;
  }
  void Free(uint32_t cell) {
    *reinterpret_cast<uint32_t*>(At(cell)) = free_head_;
    free_head_ = cell;
    ++free_count_;
  }
  // True if the next `count` calls of Allocate cannot fail.
  bool EnsureFree(uint32_t count) {
    while (free_count_ < count) {
      if (!AddBlock()) return false;
    }
    return true;
  }
  uint8_t* At(uint32_t cell) const {
    return blocks_.At(block_ids_[cell / kCellsPerBlock]) + cell % kCellsPerBlock * kCellBytes;
  }
  size_t blocks_held() const { return block_ids_.size(); }
  // Drops every cell at once.
  void Clear() {
    for (uint32_t block : block_ids_) blocks_.Free(block);
    block_ids_.clear();
    free_head_ = 0;
    free_count_ = 0;
  }

 private:
  bool AddBlock() {
    const uint32_t block = blocks_.Allocate();
    if (block == 0) return false;
    const uint32_t first = static_cast<uint32_t>(block_ids_.size()) * kCellsPerBlock;
    block_ids_.push_back(block);
    for (uint32_t i = kCellsPerBlock; i-- > 0;) {
      if (first + i != 0) Free(first + i);
    }
    return true;
  }

  BlockPool& blocks_;
  std::vector<uint32_t> block_ids_;
  uint32_t free_head_ = 0;
  uint32_t free_count_ = 0;
};

}  // namespace snapfork
