// string_lcs.h - the longest common subsequence of two strings.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace snapfork {

// A stretch of the subsequence that lies in one piece in both strings.
struct CommonRun {
  uint64_t a;  // where it begins
  uint64_t b;
  uint64_t length;
};

// Cost: time and, for text or runs, memory of the product of both lengths; kTooLargeToCompare if
// that would pass kStringBytesMax.
Status LcsLength(std::string_view a, std::string_view b, uint64_t& length);
// The text, and its stretches from the last to the first. Of several subsequences of that length
// the one that Redis's LCS finds.
Status LongestCommonSubsequence(std::string_view a, std::string_view b, std::string& text,
                                std::vector<CommonRun>& runs);

}  // namespace snapfork
