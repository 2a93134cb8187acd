// log_thread.cc - gathering, writing, syncing, and going on after failures.

#include "persist/log_thread.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

namespace snapfork {
namespace {

constexpr int64_t kSyncMs = 1000;
constexpr int64_t kRetryMs = 1000;
// So long the thread lets bytes gather, unless somebody waits for them.
constexpr useconds_t kGatherMicros = 5000;
// More goes into another buffer: one that grows is copied, while the owner waits.
constexpr size_t kChunkBytes = 1u << 20;
// With so much that is gathered the disk begins.
constexpr size_t kGatherBytesMax = 256u << 10;
// A buffer that was larger is given back.
constexpr size_t kSpareBytesMax = 8u << 20;

int64_t NowMs() { return MonotonicMicros() / 1000; }

}  // namespace

Status LogThread::Start(int fd, uint64_t bytes, LogSync sync) {
  SF_DCHECK(!running_);
  open_file_.Open(fd, bytes);
  sync_ = sync;
  synced_at_ms_ = NowMs();
  chunks_.emplace_back();
  const int error = StartThread<LogThread, &LogThread::Run>(thread_, *this);
  if (error != 0) {
    open_file_.Close();
    return Status::FromErrno(error);
  }
  running_ = true;
  return Status();
}

void LogThread::SetSync(LogSync sync) {
  const std::lock_guard<SpinLock> lock(lock_);
  sync_ = sync;
  changed_.notify_one();
}

void LogThread::Append(std::string_view bytes) {
  const std::lock_guard<SpinLock> lock(lock_);
  const Chunk& last = chunks_.back();
  if (!last.bytes.empty() && last.bytes.view().size() + bytes.size() > kChunkBytes) {
    const uint64_t file = last.file;
    chunks_.emplace_back().file = file;
  }
  chunks_.back().bytes.Append(bytes);
  appended_.store(appended_.load(std::memory_order_relaxed) + bytes.size(),
                  std::memory_order_relaxed);
  if (idle_ && HasBytesToWrite()) changed_.notify_one();
}

void LogThread::BeginGather() {
  const std::lock_guard<SpinLock> lock(lock_);
  gathers_ = true;
}

void LogThread::EndGather() {
  const std::lock_guard<SpinLock> lock(lock_);
  gathers_ = false;
  if (idle_ && HasBytesToWrite()) changed_.notify_one();
}

void LogThread::Rotate(int fd) {
  const std::lock_guard<SpinLock> lock(lock_);
  chunks_.back().next_fd = fd;
  rotated_at_ = appended_.load(std::memory_order_relaxed);
  const uint64_t file = chunks_.back().file + 1;
  chunks_.emplace_back().file = file;
  changed_.notify_one();
}

void LogThread::Forgive() {
  const std::lock_guard<SpinLock> lock(lock_);
  forgiven_below_.store(chunks_.back().file);
  synced_.store(std::max(synced_.load(), rotated_at_));
  write_errno_ = 0;
  if (sync_failed_file_ < chunks_.back().file) sync_errno_ = 0;
  tells_ = true;
  changed_.notify_one();
}

void LogThread::RequestSync() {
  const std::lock_guard<SpinLock> lock(lock_);
  sync_target_ = appended_.load(std::memory_order_relaxed);
  // Whoever asks may have looked just before the last sync ended.
  tells_ = tells_ || synced_.load() >= sync_target_;
  changed_.notify_one();
}

void LogThread::Stop() {
  if (!running_) return;
  {
    const std::lock_guard<SpinLock> lock(lock_);
    stopping_ = true;
    changed_.notify_one();
  }
  pthread_join(thread_, nullptr);
  running_ = false;
}

LogProgress LogThread::progress() const {
  const std::lock_guard<SpinLock> lock(lock_);
  return {appended_.load(),   written_.load(), synced_.load(),
          head_bytes_.load(), write_errno_,    sync_errno_};
}

// REQUIRES: the lock, as for the next three.
bool LogThread::HasBytesToWrite() const {
  const Chunk& first = chunks_.front();
  const bool may_wait = gathers_ && first.next_fd < 0 && chunks_.size() == 1;
  return first.bytes.view().size() > (may_wait ? kGatherBytesMax : 0);
}

bool LogThread::HasWork(int64_t now_ms) const {
  const Chunk& first = chunks_.front();
  const bool writes = HasBytesToWrite() || first.next_fd >= 0;
  const bool may_write = write_errno_ == 0 || now_ms >= retry_at_ms_ || IsForgiven(first);
  return stopping_ || tells_ || (writes && may_write) || IsSyncDue(now_ms);
}

bool LogThread::IsSyncDue(int64_t now_ms) const {
  const uint64_t written = written_.load();
  const uint64_t synced = synced_.load();
  if (written <= synced || sync_errno_ != 0) return false;
  if (synced < sync_target_ || sync_ == LogSync::kAlways) return true;
  return sync_ == LogSync::kEverySecond && now_ms - synced_at_ms_ >= kSyncMs;
}

void LogThread::WaitForWork(std::unique_lock<SpinLock>& lock) {
  idle_ = true;
  while (!HasWork(NowMs())) {
    const bool unsynced = written_.load() > synced_.load() && sync_ == LogSync::kEverySecond;
    if (unsynced || write_errno_ != 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(kSyncMs / 10));
    } else {
      changed_.wait(lock);
    }
  }
  idle_ = false;
  const bool hurries = sync_ == LogSync::kAlways || stopping_ || synced_.load() < sync_target_;
  if (hurries) return;
  lock.unlock();
  usleep(kGatherMicros);
  lock.lock();
}

