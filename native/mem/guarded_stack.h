// guarded_stack.h - memory for a stack of one's own, with a page below it that nobody may touch.
//
// Only what is used is backed by memory. Overflow ends the process by SIGSEGV rather than writing
// to what lies below.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace snapfork {

class GuardedStack {
 public:
  GuardedStack() = default;
  ~GuardedStack();
  GuardedStack(const GuardedStack&) = delete;
  GuardedStack& operator=(const GuardedStack&) = delete;

  // REQUIRES: a multiple of the page size, once.
  Status Map(size_t bytes);

  // The lowest byte that may be used.
  uint8_t* bottom() const { return bottom_; }
  size_t bytes() const { return bytes_; }

 private:
  uint8_t* bottom_ = nullptr;
  size_t bytes_ = 0;
  size_t guard_bytes_ = 0;
};

}  // namespace snapfork
