// command_format.h - commands as the append-only file of Redis has them.
//
//   *<words> CR LF ( $<bytes> CR LF <word> CR LF ) ...
//   #TS:<Unix time in seconds> CR LF           between two commands
//
// Put... writes at `to`, where the caller has made room, and returns the end.
//
// Runs in: parent and child.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/child_safe.h"
#include "base/number.h"

namespace snapfork {

// Of a number with its mark and line end.
inline constexpr size_t kCommandNumberBytesMax = 1 + kIntegerTextMax + 2;
// What is around a word.
inline constexpr size_t kWordOverheadMax = kCommandNumberBytesMax + 2;
inline constexpr std::string_view kTimestampMark = "#TS:";
inline constexpr size_t kTimestampBytesMax = kTimestampMark.size() + kIntegerTextMax + 2;

SF_CHILD_SAFE inline char* PutLineEnd(char* to) {
  to[0] = '\r';
  to[1] = '\n';
  return to + 2;
}

// `*` and the words of a command, or `$` and the bytes of a word.
SF_CHILD_SAFE inline char* PutNumber(char* to, char mark, size_t number) {
  *to++ = mark;
  if (number < 10) {
    *to++ = static_cast<char>('0' + number);
  } else {
    to += FormatInteger(static_cast<int64_t>(number), to);
  }
  return PutLineEnd(to);
}

SF_CHILD_SAFE inline char* PutWord(char* to, std::string_view word) {
  to = PutNumber(to, '$', word.size());
  if (!word.empty()) std::memcpy(to, word.data(), word.size());
  return PutLineEnd(to + word.size());
}

SF_CHILD_SAFE inline char* PutTimestamp(char* to, int64_t second) {
  std::memcpy(to, kTimestampMark.data(), kTimestampMark.size());
  to += kTimestampMark.size();
  return PutLineEnd(to + FormatInteger(second, to));
}

}  // namespace snapfork
