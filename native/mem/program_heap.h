// program_heap.h - the part of malloc's memory that grows from the end of the program (brk).
//
// What a host keeps in it is in small pages, some MiB to some GiB of them, and nothing of it is of
// use to a child that allocates nothing. Left in the child, every page of it is copied when the
// program writes to it again: the first steps behind a fork then cost more than the fork.
//
// With another malloc, or none in this place, there is less of it, or nothing, and the rest holds.

#pragma once

#include <cstdint>

namespace snapfork {

class ProgramHeap {
 public:
  // Where it begins: /proc/self/stat, which is read once. Without it nothing is done below.
  void Find();

  // Includes or excludes it from the children of fork(). Another thread may allocate meanwhile.
  void SetForkable(bool forkable) const;

  uintptr_t start() const { return start_; }

 private:
  uintptr_t start_ = 0;
};

// The field `start_brk` in the text of a /proc/<pid>/stat; 0 if it is not there.
uintptr_t StartOfHeap(const char* text);

}  // namespace snapfork
