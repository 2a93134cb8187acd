// block_pool.cc - blocks out of the chunks of the index region.

#include "mem/block_pool.h"

#include <bit>

#include "base/check.h"

namespace snapfork {

Status BlockPool::Open(Backing backing) {
  Status status;
  for (size_t bytes = kRegionBytes; bytes >= (size_t{1} << 28); bytes /= 4) {
    status = region_.Reserve(bytes, backing, Forking::kNotInChild);
    if (status.ok()) break;
  }
  return status;
}

uint32_t BlockPool::Allocate() {
  while (!with_room_.empty() && free_blocks_[with_room_.back()] == 0) with_room_.pop_back();
  if (with_room_.empty()) {
    uint32_t chunk = 0;
    if (!chunks_.Take(chunk).ok()) return 0;
    if (free_blocks_.size() <= chunk) free_blocks_.resize(chunk + 1);
    free_blocks_[chunk] = ~0u;
    with_room_.push_back(chunk);
  }
  const uint32_t chunk = with_room_.back();
  const uint32_t bit = static_cast<uint32_t>(std::countr_zero(free_blocks_[chunk]));
  free_blocks_[chunk] &= free_blocks_[chunk] - 1;
  ++used_blocks_;
  return chunk * kBlocksPerChunk + bit;
}

void BlockPool::Free(uint32_t block) {
  const uint32_t chunk = block / kBlocksPerChunk;
  uint32_t& free = free_blocks_[chunk];
  SF_DCHECK((free >> (block % kBlocksPerChunk) & 1) == 0);
  const bool was_full = free == 0;
  --used_blocks_;
  free |= 1u << (block % kBlocksPerChunk);
  if (free == ~0u) {
    std::erase(with_room_, chunk);
    free = 0;
    chunks_.Return(chunk);
  } else if (was_full) {
    std::erase(with_room_, chunk);  // a stale mention, left when it filled up
    with_room_.push_back(chunk);
  }
}

}  // namespace snapfork
