// keeper.cc - spare chunks ahead, empty chunks back to the kernel.

#include "mem/keeper.h"

#include <errno.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

namespace snapfork {
namespace {

void RemoveFrom(std::vector<uint64_t>& chunks, uint32_t chunk) {
  if (chunk / 64 < chunks.size()) chunks[chunk / 64] &= ~(uint64_t{1} << (chunk % 64));
}

}  // namespace

Status ChunkPool::Take(uint32_t& chunk) {
  bool ready = false;
  {
    std::lock_guard<std::mutex> lock(keeper_.mutex_);
    if (!ready_.empty()) {
      chunk = ready_.back();
      ready_.pop_back();
      ready = true;
    }
  }
  if (!ready && !FindRun(1, chunk)) return Status(StatusCode::kOutOfMemory);
  ++in_use_;
  OrderSpares();
  return Status();
}

Status ChunkPool::TakeAdjacent(uint32_t count, uint32_t& first) {
  if (!FindRun(count, first)) return Status(StatusCode::kOutOfMemory);
  in_use_ += count;
  return Status();
}

bool ChunkPool::FindRun(uint32_t count, uint32_t& first) {
  CollectDiscarded();
  if (FindColdRun(count, first)) return true;
  // What was given back may still be on its way through the keeper: waiting beats failing.
  keeper_.Finish();
  CollectDiscarded();
  CollectSpares();
  return FindColdRun(count, first);
}

// First fit among the cold chunks, then fresh address space. Makes the run accessible and no
// longer cold.
bool ChunkPool::FindColdRun(uint32_t count, uint32_t& first) {
  if (cold_count_ >= count) {
    uint32_t run = 0;
    for (uint32_t chunk = 1; chunk < next_fresh_; ++chunk) {
      if (chunk % 64 == 0 && cold_[chunk / 64] == 0) {
        chunk += 63;
        run = 0;
        continue;
      }
      run = IsCold(chunk) ? run + 1 : 0;
      if (run == count) {
        first = chunk + 1 - count;
        for (uint32_t c = first; c <= chunk; ++c) SetCold(c, false);
        return true;
      }
    }
  }
  const size_t end = (size_t{next_fresh_} + count) * kChunkBytes;
  if (end > region_.reserved() || !region_.Commit(end).ok()) return false;
  first = next_fresh_;
  next_fresh_ += count;
  cold_.resize(next_fresh_ / 64 + 1);
  return true;
}

void ChunkPool::Return(uint32_t chunk) {
  SF_DCHECK(in_use_ > 0);
  --in_use_;
  {
    std::lock_guard<std::mutex> lock(keeper_.mutex_);
    // An empty chunk that is healed, or claimed, would be backed for nothing.
    RemoveFrom(healing_, chunk);
    RemoveFrom(claims_.waiting, chunk);
    if (ready_.size() + prefaulting_ < spare_max_) {
      ready_.push_back(chunk);
      return;
    }
    ++discarding_;
  }
  keeper_.Order({this, chunk, false});
}

// A store that grows gets more spares ahead than one that stands still: a sixteenth of its chunks.
void ChunkPool::OrderSpares() {
  const uint32_t wanted = std::clamp(in_use_ / 16, 1u, spare_max_);
  while (true) {
    {
      std::lock_guard<std::mutex> lock(keeper_.mutex_);
      if (ready_.size() + prefaulting_ >= wanted) return;
    }
    // Only what is there: a spare is not worth waiting for.
    uint32_t chunk = 0;
    CollectDiscarded();
    if (!FindColdRun(1, chunk)) return;
    {
      std::lock_guard<std::mutex> lock(keeper_.mutex_);
      ++prefaulting_;
    }
    keeper_.Order({this, chunk, true});
  }
}

void ChunkPool::CollectDiscarded() {
  std::lock_guard<std::mutex> lock(keeper_.mutex_);
  for (uint32_t chunk : discarded_) SetCold(chunk, true);
  discarded_.clear();
}

// Spares are given up when chunks run out; they keep their memory until the keeper has them again.
void ChunkPool::CollectSpares() {
  std::lock_guard<std::mutex> lock(keeper_.mutex_);
  for (uint32_t chunk : ready_) SetCold(chunk, true);
  ready_.clear();
}

void ChunkPool::SetCold(uint32_t chunk, bool cold) {
  const uint64_t bit = uint64_t{1} << (chunk % 64);
  if (cold) {
    cold_[chunk / 64] |= bit;
    ++cold_count_;
  } else {
    cold_[chunk / 64] &= ~bit;
    --cold_count_;
  }
}

void ChunkPool::ExcludeSparesFromFork() {
  std::lock_guard<std::mutex> lock(keeper_.mutex_);
  for (uint32_t chunk : ready_) {
    region_.ExcludeFromFork(size_t{chunk} * kChunkBytes, kChunkBytes);
  }
}

void ChunkPool::OrderHealing(std::vector<uint64_t> chunks) {
  {
    std::lock_guard<std::mutex> lock(keeper_.mutex_);
    healing_ = std::move(chunks);
    keeper_.heal_pool_ = this;
    keeper_.heal_at_micros_ = 0;
  }
  keeper_.work_.notify_one();
}

PassedChunks ChunkPool::BeginClaims(std::vector<uint64_t> chunks, PassedChunks passed) {
  {
    std::lock_guard<std::mutex> lock(keeper_.mutex_);
    if (!keeper_.started_) return passed;
    claims_.done = std::make_unique<std::atomic<uint64_t>[]>(chunks.size());
    claims_.waiting = std::move(chunks);
    claims_.passed = passed;
    claims_.child_is_gone = false;
    ++claims_.number;
    keeper_.claim_pool_ = this;
    keeper_.claim_at_micros_ = 0;
  }
  keeper_.work_.notify_one();
  return PassedChunks(claims_.done.get());
}

void ChunkPool::EndClaims() {
  {
    std::lock_guard<std::mutex> lock(keeper_.mutex_);
    claims_.child_is_gone = true;
    keeper_.claim_at_micros_ = 0;
  }
  keeper_.work_.notify_one();
}

void ChunkPool::DropClaims() {
  std::lock_guard<std::mutex> lock(keeper_.mutex_);
  claims_.waiting.clear();
  claims_.child_is_gone = true;
}

// REQUIRES: the keeper's mutex.
bool ChunkPool::TakeForClaiming(uint32_t& chunk) {
  for (size_t word = 0; word < claims_.waiting.size(); ++word) {
    uint64_t ready = claims_.waiting[word];
    if (ready != 0 && !claims_.child_is_gone) ready &= claims_.passed.Word(word);
    if (ready == 0) continue;
    claims_.waiting[word] &= ~(ready & -ready);
    chunk = static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_zero(ready));
    return true;
  }
  return false;
}

