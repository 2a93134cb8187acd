// lane_durations.h - how often each hot command took how long.
//
// Buckets are log-linear, 128 to each power of two of nanoseconds, up to a second: a percentile is
// off by less than a hundredth. lib/server/duration-histogram.ts has the same ones.
//
// Runs in: the owner's thread.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "commands/hot_commands.h"

namespace snapfork {

class LaneDurations {
 public:
  static constexpr uint64_t kNanosMax = 1'000'000'000;

  // What is longer than kNanosMax counts as that.
  static constexpr size_t BucketOf(uint64_t nanos) {
    const uint64_t whole = std::clamp<uint64_t>(nanos, 1, kNanosMax);
    const size_t shift = std::max(0, static_cast<int>(std::bit_width(whole)) - kLinearBits);
    return (shift << (kLinearBits - 1)) + (whole >> shift);
  }
  static constexpr size_t kBuckets = 22 * 128 + 239;

  // Takes the memory, of which only the pages that count something come to be. Without it nothing
  // is counted.
  void Start() {
    if (counts_ == nullptr) counts_.reset(static_cast<uint64_t*>(std::calloc(kCounts, kBytes)));
    is_on_ = counts_ != nullptr;
  }
  // What was counted stays.
  void Stop() { is_on_ = false; }
  void Reset() {
    counts_.reset();
    if (is_on_) Start();
  }

  void Add(size_t place, uint64_t nanos) {
    if (is_on_) ++counts_[place * kBuckets + BucketOf(nanos)];
  }

  // Of the command at a place; none if there was nothing to count.
  std::span<const uint64_t> Of(size_t place) const {
    if (counts_ == nullptr) return {};
    return {counts_.get() + place * kBuckets, kBuckets};
  }

 private:
  static constexpr int kLinearBits = 8;
  static constexpr size_t kCounts = kHotCommandsMax * kBuckets;
  static constexpr size_t kBytes = sizeof(uint64_t);

  struct Free {
    void operator()(uint64_t* counts) const { std::free(counts); }
  };

  bool is_on_ = false;
  std::unique_ptr<uint64_t[], Free> counts_;
};

static_assert(LaneDurations::BucketOf(LaneDurations::kNanosMax) + 1 == LaneDurations::kBuckets);

}  // namespace snapfork
