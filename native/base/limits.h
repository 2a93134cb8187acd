// limits.h - every hard limit of the engine.

#pragma once

#include <cstdint>

namespace snapfork {

// Longest string, key or value: Redis's default proto-max-bulk-len.
inline constexpr uint64_t kStringBytesMax = 512ull << 20;

// Numbered databases an engine may have.
inline constexpr uint32_t kDatabasesMax = 65536;

// Unix time in milliseconds that stands for "never expires".
inline constexpr int64_t kNoExpiry = -1;

}  // namespace snapfork
