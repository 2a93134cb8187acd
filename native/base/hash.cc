// hash.cc - SipHash-c-d.

#include "base/hash.h"

#include <sys/random.h>

#include <bit>

#include "base/bytes.h"
#include "base/check.h"

namespace snapfork {
namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
};

template <int kCompression, int kFinalisation>
uint64_t SipHash(const HashKey& key, std::string_view bytes) {
  SipState s{key.first ^ 0x736f6d6570736575ull, key.second ^ 0x646f72616e646f6dull,
             key.first ^ 0x6c7967656e657261ull, key.second ^ 0x7465646279746573ull};
  const char* at = bytes.data();
  const char* const last = at + (bytes.size() & ~size_t{7});
  for (; at != last; at += 8) {
    const uint64_t word = LoadLittle<uint64_t>(at);
    s.v3 ^= word;
    for (int i = 0; i < kCompression; ++i) s.Round();
    s.v0 ^= word;
  }
  uint64_t tail = uint64_t{bytes.size()} << 56;
  for (size_t i = 0; i < (bytes.size() & 7); ++i) {
    tail |= uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  }
  s.v3 ^= tail;
  for (int i = 0; i < kCompression; ++i) s.Round();
  s.v0 ^= tail;
  s.v2 ^= 0xff;
  for (int i = 0; i < kFinalisation; ++i) s.Round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace

uint64_t SipHash13(const HashKey& key, std::string_view bytes) { return SipHash<1, 3>(key, bytes); }
uint64_t SipHash24(const HashKey& key, std::string_view bytes) { return SipHash<2, 4>(key, bytes); }

HashKey RandomHashKey() {
  HashKey key{};
  // Up to 256 bytes are never interrupted once the source is seeded.
  SF_CHECK(getrandom(&key, sizeof(key), 0) == static_cast<ssize_t>(sizeof(key)));
  return key;
}

}  // namespace snapfork
