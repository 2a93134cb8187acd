// passed_bits.h - what a child says it has passed, for freezes without one.

#pragma once

#include <array>
#include <atomic>

#include "mem/freeze.h"

namespace sf {

class PassedBits {
 public:
  // Nothing passed, for a new freeze.
  snapfork::PassedChunks Fresh() {
    for (auto& word : words_) word = 0;
    return snapfork::PassedChunks(words_.data());
  }
  void Pass(uint32_t chunk) { snapfork::PassedChunks(words_.data()).Add(chunk); }
  void PassAll() {
    for (auto& word : words_) word = ~uint64_t{0};
  }
  bool Has(uint32_t chunk) { return snapfork::PassedChunks(words_.data()).Has(chunk); }

 private:
  std::array<std::atomic<uint64_t>, 256> words_{};
};

}  // namespace sf
