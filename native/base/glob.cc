// glob.cc - matching with one remembered star.

#include "base/glob.h"

#include <cstddef>
#include <utility>

namespace snapfork {
namespace {

// Matches the class that starts behind '[' at `at` against `byte`, and moves `at` behind it. A
// class that is not closed ends with the pattern.
bool MatchClass(std::string_view pattern, size_t& at, unsigned char byte) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool matched = false;
  while (at < pattern.size() && pattern[at] != ']') {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      matched |= static_cast<unsigned char>(pattern[at + 1]) == byte;
      at += 2;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      unsigned char low = static_cast<unsigned char>(pattern[at]);
      unsigned char high = static_cast<unsigned char>(pattern[at + 2]);
      if (low > high) std::swap(low, high);
      matched |= low <= byte && byte <= high;
      at += 3;
    } else {
      matched |= static_cast<unsigned char>(pattern[at]) == byte;
      ++at;
    }
  }
  if (at < pattern.size()) ++at;
  return matched != negated;
}

// Matches one element other than '*' and moves `at` behind it.
bool MatchOne(std::string_view pattern, size_t& at, unsigned char byte) {
  const char element = pattern[at++];
  if (element == '?') return true;
  if (element == '[') return MatchClass(pattern, at, byte);
  if (element == '\\' && at < pattern.size()) {
    return static_cast<unsigned char>(pattern[at++]) == byte;
  }
  return static_cast<unsigned char>(element) == byte;
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text) {
  if (text.empty()) return pattern.empty();
  size_t at = 0;
  size_t position = 0;
  size_t after_star = std::string_view::npos;
  size_t star_position = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_position = position;
      continue;
    }
    if (at < pattern.size()) {
      size_t next = at;
      if (MatchOne(pattern, next, static_cast<unsigned char>(text[position]))) {
        at = next;
        ++position;
        continue;
      }
    }
    if (after_star == std::string_view::npos) return false;
    // The star takes one byte more.
    at = after_star;
    position = ++star_position;
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace snapfork
