// compression_gate.h - whether a string is worth the search for what it repeats.
//
// Of tokens, hashes and ciphertext no string gets shorter, and the search for it is half of what a
// save of them takes. So behind a row of strings of one length, within a factor of two, that did
// not, only a sample is tried, until one does. Where one string in ten can be shortened, 98 % of
// those are; where it is one in twenty, 63 %; one in fifty, 20 %.
//
// Runs in: the owner's thread, or the child's only one.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"

namespace snapfork {

class CompressionGate {
 public:
  // A longer one has more to lose, and is always tried.
  static constexpr size_t kSampledBytesMax = 2047;
  static constexpr uint8_t kFailuresMax = 64;
  // Left alone between two of a sample.
  static constexpr uint8_t kSkipped = 15;

  SF_CHILD_SAFE bool Takes(size_t bytes) {
    if (bytes > kSampledBytesMax) return true;
    Row& row = RowOf(bytes);
    if (row.skips == 0) return true;
    --row.skips;
    return false;
  }

  // What came of one that was taken.
  SF_CHILD_SAFE void Note(size_t bytes, bool is_shorter) {
    if (bytes > kSampledBytesMax) return;
    Row& row = RowOf(bytes);
    if (is_shorter) {
      row.failures = 0;
    } else if (row.failures < kFailuresMax) {
      ++row.failures;
    }
    if (row.failures == kFailuresMax) row.skips = kSkipped;
  }

 private:
  struct Row {
    uint8_t failures = 0;
    uint8_t skips = 0;
  };
  Row& RowOf(size_t bytes) { return rows_[static_cast<size_t>(std::bit_width(bytes))]; }

  std::array<Row, std::bit_width(kSampledBytesMax) + 1> rows_{};
};

}  // namespace snapfork
