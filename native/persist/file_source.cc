// file_source.cc - read and posix_fadvise.

#include "persist/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace snapfork {

Status FileSource::Open() {
  struct stat info;
  if (fstat(fd_, &info) != 0) return Status::FromErrno(errno);
  if (S_ISREG(info.st_mode)) {
    total_bytes_ = static_cast<uint64_t>(info.st_size);
    posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);  // Advice: a failure does not matter.
  }
  return Status();
}

Status FileSource::Read(void* to, size_t capacity, size_t& bytes) {
  // Small enough that the progress of a huge string is seen.
  constexpr size_t kReadBytesMax = 4u << 20;
  capacity = std::min(capacity, kReadBytesMax);
  bytes = 0;
  ssize_t got;
  do {
    got = read(fd_, to, capacity);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Status::FromErrno(errno, static_cast<int64_t>(offset_));
  bytes = static_cast<size_t>(got);
  offset_ += bytes;
  return Status();
}

}  // namespace snapfork
