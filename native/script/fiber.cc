// fiber.cc - switching stacks.
//
// A switch pushes what a callee has to keep, changes the stack pointer, and pops the same from the
// other stack. A new stack is laid out as if it had been switched away from at the trampoline,
// which calls its second register with its first one as the argument.

#include "script/fiber.h"

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

extern "C" {
void snapfork_switch_stack(void** leave_at, void* enter_at);
void snapfork_fiber_trampoline();
}

#if defined(__x86_64__)
asm(R"(
  .text
  .globl snapfork_switch_stack
  .hidden snapfork_switch_stack
  .type snapfork_switch_stack, @function
  .p2align 4
snapfork_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size snapfork_switch_stack, .-snapfork_switch_stack

  .globl snapfork_fiber_trampoline
  .hidden snapfork_fiber_trampoline
  .type snapfork_fiber_trampoline, @function
  .p2align 4
snapfork_fiber_trampoline:
  .cfi_startproc
  .cfi_undefined rip
  movq %rbx, %rdi
  callq *%r12
  ud2
  .cfi_endproc
  .size snapfork_fiber_trampoline, .-snapfork_fiber_trampoline
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .globl snapfork_switch_stack
  .hidden snapfork_switch_stack
  .type snapfork_switch_stack, %function
  .p2align 4
snapfork_switch_stack:
  sub sp, sp, 160
  stp x19, x20, [sp, 0]
  stp x21, x22, [sp, 16]
  stp x23, x24, [sp, 32]
  stp x25, x26, [sp, 48]
  stp x27, x28, [sp, 64]
  stp x29, x30, [sp, 80]
  stp d8, d9, [sp, 96]
  stp d10, d11, [sp, 112]
  stp d12, d13, [sp, 128]
  stp d14, d15, [sp, 144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, 0]
  ldp x21, x22, [sp, 16]
  ldp x23, x24, [sp, 32]
  ldp x25, x26, [sp, 48]
  ldp x27, x28, [sp, 64]
  ldp x29, x30, [sp, 80]
  ldp d8, d9, [sp, 96]
  ldp d10, d11, [sp, 112]
  ldp d12, d13, [sp, 128]
  ldp d14, d15, [sp, 144]
  add sp, sp, 160
  ret
  .size snapfork_switch_stack, .-snapfork_switch_stack

  .globl snapfork_fiber_trampoline
  .hidden snapfork_fiber_trampoline
  .type snapfork_fiber_trampoline, %function
  .p2align 4
snapfork_fiber_trampoline:
  .cfi_startproc
  .cfi_undefined x30
  mov x0, x19
  blr x20
  brk 1
  .cfi_endproc
  .size snapfork_fiber_trampoline, .-snapfork_fiber_trampoline
)");
#else
#error "no switch of stacks for this processor"
#endif

namespace snapfork {
namespace {

using EntryPoint = void (*)(void*);

// What snapfork_switch_stack pops, so that it returns to the trampoline.
void* LayOut(uint8_t* top, EntryPoint main, void* argument) {
  uintptr_t* at = reinterpret_cast<uintptr_t*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15});
  const uintptr_t trampoline = reinterpret_cast<uintptr_t>(&snapfork_fiber_trampoline);
#if defined(__x86_64__)
  at -= 2;  // behind the return address the stack is aligned for the trampoline's call
  at[-1] = trampoline;
  at[-2] = 0;                                    // rbp
  at[-3] = reinterpret_cast<uintptr_t>(argument);  // rbx
  at[-4] = reinterpret_cast<uintptr_t>(main);      // r12
  at[-5] = at[-6] = at[-7] = 0;                    // r13, r14, r15
  // The environment of floating point is the caller's.
  uint32_t control[2] = {0, 0};
  asm volatile("stmxcsr %0" : "=m"(control[0]));
  asm volatile("fnstcw %0" : "=m"(control[1]));
  at[-8] = control[0] | uintptr_t{control[1]} << 32;
  return at - 8;
#else
  at -= 20;
  for (int i = 0; i < 20; ++i) at[i] = 0;
  at[0] = reinterpret_cast<uintptr_t>(argument);  // x19
  at[1] = reinterpret_cast<uintptr_t>(main);      // x20
  at[11] = trampoline;                            // x30
  return at;
#endif
}

}  // namespace

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  if (thread_of_fiber_ != nullptr) __tsan_destroy_fiber(thread_of_fiber_);
#endif
}

void Fiber::Main(void* self) {
  Fiber& fiber = *static_cast<Fiber*>(self);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &fiber.caller_bottom_, &fiber.caller_bytes_);
#endif
  fiber.entry_(fiber.argument_);
  fiber.SwitchOut(true);
}

void Fiber::Start(Entry entry, void* argument) {
  SF_CHECK(!suspended_);  // (F1)
  entry_ = entry;
  argument_ = argument;
#if defined(__SANITIZE_ADDRESS__)
  // What was left in the middle, here or by another one at the same address, has left its marks.
  __asan_unpoison_memory_region(stack_.bottom(), stack_.bytes());
#endif
  fiber_at_ = LayOut(stack_.bottom() + stack_.bytes(), &Fiber::Main, this);
  SwitchIn();
}

void Fiber::Resume() {
  SF_CHECK(suspended_);  // (F1)
  SwitchIn();
}

void Fiber::Suspend() { SwitchOut(false); }

void Fiber::SwitchIn() {
  suspended_ = false;
#if defined(__SANITIZE_THREAD__)
  if (thread_of_fiber_ == nullptr) thread_of_fiber_ = __tsan_create_fiber(0);
  thread_of_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(thread_of_fiber_, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&caller_fake_stack_, stack_.bottom(), stack_.bytes());
#endif
  snapfork_switch_stack(&caller_at_, fiber_at_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(caller_fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::SwitchOut(bool for_ever) {
  suspended_ = !for_ever;
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(thread_of_caller_, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_ever ? nullptr : &fiber_fake_stack_, caller_bottom_,
                                 caller_bytes_);
#endif
  snapfork_switch_stack(&fiber_at_, caller_at_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fiber_fake_stack_, &caller_bottom_, &caller_bytes_);
#endif
}

}  // namespace snapfork
