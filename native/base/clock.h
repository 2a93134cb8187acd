// clock.h - wall-clock milliseconds and monotonic microseconds.

#pragma once

#include <cstdint>

namespace snapfork {

int64_t WallMillis();
int64_t MonotonicMicros();

}  // namespace snapfork
