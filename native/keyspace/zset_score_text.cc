// zset_score_text.cc - scores as text, as far as the child needs it.
//
// std::to_chars and std::from_chars of doubles work with tables and the stack alone, in every
// locale; printf(3) and strtod(3) need not.

#include <charconv>
#include <cmath>

#include "keyspace/zset_score.h"

namespace snapfork {

bool ParsePlainScore(std::string_view text, double& score) {
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, score);
  return error == std::errc() && parsed == end && !std::isnan(score);
}

size_t FormatScore(double score, char* to) {
  constexpr int kDigits = 17;
  char* const limit = to + kDoubleTextMax;
  const auto [end, error] = std::to_chars(to, limit, score, std::chars_format::general, kDigits);
  static_cast<void>(error);
  return static_cast<size_t>(end - to);
}

}  // namespace snapfork
