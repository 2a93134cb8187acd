// keeper.h - the thread that waits for the kernel so that the event loop need not.
//
// Backing a fresh huge page took 4.7 ms where this was designed, and giving one back takes a
// fraction of a millisecond: both are done here, chunk by chunk. The keeper never reads or writes
// an entry; it only calls the kernel about chunks nobody uses.
//
// Pause() waits until the thread is outside the kernel and keeps it there: fork() needs the
// address-space lock for itself (docs/fork.md).
//
// Invariants
//   (K1) A chunk is in at most one of: a pool's cold set, the job queue, a pool's ready list, use.
//   (K2) No lock is held during a system call except the "busy" state Pause() waits for.

#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "mem/region.h"

namespace snapfork {

class Keeper;

// The chunks of one region: cold (no memory behind them), ready (backed, unused) or in use.
// Chunk 0 is never given out, so that 0 can mean "none" in every handle built on chunks.
//
// Owner's thread only, but for the parts the keeper reaches under its own mutex.
class ChunkPool {
 public:
  ChunkPool(Region& region, Keeper& keeper, uint32_t spare_max)
      : region_(region), keeper_(keeper), spare_max_(spare_max) {}

  // Takes one chunk, backed if a spare was ready. Its content is undefined.
  Status Take(uint32_t& chunk);
  // Takes `count` adjacent chunks; they fault in as they are touched.
  Status TakeAdjacent(uint32_t count, uint32_t& first);
  // Gives a chunk back: it becomes a spare, or its memory returns to the kernel in the background.
  void Return(uint32_t chunk);

  // Takes the spare chunks out of a region that was just made forkable.
  void ExcludeSparesFromFork();

  // One more than the highest chunk ever taken.
  uint32_t chunk_limit() const { return next_fresh_; }
  uint32_t in_use() const { return in_use_; }
  // Chunks that have, or are about to have, memory behind them.
  uint32_t backed() const;

 private:
  friend class Keeper;

  bool FindColdRun(uint32_t count, uint32_t& first);
  bool FindRun(uint32_t count, uint32_t& first);
  void OrderSpares();
  void CollectDiscarded();
  void CollectSpares();
  bool IsCold(uint32_t chunk) const { return (cold_[chunk / 64] >> (chunk % 64) & 1) != 0; }
  void SetCold(uint32_t chunk, bool cold);

  Region& region_;
  Keeper& keeper_;
  const uint32_t spare_max_;
  uint32_t next_fresh_ = 1;
  uint32_t in_use_ = 0;
  uint32_t cold_count_ = 0;
  std::vector<uint64_t> cold_;  // bit set: below next_fresh_ and without memory

  // Under the keeper's mutex.
  std::vector<uint32_t> ready_;
  std::vector<uint32_t> discarded_;
  uint32_t prefaulting_ = 0;
  uint32_t discarding_ = 0;
};

class Keeper {
 public:
  Keeper() = default;
  ~Keeper() { Stop(); }

  // kIo if the process may have no more threads.
  Status Start();
  // Joins the thread; orders that still wait are dropped.
  void Stop();
  void Pause();
  void Resume();

 private:
  friend class ChunkPool;

  struct Job {
    ChunkPool* pool;
    uint32_t chunk;
    bool prefault;  // else discard
  };

  void Order(const Job& job);
  void Finish();
  void Run();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::deque<Job> jobs_;
  pthread_t thread_{};
  bool started_ = false;
  bool busy_ = false;
  bool paused_ = false;
  bool stopping_ = false;
};

}  // namespace snapfork
