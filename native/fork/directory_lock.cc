// directory_lock.cc - open and flock.

#include "fork/directory_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/check.h"

namespace snapfork {

Status DirectoryLock::Acquire(const char* path) {
  SF_CHECK(fd_ < 0);
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Status::FromErrno(errno);
  int result;
  do {
    result = flock(fd, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    const int error = errno;
    close(fd);
    return error == EWOULDBLOCK ? Status(StatusCode::kLocked, error) : Status::FromErrno(error);
  }
  fd_ = fd;
  return Status();
}

void DirectoryLock::Release() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace snapfork
