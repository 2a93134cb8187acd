// plan_memory.h - room for what a child is told.
//
// Names, texts and lists of the parent lie in its heap, which the child does not have. They are
// copied here, front to back, into memory that both see.
//
// Runs in: the parent, before the fork.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/check.h"

namespace snapfork {

class PlanMemory {
 public:
  PlanMemory(void* base, size_t bytes)
      : at_(static_cast<uint8_t*>(base)), end_(at_ + bytes) {}

  // Of one list, or one text.
  template <typename T>
  static constexpr size_t BytesFor(size_t count) {
    return (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  }
  static constexpr size_t BytesFor(std::string_view text) {
    return BytesFor<char>(text.size() + 1);
  }

  // REQUIRES for all of them: room.
  template <typename T>
  T* Make(size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    const size_t bytes = BytesFor<T>(count);
    SF_CHECK(bytes <= static_cast<size_t>(end_ - at_));
    T* const list = reinterpret_cast<T*>(at_);
    at_ += bytes;
    return list;
  }
  // Ends with a zero, which the view leaves out.
  std::string_view Copy(std::string_view text) {
    char* const copy = Make<char>(text.size() + 1);
    if (!text.empty()) memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    return {copy, text.size()};
  }

 private:
  static constexpr size_t kAlignment = 16;

  uint8_t* at_;
  uint8_t* const end_;
};

}  // namespace snapfork
