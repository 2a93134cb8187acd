// directory_lock.h - one engine a directory.
//
// An flock(2) on a file in it: gone with the process however it ends, and refused within the same
// process too. A forked child holds it until it has closed the descriptor, a moment after the fork.

#pragma once

#include "base/status.h"

namespace snapfork {

class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock() { Release(); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  // Makes the file if need be. kLocked if somebody else holds it; kIo with errno.
  Status Acquire(const char* path);
  // The file stays: removing it would let two holders in.
  void Release();

 private:
  int fd_ = -1;
};

}  // namespace snapfork
