// memory_probe.h - what the kernel knows about a range of this process's memory.

#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace sf {

// Bytes of the range that have memory behind them. REQUIRES: page-aligned.
inline size_t ResidentBytes(const void* from, size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident(bytes / page);
  if (mincore(const_cast<void*>(from), bytes, resident.data()) != 0) return SIZE_MAX;
  size_t count = 0;
  for (unsigned char one : resident) count += one & 1;
  return count * page;
}

// True if the byte can be read: a system call answers EFAULT where an access would fault.
inline bool IsAccessible(const void* at) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const bool accessible = write(ends[1], at, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return accessible;
}

// True if a child of fork() has the byte.
inline bool IsInChild(const void* at) {
  const pid_t pid = fork();
  if (pid == 0) _exit(IsAccessible(at) ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Bytes of the mapping that begins at `base` which are in huge pages.
inline size_t HugeBytes(const void* base) {
  FILE* const file = fopen("/proc/self/smaps", "r");
  if (file == nullptr) return 0;
  char line[512];
  bool here = false;
  size_t kibibytes = 0;
  while (fgets(line, sizeof(line), file) != nullptr) {
    uintptr_t from = 0;
    uintptr_t to = 0;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
      here = from == reinterpret_cast<uintptr_t>(base);
    } else if (here && sscanf(line, "AnonHugePages: %zu", &kibibytes) == 1) {
      break;
    }
  }
  fclose(file);
  return kibibytes << 10;
}

// Waits until `condition` holds, for what another thread will surely do; false after 20 seconds.
template <typename Condition>
bool WaitFor(Condition&& condition) {
  for (int i = 0; i < 20000; ++i) {
    if (condition()) return true;
    usleep(1000);
  }
  return false;
}

}  // namespace sf
