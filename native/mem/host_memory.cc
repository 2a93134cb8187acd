// host_memory.cc - proc(5) and madvise.

#include "mem/host_memory.h"

#include <errno.h>
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

void Advise(const AddressRange& range, int advice) {
  // A hole is an error, behind which all that is there was advised.
  madvise(reinterpret_cast<void*>(range.start), range.end - range.start, advice);
}

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

void HostMemory::FindHeap() {
  const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char text[2048];
  const ssize_t got = read(fd, text, sizeof(text) - 1);
  close(fd);
  text[got < 0 ? 0 : got] = '\0';
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  heap_start_ = (StartOfHeap(text) + page - 1) / page * page;
}

void HostMemory::SetForkable(bool forkable) const {
  const int advice = forkable ? MADV_DOFORK : MADV_DONTFORK;
  const AddressRange heap{heap_start_, reinterpret_cast<uintptr_t>(sbrk(0))};
  if (heap.start != 0 && heap.end > heap.start) Advise(heap, advice);
  for (const AddressRange& range : ranges_) {
    if (!range.Contains(&advice) && !range.Contains(&errno)) Advise(range, advice);
  }
}

}  // namespace snapfork
