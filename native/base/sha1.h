// sha1.h - SHA-1, by which scripts are named. No protection against collisions is expected of it.

#pragma once

#include <array>
#include <string_view>

namespace snapfork {

// 40 digits in lower case.
using Sha1Text = std::array<char, 40>;

Sha1Text Sha1Hex(std::string_view bytes);

}  // namespace snapfork
