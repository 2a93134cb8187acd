// log_file.cc - writing, blocks, and room for them.

#include "persist/log_file.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/crc64.h"
#include "persist/log_block.h"

namespace snapfork {
namespace {

// As much room as the file has bytes, within these.
constexpr uint64_t kRoomBytesMin = 64u << 10;
constexpr uint64_t kRoomBytesMax = 1u << 20;
// So long none is made again where there was no space for it.
constexpr int64_t kNoRoomMs = 10'000;

int64_t NowMs() { return MonotonicMicros() / 1000; }

// Lines of room from one offset to another, where a line ends.
void AppendRoom(ByteBuffer& to, uint64_t start, uint64_t end) {
  while (start < end) {
    uint64_t line = kRoomLineBytes - start % kRoomLineBytes;
    // Too short for a line of its own.
    if (line <= kLineEndBytes) line += kRoomLineBytes;
    char* const at = to.Reserve(line);
    std::memset(at, '#', line - kLineEndBytes);
    at[line - 2] = '\r';
    at[line - 1] = '\n';
    to.EndAt(at + line);
    start += line;
  }
}

}  // namespace

void LogFile::Open(int fd, uint64_t bytes) {
  fd_ = fd;
  bytes_ = bytes;
  room_end_ = 0;
  has_unsynced_block_ = false;
  sync_error_ = 0;
  no_room_until_ms_ = 0;
}

void LogFile::Close() {
  if (fd_ < 0) return;
  CutRoom();
  close(fd_);
  fd_ = -1;
}

int LogFile::Sync() {
  const int error = fdatasync(fd_) == 0 ? 0 : errno;
  if (error == 0) has_unsynced_block_ = false;
  if (sync_error_ == 0) sync_error_ = error;
  return error;
}

// (B2)
bool LogFile::Settle() { return !has_unsynced_block_ || Sync() == 0; }

// (B3) Behind a failed sync nothing counts until another file does: there it may stay.
bool LogFile::CutRoom() {
  if (room_end_ <= bytes_) return true;
  if (sync_error_ == 0) Settle();
  if (ftruncate(fd_, static_cast<off_t>(bytes_)) != 0 && sync_error_ == 0) return false;
  room_end_ = 0;
  return true;
}

// 0, or why no more than `done` bytes are written.
int LogFile::WriteAt(uint64_t offset, std::string_view bytes, size_t& done) {
  while (done < bytes.size()) {
    const ssize_t count =
        pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count > 0) {
      done += static_cast<size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      return count == 0 ? EIO : errno;
    }
  }
  return 0;
}

size_t LogFile::Append(std::string_view bytes, int& error) {
  size_t done = 0;
  error = CutRoom() ? WriteAt(bytes_, bytes, done) : EIO;
  bytes_ += done;
  return done;
}

// Room to `end` and more. (B1)
bool LogFile::MakeRoom(uint64_t end) {
  if (end <= room_end_) return true;
  if (NowMs() < no_room_until_ms_ || !Settle()) return false;
  const uint64_t more = std::clamp(bytes_, kRoomBytesMin, kRoomBytesMax);
  const uint64_t start = std::max(bytes_, room_end_);
  const uint64_t room_end = (end + more) / kRoomLineBytes * kRoomLineBytes;
  block_.clear();
  AppendRoom(block_, start, room_end);
  size_t done = 0;
  const bool is_made = WriteAt(start, block_.view(), done) == 0;
  if (done > 0) room_end_ = start + done;
  if (is_made && Sync() == 0) return true;
  CutRoom();
  no_room_until_ms_ = NowMs() + kNoRoomMs;
  return false;
}

bool LogFile::AppendBlock(std::string_view commands) {
  if (commands.size() > kBlockBytesMax || sync_error_ != 0) return false;
  const size_t head_bytes_max = kBlockHeadBytesMax + kLineEndBytes;
  if (!MakeRoom(bytes_ + head_bytes_max + commands.size()) || !Settle()) return false;
  block_.clear();
  char* const head = block_.Reserve(head_bytes_max + commands.size());
  const uint64_t sum = Crc64(0, commands.data(), commands.size());
  block_.EndAt(PutBlockHead(head, {sum, commands.size()}, bytes_));
  const size_t head_bytes = block_.view().size();
  block_.Append(commands);
  size_t done = 0;
  has_unsynced_block_ = true;
  if (WriteAt(bytes_, block_.view(), done) != 0) return false;
  bytes_ += done;
  head_bytes_ += head_bytes;
  return true;
}

}  // namespace snapfork
