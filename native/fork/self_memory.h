// self_memory.h - what the child's copy of memory costs, as the child itself reads it.
//
// The parent samples the child from outside (lib/cow); a save may be over before it looks twice, or
// once.
//
// Runs in: the child's only thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"
#include "fork/control_page.h"

namespace snapfork {

class SelfMemory {
 public:
  explicit SelfMemory(ControlPage& control) : control_(control) {}

  // Reads if 100 times the last reading's cost has passed since: at most 1 % of the child's time.
  SF_CHILD_SAFE void ReadIfDue();
  SF_CHILD_SAFE void Read();

 private:
  ControlPage& control_;
  int64_t due_micros_ = 0;
};

// Writes /proc/self/maps to `to`, whole lines of it, as many as have room. How many bytes.
SF_CHILD_SAFE size_t ListOwnMappings(char* to, size_t room);

// Bytes of the field `Private_Dirty` in the text of a smaps_rollup, 0 if it is not there.
SF_CHILD_SAFE uint64_t PrivateDirtyOf(const char* text, size_t bytes);

}  // namespace snapfork
