// self_memory.cc - open, read, and a search for one field.

#include "fork/self_memory.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

namespace snapfork {

uint64_t PrivateDirtyOf(const char* text, size_t bytes) {
  constexpr char kField[] = "\nPrivate_Dirty:";
  constexpr size_t kFieldBytes = sizeof(kField) - 1;
  for (size_t at = 0; at + kFieldBytes <= bytes; ++at) {
    if (memcmp(text + at, kField, kFieldBytes) != 0) continue;
    at += kFieldBytes;
    while (at < bytes && text[at] == ' ') ++at;
    uint64_t kibibytes = 0;
    for (; at < bytes && text[at] >= '0' && text[at] <= '9'; ++at) {
      kibibytes = kibibytes * 10 + static_cast<uint64_t>(text[at] - '0');
    }
    return kibibytes * 1024;
  }
  return 0;
}

size_t ListOwnMappings(char* to, size_t room) {
  const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t bytes = 0;
  while (bytes < room) {
    const ssize_t got = read(fd, to + bytes, room - bytes);
    if (got <= 0) break;
    bytes += static_cast<size_t>(got);
  }
  close(fd);
  while (bytes > 0 && to[bytes - 1] != '\n') --bytes;
  return bytes;
}

void SelfMemory::ReadIfDue() {
  if (MonotonicMicros() >= due_micros_) Read();
}

void SelfMemory::Read() {
  const int64_t start = MonotonicMicros();
  const int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char text[2048];
    const ssize_t got = read(fd, text, sizeof(text));
    close(fd);
    if (got > 0) {
      const uint64_t dirty = PrivateDirtyOf(text, static_cast<size_t>(got));
      control_.private_dirty.store(dirty, std::memory_order_relaxed);
      if (dirty > control_.private_dirty_peak.load(std::memory_order_relaxed)) {
        control_.private_dirty_peak.store(dirty, std::memory_order_relaxed);
      }
    }
  }
  const int64_t now = MonotonicMicros();
  due_micros_ = now + 100 * (now - start);
}

}  // namespace snapfork
