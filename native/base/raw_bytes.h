// raw_bytes.h - bytes from malloc that grow in place where they can.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <utility>

namespace snapfork {

// Owned bytes. A failed allocation leaves them as they were.
class RawBytes {
 public:
  RawBytes() = default;
  RawBytes(RawBytes&& other) noexcept { *this = std::move(other); }
  RawBytes& operator=(RawBytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~RawBytes() { std::free(data_); }

  // Makes the capacity at least `bytes`, keeping the content; false if there is no memory. Large
  // ones are moved by the kernel, page by page, and not copied.
  [[nodiscard]] bool Reserve(size_t bytes) {
    if (bytes <= capacity_) return true;
    void* const grown = std::realloc(data_, bytes);
    if (grown == nullptr) return false;
    data_ = static_cast<char*>(grown);
    capacity_ = bytes;
    return true;
  }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t capacity() const { return capacity_; }

 private:
  char* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace snapfork
