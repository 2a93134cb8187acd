// page_heap.cc - page runs: first fit inside chunks, adjacent chunks for what is larger.

#include "mem/page_heap.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace snapfork {
namespace {

constexpr uint32_t RunMask(uint32_t count, uint32_t first) {
  return (count == 32 ? ~0u : (1u << count) - 1) << first;
}

// First bit of the lowest run of `count` ones in `bits`, or 32.
uint32_t FindRun(uint32_t bits, uint32_t count) {
  uint32_t starts = bits;
  for (uint32_t have = 1; have < count && starts != 0;) {
    const uint32_t step = std::min(have, count - have);
    starts &= starts >> step;
    have += step;
  }
  return static_cast<uint32_t>(std::countr_zero(starts));
}

}  // namespace

Status PageHeap::Open(Backing backing) {
  is_huge_ = backing == Backing::kHugePages;
  // A process limited in address space (ulimit -v) still gets what fits.
  Status status;
  size_t bytes = kDataBytesMax;
  do {
    status = data_.Reserve(bytes, backing, Forking::kNotInChild);
    if (status.ok()) break;
    bytes /= 4;
  } while (bytes >= (size_t{1} << 30));
  SF_RETURN_IF_ERROR(status);
  const size_t chunks = bytes / kChunkBytes;
  const size_t pages = chunks * kPagesPerChunk;
  constexpr Backing kSmall = Backing::kSmallPages;
  constexpr Forking kNot = Forking::kNotInChild;
  SF_RETURN_IF_ERROR(chunk_table_.Reserve(chunks * sizeof(ChunkInfo), kSmall, kNot));
  SF_RETURN_IF_ERROR(page_table_.Reserve(pages * sizeof(PageInfo), kSmall, kNot));
  const size_t bits = pages * kLiveWordsPerPage * sizeof(uint64_t);
  SF_RETURN_IF_ERROR(live_bits_.Reserve(bits, kSmall, Forking::kSharedWithChild));
  return dead_bits_.Reserve(bits, kSmall, kNot);
}

Status PageHeap::Allocate(uint32_t count, uint32_t& page) {
  return count <= kPagesPerChunk ? AllocateInChunk(count, page)
                                 : AllocateAcrossChunks(count, page);
}

Status PageHeap::AllocateInChunk(uint32_t count, uint32_t& page) {
  // Bounds the search among chunks that have room, but not enough in one piece.
  int tries = 64;
  for (size_t word = 0; word < usable_.size() && tries > 0; ++word) {
    for (uint64_t bits = usable_[word]; bits != 0 && tries > 0; bits &= bits - 1, --tries) {
      const uint32_t chunk =
          static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_zero(bits));
      const uint32_t first = FindRun(chunks()[chunk].free_pages, count);
      if (first == 32) continue;
      Use(chunk, RunMask(count, first));
      page = chunk * kPagesPerChunk + first;
      return Status();
    }
  }
  uint32_t chunk = 0;
  SF_RETURN_IF_ERROR(pool_.Take(chunk));
  if (const Status status = OpenChunks(chunk, 1); !status.ok()) {
    pool_.Return(chunk);
    return status;
  }
  Use(chunk, RunMask(count, 0));
  page = chunk * kPagesPerChunk;
  return Status();
}

Status PageHeap::AllocateAcrossChunks(uint32_t count, uint32_t& page) {
  const uint32_t chunk_count = (count + kPagesPerChunk - 1) / kPagesPerChunk;
  uint32_t first = 0;
  SF_RETURN_IF_ERROR(pool_.TakeAdjacent(chunk_count, first));
  if (const Status status = OpenChunks(first, chunk_count); !status.ok()) {
    for (uint32_t i = 0; i < chunk_count; ++i) pool_.Return(first + i);
    return status;
  }
  for (uint32_t i = 0; i < chunk_count; ++i) {
    const uint32_t used = std::min(count - i * kPagesPerChunk, kPagesPerChunk);
    Use(first + i, RunMask(used, 0));
  }
  page = first * kPagesPerChunk;
  return Status();
}

Status PageHeap::OpenChunks(uint32_t first, uint32_t count) {
  const size_t end = size_t{first} + count;
  SF_RETURN_IF_ERROR(chunk_table_.Commit(end * sizeof(ChunkInfo)));
  SF_RETURN_IF_ERROR(page_table_.Commit(end * kPagesPerChunk * sizeof(PageInfo)));
  const size_t bits = end * kPagesPerChunk * kLiveWordsPerPage * sizeof(uint64_t);
  SF_RETURN_IF_ERROR(live_bits_.Commit(bits));
  SF_RETURN_IF_ERROR(dead_bits_.Commit(bits));
  if (usable_.size() <= end / 64) {
    usable_.resize(end / 64 + 1);
    withheld_.resize(end / 64 + 1);
    draining_.resize(end / 64 + 1);
  }
  // The pool may have kept chunks below as spares: these are not in use.
  for (; chunk_limit_ < end; ++chunk_limit_) chunks()[chunk_limit_].free_pages = kAllFree;
  for (size_t chunk = first; chunk < end; ++chunk) {
    chunks()[chunk] = {.free_pages = kAllFree, .changes = 0, .born = freeze_.number};
    if (!freeze_.active) TouchDeadBits(static_cast<uint32_t>(chunk));
  }
  return Status();
}

