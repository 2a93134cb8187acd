// statistics.h - what an engine counts, by the names that lib/native/engine.ts gives it.

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace snapfork {

class EngineObject;

using Statistics = std::vector<std::pair<const char*, uint64_t>>;

// The keyspace must not belong to another thread.
Statistics Measure(EngineObject& engine);

}  // namespace snapfork
