// number.cc - strict text to int64 and back.

#include "base/number.h"

#include <charconv>
#include <limits>

namespace snapfork {

bool ParseInteger(std::string_view text, int64_t& value) {
  if (text.empty() || text.size() > kIntegerTextMax) return false;
  const bool negative = text[0] == '-';
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty()) return false;
  if (digits[0] == '0') {
    if (digits.size() != 1 || negative) return false;
    value = 0;
    return true;
  }
  uint64_t magnitude = 0;
  for (char c : digits) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    if (__builtin_mul_overflow(magnitude, uint64_t{10}, &magnitude) ||
        __builtin_add_overflow(magnitude, uint64_t{digit}, &magnitude)) {
      return false;
    }
  }
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kMax + (negative ? 1 : 0)) return false;
  value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

size_t FormatInteger(int64_t value, char* to) {
  return static_cast<size_t>(std::to_chars(to, to + kIntegerTextMax, value).ptr - to);
}

}  // namespace snapfork
