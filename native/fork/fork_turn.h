// fork_turn.h - one fork of the process at a time.
//
// For a moment the process is not as its other children need it: without the heap in them, with all
// of the data. Another thread that forks in that moment, a worker that starts a program say, waits
// for its turn (pthread_atfork). What forks by vfork(2) or posix_spawn(3) shares the memory and has
// nothing to wait for.

#pragma once

namespace snapfork {

// No other thread forks while one of these lives.
class ForkTurn {
 public:
  ForkTurn();
  ~ForkTurn();
  ForkTurn(const ForkTurn&) = delete;
  ForkTurn& operator=(const ForkTurn&) = delete;
};

}  // namespace snapfork
