// snapshot_child.h - what the forked child runs, from fork() to _exit().
//
//   die with the parent -> default signal handlers, then unblock -> close foreign descriptors
//   -> give way (oom_score_adj, nice, I/O priority), name -> list its mappings -> write the file
//   -> final record -> _exit
//
// Invariants
//   (C1) Async-signal-safe work only: no malloc, stdio, locks, Node-API, statics with constructors.
//        test/fork/child-symbols.test.ts checks what this library needs from outside.
//   (C2) Signals stay blocked until no handler of the host is left: libuv's would write into the
//        parent's pipe.
//   (C3) It ends by _exit only, so that no exit handler or buffer of the host runs twice.
//
// Runs in: the child's only thread.

#pragma once

#include <sys/types.h>

#include "base/child_safe.h"
#include "fork/control_page.h"
#include "persist/snapshot_file.h"

namespace snapfork {

// Exit codes. What went wrong is in the final record.
inline constexpr int kChildExitOk = 0;
inline constexpr int kChildExitFailed = 1;
inline constexpr int kChildExitOrphan = 2;

// As lib/native/engine.ts numbers them. kNormal: that of the parent.
enum class IoPriority : int32_t { kNormal, kLow, kIdle };

struct SnapshotChildPlan {
  SnapshotPlan snapshot;
  ControlPage* control = nullptr;
  // Room in shared memory.
  char* mappings = nullptr;
  size_t mappings_room = 0;
  pid_t parent = 0;
  // Kept open until the end: the parent sees EOF at the other end.
  int end_fd = -1;
  int nice = 0;
  IoPriority io_priority = IoPriority::kLow;
  bool sets_oom_score = false;
  int oom_score_adj = 0;
};

[[noreturn]] SF_CHILD_SAFE void RunSnapshotChild(SnapshotChildPlan& plan);

}  // namespace snapfork
