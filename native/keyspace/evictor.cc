// evictor.cc - drawing, choosing and removing.

#include "keyspace/evictor.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"

namespace snapfork {
namespace {

// Neighbours of which one is drawn: several buckets of them.
constexpr unsigned kDrawnFrom = 16;

AccessKind KindFor(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::kAllLru:
    case EvictionPolicy::kVolatileLru:
      return AccessKind::kTime;
    case EvictionPolicy::kAllLfu:
    case EvictionPolicy::kVolatileLfu:
      return AccessKind::kFrequency;
    default:
      return AccessKind::kNone;
  }
}

}  // namespace

void Evictor::Configure(const EvictionSettings& settings) {
  settings_ = settings;
  pooled_ = 0;  // of another policy, perhaps
  AccessInfo& access = keyspace_.access();
  access.SetNow(keyspace_.Now());
  access.SetFrequencyRules(settings.lfu_log_factor, settings.lfu_decay_minutes);
  access.Track(KindFor(settings.policy));
  if (!IsOver()) NoteOver(false);
}

int64_t Evictor::OverMicros() const {
  return over_since_ == 0 ? 0 : MonotonicMicros() - over_since_;
}

void Evictor::NoteOver(bool is_over) {
  if (is_over) {
    if (over_since_ == 0) over_since_ = MonotonicMicros();
  } else if (over_since_ != 0) {
    total_over_micros_ += OverMicros();
    over_since_ = 0;
  }
}

Evictor::Outcome Evictor::Evict(uint64_t limit) {
  Outcome outcome;
  if (IsOver()) keyspace_.access().SetNow(keyspace_.Now());
  int64_t end = 0;
  for (uint64_t step = 1; IsOver(); ++step) {
    if (keyspace_.FreeUnlinked(kNodesAtOnce) == 0) {  // (V2)
      if (outcome.keys == limit) break;
      outcome.is_allowed = EvictOne();
      if (!outcome.is_allowed) break;
      ++outcome.keys;
    }
    if (step % kBetweenLooks != 0) continue;
    const int64_t now = MonotonicMicros();
    if (end == 0) end = now + kMicrosMax;
    if (now >= end) break;
  }
  NoteOver(IsOver());
  return outcome;
}

bool Evictor::EvictOne() {
  switch (settings_.policy) {
    case EvictionPolicy::kNone:
      return false;
    case EvictionPolicy::kAllRandom:
    case EvictionPolicy::kVolatileRandom:
      return EvictRandom();
    case EvictionPolicy::kVolatileTtl:
      return EvictEarliest();
    default:
      return EvictBest();
  }
}

uint64_t Evictor::KeysIn(uint32_t db) const {
  const Database& database = keyspace_.database(db);
  return IsVolatile() ? database.expiry.size() : database.index.size();
}

// Visits up to `count` entries: visit(hash, handle).
template <typename Visit>
void Evictor::Draw(uint32_t db, unsigned count, Visit&& visit) {
  const Database& database = keyspace_.database(db);
  if (!IsVolatile()) {
    database.index.SampleSome(keyspace_.Random(), count, visit);
    return;
  }
  for (unsigned i = 0; i < count; ++i) {
    const Handle handle = database.expiry.Sample(keyspace_.Random());
    if (handle != 0) visit(keyspace_.HashOf(keyspace_.EntryAt(handle).key()), handle);
  }
}

bool Evictor::EvictRandom() {
  const uint32_t count = keyspace_.database_count();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t db = (next_db_ + i) % count;
    if (KeysIn(db) == 0) continue;
    next_db_ = (db + 1) % count;
    // Entries of a bucket are in the order in which they came: the first would be the oldest.
    Candidate drawn{};
    uint64_t seen = 0;
    Draw(db, kDrawnFrom, [&](uint64_t hash, Handle handle) {
      if (keyspace_.Random() % ++seen == 0) drawn = {0, hash, handle, db};
    });
    return EvictAt(db, drawn.hash, drawn.handle);
  }
  return false;
}

bool Evictor::EvictEarliest() {
  int64_t earliest = INT64_MAX;
  Handle chosen = 0;
  uint32_t chosen_db = 0;
  for (uint32_t db = 0; db < keyspace_.database_count(); ++db) {
    int64_t time_ms = 0;
    Handle handle = 0;
    if (!keyspace_.database(db).expiry.First(time_ms, handle) || time_ms >= earliest) continue;
    earliest = time_ms;
    chosen = handle;
    chosen_db = db;
  }
  if (chosen == 0) return false;
  return EvictAt(chosen_db, keyspace_.HashOf(keyspace_.EntryAt(chosen).key()), chosen);
}

bool Evictor::EvictBest() {
  while (FillPool()) {
    while (pooled_ > 0) {
      const Candidate best = pool_[--pooled_];
      // (V1)
      if (!IsThere(best) || ScoreOf(best.handle) < best.score) continue;
      return EvictAt(best.db, best.hash, best.handle);
    }
  }
  return false;
}

// Draws from each database. False if there is no key to remove.
bool Evictor::FillPool() {
  bool has_keys = false;
  for (uint32_t db = 0; db < keyspace_.database_count(); ++db) {
    if (KeysIn(db) == 0) continue;
    has_keys = true;
    Draw(db, settings_.samples, [&](uint64_t hash, Handle handle) {
      Offer({ScoreOf(handle), hash, handle, db});
    });
  }
  return has_keys;
}

void Evictor::Offer(const Candidate& candidate) {
  Candidate* const end = pool_.data() + pooled_;
  const bool is_known = std::any_of(pool_.data(), end, [&](const Candidate& other) {
    return other.handle == candidate.handle && other.db == candidate.db;
  });
  if (is_known) return;
  Candidate* const place =
      std::lower_bound(pool_.data(), end, candidate, [](const Candidate& a, const Candidate& b) {
        return a.score < b.score;
      });
  if (pooled_ < kPoolMax) {
    std::move_backward(place, end, end + 1);
    *place = candidate;
    ++pooled_;
  } else if (place != pool_.data()) {
    // The worst makes room.
    std::move(pool_.data() + 1, place, pool_.data());
    *(place - 1) = candidate;
  }
}

uint64_t Evictor::ScoreOf(Handle handle) const {
  const AccessInfo& access = keyspace_.access();
  return access.kind() == AccessKind::kTime
             ? access.IdleSeconds(handle)
             : AccessInfo::kFrequencyMax - access.Frequency(handle);
}

bool Evictor::IsThere(const Candidate& candidate) const {
  HashIndex& index = keyspace_.database(candidate.db).index;
  const auto is_it = [&](Handle other) { return other == candidate.handle; };
  if (index.Find(candidate.hash, is_it) == nullptr) return false;
  return !IsVolatile() || keyspace_.EntryAt(candidate.handle).has_expiry();
}

bool Evictor::EvictAt(uint32_t db, uint64_t hash, Handle handle) {
  Found found;
  found.hash = hash;
  found.slot = keyspace_.database(db).index.Find(
      hash, [&](Handle other) { return other == handle; });
  SF_CHECK(found.slot != nullptr);
  found.entry = keyspace_.EntryAt(handle);
  ExpiryObserver* const observer = keyspace_.expiry_observer();
  if (observer != nullptr) observer->OnKeyEvicted(db, found.entry.key());
  KeyWatch& watch = keyspace_.watch();
  if (watch.is_active()) watch.OnGone(db, hash, found.entry.key(), KeyChange::kEvicted);
  keyspace_.Remove(db, found);
  ++keyspace_.counters().evicted_keys;
  return true;
}

}  // namespace snapfork
