// snapshot_fork.cc - the fork protocol, parent's side.

#include "fork/snapshot_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

namespace snapfork {
namespace {

constexpr size_t kOutputBytes = 1u << 20;
// Longer strings are not compressed.
constexpr size_t kCompressedBytes = 62u << 20;

// The scratch region, front to back.
constexpr size_t kOutputOffset = 0;
constexpr size_t kTableOffset = kOutputOffset + kOutputBytes;
constexpr size_t kCompressedOffset = 2u << 20;
constexpr size_t kOrderOffset = kCompressedOffset + kCompressedBytes;
constexpr size_t kCountsOffset = kOrderOffset + kChunksMax * sizeof(uint32_t);
constexpr size_t kScratchBytes = kCountsOffset + kChunksMax * sizeof(uint32_t);
static_assert(kTableOffset + sizeof(LzfTable) <= kCompressedOffset);

// The shared page: the record, then the bits of the chunks that were passed.
constexpr size_t kPassedOffset = 4096;
static_assert(sizeof(ControlPage) <= kPassedOffset);

// The lowest version that holds the data.
int RdbVersionOf(const Keyspace& keyspace) {
  for (uint32_t id = 0; id < keyspace.database_count(); ++id) {
    if (keyspace.database(id).field_expiry.size() > 0) return kRdbVersionFieldExpiry;
  }
  return kRdbVersionWriteMin;
}

Status CheckVersion(const Keyspace& keyspace, const SnapshotRequest& request) {
  const int version = request.writer.version;
  const bool is_low = request.form == SnapshotForm::kRdb && version != 0 &&
                      version < RdbVersionOf(keyspace);
  return is_low ? Status(StatusCode::kVersionTooLow) : Status();
}

bool OnMainThread() { return syscall(SYS_gettid) == getpid(); }

}  // namespace

Status SnapshotFork::Open() {
  SF_RETURN_IF_ERROR(page_.Map(kPassedOffset + PassedChunks::BytesFor(kChunksMax)));
  new (page_.base()) ControlPage();
  SF_RETURN_IF_ERROR(
      scratch_.Reserve(kScratchBytes, Backing::kSmallPages, Forking::kSharedWithChild));
  return scratch_.Commit(kScratchBytes);
}

void SnapshotFork::ListDatabases(Keyspace& keyspace) {
  databases_.clear();
  total_keys_ = 0;
  for (uint32_t id = 0; id < keyspace.database_count(); ++id) {
    const Database& database = keyspace.database(id);
    if (database.index.size() == 0) continue;
    databases_.push_back({id, database.heap, database.index.size(), database.expiry.size()});
    total_keys_ += database.index.size();
  }
  std::sort(databases_.begin(), databases_.end(),
            [](const auto& a, const auto& b) { return a.heap < b.heap; });
}

SnapshotPlan SnapshotFork::MakePlan(Keyspace& keyspace, const SnapshotRequest& request) {
  temporary_path_ = request.temporary_path;
  ListDatabases(keyspace);
  new (page_.base()) ControlPage();
  uint8_t* const scratch = scratch_.base();
  SnapshotPlan plan;
  plan.map = keyspace.arena().page_heap().Map();
  plan.databases = databases_.data();
  plan.database_count = databases_.size();
  plan.path = request.path.c_str();
  plan.temporary_path = temporary_path_.c_str();
  plan.form = request.form;
  plan.timestamp = request.timestamp;
  plan.writer = request.writer;
  if (plan.writer.version == 0) plan.writer.version = RdbVersionOf(keyspace);
  plan.buffers = {.output = scratch + kOutputOffset,
                  .output_bytes = kOutputBytes,
                  .compressed = scratch + kCompressedOffset,
                  .compressed_bytes = kCompressedBytes,
                  .table = reinterpret_cast<LzfTable*>(scratch + kTableOffset)};
  plan.server_version = request.server_version;
  plan.is_base = request.is_base;
  plan.created_at_seconds = request.created_at_seconds;
  plan.used_bytes = keyspace.arena().used_bytes();
  if (keyspace.access().on()) {
    keyspace.access().SetNow(keyspace.Now());
    plan.access = &keyspace.access();
  }
  plan.functions = keyspace.functions().data();
  plan.function_count = keyspace.functions().size();
  plan.tables = {.order = reinterpret_cast<uint32_t*>(scratch + kOrderOffset),
                 .counts = reinterpret_cast<uint32_t*>(scratch + kCountsOffset)};
  plan.passed = FreshPassed(plan.map.chunk_limit);
  plan.progress = &static_cast<ControlPage*>(page_.base())->progress;
  return plan;
}

// No chunk is passed yet.
PassedChunks SnapshotFork::FreshPassed(uint32_t chunks) {
  auto* const words = reinterpret_cast<std::atomic<uint64_t>*>(
      static_cast<uint8_t*>(page_.base()) + kPassedOffset);
  for (size_t i = 0; i * 64 < chunks; ++i) words[i].store(0, std::memory_order_relaxed);
  return PassedChunks(words);
}

Status SnapshotFork::Start(Keyspace& keyspace, const SnapshotRequest& request,
                           SnapshotStart& start) {
  const int64_t began = MonotonicMicros();
  if (child_alive()) return Status(StatusCode::kChildActive);
  if (!OnMainThread()) return Status(StatusCode::kWorkerThread);
  SF_RETURN_IF_ERROR(CheckVersion(keyspace, request));
  keyspace.arena().PerformDeferred(SIZE_MAX);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status(StatusCode::kForkFailed, errno);
  SnapshotChildPlan plan;
  plan.snapshot = MakePlan(keyspace, request);
  plan.snapshot.release = true;
  plan.snapshot.bytes_per_second = request.bytes_per_second;
  plan.snapshot.drops_cache = request.drops_cache;
  plan.control = static_cast<ControlPage*>(page_.base());
  plan.parent = getpid();
  plan.end_fd = ends[1];
  plan.nice = request.nice;
  plan.io_priority = request.io_priority;
  plan.sets_oom_score = request.sets_oom_score;
  plan.oom_score_adj = request.oom_score_adj;
  const pid_t pid = Fork(keyspace, plan);
  const int fork_errno = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return Status(StatusCode::kForkFailed, fork_errno);
  }
  pid_ = pid;
  ++forks_;
  keyspace.arena().BeginFreeze(plan.snapshot.passed);
  start = {.pid = pid, .end_fd = ends[0], .fork_micros = MonotonicMicros() - began};
  return Status();
}

