// string_lcs_test.cc - subsequences: as long as any, in both strings, in the stretches told.

#include "keyspace/string_lcs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "test.h"

namespace {

using namespace snapfork;

bool IsSubsequence(const std::string& text, const std::string& of) {
  size_t at = 0;
  for (const char c : of) {
    if (at < text.size() && text[at] == c) ++at;
  }
  return at == text.size();
}

// By trying every subsequence of `a`.
size_t LongestByTrying(const std::string& a, const std::string& b) {
  size_t longest = 0;
  for (uint32_t chosen = 0; chosen < 1u << a.size(); ++chosen) {
    std::string text;
    for (size_t i = 0; i < a.size(); ++i) {
      if ((chosen >> i & 1) != 0) text.push_back(a[i]);
    }
    if (text.size() > longest && IsSubsequence(text, b)) longest = text.size();
  }
  return longest;
}

TEST(StringLcs, IsAsLongAsAny) {
  sf::Random random(440);
  for (int turn = 0; turn < 300; ++turn) {
    std::string a(random.Below(9), ' ');
    std::string b(random.Below(12), ' ');
    for (std::string* text : {&a, &b}) {
      for (char& c : *text) c = static_cast<char>('a' + random.Below(3));
    }
    std::string text;
    std::vector<CommonRun> runs;
    uint64_t length = 0;
    ASSERT_OK(LongestCommonSubsequence(a, b, text, runs));
    ASSERT_OK(LcsLength(a, b, length));
    EXPECT_EQ(text.size(), LongestByTrying(a, b));
    EXPECT_EQ(text.size(), length);
    EXPECT_TRUE(IsSubsequence(text, a) && IsSubsequence(text, b));
    std::string joined;
    std::reverse(runs.begin(), runs.end());
    for (const CommonRun& run : runs) {
      EXPECT_EQ(a.substr(run.a, run.length), b.substr(run.b, run.length));
      joined += a.substr(run.a, run.length);
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(StringLcs, RefusesWhatWouldTakeTooMuchMemory) {
  const std::string long_text(20000, 'x');
  std::string text;
  std::vector<CommonRun> runs;
  uint64_t length = 0;
  EXPECT_EQ(LongestCommonSubsequence(long_text, long_text, text, runs).code(),
            StatusCode::kTooLargeToCompare);
  // The length alone takes two rows.
  ASSERT_OK(LcsLength(std::string(5000, 'x'), long_text, length));
  EXPECT_EQ(length, 5000);
}

}  // namespace
