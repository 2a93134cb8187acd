// thread.h - threads of our own in a process whose signal handlers belong to the host.
//
// Runs in: any thread of the parent.

#pragma once

#include <pthread.h>
#include <signal.h>

namespace snapfork {

// No signal reaches the calling thread while one of these lives.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Runs (self.*kRun)() on a thread that takes no signals. Returns 0 or an errno. Not std::thread:
// where no thread can be had, it would end the host.
template <typename Self, void (Self::*kRun)()>
int StartThread(pthread_t& thread, Self& self) {
  const AllSignalsBlocked blocked;  // a thread inherits the mask
  auto run = [](void* argument) -> void* {
    (static_cast<Self*>(argument)->*kRun)();
    return nullptr;
  };
  return pthread_create(&thread, nullptr, run, &self);
}

}  // namespace snapfork
