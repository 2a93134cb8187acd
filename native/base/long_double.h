// long_double.h - the numbers of INCRBYFLOAT and HINCRBYFLOAT.

#pragma once

#include <cstddef>
#include <string_view>

namespace snapfork {

// Room for the text of any long double: the longest has 4,933 digits before the point.
inline constexpr size_t kLongDoubleTextMax = 5 * 1024;

// Text of a finite or infinite number, nothing else: no blanks, no NaN.
bool ParseLongDouble(std::string_view text, long double& value);

// At most 17 decimals, trailing zeros gone, no exponent. `to` has kLongDoubleTextMax bytes. Returns
// the length.
size_t FormatLongDouble(long double value, char* to);

}  // namespace snapfork
