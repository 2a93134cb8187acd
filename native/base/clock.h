// clock.h - wall-clock milliseconds, monotonic microseconds, and naps.

#pragma once

#include <cstdint>

namespace snapfork {

int64_t WallMillis();
int64_t MonotonicMicros();
// Sleeps for so long, or until a signal comes.
void NapMicros(int64_t micros);

}  // namespace snapfork
