// defragmenter.h - sparse chunks are emptied by moving what lives in them, so that their memory
// goes back to the kernel.
//
// A pass takes the sparsest chunks and lets nothing new in. Entries are found there by their live
// bits, and their index slots by their keys. Nodes are known only to the entries that lead to them:
// where there are any, all keys are gone through once, and of large trees a few nodes at a time.
// Nothing is moved while a child lives: what it shares would be copied.
//
// Invariants
//   (D1) Between two steps every key can be read and written as ever; a step refers to nothing of
//        the step before but by key.
//   (D2) A chunk that was taken is drained until it is empty or the pass ends.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keyspace/keyspace.h"

namespace snapfork {

// When a pass begins.
struct DefragLimits {
  // Bytes of held chunks that no object takes; below this nothing is done.
  uint64_t ignored_bytes = uint64_t{100} << 20;
  // The same, in percent of the bytes of all objects.
  uint32_t threshold_percent = 10;
};

struct DefragCounters {
  uint64_t moved_objects = 0;
  uint64_t moved_bytes = 0;
  uint64_t emptied_chunks = 0;
  uint64_t passes = 0;
};

class Defragmenter {
 public:
  explicit Defragmenter(Keyspace& keyspace) : keyspace_(keyspace) {}

  // Works for about `micros`, or with 0 ends the pass: what was taken and is not empty gets new
  // objects again. False if there is nothing to do, or a child lives. Finding that out costs next
  // to nothing; choosing chunks, a walk over the page table.
  bool Step(const DefragLimits& limits, int64_t micros);

  bool running() const { return phase_ != Phase::kIdle; }
  const DefragCounters& counters() const { return counters_; }

 private:
  enum class Phase { kIdle, kEntries, kNodes };
  // A large value in the middle of which a step ended.
  struct Place {
    std::string key;
    size_t tree = 0;
    uint64_t rank = 0;
  };

  bool IsOver() const;
  bool Begin(const DefragLimits& limits);
  void StepEntries();
  bool EmptySlab(uint32_t page);
  void MoveEntry(EntryView entry);
  void StepNodes();
  bool StepBucket();
  bool MoveNodesOf(uint32_t db, Handle entry);
  bool MoveTree(uint32_t db, uint8_t* root_place);
  void MoveNode(uint32_t db, PackSlot& slot);
  Handle Moved(uint32_t db, Handle handle);
  void End();
  uint32_t DatabaseOf(uint16_t heap) const;

  Keyspace& keyspace_;
  Phase phase_ = Phase::kIdle;
  int64_t deadline_micros_ = 0;
  int64_t rest_until_micros_ = 0;
  bool without_memory_ = false;
  std::vector<uint32_t> taken_;  // chunks
  size_t at_ = 0;                // the next of them, of kEntries
  uint32_t db_ = 0;              // of kNodes
  uint64_t cursor_ = 0;
  std::vector<std::string> done_;  // keys of the bucket at the cursor
  Place place_;                    // of the value in work, if its key is not done
  DefragCounters counters_;
};

}  // namespace snapfork
