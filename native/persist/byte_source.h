// byte_source.h - where bytes come from, in order. The file is file_source.h.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace snapfork {

class ByteSource {
 public:
  static constexpr uint64_t kUnknownBytes = UINT64_MAX;

  // Bytes from the first to the last, or kUnknownBytes.
  virtual uint64_t total_bytes() const = 0;

  // Reads 1 to `capacity` bytes to `to`; sets `bytes` to how many, 0 only at the end.
  virtual Status Read(void* to, size_t capacity, size_t& bytes) = 0;

 protected:
  ~ByteSource() = default;
};

}  // namespace snapfork
