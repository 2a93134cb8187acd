// fork_turn.cc - a lock that every fork(3) of the process takes.

#include "fork/fork_turn.h"

#include <pthread.h>

namespace snapfork {
namespace {

pthread_mutex_t g_turn = PTHREAD_MUTEX_INITIALIZER;

void Begin() { pthread_mutex_lock(&g_turn); }
void End() { pthread_mutex_unlock(&g_turn); }

}  // namespace

ForkTurn::ForkTurn() {
  // If there is no memory for it, others go unwarned, as they would without it.
  static const int registered = pthread_atfork(Begin, End, End);
  (void)registered;
  Begin();
}

ForkTurn::~ForkTurn() { End(); }

}  // namespace snapfork
