// file_sink.cc - write, sync_file_range and posix_fadvise.

#include "persist/file_sink.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "base/io.h"

namespace snapfork {

Status FileSink::Write(const void* data, size_t bytes) {
  if (limit_.on()) return WriteLimited(static_cast<const uint8_t*>(data), bytes);
  return WriteSlice(data, bytes);
}

Status FileSink::WriteLimited(const uint8_t* data, size_t bytes) {
  while (bytes > 0) {
    const size_t slice = std::min<size_t>(bytes, limit_.SliceBytes());
    SF_RETURN_IF_ERROR(WriteSlice(data, slice));
    Pause(limit_.Spend(slice, options_.now_micros()));
    data += slice;
    bytes -= slice;
  }
  return Status();
}

// (F2)
void FileSink::Pause(int64_t micros) {
  while (micros > 0) {
    const int64_t nap = std::min(micros, kNapMicrosMax);
    options_.nap(nap);
    micros -= nap;
    if (options_.beats != nullptr) options_.beats->fetch_add(1, std::memory_order_relaxed);
  }
}

Status FileSink::WriteSlice(const void* data, size_t bytes) {
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
    // From the start: pages that were busy last time go now.
    if (options_.drops_cache) DropFromCache(fd_, waited);
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