// REQUIRES: the keeper's mutex.
bool ChunkPool::TakeForHealing(uint32_t& chunk) {
  while (!healing_.empty() && healing_.back() == 0) healing_.pop_back();
  if (healing_.empty()) return false;
  uint64_t& word = healing_.back();
  const uint32_t bit = 63 - static_cast<uint32_t>(std::countl_zero(word));
  word &= ~(uint64_t{1} << bit);
  chunk = static_cast<uint32_t>(healing_.size() - 1) * 64 + bit;
  return true;
}

uint32_t ChunkPool::backed() const {
  std::lock_guard<std::mutex> lock(keeper_.mutex_);
  return in_use_ + static_cast<uint32_t>(ready_.size()) + prefaulting_ + discarding_;
}

Status Keeper::Start() {
  SF_CHECK(!started_);
  const int error = StartThread<Keeper, &Keeper::Run>(thread_, *this);
  started_ = error == 0;
  return started_ ? Status() : Status::FromErrno(error);
}

void Keeper::Stop() {
  if (!started_) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  pthread_join(thread_, nullptr);
  started_ = false;
}

void Keeper::Pause() {
  std::unique_lock<std::mutex> lock(mutex_);
  paused_ = true;
  idle_.wait(lock, [this] { return !busy_; });
}

void Keeper::Resume() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    paused_ = false;
  }
  work_.notify_one();
}

void Keeper::Order(const Job& job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(job);
  }
  work_.notify_one();
}

// Waits until every order is carried out. Returns at once where nobody would carry one out.
void Keeper::Finish() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!started_ || paused_) return;
  idle_.wait(lock, [this] { return jobs_.empty() && !busy_; });
}

void Keeper::SetHealPercent(uint32_t percent) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    heal_percent_ = percent;
    heal_at_micros_ = 0;
  }
  work_.notify_one();
}

