// test.h - a small TAP harness for the native layers.
//
//   TEST(Crc64, GivesTheCheckValue) { EXPECT_EQ(Crc64(0, "123456789", 9), 0xe9c6d914c4b8d9caull); }
//
// An expectation that fails is reported and the test goes on; ASSERT_... returns from the
// function it stands in. Random tests draw from sf::Random, whose seed is printed and comes from
// the environment: SF_SEED=7 snapfork_native_test RdbLoader.

#pragma once

#include <concepts>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace sf {

// Registers itself; main.cc runs all.
struct Test {
  Test(const char* suite_name, const char* test_name, void (*test_body)());
  const char* suite;
  const char* name;
  void (*body)();
  Test* next = nullptr;
};

// Adds a failure to the running test.
void Fail(const char* file, int line, const std::string& message);

// The seed of this run.
uint64_t Seed();

// splitmix64 from the seed of the run and a stream number, the same in every run of that seed.
class Random {
 public:
  explicit Random(uint64_t stream = 0) : state_(Seed() ^ (stream * 0x9e3779b97f4a7c15ull)) {}
  uint64_t Next();
  // 0 to limit - 1.
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  std::string Bytes(size_t count);

 private:
  uint64_t state_;
};

template <typename T>
std::string Show(const T& value) {
  std::ostringstream text;
  if constexpr (std::is_same_v<T, snapfork::Status>) {
    text << "Status(" << static_cast<int>(value.code()) << ", errno " << value.errno_value()
         << ", offset " << value.offset() << ")";
  } else if constexpr (std::is_enum_v<T>) {
    text << static_cast<int64_t>(value);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    text << '"';
    for (unsigned char c : std::string_view(value)) {
      constexpr char kDigits[] = "0123456789abcdef";
      if (c >= ' ' && c < 127 && c != '"' && c != '\\') {
        text << c;
      } else {
        text << "\\x" << kDigits[c >> 4] << kDigits[c & 15];
      }
    }
    text << '"';
  } else {
    text << value;
  }
  return text.str();
}

template <typename A, typename B>
bool Equal(const A& a, const B& b) {
  if constexpr (std::integral<A> && std::integral<B> && !std::is_same_v<A, bool> &&
                !std::is_same_v<B, bool>) {
    return static_cast<__int128>(a) == static_cast<__int128>(b);
  } else {
    return a == b;
  }
}

template <typename A, typename B>
bool ExpectEqual(const A& a, const B& b, const char* text, const char* file, int line) {
  if (Equal(a, b)) return true;
  Fail(file, line, std::string(text) + ": " + Show(a) + " is not " + Show(b));
  return false;
}

inline bool ExpectTrue(bool holds, const char* text, const char* file, int line) {
  if (!holds) Fail(file, line, text);
  return holds;
}

}  // namespace sf

#define TEST(suite, name)                                                \
  static void suite##_##name();                                          \
  static sf::Test suite##_##name##_test(#suite, #name, &suite##_##name); \
  static void suite##_##name()

#define EXPECT_TRUE(condition) sf::ExpectTrue((condition), #condition, __FILE__, __LINE__)
#define EXPECT_FALSE(condition) sf::ExpectTrue(!(condition), "not " #condition, __FILE__, __LINE__)
#define EXPECT_EQ(a, b) sf::ExpectEqual((a), (b), #a " == " #b, __FILE__, __LINE__)
#define EXPECT_OK(status) EXPECT_EQ((status), snapfork::Status())
#define ASSERT_TRUE(condition)           \
  do {                                   \
    if (!EXPECT_TRUE(condition)) return; \
  } while (false)
#define ASSERT_EQ(a, b)           \
  do {                            \
    if (!EXPECT_EQ(a, b)) return; \
  } while (false)
#define ASSERT_OK(status) ASSERT_EQ((status), snapfork::Status())
