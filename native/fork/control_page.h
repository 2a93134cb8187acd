// control_page.h - the page that parent and forked child both see.
//
// The child writes, the parent reads. The final record is complete once `finished` is set; a child
// that was killed never sets it.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"
#include "persist/snapshot_progress.h"

namespace snapfork {

struct ControlPage {
  SnapshotProgress progress;

  // Bytes of the list of its mappings, as the child read it first of all; 0: not yet.
  std::atomic<uint32_t> mappings_bytes{0};

  // Private_Dirty of the child in bytes, as it read it of itself: last, and the most so far.
  std::atomic<uint64_t> private_dirty{0};
  std::atomic<uint64_t> private_dirty_peak{0};

  // The final record. Stored with release order.
  std::atomic<uint32_t> finished{0};
  uint32_t reserved = 0;
  Status status;
};

}  // namespace snapfork
