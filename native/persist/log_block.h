// log_block.h - what is around the commands of a file that is synced with every write: heads of
// blocks, and room that is there before it is needed.
//
//   #BLOCK:<CRC-64 of what follows, 16 hex digits> <its bytes> [blanks] CR LF   commands ...
//   ##...# CR LF                                                                room
//
// A write behind the end of a file changes its length, which the file system has to sync as well: a
// journal's commit for each of them. One into room that was written before is the data alone. What
// is there instead if power fails halfway shows by the checksum.
//
// Both are annotations to Redis, which passes over them. So a file may be read there, and written
// behind its room: that ends with a line end.
//
// Room is lines that end where the offset in the file is a multiple of kRoomLineBytes. A block
// never ends within the line end of one, as the rest would be no annotation: blanks in its head see
// to it.
//
// Format: ours; annotations are of Redis 7.
//
// Runs in: any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/number.h"

namespace snapfork {

inline constexpr std::string_view kBlockMark = "#BLOCK:";
inline constexpr size_t kSumDigits = 16;
// Without blanks.
inline constexpr size_t kBlockHeadBytesMax =
    kBlockMark.size() + kSumDigits + 1 + kIntegerTextMax + 2;
// More commands than that are written without a head.
inline constexpr size_t kBlockBytesMax = 1u << 20;

inline constexpr size_t kRoomLineBytes = 512;
inline constexpr size_t kLineEndBytes = 2;

struct BlockHead {
  uint64_t sum;
  uint64_t bytes;
};

// Writes a head for a place in the file, at most kBlockHeadBytesMax + kLineEndBytes bytes; returns
// its end.
inline char* PutBlockHead(char* to, const BlockHead& head, uint64_t offset) {
  const char* const start = to;
  std::memcpy(to, kBlockMark.data(), kBlockMark.size());
  to += kBlockMark.size();
  for (size_t i = 0; i < kSumDigits; ++i) {
    *to++ = "0123456789abcdef"[(head.sum >> (60 - 4 * i)) & 15];
  }
  *to++ = ' ';
  to += FormatInteger(static_cast<int64_t>(head.bytes), to);
  const uint64_t end =
      offset + static_cast<uint64_t>(to - start) + kLineEndBytes + head.bytes;
  const uint64_t rest = (kRoomLineBytes - end % kRoomLineBytes) % kRoomLineBytes;
  for (uint64_t blanks = rest <= kLineEndBytes ? rest : 0; blanks > 0; --blanks) *to++ = ' ';
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

// Of a line without its line feed; false if it is no head.
inline bool ParseBlockHead(std::string_view line, BlockHead& head) {
  if (!line.starts_with(kBlockMark)) return false;
  line.remove_prefix(kBlockMark.size());
  if (line.size() < kSumDigits + 1 || line[kSumDigits] != ' ') return false;
  if (!line.ends_with('\r')) return false;
  head.sum = 0;
  for (const char digit : line.substr(0, kSumDigits)) {
    const bool is_letter = digit >= 'a' && digit <= 'f';
    if (!is_letter && (digit < '0' || digit > '9')) return false;
    head.sum = head.sum << 4 | static_cast<uint64_t>(is_letter ? digit - 'a' + 10 : digit - '0');
  }
  line = line.substr(kSumDigits + 1, line.size() - kSumDigits - 2);
  while (line.ends_with(' ')) line.remove_suffix(1);
  int64_t bytes;
  if (!ParseInteger(line, bytes) || bytes < 0) return false;
  head.bytes = static_cast<uint64_t>(bytes);
  return true;
}

// Whether an annotation without its line feed is room, or ends in it: something may have been there
// in part.
inline bool IsRoom(std::string_view line) { return line.ends_with("#\r"); }

inline bool MayBeRoom(char byte) { return byte == '#' || byte == '\r' || byte == '\n'; }

}  // namespace snapfork
