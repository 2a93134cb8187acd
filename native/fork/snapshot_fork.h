// snapshot_fork.h - snapshots from the parent's side: fork, watch, reap; and the one without fork.
//
//   Start() --fork--> child alive --Reap() true--> idle      (then PerformDeferred on the arena)
//
// Everything the child needs is obtained before the fork; in the parent nothing is undone later
// that the child could still use.
//
// Invariants
//   (P1) At most one child a SnapshotFork.
//   (P2) The data region is shared with children between SetForkable(true) and (false) only: no
//        other fork of the process copies its page tables.
//   (P3) The freeze lasts from the fork to the reaping, so IsFrozen always has a live page to read.
//   (P4) All that a child reads is on the stack of the fork, in the data and its tables, or in
//        memory that both see: it has nothing of the heap.
//   (P5) waitpid is called for this pid only: other children belong to the host.
//
// Runs in: the parent's main thread. From another thread Start fails with kWorkerThread, since the
// child would die with that thread.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "fork/control_page.h"
#include "fork/snapshot_child.h"
#include "keyspace/keyspace.h"
#include "mem/host_memory.h"
#include "mem/region.h"
#include "persist/rdb_writer.h"

namespace snapfork {

class PlanMemory;

struct SnapshotRequest {
  std::string path;
  std::string temporary_path;
  SnapshotForm form = SnapshotForm::kRdb;
  int64_t created_at_seconds = 0;
  bool timestamp = false;
  RdbWriterOptions writer;
  std::string server_version;
  bool is_base = false;
  // Of a child.
  int nice = 0;
  IoPriority io_priority = IoPriority::kLow;
  uint64_t bytes_per_second = 0;  // 0: no limit
  bool drops_cache = false;
  bool sets_oom_score = false;
  int oom_score_adj = 0;
};

struct SnapshotStart {
  pid_t pid = 0;
  int end_fd = -1;  // the caller's from now on
  int64_t fork_micros = 0;
};

struct SnapshotResult {
  uint64_t keys = 0;
  uint64_t bytes = 0;
};

struct ChildEnd {
  int exit_code = -1;  // or -1
  int signal = 0;      // or 0
  bool finished = false;
  Status status;  // of the final record, if `finished`
  SnapshotPhase phase = SnapshotPhase::kStarting;
  SnapshotResult result;
};

class SnapshotFork {
 public:
  SnapshotFork() = default;
  ~SnapshotFork() { EndChild(); }
  SnapshotFork(const SnapshotFork&) = delete;
  SnapshotFork& operator=(const SnapshotFork&) = delete;

  // Reserves the shared memory and the scratch buffers.
  Status Open();

  // Forks. kChildActive, kWorkerThread, kForkFailed or what opening the file gave; then nothing
  // changed, and no file is left. Performs all deferred frees first. Cost: docs/fork.md.
  Status Start(Keyspace& keyspace, const SnapshotRequest& request, SnapshotStart& start);

  // Writes the file in this process. kChildActive while a child lives.
  Status Save(Keyspace& keyspace, const SnapshotRequest& request, SnapshotResult& result);

  bool child_alive() const { return pid_ != 0; }
  pid_t pid() const { return pid_; }
  // Of the child that lives or lived last.
  const ControlPage& control() const { return *static_cast<ControlPage*>(shared_.base()); }
  // Lines of /proc/<pid>/maps, of the same child.
  std::string_view mappings() const;
  uint64_t total_keys() const { return total_keys_; }
  uint64_t forks() const { return forks_; }

  // True once the child has ended; then the freeze has too.
  bool Reap(Keyspace& keyspace, ChildEnd& end);
  void Kill(int signal);
  // Kills the child, waits for it and removes its temporary file. The freeze is not ended: for
  // when the keyspace goes as well.
  void EndChild();

  // What the next child is not given of the memory of the host.
  HostMemory& host_memory() { return host_memory_; }

  const Region& scratch() const { return scratch_; }
  const SharedMemory& shared() const { return shared_; }

 private:
  Status MakeRoom(size_t plan_bytes);
  void ListDatabases(const Keyspace& keyspace, PlanMemory& memory, SnapshotPlan& plan);
  PassedChunks FreshPassed(uint32_t chunks);
  Status MakePlan(Keyspace& keyspace, const SnapshotRequest& request, SnapshotPlan& plan);
  pid_t Fork(Keyspace& keyspace, SnapshotChildPlan& plan);

  SharedMemory shared_;
  Region scratch_;
  HostMemory host_memory_;
  std::string temporary_path_;
  pid_t pid_ = 0;
  uint64_t total_keys_ = 0;
  uint64_t forks_ = 0;
};

}  // namespace snapfork
