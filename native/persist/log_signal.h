// log_signal.h - what the log's thread tells an event loop: how far the disk is, or that it may
// never have what was logged.
//
// Whoever awaits it and then looks at LogThread::synced() misses nothing: either that is far enough
// already, or it is told.
//
// Runs in: Tell and TellLost on the log's thread; the rest on the owner's.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/event_fd.h"
#include "base/status.h"

namespace snapfork {

class LogSignal {
 public:
  struct News {
    uint64_t durable;  // bytes of the log, or 0
    bool is_lost;
  };

  Status Open() { return wake_.Open(); }
  // Raised when there are news.
  int fd() const { return wake_.fd(); }
  void Raise() const { wake_.Raise(); }
  // While nobody awaits them nothing is told, and nobody woken.
  void Await(bool is_awaited) { is_awaited_ = is_awaited; }
  News Take() { return {durable_.exchange(0), is_lost_.exchange(false)}; }

  void Tell(uint64_t durable) {
    if (!is_awaited_) return;
    durable_ = durable;
    Raise();
  }
  void TellLost() {
    if (!is_awaited_) return;
    is_lost_ = true;
    Raise();
  }

 private:
  EventFd wake_;
  std::atomic<uint64_t> durable_{0};
  std::atomic<bool> is_lost_{false};
  std::atomic<bool> is_awaited_{false};
};

}  // namespace snapfork
