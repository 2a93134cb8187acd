// io.cc - write, fsync, fsync of a directory, and posix_fadvise.

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

namespace snapfork {

Status WriteFully(int fd, const void* data, size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(fd, at, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      return Status::FromErrno(errno);
    }
    // No file or pipe takes nothing without an error; do not spin if one does.
    if (written == 0) return Status::FromErrno(EIO);
    at += written;
    bytes -= static_cast<size_t>(written);
  }
  return Status();
}

Status SyncFile(int fd) {
  while (fsync(fd) != 0) {
    if (errno != EINTR) return Status::FromErrno(errno);
  }
  return Status();
}

void DropFromCache(int fd, uint64_t bytes) {
  posix_fadvise(fd, 0, static_cast<off_t>(bytes), POSIX_FADV_DONTNEED);
}

Status SyncDirectoryOf(const char* path) {
  char directory[PATH_MAX];
  size_t length = 0;
  for (size_t i = 0; path[i] != '\0'; ++i) {
    if (path[i] == '/') length = i == 0 ? 1 : i;
  }
  if (length >= sizeof(directory)) return Status::FromErrno(ENAMETOOLONG);
  if (length == 0) {
    directory[length++] = '.';
  } else {
    memcpy(directory, path, length);
  }
  directory[length] = '\0';
  const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Status::FromErrno(errno);
  const Status status = SyncFile(fd);
  close(fd);
  return status;
}

}  // namespace snapfork
