// number.h - strict text to int64 and back, as Redis decides it.
//
// "Canonical" is the decimal text that FormatInteger would print: no plus sign, no leading
// zeros, no "-0", no blanks. Only such text may be stored as an integer, since only such text
// comes back the same.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace snapfork {

// Longest canonical int64: "-9223372036854775808".
inline constexpr size_t kIntegerTextMax = 20;

// True and sets `value` if `text` is the canonical decimal text of an int64.
bool ParseInteger(std::string_view text, int64_t& value);

// Writes the canonical text to `to` (at least kIntegerTextMax bytes); returns its length.
size_t FormatInteger(int64_t value, char* to);

// An integer as text, as long as this lives.
class IntegerText {
 public:
  explicit IntegerText(int64_t value) : bytes_(FormatInteger(value, digits_)) {}
  operator std::string_view() const { return {digits_, bytes_}; }

 private:
  char digits_[kIntegerTextMax];
  size_t bytes_;
};

}  // namespace snapfork
