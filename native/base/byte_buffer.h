// byte_buffer.h - bytes that are appended, in memory that is not cleared first.

#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/raw_bytes.h"

namespace snapfork {

// Without memory it aborts, as the standard containers do in code without exceptions.
class ByteBuffer {
 public:
  // Where the next `bytes` bytes may be written.
  char* Reserve(size_t bytes) {
    if (bytes_.capacity() - size_ < bytes) Grow(bytes);
    return bytes_.data() + size_;
  }
  // REQUIRES: what was reserved is written up to `end`.
  void EndAt(const char* end) { size_ = static_cast<size_t>(end - bytes_.data()); }
  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // Takes bytes away from the start.
  void DropFirst(size_t bytes) {
    size_ -= bytes;
    if (size_ > 0 && bytes > 0) std::memmove(bytes_.data(), bytes_.data() + bytes, size_);
  }
  std::string_view view() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return bytes_.capacity(); }
  void clear() { size_ = 0; }
  void swap(ByteBuffer& other) {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr size_t kFirstBytes = 256;

  void Grow(size_t bytes) {
    SF_CHECK(bytes_.Reserve(std::max({bytes_.capacity() * 2, size_ + bytes, kFirstBytes})));
  }

  RawBytes bytes_;
  size_t size_ = 0;
};

}  // namespace snapfork