// So that writes while a child lives need not wait for the kernel to find memory for them.
void PageHeap::TouchDeadBits(uint32_t chunk) {
  constexpr size_t kWords = size_t{kPagesPerChunk} * kLiveWordsPerPage;
  std::fill_n(dead() + chunk * kWords, kWords, 0);  // as they were
}

void PageHeap::Use(uint32_t chunk, uint32_t mask) {
  ChunkInfo& info = chunks()[chunk];
  SF_DCHECK((info.free_pages & mask) == mask);  // (P1)
  info.free_pages &= ~mask;
  if (freeze_.active) info.born = freeze_.number;  // (P4)
  SetUsable(chunk, info.free_pages != 0);
}

void PageHeap::Free(uint32_t page, uint32_t count) {
  SF_DCHECK(!IsFrozenPage(page));
  for (uint32_t i = 0; i < count; ++i) pages()[page + i] = PageInfo{};
  while (count > 0) {
    const uint32_t chunk = page / kPagesPerChunk;
    const uint32_t first = page % kPagesPerChunk;
    const uint32_t here = std::min(count, kPagesPerChunk - first);
    ChunkInfo& info = chunks()[chunk];
    info.free_pages |= RunMask(here, first);
    if (info.free_pages == kAllFree) {
      SetUsable(chunk, false);
      draining_[chunk / 64] &= ~(uint64_t{1} << (chunk % 64));
      pool_.Return(chunk);  // (P3)
    } else {
      SetUsable(chunk, true);
    }
    page += here;
    count -= here;
  }
}

void PageHeap::SetUsable(uint32_t chunk, bool usable) {
  const uint64_t bit = uint64_t{1} << (chunk % 64);
  uint64_t& word = usable_[chunk / 64];
  word = usable && !IsDraining(chunk) ? word | bit : word & ~bit;
  // A frozen chunk the child has passed may get pages back: it is usable now, not withheld. (P2)
  withheld_[chunk / 64] &= ~bit;
}

void PageHeap::SetDraining(uint32_t chunk, bool draining) {
  SF_DCHECK(!freeze_.active);
  const uint64_t bit = uint64_t{1} << (chunk % 64);
  uint64_t& word = draining_[chunk / 64];
  word = draining ? word | bit : word & ~bit;
  SetUsable(chunk, chunks()[chunk].free_pages != 0);
}

void PageHeap::BeginFreeze(PassedChunks passed) {
  SF_CHECK(!freeze_.active);
  if (is_huge_) passed = pool_.BeginClaims(ChunksInUse(), passed);
  freeze_ = {.active = true, .number = freeze_.number + 1, .passed = passed};
  std::swap(usable_, withheld_);
  std::fill(usable_.begin(), usable_.end(), 0);
}

void PageHeap::Thaw(uint32_t chunk) {
  SF_DCHECK(!IsFrozenPage(chunk * kPagesPerChunk));
  const uint32_t free_pages = chunks()[chunk].free_pages;
  // Whole, it is with the pool.
  if (free_pages != kAllFree) SetUsable(chunk, free_pages != 0);
}

void PageHeap::EndFreeze() {
  freeze_.active = false;
  for (size_t i = 0; i < usable_.size(); ++i) {
    usable_[i] |= withheld_[i];
    withheld_[i] = 0;
  }
  for (uint32_t chunk = 1; chunk < chunk_limit_; ++chunk) chunks()[chunk].changes /= 2;
  if (!is_huge_) return;
  pool_.EndClaims();
  // A write while the child lived has split the huge page it fell into.
  pool_.OrderHealing(ChunksInUse());
}

std::vector<uint64_t> PageHeap::ChunksInUse() const {
  std::vector<uint64_t> in_use(chunk_limit_ / 64 + 1);
  for (uint32_t chunk = 1; chunk < chunk_limit_; ++chunk) {
    if (IsInUse(chunks()[chunk])) in_use[chunk / 64] |= uint64_t{1} << (chunk % 64);
  }
  return in_use;
}

void PageHeap::SetForkable(bool forkable) {
  data_.SetForkable(forkable);
  if (forkable) {
    // A spare chunk is about to be written by the parent: in the child's hands it would be copied.
    pool_.ExcludeSparesFromFork();
    // And so would be what is healed while the child shares it.
    pool_.OrderHealing({});
    pool_.DropClaims();
  }
  chunk_table_.SetForkable(forkable);
  page_table_.SetForkable(forkable);
}

ChunkMap PageHeap::Map() const {
  return {.data = data_.base(),
          .chunks = chunks(),
          .pages = pages(),
          .live = live(),
          .chunk_limit = chunk_limit()};
}

}  // namespace snapfork
