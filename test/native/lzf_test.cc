// lzf_test.cc - round trips, known streams and hostile input.
//
// Inputs and outputs of the hostile tests are heap blocks of the exact size, so that the address
// sanitizer sees any access beside them.

#include "base/lzf.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "test.h"

namespace {

using snapfork::LzfCompress;
using snapfork::LzfDecompress;
using snapfork::LzfTable;

LzfTable shared_table;

std::unique_ptr<char[]> Block(std::string_view bytes) {
  auto block = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), block.get());
  return block;
}

// The compressed form in at most `capacity` bytes; empty if it does not fit.
std::string Compressed(std::string_view bytes, size_t capacity, LzfTable& table = shared_table) {
  const auto in = Block(bytes);
  const auto out = std::make_unique<char[]>(capacity);
  const size_t length = LzfCompress(in.get(), bytes.size(), out.get(), capacity, table);
  EXPECT_TRUE(length <= capacity);
  return {out.get(), length};
}

bool Decompresses(std::string_view stream, size_t bytes, std::string* result = nullptr) {
  const auto in = Block(stream);
  const auto out = std::make_unique<char[]>(bytes);
  const bool valid = LzfDecompress(in.get(), stream.size(), out.get(), bytes);
  if (valid && result != nullptr) result->assign(out.get(), bytes);
  return valid;
}

bool RoundTrips(const std::string& bytes) {
  const std::string stream = Compressed(bytes, bytes.size() + bytes.size() / 16 + 64);
  std::string back;
  return bytes.size() < 4 || (Decompresses(stream, bytes.size(), &back) && back == bytes);
}

// Bytes that repeat now and then: a few letters, with copies of what came before.
std::string Repetitive(sf::Random& random, size_t length) {
  std::string bytes;
  while (bytes.size() < length) {
    if (bytes.size() > 4 && random.Below(3) == 0) {
      const size_t from = random.Below(bytes.size());
      const size_t count = random.Below(300) + 1;
      for (size_t i = 0; i < count; ++i) bytes.push_back(bytes[from + i]);
    } else {
      const size_t count = random.Below(40) + 1;
      for (size_t i = 0; i < count; ++i) {
        bytes.push_back(static_cast<char>('a' + random.Below(1 + random.Below(26))));
      }
    }
  }
  bytes.resize(length);
  return bytes;
}

TEST(LzfDecompress, ReadsAStreamWrittenByRedis) {
  std::string back;
  ASSERT_TRUE(Decompresses(std::string("\x01\x61\x61\xe0\x11\x00\x01\x61\x61", 9), 30, &back));
  EXPECT_EQ(back, std::string(30, 'a'));
}

TEST(LzfDecompress, ReachesDistance8192AndLength264) {
  // One literal 'x', 8191 literals of zero, then 264 bytes from 8192 back.
  std::string stream("\x00x", 2);
  std::string expected = "x";
  for (size_t left = 8191; left > 0;) {
    const size_t run = std::min<size_t>(left, 32);
    stream += static_cast<char>(run - 1) + std::string(run, '\0');
    left -= run;
  }
  expected += std::string(8191, '\0');
  stream += std::string("\xff\xff\xff", 3);
  expected += expected.substr(0, 264);
  std::string back;
  ASSERT_TRUE(Decompresses(stream, expected.size(), &back));
  EXPECT_TRUE(back == expected);
}

TEST(LzfDecompress, RefusesADistanceBeforeTheStart) {
  EXPECT_FALSE(Decompresses(std::string("\x00\x61\x20\x01", 4), 4));
  EXPECT_FALSE(Decompresses(std::string("\x20\x00", 2), 3));
}

TEST(LzfDecompress, RefusesASizeThatIsNotExact) {
  const std::string stream("\x01\x61\x61\xe0\x11\x00\x01\x61\x61", 9);
  for (size_t bytes = 0; bytes < 64; ++bytes) EXPECT_EQ(Decompresses(stream, bytes), bytes == 30);
}

TEST(LzfDecompress, RefusesEveryTruncation) {
  sf::Random random(4);
  const std::string bytes = Repetitive(random, 2000);
  const std::string stream = Compressed(bytes, bytes.size());
  ASSERT_TRUE(!stream.empty());
  for (size_t length = 0; length < stream.size(); ++length) {
    ASSERT_TRUE(!Decompresses(stream.substr(0, length), bytes.size()));
  }
}

