// fork_turn_test.cc - who forks while somebody else has the turn.

#include "fork/fork_turn.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "memory_probe.h"
#include "test.h"

namespace {

using snapfork::ForkTurn;

struct Forker {
  std::atomic<bool> begun{false};
  std::atomic<bool> done{false};

  static void* Run(void* argument) {
    Forker& self = *static_cast<Forker*>(argument);
    self.begun = true;
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    self.done = true;
    waitpid(pid, nullptr, 0);
    return nullptr;
  }
};

TEST(ForkTurn, KeepsForksOfOtherThreadsWaiting) {
  Forker forker;
  pthread_t thread;
  {
    const ForkTurn turn;
    ASSERT_EQ(pthread_create(&thread, nullptr, Forker::Run, &forker), 0);
    EXPECT_TRUE(sf::WaitFor([&] { return forker.begun.load(); }));
    usleep(50'000);  // time enough to do it wrong
    EXPECT_FALSE(forker.done.load());
  }
  EXPECT_TRUE(sf::WaitFor([&] { return forker.done.load(); }));
  pthread_join(thread, nullptr);
  // The turn is free again, in the parent and for the next one.
  const ForkTurn again;
}

TEST(ForkTurn, IsFreeInTheChildOfAFork) {
  { const ForkTurn registers; }
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(10);
    { const ForkTurn turn; }
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
