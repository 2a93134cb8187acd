// host_memory.h - what the program has of memory beside the engine's.
//
//   heap        grows from the end of the program (brk): the better part of small allocations
//   ranges      large ones, and what else the program has mapped: Buffers, arenas of threads
//
// It is in small pages, some MiB to some GiB of them, and nothing of it is of use to a child that
// allocates nothing. Left in the child, the kernel copies a page table for each 2 MiB of it at the
// fork, and each page when the program writes to it again.
//
// Where the heap begins, /proc tells. Which other memory children get, beside V8's heap, which they
// do not, is seen in a child: the ranges are learned from the one before.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace snapfork {

struct AddressRange {
  uintptr_t start = 0;
  uintptr_t end = 0;

  bool Contains(const void* at) const {
    const auto address = reinterpret_cast<uintptr_t>(at);
    return address >= start && address < end;
  }
};

class HostMemory {
 public:
  // Reads /proc/self/stat, once. Without it the heap stays in children.
  void FindHeap();

  // In the place of those before; they may be gone by the time of a fork.
  // REQUIRES: ends on pages; nothing in them that the caller of SetForkable needs in a child but
  // its stack and its errno.
  void SetRanges(std::vector<AddressRange> ranges) { ranges_ = std::move(ranges); }
  const std::vector<AddressRange>& ranges() const { return ranges_; }

  // Includes or excludes all of it from the children of fork(), but for what has the stack of the
  // calling thread. Other threads may allocate meanwhile.
  void SetForkable(bool forkable) const;

  uintptr_t heap_start() const { return heap_start_; }

 private:
  uintptr_t heap_start_ = 0;
  std::vector<AddressRange> ranges_;
};

// The field `start_brk` in the text of a /proc/<pid>/stat; 0 if it is not there.
uintptr_t StartOfHeap(const char* text);

}  // namespace snapfork