TEST(LzfDecompress, SurvivesRandomInput) {
  sf::Random random(5);
  for (int i = 0; i < 20000; ++i) {
    std::string stream = random.Bytes(random.Below(80));
    // Short literal runs first, so that copies are reached.
    for (size_t at = 0; at < stream.size() && random.Below(4) != 0; at += 3) stream[at] &= 3;
    Decompresses(stream, random.Below(400));
  }
}

TEST(LzfDecompress, SurvivesOneFlippedByte) {
  sf::Random random(6);
  const std::string bytes = Repetitive(random, 600);
  const std::string stream = Compressed(bytes, bytes.size());
  for (size_t at = 0; at < stream.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = stream;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      Decompresses(flipped, bytes.size());
    }
  }
}

TEST(LzfDecompress, ExpandsAtMostKLzfExpansionMaxTimes) {
  const std::string bytes(1 << 20, 'z');
  const std::string stream = Compressed(bytes, bytes.size());
  EXPECT_TRUE(stream.size() * snapfork::kLzfExpansionMax >= bytes.size());
  EXPECT_TRUE(stream.size() * 80 < bytes.size());
}

TEST(LzfCompress, RoundTripsEveryLengthTo700) {
  sf::Random random(7);
  for (size_t length = 0; length <= 700; ++length) {
    ASSERT_TRUE(RoundTrips(Repetitive(random, length)));
    ASSERT_TRUE(RoundTrips(std::string(length, 'q')));
    ASSERT_TRUE(RoundTrips(random.Bytes(length)));
  }
}

TEST(LzfCompress, RoundTripsAcrossTheWindow) {
  sf::Random random(8);
  for (size_t length : {1023u, 1024u, 1025u, 8191u, 8192u, 8193u, 16384u, 70000u, 1u << 20}) {
    ASSERT_TRUE(RoundTrips(Repetitive(random, length)));
    ASSERT_TRUE(RoundTrips(random.Bytes(length)));
  }
  for (size_t period = 8185; period < 8200; ++period) {
    std::string bytes = random.Bytes(period);
    bytes += bytes;
    ASSERT_TRUE(RoundTrips(bytes));
    EXPECT_EQ(!Compressed(bytes, bytes.size() - 4).empty(), period <= 8192);
  }
}

TEST(LzfCompress, NeverWritesMoreThanTheCapacity) {
  sf::Random random(9);
  const std::string bytes = Repetitive(random, 300);
  const size_t needed = Compressed(bytes, 400).size();
  ASSERT_TRUE(needed > 0);
  for (size_t capacity = 0; capacity < 400; ++capacity) {
    const size_t length = Compressed(bytes, capacity).size();
    ASSERT_EQ(length, capacity < needed ? 0 : needed);
  }
}

TEST(LzfCompress, GivesUpOnRandomBytes) {
  sf::Random random(10);
  for (size_t length : {21u, 64u, 1000u, 100000u}) {
    EXPECT_TRUE(Compressed(random.Bytes(length), length - 4).empty());
  }
}

TEST(LzfCompress, FindsWhatFollowsRandomBytes) {
  sf::Random random(11);
  std::string bytes = random.Bytes(200000);
  for (int i = 0; i < 10000; ++i) bytes += "the same words over and over again, ";
  EXPECT_TRUE(Compressed(bytes, bytes.size()).size() < 260000);
}

TEST(LzfCompress, GivesTheSameBytesWhateverTheTableHoldsFromBefore) {
  sf::Random random(12);
  for (size_t length : {64u, 900u, 5000u}) {
    const std::string bytes = Repetitive(random, length);
    auto fresh = std::make_unique<LzfTable>();
    const std::string expected = Compressed(bytes, length, *fresh);
    EXPECT_EQ(Compressed(bytes, length, *fresh), expected);
    EXPECT_EQ(Compressed(bytes, length), expected);
  }
}

TEST(LzfCompress, StartsOverWhenThePositionNumbersAreUsedUp) {
  sf::Random random(13);
  const std::string bytes = Repetitive(random, 3000);
  auto table = std::make_unique<LzfTable>();
  const std::string expected = Compressed(bytes, bytes.size(), *table);
  for (uint32_t left : {0u, 1u, 2999u, 3000u, 3001u, 9001u}) {
    table->numbers_used = UINT32_MAX - left;
    for (int i = 0; i < 4; ++i) ASSERT_EQ(Compressed(bytes, bytes.size(), *table), expected);
  }
}

}  // namespace
