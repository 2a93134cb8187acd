// clock.cc - clock_gettime and clock_nanosleep.

#include "base/clock.h"

#include <time.h>

namespace snapfork {

int64_t WallMillis() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

int64_t MonotonicMicros() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

uint64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void NapMicros(int64_t micros) {
  timespec length;
  length.tv_sec = static_cast<time_t>(micros / 1'000'000);
  length.tv_nsec = static_cast<long>(micros % 1'000'000 * 1000);
  clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr);
}

}  // namespace snapfork
