// keeper.h - the thread that waits for the kernel so that the event loop need not.
//
// Backing a fresh huge page took 4.7 ms where this was designed, and giving one back takes a
// fraction of a millisecond: both are done here, chunk by chunk. The keeper never reads or writes
// an entry; it only calls the kernel about chunks nobody uses.
//
// What a child has passed is this process's alone again, but the kernel learns of it only by a
// fault of the next write, of some 25 microseconds where this was measured. The keeper takes those
// faults, and then says that the chunk is passed. Where nobody does, the child's own word is taken.
//
// Huge pages that were split while a child lived are put together again in the same way, when there
// is nothing else to do, and only for a share of the time: MADV_COLLAPSE takes 0.2 ms a chunk, and
// a thread that needs the address-space lock waits for so long.
//
// Pause() waits until the thread is outside the kernel and keeps it there: fork() needs the
// address-space lock for itself (docs/fork.md).
//
// Invariants
//   (K1) A chunk is in at most one of: a pool's cold set, the job queue, a pool's ready list, use.
//   (K2) No lock is held during a system call except the "busy" state Pause() waits for.

#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "mem/freeze.h"
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

  // The chunks whose bit is set are to be healed, in place of those ordered before.
  void OrderHealing(std::vector<uint64_t> chunks);

  // A child has the chunks whose bit is set; `passed` is what it says of them, and is read until
  // EndClaims(). Returns what is to be taken for passed in its place: chunks that the keeper has
  // claimed, or `passed` itself if there is no keeper.
  PassedChunks BeginClaims(std::vector<uint64_t> chunks, PassedChunks passed);
  // The child is gone, or its word is not to be read any more: what is left is claimed now.
  void EndClaims();
  // What is left is not claimed at all.
  void DropClaims();

  // Takes the spare chunks out of a region that was just made forkable.
  void ExcludeSparesFromFork();

  // One more than the highest chunk ever taken.
  uint32_t chunk_limit() const { return next_fresh_; }
  uint32_t in_use() const { return in_use_; }
  // Chunks that have, or are about to have, memory behind them.
  uint32_t backed() const;

 private:
  friend class Keeper;

  bool TakeForHealing(uint32_t& chunk);
  bool TakeForClaiming(uint32_t& chunk);
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
  std::vector<uint64_t> healing_;  // bit set: in use, and its huge page may be split
  struct Claims {
    std::vector<uint64_t> waiting;  // bit set: in use, and not claimed yet
    std::unique_ptr<std::atomic<uint64_t>[]> done;
    PassedChunks passed;
    bool child_is_gone = true;
    uint32_t number = 0;
  } claims_;
};

struct HealCounters {
  // Chunks looked at; most are whole.
  uint64_t chunks = 0;
  // Those for which the kernel had no huge page just now.
  uint64_t failed = 0;
  uint64_t micros = 0;
  uint64_t pending = 0;
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

  // The percentage of its time the thread may spend on healing; 0: none.
  void SetHealPercent(uint32_t percent);
  HealCounters heal_counters() const;

 private:
  friend class ChunkPool;

  struct Job {
    ChunkPool* pool;
    uint32_t chunk;
    bool prefault;  // else discard
  };

  using Lock = std::unique_lock<std::mutex>;

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // Between two looks at what the child has passed. Where there is no core to spare, each of them
  // holds the owner's thread up, so they are few.
  static constexpr int64_t kClaimMicros = 10'000;

  void Order(const Job& job);
  void Finish();
  void Run();
  void WaitForWork(Lock& lock);
  int64_t DueMicros() const;
  void RunJob(Lock& lock);
  bool IsClaimUrgent() const;
  void ClaimOne(Lock& lock);
  void HealOne(Lock& lock);

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::deque<Job> jobs_;
  ChunkPool* claim_pool_ = nullptr;  // has, or will have, chunks to be claimed
  int64_t claim_at_micros_ = 0;      // not before
  ChunkPool* heal_pool_ = nullptr;  // has chunks to be healed
  uint32_t heal_percent_ = 25;
  int64_t heal_at_micros_ = 0;  // not before
  HealCounters heal_;
  pthread_t thread_{};
  bool started_ = false;
  bool busy_ = false;
  bool paused_ = false;
  bool stopping_ = false;
};

}  // namespace snapfork
