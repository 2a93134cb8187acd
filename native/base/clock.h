// clock.h - wall-clock milliseconds, monotonic time, and naps.

#pragma once

#include <cstdint>

namespace snapfork {

int64_t WallMillis();
int64_t MonotonicMicros();
uint64_t MonotonicNanos();
// Sleeps for so long, or until a signal comes.
void NapMicros(int64_t micros);

}  // namespace snapfork
