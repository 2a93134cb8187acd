// file_sink.h - bytes to a descriptor, with early writeback, at a rate.
//
// A file written at memory speed and synced at the end leaves gigabytes of unwritten pages: the
// final fsync then takes long, and everybody else's fsync with it. So the kernel is told to start
// writing each window as soon as it is full, and is waited for two windows later.
//
// What the disk has may be dropped from the page cache, so that a save does not drive out what
// others read; and a limit of the rate leaves them their share of the disk.
//
// Invariants
//   (F1) At most kUnwrittenBytesMax bytes of the file wait for the disk after any Write, not
//        counting those of a single Write that is larger.
//   (F2) Whoever watches sees a beat at least every kNapMicrosMax of a pause.
//
// Runs in: the parent's main thread, or the child's only thread. Allocates nothing.
// Owns: nothing. The caller opens, syncs and closes the descriptor.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "persist/byte_sink.h"
#include "persist/rate_limit.h"

namespace snapfork {

struct FileSinkOptions {
  // 0: no limit.
  uint64_t bytes_per_second = 0;
  // Drops pages from the cache once the disk has them.
  bool drops_cache = false;
  // Grows with each nap of a pause; may be null.
  std::atomic<uint32_t>* beats = nullptr;
  // Time, which tests replace.
  int64_t (*now_micros)() = MonotonicMicros;
  void (*nap)(int64_t micros) = NapMicros;
};

class FileSink final : public ByteSink {
 public:
  static constexpr uint64_t kWindowBytes = 8ull << 20;
  static constexpr uint64_t kUnwrittenBytesMax = 3 * kWindowBytes;

  static constexpr int64_t kNapMicrosMax = 50'000;

  // `offset` is the position of `fd` in its file.
  SF_CHILD_SAFE explicit FileSink(int fd, uint64_t offset = 0, const FileSinkOptions& options = {})
      : fd_(fd),
        options_(options),
        limit_(options.bytes_per_second, options.now_micros()),
        offset_(offset),
        started_(offset),
        finished_(offset) {}

  // Errors carry the offset at which this write, or its slice, began.
  SF_CHILD_SAFE Status Write(const void* data, size_t bytes) override;

  uint64_t offset() const { return offset_; }

 private:
  Status WriteLimited(const uint8_t* data, size_t bytes);
  Status WriteSlice(const void* data, size_t bytes);
  Status StartWriteback();
  void Pause(int64_t micros);

  const int fd_;
  const FileSinkOptions options_;
  RateLimit limit_;
  uint64_t offset_;
  // The kernel was told to write what is before `started_`, and has written what is before
  // `finished_`.
  uint64_t started_;
  uint64_t finished_;
  bool early_writeback_ = true;
};

}  // namespace snapfork
