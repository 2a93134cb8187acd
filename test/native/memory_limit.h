// memory_limit.h - children that have no more memory, for tests of what happens then.

#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <functional>

namespace sf {

// A field of /proc/self/status in bytes.
inline size_t ProcessBytes(const char* field) {
  FILE* const file = fopen("/proc/self/status", "re");
  if (file == nullptr) return 0;
  char line[256];
  size_t kilobytes = 0;
  while (fgets(line, sizeof(line), file) != nullptr) {
    if (strncmp(line, field, strlen(field)) == 0) sscanf(line + strlen(field), ": %zu", &kilobytes);
  }
  fclose(file);
  return kilobytes << 10;
}

inline void Limit(int resource, size_t bytes) {
  rlimit limit;
  getrlimit(resource, &limit);
  limit.rlim_cur = bytes;
  setrlimit(resource, &limit);
}

// Runs `body` in a child; its exit code, which is the line of the first failed check there.
inline int InChild(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace sf
