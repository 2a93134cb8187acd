// file_sink.cc - write and sync_file_range.

#include "persist/file_sink.h"

#include <errno.h>
#include <fcntl.h>

#include "base/io.h"

namespace snapfork {

Status FileSink::Write(const void* data, size_t bytes) {
  const Status status = WriteFully(fd_, data, bytes);
  if (!status.ok()) {
    return Status(status.code(), status.errno_value(), static_cast<int64_t>(offset_));
  }
  offset_ += bytes;
  if (early_writeback_ && offset_ - started_ >= kWindowBytes) return StartWriteback();
  return Status();
}

Status FileSink::StartWriteback() {
  const uint64_t end = offset_ - (offset_ - started_) % kWindowBytes;
  int result = sync_file_range(fd_, static_cast<off64_t>(started_),
                               static_cast<off64_t>(end - started_), SYNC_FILE_RANGE_WRITE);
  started_ = end;
  const uint64_t waited = end - finished_ > 2 * kWindowBytes ? end - 2 * kWindowBytes : finished_;
  if (result == 0 && waited > finished_) {
    constexpr unsigned kWait =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    result = sync_file_range(fd_, static_cast<off64_t>(finished_),
                             static_cast<off64_t>(waited - finished_), kWait);
    finished_ = waited;
  }
  if (result == 0) return Status();
  // Not a regular file, or a file system that cannot: the final fsync does it all.
  if (errno == ESPIPE || errno == EINVAL || errno == ENOSYS) {
    early_writeback_ = false;
    return Status();
  }
  // A write of earlier pages failed, and fsync may not report it again.
  return Status::FromErrno(errno, static_cast<int64_t>(offset_));
}

}  // namespace snapfork
