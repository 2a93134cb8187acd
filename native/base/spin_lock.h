// spin_lock.h - a lock for sections of nanoseconds: two plain instructions where nobody waits.

#pragma once

#include <sched.h>

#include <atomic>

namespace snapfork {

class SpinLock {
 public:
  SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  // With the names that std::lock_guard wants.
  void lock() {
    while (taken_.exchange(true, std::memory_order_acquire)) {
      // Its holder may want this processor.
      while (taken_.load(std::memory_order_relaxed)) sched_yield();
    }
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

}  // namespace snapfork
