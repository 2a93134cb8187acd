// log_thread.h - bytes on their way to the append-only files: written and synced by a thread.
//
// The owner appends; the thread takes all that has gathered, writes it in one piece and syncs it as
// the policy says, while the owner fills the next. So one fdatasync(2) covers whatever came during
// the one before it, and the owner never waits for a disk.
//
// What is synced always is written in blocks (LogFile). Bytes are counted from the start of the
// log, over all its files, without the heads of blocks.
//
// Invariants
//   (G1) Bytes are written in order, and a short write that is tried again leaves no hole. Nothing
//        goes to a file before all that belongs to the one before it is written and synced.
//   (G2) `synced` never passes a byte that fdatasync(2) has not reported good. After a failed one
//        nothing is synced any more until the log goes on in another file that a new base belongs
//        to: the kernel may have dropped what it could not write.
//   (G3) A failed write is tried again every second, from where it stopped.
//
// Runs in: Append and the like on the owner's thread; the rest on a thread of its own.

#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/spin_lock.h"
#include "base/status.h"
#include "persist/log_file.h"

namespace snapfork {

enum class LogSync : uint32_t { kAlways, kEverySecond, kNever };

struct LogProgress {
  uint64_t appended = 0;
  uint64_t written = 0;
  uint64_t synced = 0;
  // Of blocks, beside what is written.
  uint64_t head_bytes = 0;
  // Of the last write or sync that failed, and has not succeeded since.
  int write_errno = 0;
  int sync_errno = 0;
};

class LogThread {
 public:
  // `notify(context)` is called on the thread when there is something new for whoever waits.
  LogThread(void (*notify)(void*), void* context) : notify_(notify), context_(context) {}
  // Writes and syncs what there is, as far as that works, and ends the thread.
  ~LogThread() { Stop(); }
  LogThread(const LogThread&) = delete;
  LogThread& operator=(const LogThread&) = delete;

  // Goes on behind the first `bytes` bytes of a file; owns the descriptor from now on, also if it
  // fails.
  Status Start(int fd, uint64_t bytes, LogSync sync);
  void SetSync(LogSync sync);
  // For the owner, who alone changes it.
  LogSync sync() const { return sync_; }
  void Append(std::string_view bytes);
  // Between the two what is appended is not written, unless it is much: one sync serves it all.
  void BeginGather();
  void EndGather();
  // What is appended from now on goes to another file, which is empty.
  void Rotate(int fd);
  // What was appended before the last Rotate is in a base that is durable: it need not be written
  // any more, and its failures are over. Not those of a sync behind it.
  void Forgive();
  // Syncs all that is appended as soon as it can, and notifies; also if all of it is synced by now.
  void RequestSync();
  void Stop();

  LogProgress progress() const;
  // Of it, for the owner.
  uint64_t appended() const { return appended_.load(std::memory_order_relaxed); }
  uint64_t synced() const { return synced_.load(); }
  // Bytes that are not written yet: what the log takes of memory.
  uint64_t waiting_bytes() const {
    return appended_.load(std::memory_order_relaxed) - written_.load(std::memory_order_relaxed);
  }
  bool running() const { return running_; }

 private:
  struct Chunk {
    ByteBuffer bytes;
    uint64_t file = 0;
    int next_fd = -1;  // the file behind these bytes, if another one begins there
    bool is_begun = false;  // some of it is written
  };

  void Run();
  bool HasWork(int64_t now_ms) const;
  bool HasBytesToWrite() const;
  void WaitForWork(std::unique_lock<SpinLock>& lock);
  Chunk Take();
  bool Write(Chunk& chunk, bool as_block);
  bool IsSyncDue(int64_t now_ms) const;
  void SyncFile();
  void SwitchTo(const Chunk& chunk);
  bool IsForgiven(const Chunk& chunk) const { return chunk.file < forgiven_below_.load(); }
  void NoteWrite(int error);
  void NoteSync(int error);

  void (*const notify_)(void*);
  void* const context_;
  pthread_t thread_{};
  bool running_ = false;

  mutable SpinLock lock_;
  std::condition_variable_any changed_;
  // Under the lock.
  std::deque<Chunk> chunks_;  // the last one is being filled
  ByteBuffer spare_;          // memory of a chunk that was written
  LogSync sync_ = LogSync::kEverySecond;
  uint64_t sync_target_ = 0;  // to be synced at once
  uint64_t rotated_at_ = 0;   // where the last file begins
  bool idle_ = false;
  bool gathers_ = false;
  bool stopping_ = false;
  bool tells_ = false;  // somebody waits to be told, also if there is nothing to write
  int write_errno_ = 0;
  int sync_errno_ = 0;
  uint64_t sync_failed_file_ = 0;  // the last one whose sync has failed

  std::atomic<uint64_t> appended_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> synced_{0};
  std::atomic<uint64_t> head_bytes_{0};
  std::atomic<uint64_t> forgiven_below_{0};

  // The thread's.
  LogFile open_file_;
  uint64_t file_ = 0;
  size_t round_ = 0;  // chunks that are written before the next sync
  int64_t synced_at_ms_ = 0;
  int64_t retry_at_ms_ = 0;
};

}  // namespace snapfork