pid_t SnapshotFork::Fork(Keyspace& keyspace, SnapshotChildPlan& plan) {
  PageHeap& pages = keyspace.arena().page_heap();
  const AllSignalsBlocked blocked;
  keyspace.keeper().Pause();
  pages.SetForkable(true);
  const pid_t pid = fork();
  if (pid == 0) RunSnapshotChild(plan);
  const int fork_errno = errno;
  pages.SetForkable(false);
  keyspace.keeper().Resume();
  errno = fork_errno;
  return pid;
}

Status SnapshotFork::Save(Keyspace& keyspace, const SnapshotRequest& request,
                          SnapshotResult& result) {
  if (child_alive()) return Status(StatusCode::kChildActive);
  SF_RETURN_IF_ERROR(CheckVersion(keyspace, request));
  keyspace.arena().PerformDeferred(SIZE_MAX);
  const SnapshotPlan plan = MakePlan(keyspace, request);
  const Status status = WriteSnapshotFile(plan);
  const auto phase = static_cast<SnapshotPhase>(plan.progress->phase.load());
  // Else there is none, or it is not ours.
  if (!status.ok() && phase != SnapshotPhase::kStarting) unlink(temporary_path_.c_str());
  scratch_.Discard(0, kScratchBytes);
  result = {.keys = plan.progress->keys.load(), .bytes = plan.progress->bytes.load()};
  return status;
}

bool SnapshotFork::Reap(Keyspace& keyspace, ChildEnd& end) {
  SF_CHECK(child_alive());
  int wait_status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(pid_, &wait_status, WNOHANG);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == 0) return false;
  // Less than 0: somebody else in this process has waited for it. The final record tells.
  if (reaped > 0 && WIFEXITED(wait_status)) end.exit_code = WEXITSTATUS(wait_status);
  if (reaped > 0 && WIFSIGNALED(wait_status)) end.signal = WTERMSIG(wait_status);
  pid_ = 0;
  const ControlPage& page = control();
  end.finished = page.finished.load(std::memory_order_acquire) != 0;
  if (end.finished) end.status = page.status;
  end.phase = static_cast<SnapshotPhase>(page.progress.phase.load());
  end.result = {.keys = page.progress.keys.load(), .bytes = page.progress.bytes.load()};
  keyspace.arena().EndFreeze();
  return true;
}

void SnapshotFork::Kill(int signal) {
  if (child_alive()) kill(pid_, signal);
}

void SnapshotFork::EndChild() {
  if (!child_alive()) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  unlink(temporary_path_.c_str());
}

}  // namespace snapfork
