// glob_test.cc - the pattern language of KEYS, and patterns made to stall.

#include "base/glob.h"

#include <string>

#include "test.h"

namespace {

using snapfork::GlobMatch;

TEST(Glob, MatchesLiteralsAndWildcards) {
  EXPECT_TRUE(GlobMatch("", ""));
  EXPECT_FALSE(GlobMatch("", "a"));
  EXPECT_TRUE(GlobMatch("***", "abc"));
  EXPECT_TRUE(GlobMatch("h?llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h?llo", "hllo"));
  EXPECT_TRUE(GlobMatch("h*llo", "hllo"));
  EXPECT_TRUE(GlobMatch("h*llo", "heeeello"));
  EXPECT_FALSE(GlobMatch("h*llo", "heeeellow"));
  EXPECT_TRUE(GlobMatch("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(GlobMatch("*a*b", "xxbxxa"));
  EXPECT_TRUE(GlobMatch("a*a", "aa"));
  EXPECT_FALSE(GlobMatch("a*a", "a"));
  EXPECT_FALSE(GlobMatch("a", "A"));
}

// Observed in redis-server 7.0.15, in KEYS, SCAN and PSUBSCRIBE.
TEST(Glob, MatchesAnEmptyTextWithTheEmptyPatternOnly) {
  EXPECT_FALSE(GlobMatch("*", ""));
  EXPECT_FALSE(GlobMatch("**", ""));
  EXPECT_FALSE(GlobMatch("?", ""));
  EXPECT_FALSE(GlobMatch("[^a]", ""));
}

TEST(Glob, MatchesClasses) {
  EXPECT_TRUE(GlobMatch("h[ae]llo", "hello"));
  EXPECT_FALSE(GlobMatch("h[ae]llo", "hillo"));
  EXPECT_TRUE(GlobMatch("h[^e]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(GlobMatch("h[c-a]llo", "hbllo"));
  EXPECT_FALSE(GlobMatch("h[a-c]llo", "hdllo"));
  EXPECT_TRUE(GlobMatch("[a\\]b]", "]"));
  EXPECT_FALSE(GlobMatch("[]", "a"));
  EXPECT_TRUE(GlobMatch("[abc", "b"));
  EXPECT_FALSE(GlobMatch("[", "["));
  EXPECT_TRUE(GlobMatch("*[0-9]", "key7"));
  EXPECT_TRUE(GlobMatch("[\x80-\xff]", "\xc3"));
}

TEST(Glob, TakesTheByteBehindABackslashLiterally) {
  EXPECT_TRUE(GlobMatch("\\*", "*"));
  EXPECT_FALSE(GlobMatch("\\*", "a"));
  EXPECT_TRUE(GlobMatch("a\\?b", "a?b"));
  EXPECT_TRUE(GlobMatch("a\\", "a\\"));
  EXPECT_TRUE(GlobMatch("*\\[x", "abc[x"));
}

TEST(Glob, IsBinarySafe) {
  const std::string text("a\0b", 3);
  EXPECT_TRUE(GlobMatch("a?b", text));
  EXPECT_TRUE(GlobMatch(text, text));
  EXPECT_FALSE(GlobMatch("a", text));
}

// By definition, without cleverness.
bool SlowMatch(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return SlowMatch(pattern.substr(1), text) ||
           (!text.empty() && SlowMatch(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  return (pattern[0] == '?' || pattern[0] == text[0]) &&
         SlowMatch(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithTheDefinitionOnRandomPatterns) {
  sf::Random random(102);
  for (int i = 0; i < 50000; ++i) {
    std::string pattern;
    std::string text;
    for (size_t n = random.Below(9); n > 0; --n) pattern += "ab*?"[random.Below(4)];
    for (size_t n = random.Below(12); n > 0; --n) text += "ab"[random.Below(2)];
    const bool expected = text.empty() ? pattern.empty() : SlowMatch(pattern, text);
    if (!EXPECT_EQ(GlobMatch(pattern, text), expected)) {
      sf::Fail(__FILE__, __LINE__, sf::Show(pattern) + " on " + sf::Show(text));
    }
  }
}

TEST(Glob, AnswersPatternsThatWouldBacktrackForEver) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatch(pattern + "b", std::string(20000, 'a')));
  EXPECT_TRUE(GlobMatch(pattern, std::string(20000, 'a')));
  EXPECT_FALSE(GlobMatch(std::string(100000, '*') + "b", std::string(1000, 'a')));
}

TEST(Glob, ReadsNothingBesideAnUnfinishedPattern) {
  sf::Random random(103);
  for (int i = 0; i < 20000; ++i) {
    std::string pattern;
    for (size_t n = random.Below(8); n > 0; --n) pattern += "[]^-\\*?a"[random.Below(8)];
    pattern.shrink_to_fit();
    const std::string text = random.Bytes(random.Below(4));
    const bool matched = GlobMatch(pattern, text);
    EXPECT_TRUE(!matched || text.empty() || GlobMatch(pattern + "*", text) ||
                pattern.ends_with('\\') || pattern.find('[') != std::string::npos);
  }
}

}  // namespace
