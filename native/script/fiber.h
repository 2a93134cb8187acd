// fiber.h - a function on a stack of its own, which can be left in the middle and gone on with.
//
//   idle --Start()--> running --Suspend()--> suspended --Resume()--> running ... --returns--> idle
//
// Written by hand for x86-64 and arm64 (System V, AAPCS64), since musl has no ucontext.
//
// Invariants
//   (F1) Start and Resume are called off the fiber, Suspend on it: all in one thread.
//   (F2) On the fiber nothing calls Node-API: V8 looks at the stack of its thread.
//   (F3) A fiber that is suspended may be destroyed: nothing on its stack has a destructor.

#pragma once

#include "mem/guarded_stack.h"

namespace snapfork {

class Fiber {
 public:
  using Entry = void (*)(void* argument);

  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  Status Open(size_t stack_bytes) { return stack_.Map(stack_bytes); }

  // Runs `entry` until it suspends itself or returns.
  void Start(Entry entry, void* argument);
  // Goes on until it suspends itself again or returns.
  void Resume();
  // Goes back to who called Start or Resume.
  void Suspend();

  bool suspended() const { return suspended_; }

 private:
  static void Main(void* self);
  void SwitchIn();
  void SwitchOut(bool for_ever);

  GuardedStack stack_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  // Where the stack that does not run stands.
  void* fiber_at_ = nullptr;
  void* caller_at_ = nullptr;
  bool suspended_ = false;
  // What sanitizers want to know.
  const void* caller_bottom_ = nullptr;
  size_t caller_bytes_ = 0;
  void* caller_fake_stack_ = nullptr;
  void* fiber_fake_stack_ = nullptr;
  void* thread_of_fiber_ = nullptr;
  void* thread_of_caller_ = nullptr;
};

}  // namespace snapfork