HealCounters Keeper::heal_counters() const {
  std::lock_guard<std::mutex> lock(mutex_);
  HealCounters counters = heal_;
  if (heal_pool_ == nullptr) return counters;
  for (const uint64_t word : heal_pool_->healing_) {
    counters.pending += static_cast<uint64_t>(std::popcount(word));
  }
  return counters;
}

void Keeper::Run() {
  Lock lock(mutex_);
  while (true) {
    WaitForWork(lock);
    if (stopping_) return;
    if (!jobs_.empty() && !IsClaimUrgent()) {
      RunJob(lock);
    } else if (claim_pool_ != nullptr) {
      ClaimOne(lock);
    } else {
      HealOne(lock);
    }
    if (paused_ || jobs_.empty()) idle_.notify_all();
  }
}

void Keeper::WaitForWork(Lock& lock) {
  while (!stopping_ && (paused_ || jobs_.empty())) {
    const int64_t due = paused_ ? kNever : DueMicros();
    if (due == kNever) {
      work_.wait(lock);
      continue;
    }
    const int64_t rest = due - MonotonicMicros();
    if (rest <= 0) return;
    work_.wait_for(lock, std::chrono::microseconds(rest));
  }
}

// When there is something to do that nobody has ordered. What is to be claimed goes before what is
// to be healed.
int64_t Keeper::DueMicros() const {
  if (claim_pool_ != nullptr) return claim_at_micros_;
  return heal_pool_ != nullptr && heal_percent_ != 0 ? heal_at_micros_ : kNever;
}

void Keeper::RunJob(Lock& lock) {
  const Job job = jobs_.front();
  jobs_.pop_front();
  busy_ = true;
  lock.unlock();
  const size_t offset = size_t{job.chunk} * kChunkBytes;
  if (job.prefault) {
    job.pool->region_.Prefault(offset, kChunkBytes);
  } else {
    job.pool->region_.Discard(offset, kChunkBytes);
  }
  lock.lock();
  busy_ = false;
  if (job.prefault) {
    --job.pool->prefaulting_;
    job.pool->ready_.push_back(job.chunk);
  } else {
    --job.pool->discarding_;
    job.pool->discarded_.push_back(job.chunk);
  }
}

// While a child lives, what is not claimed is moved when it changes, and takes more chunks: orders
// for those must not hold the claims up. What is left when it is gone can wait.
bool Keeper::IsClaimUrgent() const {
  return claim_pool_ != nullptr && !claim_pool_->claims_.child_is_gone &&
         claim_at_micros_ <= MonotonicMicros();
}

void Keeper::ClaimOne(Lock& lock) {
  ChunkPool& pool = *claim_pool_;
  ChunkPool::Claims& claims = pool.claims_;
  uint32_t chunk = 0;
  if (!pool.TakeForClaiming(chunk)) {
    if (claims.child_is_gone) claim_pool_ = nullptr;
    claim_at_micros_ = MonotonicMicros() + kClaimMicros;
    return;
  }
  const uint32_t number = claims.number;
  busy_ = true;
  lock.unlock();
  pool.region_.ClaimChunk(size_t{chunk} * kChunkBytes);
  lock.lock();
  busy_ = false;
  // Of another child by now, it is not passed.
  if (number == claims.number) PassedChunks(claims.done.get()).Add(chunk);
}

// Then rests for as long as its share asks for.
void Keeper::HealOne(Lock& lock) {
  uint32_t chunk = 0;
  if (!heal_pool_->TakeForHealing(chunk)) {
    heal_pool_ = nullptr;
    return;
  }
  Region& region = heal_pool_->region_;
  const int64_t percent = heal_percent_;
  busy_ = true;
  lock.unlock();
  const int64_t began = MonotonicMicros();
  const int error = region.Collapse(size_t{chunk} * kChunkBytes, kChunkBytes);
  const int64_t end = MonotonicMicros();
  lock.lock();
  busy_ = false;
  heal_.micros += static_cast<uint64_t>(end - began);
  heal_.chunks += 1;
  heal_.failed += error == 0 ? 0 : 1;
  heal_at_micros_ = end + (end - began) * (100 - percent) / percent;
  if (error == EINVAL) heal_pool_ = nullptr;  // by no kernel like this
}

}  // namespace snapfork
