// evictor.h - removes keys while memory is over its limit.
//
// Which ones is approximated, as in Redis: a few entries are drawn at random, and the best to
// remove of those and of what earlier draws have left in a pool goes. Only volatile-ttl is exact,
// as the expiry index is in order.
//
// Invariants
//   (V1) A candidate that has moved, gone or been used since it was drawn is passed over.
//   (V2) What is freed behind a child's back counts as gone at once, and values that are freed a
//        few nodes at a time go before another key does: no key is removed because memory that was
//        given up is not back yet.
//
// Runs in: the owner's thread.

#pragma once

#include <array>
#include <cstdint>

#include "keyspace/keyspace.h"

namespace snapfork {

// As lib/native/eviction.ts numbers them.
enum class EvictionPolicy : uint8_t {
  kNone,
  kAllLru,
  kAllLfu,
  kAllRandom,
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
};
inline constexpr uint32_t kEvictionPolicies = 8;

struct EvictionSettings {
  uint64_t max_bytes = 0;  // 0: no limit
  EvictionPolicy policy = EvictionPolicy::kNone;
  uint32_t samples = 5;
  uint32_t lfu_log_factor = 10;
  uint32_t lfu_decay_minutes = 1;
};

class Evictor {
 public:
  explicit Evictor(Keyspace& keyspace) : keyspace_(keyspace) {}

  void Configure(const EvictionSettings& settings);

  bool has_limit() const { return settings_.max_bytes != 0; }
  bool IsOver() const { return has_limit() && keyspace_.MemoryBytes() > settings_.max_bytes; }

  // Before what takes memory: evicts until memory is at its limit, for about a millisecond at most.
  // False if it is over, and nothing can go.
  bool MakeRoom() { return (!IsOver() && over_since_ == 0) || Evict(UINT64_MAX).is_allowed; }
  // The same while nothing waits for it, up to `limit` keys. Returns how many, and `limit` also if
  // the time was over before.
  uint64_t EvictSome(uint64_t limit) {
    const Outcome outcome = Evict(limit);
    return IsOver() && outcome.is_allowed ? limit : outcome.keys;
  }

  // How long memory was over its limit with nothing, or not yet enough, evicted: since when, if it
  // is, and in all.
  int64_t OverMicros() const;
  int64_t TotalOverMicros() const { return total_over_micros_ + OverMicros(); }

 private:
  static constexpr size_t kPoolMax = 16;
  static constexpr int64_t kMicrosMax = 1000;
  // Keys, or nodes of large values, between two looks at the clock.
  static constexpr uint64_t kBetweenLooks = 16;
  static constexpr size_t kNodesAtOnce = 64;

  struct Candidate {
    uint64_t score;  // the highest goes first
    uint64_t hash;
    Handle handle;
    uint32_t db;
  };
  struct Outcome {
    uint64_t keys = 0;
    bool is_allowed = true;
  };

  Outcome Evict(uint64_t limit);
  void NoteOver(bool is_over);
  bool IsVolatile() const { return settings_.policy >= EvictionPolicy::kVolatileLru; }
  uint64_t KeysIn(uint32_t db) const;

  bool EvictOne();
  bool EvictBest();
  bool EvictRandom();
  bool EvictEarliest();
  bool EvictAt(uint32_t db, uint64_t hash, Handle handle);

  template <typename Visit>
  void Draw(uint32_t db, unsigned count, Visit&& visit);
  bool FillPool();
  void Offer(const Candidate& candidate);
  uint64_t ScoreOf(Handle handle) const;
  bool IsThere(const Candidate& candidate) const;

  Keyspace& keyspace_;
  EvictionSettings settings_;
  std::array<Candidate, kPoolMax> pool_{};  // ascending by score
  size_t pooled_ = 0;
  uint32_t next_db_ = 0;
  int64_t over_since_ = 0;  // 0: it is not
  int64_t total_over_micros_ = 0;
};

}  // namespace snapfork