LogThread::Chunk LogThread::Take() {
  Chunk chunk = std::move(chunks_.front());
  chunks_.pop_front();
  if (chunks_.empty()) {
    chunks_.emplace_back().file = chunk.file;
    chunks_.back().bytes.swap(spare_);
  }
  return chunk;
}

void LogThread::Run() {
  std::unique_lock<SpinLock> lock(lock_);
  for (bool goes_on = true; goes_on;) {
    WaitForWork(lock);
    tells_ = false;
    const bool as_block = sync_ == LogSync::kAlways;
    if (round_ == 0) round_ = as_block ? 1 : chunks_.size();
    Chunk chunk = Take();
    lock.unlock();
    const bool whole = Write(chunk, as_block);
    if (whole && chunk.next_fd >= 0) SwitchTo(chunk);
    lock.lock();
    round_ = whole ? round_ - 1 : 0;
    if (!whole) {
      chunks_.push_front(std::move(chunk));
    } else if (chunk.bytes.capacity() <= kSpareBytesMax) {
      spare_.swap(chunk.bytes);
      spare_.clear();
    }
    const bool due = round_ == 0 && (IsSyncDue(NowMs()) || (stopping_ && sync_errno_ == 0));
    // At the end what cannot be written is given up.
    const bool is_done = chunks_.size() == 1 && chunks_.front().bytes.empty();
    goes_on = !(stopping_ && (is_done || !whole));
    lock.unlock();
    if (due && written_.load() > synced_.load()) SyncFile();
    notify_(context_);
    lock.lock();
  }
  open_file_.Close();
}

// Writes a chunk behind what is there; false with the rest of it if that failed.
bool LogThread::Write(Chunk& chunk, bool as_block) {
  int error = 0;
  const std::string_view bytes = chunk.bytes.view();
  size_t done = bytes.size();
  if (!bytes.empty() && !IsForgiven(chunk)) {
    const bool is_block = as_block && !chunk.is_begun && open_file_.AppendBlock(bytes);
    if (!is_block) done = open_file_.Append(bytes, error);
    head_bytes_.store(open_file_.head_bytes());
    if (open_file_.sync_error() != 0) NoteSync(open_file_.sync_error());
  }
  if (IsForgiven(chunk)) done = bytes.size();
  written_.store(written_.load() + done);
  chunk.is_begun |= done > 0;
  chunk.bytes.DropFirst(done);
  NoteWrite(chunk.bytes.empty() ? 0 : error);
  return chunk.bytes.empty();
}

void LogThread::NoteWrite(int error) {
  if (error != 0) retry_at_ms_ = NowMs() + kRetryMs;
  const std::lock_guard<SpinLock> lock(lock_);
  write_errno_ = error;
}

void LogThread::NoteSync(int error) {
  const std::lock_guard<SpinLock> lock(lock_);
  // A sync may end after the file was forgiven.
  if (error == 0 || file_ < forgiven_below_.load()) return;
  sync_errno_ = error;
  sync_failed_file_ = file_;
}

// (G2)
void LogThread::SyncFile() {
  const uint64_t written = written_.load();
  const int error = open_file_.Sync();
  NoteSync(error);
  synced_at_ms_ = NowMs();
  if (error == 0) synced_.store(std::max(synced_.load(), written));
}

// To the file behind a chunk that is written. (G1)
void LogThread::SwitchTo(const Chunk& chunk) {
  if (!IsForgiven(chunk) && written_.load() > synced_.load()) {
    bool failed_before;
    {
      const std::lock_guard<SpinLock> lock(lock_);
      failed_before = sync_errno_ != 0;
    }
    if (!failed_before) SyncFile();
  }
  open_file_.Close();
  open_file_.Open(chunk.next_fd, 0);
  file_ = chunk.file + 1;
}

}  // namespace snapfork
