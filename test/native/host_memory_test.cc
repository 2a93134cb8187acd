// host_memory_test.cc - what a child gets of the memory of its program.

#include "mem/host_memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "memory_probe.h"
#include "test.h"

namespace {

using snapfork::AddressRange;
using snapfork::HostMemory;
using snapfork::StartOfHeap;

// proc(5): pid, name and state, then 43 numbers up to the one that is asked for.
std::string StatLine(const std::string& name) {
  std::string line = "1 (" + name + ") R";
  for (int field = 4; field < 47; ++field) line += " 1";
  return line + " 4096 2 2";
}

TEST(HostMemory, IsFoundBehindNamesOfAllKinds) {
  for (const char* name : {"node", "a b", ") R 1 (", ""}) {
    EXPECT_EQ(StartOfHeap(StatLine(name).c_str()), 4096u);
  }
  EXPECT_EQ(StartOfHeap(""), 0u);
  EXPECT_EQ(StartOfHeap("1 (node) R 1 2 3"), 0u);
}

// fork(3) would put malloc in order in the child, which has none.
bool IsInBareChild(const void* at) {
  const auto pid =
      static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (pid == 0) _exit(sf::IsAccessible(at) ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(HostMemory, HasItsHeapInAChildOnlyWhileForkable) {
  auto* const grown = static_cast<char*>(sbrk(64 << 10));
  ASSERT_TRUE(grown != reinterpret_cast<char*>(-1));
  *grown = 1;
  HostMemory host;
  host.SetForkable(false);  // not found yet: nothing happens
  EXPECT_TRUE(IsInBareChild(grown));
  host.FindHeap();
  EXPECT_TRUE(host.heap_start() > 0 && host.heap_start() <= reinterpret_cast<uintptr_t>(grown));
  host.SetForkable(false);
  EXPECT_FALSE(IsInBareChild(grown));
  EXPECT_TRUE(sf::IsAccessible(grown));
  host.SetForkable(true);
  EXPECT_TRUE(IsInBareChild(grown));
}

TEST(HostMemory, HasItsRangesInAChildOnlyWhileForkable) {
  constexpr size_t kBytes = 16 * 4096;
  const auto map = [] {
    void* const at =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<char*>(at) = 1;
    return static_cast<char*>(at);
  };
  const auto range_of = [](char* at) {
    const auto start = reinterpret_cast<uintptr_t>(at);
    return AddressRange{start, start + kBytes};
  };
  char* const first = map();
  char* const gone = map();
  char* const last = map();
  HostMemory host;
  host.SetRanges({range_of(first), range_of(gone), range_of(last)});
  munmap(gone, kBytes);
  host.SetForkable(false);
  EXPECT_FALSE(IsInBareChild(first));
  EXPECT_FALSE(IsInBareChild(last));
  EXPECT_TRUE(sf::IsAccessible(first));
  host.SetForkable(true);
  EXPECT_TRUE(IsInBareChild(first));
  EXPECT_TRUE(IsInBareChild(last));
  munmap(first, kBytes);
  munmap(last, kBytes);
}

TEST(HostMemory, IsInAChildWhereItIsItsStack) {
  char local = 1;
  const auto page = reinterpret_cast<uintptr_t>(&local) / 4096 * 4096;
  HostMemory host;
  host.SetRanges({{page - 16 * 4096, page + 4096}});
  host.SetForkable(false);
  EXPECT_TRUE(IsInBareChild(&local));
  host.SetForkable(true);
}

}  // namespace
