// file_source.h - bytes from a descriptor.
//
// Runs in: any one thread of the parent. Allocates nothing.
// Owns: nothing. The caller opens and closes the descriptor.

#pragma once

#include <cstddef>
#include <cstdint>

#include "persist/byte_source.h"

namespace snapfork {

class FileSource final : public ByteSource {
 public:
  // Reads from the position `fd` has, which should be the start of the file.
  explicit FileSource(int fd) : fd_(fd) {}

  // Asks for the size and tells the kernel to read ahead. Call it once, before anything else.
  Status Open();

  // The size of a regular file when it was opened; kUnknownBytes for a pipe or a socket.
  uint64_t total_bytes() const override { return total_bytes_; }

  // Errors carry the offset at which the read began.
  Status Read(void* to, size_t capacity, size_t& bytes) override;

 private:
  const int fd_;
  uint64_t offset_ = 0;
  uint64_t total_bytes_ = kUnknownBytes;
};

}  // namespace snapfork
