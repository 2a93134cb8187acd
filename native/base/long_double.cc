// long_double.cc - strict text to long double and back.

#include "base/long_double.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace snapfork {

bool ParseLongDouble(std::string_view text, long double& value) {
  char copy[kLongDoubleTextMax];
  if (text.empty() || text.size() >= sizeof(copy)) return false;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  const unsigned char first = static_cast<unsigned char>(copy[0]);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return false;
  char* end = nullptr;
  errno = 0;
  value = std::strtold(copy, &end);
  const bool out_of_range =
      errno == ERANGE && (std::isinf(value) || std::fpclassify(value) == FP_ZERO);
  return end == copy + text.size() && !out_of_range && !std::isnan(value);
}

size_t FormatLongDouble(long double value, char* to) {
  int length = std::snprintf(to, kLongDoubleTextMax, "%.17Lf", value);
  if (std::memchr(to, '.', static_cast<size_t>(length)) != nullptr) {
    while (to[length - 1] == '0') --length;
    if (to[length - 1] == '.') --length;
  }
  if (length == 2 && to[0] == '-' && to[1] == '0') {
    to[0] = '0';
    length = 1;
  }
  return static_cast<size_t>(length);
}

}  // namespace snapfork
