// hash.h - SipHash, the keyed hash of the index and of the digest.
//
// Source of the algorithm: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). The
// index uses one compression and three finalisation rounds (SipHash-1-3) under a random key a
// process, so that nobody can choose keys that collide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace snapfork {

struct HashKey {
  uint64_t first;
  uint64_t second;
};

uint64_t SipHash13(const HashKey& key, std::string_view bytes);
// The standard's conservative form, for the digest.
uint64_t SipHash24(const HashKey& key, std::string_view bytes);

// A key from the kernel's random source.
HashKey RandomHashKey();

}  // namespace snapfork
