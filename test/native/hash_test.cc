// hash_test.cc - SipHash against the vectors of its authors.

#include "base/hash.h"

#include <set>
#include <string>

#include "test.h"

namespace {

using snapfork::HashKey;
using snapfork::SipHash13;
using snapfork::SipHash24;

// Key 00 01 ... 0f, input 00 01 02 ... of each length.
constexpr HashKey kVectorKey{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};

std::string Input(size_t bytes) {
  std::string input;
  for (size_t i = 0; i < bytes; ++i) input += static_cast<char>(i);
  return input;
}

TEST(SipHash, GivesThePublishedVectorsOf24) {
  constexpr uint64_t kVectors[] = {
      0x726fdb47dd0e0e31ull, 0x74f839c593dc67fdull, 0x0d6c8009d9a94f5aull, 0x85676696d7fb7e2dull,
      0xcf2794e0277187b7ull, 0x18765564cd99a68dull, 0xcbc9466e58fee3ceull, 0xab0200f58b01d137ull,
      0x93f5f5799a932462ull,
  };
  for (size_t i = 0; i < std::size(kVectors); ++i) {
    EXPECT_EQ(SipHash24(kVectorKey, Input(i)), kVectors[i]);
  }
  EXPECT_EQ(SipHash24(kVectorKey, Input(15)), 0xa129ca6149be45e5ull);
}

TEST(SipHash, GivesThePublishedVectorsOf13) {
  EXPECT_EQ(SipHash13(kVectorKey, Input(0)), 0xabac0158050fc4dcull);
  EXPECT_EQ(SipHash13(kVectorKey, Input(1)), 0xc9f49bf37d57ca93ull);
  EXPECT_EQ(SipHash13(kVectorKey, Input(2)), 0x82cb9b024dc7d44dull);
  EXPECT_EQ(SipHash13(kVectorKey, Input(3)), 0x8bf80ab8e7ddf7fbull);
}

TEST(SipHash, DependsOnEveryByteAndOnTheKey) {
  std::set<uint64_t> seen;
  for (size_t bytes = 0; bytes < 64; ++bytes) {
    std::string input(bytes, 'x');
    seen.insert(SipHash13(kVectorKey, input));
    for (char& byte : input) {
      byte ^= 1;
      seen.insert(SipHash13(kVectorKey, input));
      byte ^= 1;
    }
  }
  EXPECT_EQ(seen.size(), 64 + 63 * 64 / 2);
  const HashKey a = snapfork::RandomHashKey();
  const HashKey b = snapfork::RandomHashKey();
  EXPECT_TRUE(SipHash13(a, "key") != SipHash13(b, "key"));
}

}  // namespace
