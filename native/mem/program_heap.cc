// program_heap.cc - proc(5) and madvise.

#include "mem/program_heap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace snapfork {
namespace {

// As proc(5) counts them. The second is in brackets, and may have anything in it.
constexpr int kFieldBehindName = 3;
constexpr int kFieldStartOfHeap = 47;

}  // namespace

uintptr_t StartOfHeap(const char* text) {
  const char* at = strrchr(text, ')');
  for (int field = kFieldBehindName; at != nullptr; ++field) {
    at = strchr(at, ' ');
    if (at == nullptr) break;
    ++at;
    if (field == kFieldStartOfHeap) return strtoull(at, nullptr, 10);
  }
  return 0;
}

void ProgramHeap::Find() {
  const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char text[2048];
  const ssize_t got = read(fd, text, sizeof(text) - 1);
  close(fd);
  text[got < 0 ? 0 : got] = '\0';
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  start_ = (StartOfHeap(text) + page - 1) / page * page;
}

void ProgramHeap::SetForkable(bool forkable) const {
  const auto end = reinterpret_cast<uintptr_t>(sbrk(0));
  if (start_ == 0 || end <= start_) return;
  madvise(reinterpret_cast<void*>(start_), end - start_, forkable ? MADV_DOFORK : MADV_DONTFORK);
}

}  // namespace snapfork
