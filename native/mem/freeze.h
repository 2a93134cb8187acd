// freeze.h - which chunks are frozen while a child lives.
//
// A chunk that existed at the fork is frozen until the child has passed it (design: writing while
// a child lives). The child walks heap by heap, chunk by chunk, and publishes its position; a
// chunk is passed when the child is beyond the last heap that has a page in it. The kernel's
// copy-on-write keeps the snapshot right whatever is done here: freezing only avoids its cost.
//
// The position is stored with release order and loaded with acquire order.

#pragma once

#include <atomic>
#include <cstdint>

namespace snapfork {

// heap << 32 | chunk: the walk's position. Everything below it has been written.
using WalkPosition = uint64_t;

constexpr WalkPosition MakeWalkPosition(uint32_t heap, uint32_t chunk) {
  return uint64_t{heap} << 32 | chunk;
}

struct Freeze {
  bool active = false;
  // Counts freezes. A chunk born in the current one is young.
  uint32_t number = 0;
  const std::atomic<uint64_t>* position = nullptr;

  bool IsFrozen(uint32_t chunk, uint32_t born, uint32_t heap_max) const {
    return active && born < number &&
           MakeWalkPosition(heap_max, chunk) >= position->load(std::memory_order_acquire);
  }
};

}  // namespace snapfork
