// zset_score.cc - scores read and printed.

#include "keyspace/zset_score.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

namespace snapfork {

bool ParseScore(std::string_view text, double& score) {
  // Most are plain decimals.
  if (ParsePlainScore(text, score)) return true;
  if (text.empty()) return false;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return false;
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  score = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || std::isnan(score)) return false;
  return errno != ERANGE || (!std::isinf(score) && std::fpclassify(score) != FP_ZERO);
}

bool ParseScoreBound(std::string_view text, double& score, bool& exclusive) {
  exclusive = !text.empty() && text[0] == '(';
  const std::string copy(exclusive ? text.substr(1) : text);
  char* end = nullptr;
  score = std::strtod(copy.c_str(), &end);
  return *end == 0 && !std::isnan(score);
}

size_t FormatShortest(double score, char* to) {
  const auto [end, error] = std::to_chars(to, to + kDoubleTextMax, score);
  static_cast<void>(error);
  return static_cast<size_t>(end - to);
}

double ScoreOfText(const PackElement& item) {
  if (item.is_integer()) return static_cast<double>(item.integer);
  double score = 0;
  return ParseScore({item.text, item.bytes}, score) ? score : 0;
}

}  // namespace snapfork
