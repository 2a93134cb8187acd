// number_test.cc - what is canonical integer text and what is not.

#include "base/number.h"

#include <cstdint>
#include <string>

#include "test.h"

namespace {

using snapfork::FormatInteger;
using snapfork::kIntegerTextMax;
using snapfork::ParseInteger;

std::string Format(int64_t value) {
  char text[kIntegerTextMax];
  return {text, FormatInteger(value, text)};
}

TEST(Number, ReadsAndWritesTheLimits) {
  for (const char* text : {"0", "1", "-1", "9", "10", "-10", "9223372036854775807",
                           "-9223372036854775808", "1000000000000000000"}) {
    int64_t value = 77;
    ASSERT_TRUE(ParseInteger(text, value));
    EXPECT_EQ(Format(value), std::string(text));
  }
  EXPECT_EQ(Format(INT64_MIN).size(), kIntegerTextMax);
}

TEST(Number, RefusesTextThatWouldNotComeBackTheSame) {
  for (std::string_view text :
       {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "99999999999999999999",
        "100000000000000000000", "--1", "1-"}) {
    int64_t value = 0;
    if (ParseInteger(text, value)) sf::Fail(__FILE__, __LINE__, "accepted " + sf::Show(text));
  }
  int64_t value = 0;
  EXPECT_FALSE(ParseInteger(std::string_view("1\0", 2), value));
}

TEST(Number, RoundTripsRandomIntegersOfEveryLength) {
  sf::Random random(101);
  for (int i = 0; i < 100000; ++i) {
    const auto value = static_cast<int64_t>(random.Next()) >> random.Below(64);
    int64_t back = 0;
    ASSERT_TRUE(ParseInteger(Format(value), back));
    ASSERT_EQ(back, value);
    ASSERT_EQ(Format(value), std::to_string(value));
  }
}

}  // namespace
