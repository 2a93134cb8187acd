// rate_limit.h - how long a writer has to pause to stay below a rate: a token bucket.
//
// The bucket is empty at first and takes what comes in a tenth of a second at most, so that what
// was not used while a disk stood still is not made up for in one go.
//
// Invariants
//   (T1) n bytes take n / rate seconds at least, counted from the start.
//
// Runs in: the child's only thread. Allocates nothing, and asks for no clock: the caller does.

#pragma once

#include <algorithm>
#include <cstdint>

namespace snapfork {

class RateLimit {
 public:
  static constexpr int64_t kBurstMicros = 100'000;
  static constexpr uint64_t kSliceBytesMax = 1u << 20;
  static constexpr uint64_t kSliceBytesMin = 4096;

  // 0 bytes a second: no limit.
  RateLimit(uint64_t bytes_per_second, int64_t now_micros)
      : bytes_per_second_(bytes_per_second), paid_until_(now_micros) {}

  bool on() const { return bytes_per_second_ != 0; }

  // What is to be written between two pauses: a twentieth of a second.
  uint64_t SliceBytes() const {
    return std::clamp(bytes_per_second_ / 20, kSliceBytesMin, kSliceBytesMax);
  }

  // Notes that so many bytes were written; for how long to pause now. REQUIRES: on(), and no more
  // than kSliceBytesMax bytes.
  int64_t Spend(uint64_t bytes, int64_t now_micros) {
    const uint64_t cost = bytes * 1'000'000 + rest_;
    rest_ = cost % bytes_per_second_;
    paid_until_ = std::max(paid_until_, now_micros - kBurstMicros) +
                  static_cast<int64_t>(cost / bytes_per_second_);
    return std::max<int64_t>(0, paid_until_ - now_micros);
  }

 private:
  const uint64_t bytes_per_second_;
  uint64_t rest_ = 0;  // of a microsecond, in bytes_per_second_ths
  // When all that was written so far may have been.
  int64_t paid_until_;
};

}  // namespace snapfork
