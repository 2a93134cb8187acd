// event_fd.h - a descriptor by which a thread wakes an event loop.

#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/status.h"

namespace snapfork {

class EventFd {
 public:
  EventFd() = default;
  ~EventFd() {
    if (fd_ >= 0) close(fd_);
  }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  Status Open() {
    fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd_ >= 0 ? Status() : Status::FromErrno(errno);
  }
  // From any thread. Nobody has to read it: who waits is told of each time (EPOLLET).
  void Raise() const { eventfd_write(fd_, 1); }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace snapfork
