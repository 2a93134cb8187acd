// file_sink.h - bytes to a descriptor, with early writeback.
//
// A file written at memory speed and synced at the end leaves gigabytes of unwritten pages: the
// final fsync then takes long, and everybody else's fsync with it. So the kernel is told to start
// writing each window as soon as it is full, and is waited for two windows later.
//
// Invariants
//   (F1) At most kUnwrittenBytesMax bytes of the file wait for the disk after any Write, not
//        counting those of a single Write that is larger.
//
// Runs in: the parent's main thread, or the child's only thread. Allocates nothing.
// Owns: nothing. The caller opens, syncs and closes the descriptor.

#pragma once

#include <cstddef>
#include <cstdint>

#include "persist/byte_sink.h"

namespace snapfork {

class FileSink final : public ByteSink {
 public:
  static constexpr uint64_t kWindowBytes = 8ull << 20;
  static constexpr uint64_t kUnwrittenBytesMax = 3 * kWindowBytes;

  // `offset` is the position of `fd` in its file.
  SF_CHILD_SAFE explicit FileSink(int fd, uint64_t offset = 0)
      : fd_(fd), offset_(offset), started_(offset), finished_(offset) {}

  // Errors carry the offset at which this write began.
  SF_CHILD_SAFE Status Write(const void* data, size_t bytes) override;

  uint64_t offset() const { return offset_; }

 private:
  Status StartWriteback();

  const int fd_;
  bool early_writeback_ = true;
  uint64_t offset_;
  // The kernel was told to write what is before `started_`, and has written what is before
  // `finished_`.
  uint64_t started_;
  uint64_t finished_;
};

}  // namespace snapfork
