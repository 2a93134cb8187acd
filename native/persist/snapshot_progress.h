// snapshot_progress.h - how far the writing of a snapshot has come.
//
// Lies on a page that parent and child share: plain numbers without padding, written by the one
// who writes the file, read by anybody.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace snapfork {

// As lib/native/engine.ts numbers them.
enum class SnapshotPhase : int32_t { kStarting, kWriting, kSyncing, kRenaming, kDone };

struct SnapshotProgress {
  std::atomic<uint64_t> keys{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<int32_t> phase{0};  // a SnapshotPhase
  // Naps of a writer whose rate is limited, so that a pause is not taken for a standstill.
  std::atomic<uint32_t> beats{0};

  void Enter(SnapshotPhase next) {
    phase.store(static_cast<int32_t>(next), std::memory_order_relaxed);
  }
};
static_assert(sizeof(SnapshotProgress) == 24);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

}  // namespace snapfork
