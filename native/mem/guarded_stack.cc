// guarded_stack.cc - mmap and mprotect behind GuardedStack.

#include "mem/guarded_stack.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

namespace snapfork {

GuardedStack::~GuardedStack() {
  if (bottom_ != nullptr) munmap(bottom_ - guard_bytes_, guard_bytes_ + bytes_);
}

Status GuardedStack::Map(size_t bytes) {
  SF_CHECK(bottom_ == nullptr);
  const size_t guard_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const mapping = mmap(nullptr, guard_bytes + bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) return Status(StatusCode::kOutOfMemory, errno);
  if (mprotect(mapping, guard_bytes, PROT_NONE) != 0) {
    const int error = errno;
    munmap(mapping, guard_bytes + bytes);
    return Status(StatusCode::kOutOfMemory, error);
  }
  // A stack is used from its end on: a huge page would back what is never reached.
  madvise(mapping, guard_bytes + bytes, MADV_NOHUGEPAGE);
  bottom_ = static_cast<uint8_t*>(mapping) + guard_bytes;
  bytes_ = bytes;
  guard_bytes_ = guard_bytes;
  return Status();
}

}  // namespace snapfork
