// crc64_test.cc - the CRC against its definition, and its implementations against each other.

#include "base/crc64.h"

#include <string>

#include "test.h"

namespace {

using snapfork::Crc64;
using snapfork::Crc64Portable;

// Bit by bit, from the polynomial as the format describes it.
uint64_t Crc64ByDefinition(uint64_t crc, const std::string& bytes) {
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x95ac9329ac4bc9b5ull : 0);
  }
  return crc;
}

TEST(Crc64, GivesTheCheckValue) {
  EXPECT_EQ(Crc64(0, "123456789", 9), 0xe9c6d914c4b8d9caull);
  EXPECT_EQ(Crc64Portable(0, "123456789", 9), 0xe9c6d914c4b8d9caull);
}

// Payloads of DUMP: type, value, version, and the CRC over them.
TEST(Crc64, MatchesPayloadsWrittenByRedis) {
  EXPECT_EQ(Crc64(0, "\x00\x05hello\x0c\x00", 9), 0x43be1e9fb6eb04a8ull);
  EXPECT_EQ(Crc64(0, "\x00\xc0\xff\x0c\x00", 5), 0x8c03227fe44ae5c7ull);
  EXPECT_EQ(Crc64(0, "\x00\xc1\x2c\x01\x0c\x00", 6), 0x59c2a89f3255345eull);
}

TEST(Crc64, GivesZeroForNoBytes) {
  EXPECT_EQ(Crc64(0, nullptr, 0), 0u);
  EXPECT_EQ(Crc64(77, "", 0), 77u);
}

TEST(Crc64, MatchesItsDefinitionAtEveryLengthTo1024) {
  sf::Random random(1);
  const std::string bytes = random.Bytes(1024);
  uint64_t crc = random.Next();
  uint64_t running = crc;
  for (size_t length = 0; length <= bytes.size(); ++length) {
    ASSERT_EQ(Crc64Portable(crc, bytes.data(), length), running);
    ASSERT_EQ(Crc64(crc, bytes.data(), length), running);
    if (length < bytes.size()) running = Crc64ByDefinition(running, bytes.substr(length, 1));
  }
}

TEST(Crc64, IsTheSameAtEveryAlignment) {
  const std::string bytes = sf::Random(2).Bytes(1100);
  for (size_t offset = 0; offset < 33; ++offset) {
    for (size_t length : {127u, 128u, 129u, 255u, 256u, 1000u, 1024u}) {
      ASSERT_EQ(Crc64(1, bytes.data() + offset, length),
                Crc64Portable(1, bytes.data() + offset, length));
    }
  }
}

TEST(Crc64, ContinuesAcrossAnySplit) {
  const std::string bytes = sf::Random(3).Bytes(700);
  const uint64_t whole = Crc64(0, bytes.data(), bytes.size());
  for (size_t split = 0; split <= bytes.size(); ++split) {
    const uint64_t first = Crc64(0, bytes.data(), split);
    ASSERT_EQ(Crc64(first, bytes.data() + split, bytes.size() - split), whole);
  }
}

}  // namespace
