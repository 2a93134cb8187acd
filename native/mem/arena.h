// arena.h - objects of any size for the heaps of the keyspace.
//
// Small objects come from slabs (pages cut into one size class), large ones are runs of pages.
// Everything that finds free room (lists, bits) lives away from the data: Free() writes nothing
// into the freed object's page.
//
// Invariants
//   (A1) A live bit is set iff the object was allocated and its Free was performed.
//   (A2) Nothing in a frozen chunk changes by the arena, its live bits included, which the child
//        reads where they are: a Free there is deferred, an Allocate takes young or passed chunks.
//   (A3) All deferred frees are performed before the next freeze begins: the child takes a set live
//        bit for a live object. Until then a deferred object is live and has its dead bit set.
//   (A4) A chunk that holds something deferred has its bit in `pending_`; what spans chunks, the
//        first of them.
//   (A5) A slab with room is in its heap's list, unless its chunk is being drained.
//
// Runs in: the owner's thread (the main thread, or the loader's while it loads).

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "mem/page_heap.h"

namespace snapfork {

// A frozen object of up to this size is moved before a change; a larger one is changed in place,
// and the kernel copies the pages touched. Measured: docs/fork.md.
inline constexpr size_t kMovedBytesMax = 32768;

class Arena {
 public:
  explicit Arena(Keeper& keeper) : page_heap_(keeper) {}

  Status Open(Backing backing, uint32_t heaps);

  // Returns 0 if the region is exhausted. The object is not cleared.
  Handle Allocate(uint16_t heap, ObjectKind kind, size_t bytes);
  // Deferred if the object is frozen.
  void Free(Handle handle);
  // Has what Free() of a frozen object will note on its way to the cache.
  void PrefetchFree(Handle handle) const {
    const uint32_t page = FirstPageOf(handle);
    if (page_heap_.pages()[page].use == PageUse::kLarge) return;
    Prefetch(page_heap_.dead() + size_t{page} * kLiveWordsPerPage + IndexOf(handle, page) / 64);
  }
  // Frees every object of a heap. Costs a walk over the page table, not over the objects.
  void FreeHeap(uint16_t heap);

  // The page whose PageInfo speaks of the object.
  uint32_t FirstPageOf(Handle handle) const;
  // Bytes that fit into the object where it is.
  size_t CapacityOf(Handle handle) const;
  // What Allocate(bytes) would give.
  static size_t CapacityFor(size_t bytes);
  // True if a child still needs the object as it is: a change would cost a copied page.
  bool IsFrozen(Handle handle) const { return page_heap_.freezing() && IsFrozenObject(handle); }
  bool freezing() const { return page_heap_.freezing(); }
  // Whether a change begins with a copy elsewhere.
  bool MovesForChange(Handle handle) const {
    return IsFrozen(handle) && CapacityOf(handle) <= kMovedBytesMax;
  }
  // Notes that an object is written where it is: the next child begins with what changes most.
  void NoteChange(Handle handle) { ++page_heap_.chunks()[PageOf(handle) / kPagesPerChunk].changes; }

  uint8_t* At(Handle handle) { return page_heap_.data() + handle * kHandleUnit; }
  const uint8_t* At(Handle handle) const { return page_heap_.data() + handle * kHandleUnit; }

  // Bytes of the objects in a chunk; kChunkBytes if it cannot be drained: it has a part of an
  // object larger than a chunk, or pages that wait for a child.
  size_t LiveBytesIn(uint32_t chunk) const;
  // Nothing is allocated in a chunk that is being drained, so that whoever knows where its objects
  // are referred to can move them; emptied, it goes back to the pool and is drained no more.
  // REQUIRES: not freezing().
  void Drain(uint32_t chunk);
  void EndDraining(uint32_t chunk);
  bool IsDraining(Handle handle) const {
    return page_heap_.IsDraining(PageOf(handle) / kPagesPerChunk);
  }

  // Until the freeze ends, allocations are slowed so that no more than this is taken a second; 0:
  // as much as is wanted. The owner's thread sleeps, at most kSlowMicrosMax in one call.
  void LimitGrowth(uint64_t bytes_per_second) { growth_bytes_per_second_ = bytes_per_second; }

  // REQUIRES: deferred() == 0.
  void BeginFreeze(PassedChunks passed);
  void EndFreeze();
  // Performs deferred frees in chunks that are not frozen, or no more, until at least `limit` are
  // done.
  void PerformDeferred(size_t limit);
  size_t deferred() const { return deferred_; }

  PageHeap& page_heap() { return page_heap_; }
  const PageHeap& page_heap() const { return page_heap_; }
  uint64_t used_bytes() const { return used_bytes_; }
  // Those of them whose free is deferred.
  uint64_t deferred_bytes() const { return deferred_bytes_; }

 private:
  static constexpr int64_t kSlowMicrosMin = 200;  // shorter sleeps are inexact
  static constexpr int64_t kSlowMicrosMax = 2000;
  // A bound for what one allocation does; more is there for the next.
  static constexpr int kReusedAtOnce = 16;

  // Heads of the doubly linked lists of slabs with room; 0 is none.
  struct SlabLists {
    std::array<uint32_t, kSizeClasses> usable{};
    std::array<uint32_t, kSizeClasses> withheld{};  // those in frozen chunks
    bool any_withheld = false;
  };
  bool IsFrozenObject(Handle handle) const;
  SlabLists& ListsOf(uint16_t heap, unsigned kind) { return lists_[heap * 2u + kind]; }

  uint32_t OpenSlab(uint16_t heap, ObjectKind kind, unsigned size_class);
  Handle AllocateLarge(uint16_t heap, ObjectKind kind, size_t bytes);
  void FreeNow(Handle handle);
  void FreeHeapPages(uint32_t page);
  uint32_t IndexOf(Handle handle, uint32_t page) const;
  void Defer(uint32_t page, uint32_t index);
  void Reuse();
  void ReuseChunk(uint32_t chunk);
  size_t PerformDeferredIn(uint32_t chunk);
  size_t PerformDeferredOf(uint32_t page);
  size_t TakeDead(uint32_t page);
  void NoteSlab(uint32_t page, uint32_t freed);
  void SlowDown(size_t bytes);
  uint64_t* LiveWords(uint32_t page) {
    return page_heap_.live() + size_t{page} * kLiveWordsPerPage;
  }
  uint64_t* DeadWords(uint32_t page) {
    return page_heap_.dead() + size_t{page} * kLiveWordsPerPage;
  }
  void Link(uint32_t page);
  void Unlink(uint32_t page);

  PageHeap page_heap_;
  std::vector<SlabLists> lists_;  // heap * 2 + kind
  // By chunk that existed at the last fork.
  std::vector<uint64_t> pending_;  // (A4)
  std::vector<uint64_t> reused_;   // passed, and taken from the withheld
  size_t deferred_ = 0;
  uint64_t deferred_bytes_ = 0;
  uint64_t growth_bytes_per_second_ = 0;
  int64_t slow_nanos_ = 0;  // to be slept yet
  uint64_t used_bytes_ = 0;
};

}  // namespace snapfork
