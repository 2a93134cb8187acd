// log_reader.cc - parsing, refilling, and telling damage at the end from damage in the middle.

#include "persist/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/crc64.h"
#include "base/limits.h"
#include "base/number.h"
#include "persist/log_block.h"

namespace snapfork {
namespace {

constexpr size_t kBufferBytes = 1u << 20;
// Longest annotation, and head of a command or word: Redis's limit.
constexpr size_t kLineBytesMax = 1024;
constexpr int64_t kWordsMax = 1 << 24;

// Of an annotation without its line feed; INT64_MIN if it tells no time.
int64_t SecondOf(std::string_view line) {
  constexpr std::string_view kMark = "#TS:";
  if (!line.starts_with(kMark)) return INT64_MIN;
  line.remove_prefix(kMark.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  int64_t second;
  return ParseInteger(line, second) ? second : INT64_MIN;
}

}  // namespace

LogReader::~LogReader() {
  if (fd_ >= 0) close(fd_);
}

Status LogReader::Open(const std::string& path, uint64_t offset) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return Status::FromErrno(errno);
  struct stat facts;
  if (fstat(fd_, &facts) != 0) return Status::FromErrno(errno);
  total_bytes_ = static_cast<uint64_t>(facts.st_size);
  SeekTo(offset);
  return Status();
}

void LogReader::SeekTo(uint64_t offset) {
  if (offset >= buffer_offset_ && offset <= buffer_offset_ + bytes_) {
    at_ = static_cast<size_t>(offset - buffer_offset_);
    return;
  }
  buffer_offset_ = offset;
  bytes_ = 0;
  at_ = 0;
}

bool LogReader::Fill() {
  ++fills_;
  const size_t kept = bytes_ - at_;
  // A command that fills the buffer needs a larger one.
  const size_t wanted = std::max(kBufferBytes, kept * 2);
  if (kept > 0) std::memmove(buffer_.data(), buffer_.data() + at_, kept);
  buffer_offset_ += at_;
  at_ = 0;
  bytes_ = kept;
  if (!buffer_.Reserve(wanted)) {
    error_ = Status(StatusCode::kOutOfMemory);
    return false;
  }
  ssize_t count;
  do {
    count = pread(fd_, buffer_.data() + kept, buffer_.capacity() - kept,
                  static_cast<off_t>(buffer_offset_ + kept));
  } while (count < 0 && errno == EINTR);
  if (count < 0) error_ = Status::FromErrno(errno);
  if (count <= 0) return false;
  bytes_ += static_cast<size_t>(count);
  return true;
}

// A line without its end; false if it is not all there. `bad` if it can be none.
bool LogReader::ReadLine(size_t& at, std::string_view& line, bool& bad) const {
  const std::string_view rest(buffer_.data() + at, bytes_ - at);
  const size_t end = rest.substr(0, kLineBytesMax).find('\n');
  if (end == std::string_view::npos) {
    bad = rest.size() >= kLineBytesMax;
    return false;
  }
  bad = end == 0 || rest[end - 1] != '\r';
  line = rest.substr(0, bad ? 0 : end - 1);
  at += end + 1;
  return !bad;
}

// kCommand if one may follow.
LogReader::Parsed LogReader::SkipAnnotations(size_t& at) {
  is_behind_room_ = false;
  damaged_end_ = 0;
  while (at < bytes_ && buffer_.data()[at] == '#') {
    // An annotation may end with a line feed alone.
    const std::string_view rest(buffer_.data() + at, bytes_ - at);
    const size_t end = rest.substr(0, kLineBytesMax).find('\n');
    if (end == std::string_view::npos) {
      return rest.size() >= kLineBytesMax ? Parsed::kBad : Parsed::kIncomplete;
    }
    const std::string_view line = rest.substr(0, end);
    if (SecondOf(line) > last_second_) return Parsed::kTooLate;
    is_behind_room_ |= IsRoom(line);
    if (line.starts_with(kBlockMark)) {
      uint64_t block_end;
      const Block block = BlockAt(at, block_end);
      if (block == Block::kIncomplete) return Parsed::kIncomplete;
      is_behind_room_ = false;
      if (block == Block::kDamaged) {
        damaged_end_ = block_end;
        return Parsed::kBad;
      }
    }
    at += end + 1;
  }
  return at == bytes_ ? Parsed::kNothing : Parsed::kCommand;
}

// The block whose head begins at `at`. `end` is where it ends, if its head tells.
LogReader::Block LogReader::BlockAt(size_t at, uint64_t& end) const {
  const std::string_view rest(buffer_.data() + at, bytes_ - at);
  const size_t line_end = rest.substr(0, kLineBytesMax).find('\n');
  end = buffer_offset_ + at + kBlockHeadBytesMax + kBlockBytesMax;
  if (line_end == std::string_view::npos) {
    return rest.size() >= kLineBytesMax ? Block::kDamaged : Block::kIncomplete;
  }
  BlockHead head;
  if (!ParseBlockHead(rest.substr(0, line_end), head) || head.bytes > kBlockBytesMax) {
    return Block::kDamaged;
  }
  const uint64_t start = buffer_offset_ + at + line_end + 1;
  end = start + head.bytes;
  if (end > total_bytes_) return Block::kLonger;
  const std::string_view content = rest.substr(line_end + 1).substr(0, head.bytes);
  if (content.size() < head.bytes) return Block::kIncomplete;
  return Crc64(0, content.data(), content.size()) == head.sum ? Block::kWhole : Block::kDamaged;
}

LogReader::Parsed LogReader::Parse() {
  size_t at = at_;
  Parsed parsed = SkipAnnotations(at);
  const uint64_t start = buffer_offset_ + at;
  if (parsed == Parsed::kCommand) parsed = ParseCommand(at);
  const bool is_command = parsed == Parsed::kCommand;
  if (is_behind_room_ && is_command && words_[0] != "SELECT") parsed = Parsed::kBad;
  if (is_behind_room_ && parsed == Parsed::kBad) damaged_end_ = start + kBlockBytesMax;
  if (parsed == Parsed::kCommand) at_ = at;
  return parsed;
}

LogReader::Parsed LogReader::ParseCommand(size_t& at) {
  std::string_view line;
  bool bad = false;
  const auto incomplete = [&] { return bad ? Parsed::kBad : Parsed::kIncomplete; };
  if (buffer_.data()[at] != '*') return Parsed::kBad;
  if (!ReadLine(at, line, bad)) return incomplete();
  int64_t count;
  if (!ParseInteger(line.substr(1), count) || count < 1 || count > kWordsMax) return Parsed::kBad;
  words_.clear();
  for (int64_t i = 0; i < count; ++i) {
    if (at == bytes_) return Parsed::kIncomplete;
    if (buffer_.data()[at] != '$') return Parsed::kBad;
    if (!ReadLine(at, line, bad)) return incomplete();
    int64_t length;
    if (!ParseInteger(line.substr(1), length) || length < 0) return Parsed::kBad;
    if (static_cast<uint64_t>(length) > kStringBytesMax) return Parsed::kBad;
    const auto size = static_cast<size_t>(length);
    if (bytes_ - at < size + 2) return Parsed::kIncomplete;
    words_.emplace_back(buffer_.data() + at, size);
    at += size;
    if (buffer_.data()[at] != '\r' || buffer_.data()[at + 1] != '\n') return Parsed::kBad;
    at += 2;
  }
  return Parsed::kCommand;
}

LogReader::Outcome LogReader::Next() {
  command_offset_ = next_offset();
  while (true) {
    const Parsed parsed = Parse();
    if (parsed == Parsed::kCommand) return Outcome::kCommand;
    if (parsed == Parsed::kTooLate) return Outcome::kStopped;
    if (parsed == Parsed::kBad) {
      return IsZeroTail() || IsTornBlock() ? Outcome::kTorn : Outcome::kBad;
    }
    if (Fill()) continue;
    if (!error_.ok()) return Outcome::kFailed;
    if (parsed == Parsed::kNothing) return Outcome::kEnd;
    return Outcome::kTorn;
  }
}

// Loses the position.
template <typename Predicate>
bool LogReader::HasOnlyBehind(uint64_t offset, Predicate may_be) {
  SeekTo(offset);
  while (true) {
    const std::string_view rest = behind();
    if (!std::all_of(rest.begin(), rest.end(), may_be)) return false;
    at_ = bytes_;
    if (!Fill()) return error_.ok();
  }
}

bool LogReader::IsZeroTail() {
  return HasOnlyBehind(command_offset_, [](char byte) { return byte == '\0'; });
}

// Only the last block can be torn: behind it there is room, and no other block.
bool LogReader::IsTornBlock() {
  return damaged_end_ > 0 && HasOnlyBehind(damaged_end_, MayBeRoom) && !HasBlockBehind();
}

bool LogReader::HasBlockBehind() {
  uint64_t offset = command_offset_ + 1;
  while (true) {
    SeekTo(offset);
    const size_t found = behind().find(kBlockMark);
    if (found == std::string_view::npos) {
      // The end of the buffer may cut a mark.
      at_ += behind().size() - std::min(behind().size(), kBlockMark.size() - 1);
      if (!Fill()) return false;
      offset = next_offset();
      continue;
    }
    offset = next_offset() + found;
    SeekTo(offset);
    uint64_t end;
    Block block = BlockAt(at_, end);
    while (block == Block::kIncomplete && Fill()) block = BlockAt(at_, end);
    if (block == Block::kWhole) return true;
    ++offset;
  }
}

bool LogReader::HasCommandBehind() {
  uint64_t offset = command_offset_;
  while (true) {
    SeekTo(offset + 1);
    if (at_ == bytes_ && !Fill()) return false;
    const auto* const star = static_cast<const char*>(
        std::memchr(buffer_.data() + at_, '*', bytes_ - at_));
    if (star == nullptr) {
      offset = buffer_offset_ + bytes_ - 1;
      continue;
    }
    offset = buffer_offset_ + static_cast<uint64_t>(star - buffer_.data());
    SeekTo(offset);
    const auto parse = [this] {
      size_t at = at_;
      return ParseCommand(at);
    };
    Parsed parsed = parse();
    while (parsed == Parsed::kIncomplete && Fill()) parsed = parse();
    if (parsed == Parsed::kCommand) return true;
    SeekTo(offset);
  }
}

}  // namespace snapfork
