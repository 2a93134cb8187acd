// freeze.h - which chunks are frozen while a child lives.
//
// A chunk that existed at the fork is frozen until the child has passed it: it needs nothing more
// of what lies there (design: writing while a child lives). The child says so with a bit a chunk,
// in an order of its own; the keeper may stand in between (keeper.h). The kernel's copy-on-write
// keeps the snapshot right whatever is done here: freezing only avoids its cost.
//
// Bits are set with release order and read with acquire order.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"

namespace snapfork {

// The bits, in memory that parent and child share.
class PassedChunks {
 public:
  static constexpr size_t BytesFor(size_t chunks) {
    return (chunks + 63) / 64 * sizeof(std::atomic<uint64_t>);
  }

  PassedChunks() = default;
  // `words` are zeros, for all chunks there are at the fork.
  SF_CHILD_SAFE explicit PassedChunks(std::atomic<uint64_t>* words) : words_(words) {}

  SF_CHILD_SAFE bool Has(uint32_t chunk) const {
    return (Word(chunk / 64) >> (chunk % 64) & 1) != 0;
  }
  // Of 64 chunks at once.
  SF_CHILD_SAFE uint64_t Word(size_t word) const {
    return words_[word].load(std::memory_order_acquire);
  }
  SF_CHILD_SAFE void Add(uint32_t chunk) const {
    words_[chunk / 64].fetch_or(uint64_t{1} << (chunk % 64), std::memory_order_release);
  }

 private:
  std::atomic<uint64_t>* words_ = nullptr;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

struct Freeze {
  bool active = false;
  // Counts freezes. A chunk born in the current one is young.
  uint32_t number = 0;
  PassedChunks passed;

  bool IsFrozen(uint32_t chunk, uint32_t born) const {
    return active && born < number && !passed.Has(chunk);
  }
};

}  // namespace snapfork
