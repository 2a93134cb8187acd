// program_heap_test.cc - what malloc has at the end of the program, and who gets it.

#include "mem/program_heap.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "memory_probe.h"
#include "test.h"

namespace {

using snapfork::ProgramHeap;
using snapfork::StartOfHeap;

// proc(5): pid, name and state, then 43 numbers up to the one that is asked for.
std::string StatLine(const std::string& name) {
  std::string line = "1 (" + name + ") R";
  for (int field = 4; field < 47; ++field) line += " 1";
  return line + " 4096 2 2";
}

TEST(ProgramHeap, IsFoundBehindNamesOfAllKinds) {
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

TEST(ProgramHeap, IsInAChildOnlyWhileForkable) {
  auto* const grown = static_cast<char*>(sbrk(64 << 10));
  ASSERT_TRUE(grown != reinterpret_cast<char*>(-1));
  *grown = 1;
  ProgramHeap heap;
  heap.SetForkable(false);  // not found yet: nothing happens
  EXPECT_TRUE(IsInBareChild(grown));
  heap.Find();
  EXPECT_TRUE(heap.start() > 0 && heap.start() <= reinterpret_cast<uintptr_t>(grown));
  heap.SetForkable(false);
  EXPECT_FALSE(IsInBareChild(grown));
  EXPECT_TRUE(sf::IsAccessible(grown));
  heap.SetForkable(true);
  EXPECT_TRUE(IsInBareChild(grown));
}

}  // namespace
