// glob.h - the patterns of KEYS and SCAN MATCH.
//
//   *        any bytes, also none        [abc]    one of these bytes
//   ?        exactly one byte            [^abc]   none of these
//   \x       the byte x itself           [a-z]    a range, either way round
//
// An empty text matches the empty pattern only, not even `*`: so Redis 7.0 has it. KEYS and SCAN
// take a lone `*` for "all" and so never ask.

#pragma once

#include <string_view>

namespace snapfork {

// Cost: at most pattern bytes times text bytes; no recursion, so no pattern can stall or overflow.
bool GlobMatch(std::string_view pattern, std::string_view text);

// The MATCH of a scan: a lone star takes the empty name too, which no other star matches.
inline bool ScanMatch(std::string_view pattern, std::string_view text) {
  return pattern == "*" || GlobMatch(pattern, text);
}

}  // namespace snapfork
