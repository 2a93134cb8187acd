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
#include "fork/fork_turn.h"
#include "fork/plan_memory.h"

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

// The shared memory: the record, the bits of the chunks that were passed, the list of the child's
// mappings, what the plan is made of.
constexpr size_t kPassedOffset = 4096;
constexpr size_t kMappingsOffset = kPassedOffset + PassedChunks::BytesFor(kChunksMax);
constexpr size_t kMappingsBytes = 256u << 10;
constexpr size_t kPlanOffset = kMappingsOffset + kMappingsBytes;
constexpr size_t kPlanBytesMin = 64u << 10;
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

size_t PlanBytes(const Keyspace& keyspace, const SnapshotRequest& request) {
  size_t bytes = PlanMemory::BytesFor(request.path) +
                 PlanMemory::BytesFor(request.temporary_path) +
                 PlanMemory::BytesFor(request.server_version) +
                 PlanMemory::BytesFor<SnapshotDatabase>(keyspace.database_count()) +
                 PlanMemory::BytesFor<std::string_view>(keyspace.functions().size());
  for (const std::string& text : keyspace.functions()) bytes += PlanMemory::BytesFor(text);
  return bytes;
}

// fork(2) itself. Its wrapper runs what others have ordered with pthread_atfork, and puts malloc in
// order for a child that will use it: ours has neither the wish nor the memory.
pid_t ForkAlone() {
  return static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace

Status SnapshotFork::Open() {
  SF_RETURN_IF_ERROR(MakeRoom(kPlanBytesMin));
  host_memory_.FindHeap();
  SF_RETURN_IF_ERROR(
      scratch_.Reserve(kScratchBytes, Backing::kSmallPages, Forking::kCopiedForChild));
  return scratch_.Commit(kScratchBytes);
}

// For a plan of so many bytes. What the last child has said is forgotten.
Status SnapshotFork::MakeRoom(size_t plan_bytes) {
  const size_t bytes = kPlanOffset + plan_bytes;
  if (shared_.bytes() < bytes) SF_RETURN_IF_ERROR(shared_.Map(bytes));
  new (shared_.base()) ControlPage();
  return Status();
}

void SnapshotFork::ListDatabases(const Keyspace& keyspace, PlanMemory& memory,
                                 SnapshotPlan& plan) {
  auto* const list = memory.Make<SnapshotDatabase>(keyspace.database_count());
  size_t count = 0;
  total_keys_ = 0;
  for (uint32_t id = 0; id < keyspace.database_count(); ++id) {
    const Database& database = keyspace.database(id);
    if (database.index.size() == 0) continue;
    list[count++] = {id, database.heap, database.index.size(), database.expiry.size()};
    total_keys_ += database.index.size();
  }
  std::sort(list, list + count, [](const auto& a, const auto& b) { return a.heap < b.heap; });
  plan.databases = list;
  plan.database_count = count;
}

Status SnapshotFork::MakePlan(Keyspace& keyspace, const SnapshotRequest& request,
                              SnapshotPlan& plan) {
  const size_t plan_bytes = PlanBytes(keyspace, request);
  SF_RETURN_IF_ERROR(MakeRoom(plan_bytes));
  PlanMemory memory(static_cast<uint8_t*>(shared_.base()) + kPlanOffset, plan_bytes);
  plan.path = memory.Copy(request.path).data();
  plan.temporary_path = memory.Copy(request.temporary_path).data();
  plan.server_version = memory.Copy(request.server_version);
  ListDatabases(keyspace, memory, plan);
  plan.function_count = keyspace.functions().size();
  auto* const functions = memory.Make<std::string_view>(plan.function_count);
  for (size_t i = 0; i < plan.function_count; ++i) {
    functions[i] = memory.Copy(keyspace.functions()[i]);
  }
  plan.functions = functions;
  temporary_path_ = request.temporary_path;
  uint8_t* const scratch = scratch_.base();
  plan.map = keyspace.arena().page_heap().Map();
  plan.form = request.form;
  plan.timestamp = request.timestamp;
  plan.writer = request.writer;
  if (plan.writer.version == 0) plan.writer.version = RdbVersionOf(keyspace);
  plan.buffers = {.output = scratch + kOutputOffset,
                  .output_bytes = kOutputBytes,
                  .compressed = scratch + kCompressedOffset,
                  .compressed_bytes = kCompressedBytes,
                  .table = reinterpret_cast<LzfTable*>(scratch + kTableOffset)};
  plan.is_base = request.is_base;
  plan.created_at_seconds = request.created_at_seconds;
  plan.used_bytes = keyspace.arena().used_bytes();
  if (keyspace.access().on()) {
    keyspace.access().SetNow(keyspace.Now());
    plan.access = keyspace.access().reader();
  }
  plan.tables = {.order = reinterpret_cast<uint32_t*>(scratch + kOrderOffset),
                 .counts = reinterpret_cast<uint32_t*>(scratch + kCountsOffset)};
  plan.passed = FreshPassed(plan.map.chunk_limit);
  plan.progress = &static_cast<ControlPage*>(shared_.base())->progress;
  return Status();
}

// No chunk is passed yet.
PassedChunks SnapshotFork::FreshPassed(uint32_t chunks) {
  auto* const words = reinterpret_cast<std::atomic<uint64_t>*>(
      static_cast<uint8_t*>(shared_.base()) + kPassedOffset);
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
  SnapshotChildPlan plan;
  SF_RETURN_IF_ERROR(MakePlan(keyspace, request, plan.snapshot));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status(StatusCode::kForkFailed, errno);
  plan.snapshot.release = true;
  plan.snapshot.bytes_per_second = request.bytes_per_second;
  plan.snapshot.drops_cache = request.drops_cache;
  plan.control = static_cast<ControlPage*>(shared_.base());
  plan.mappings = static_cast<char*>(shared_.base()) + kMappingsOffset;
  plan.mappings_room = kMappingsBytes;
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
  pid_t pid;
  int fork_errno;
  {
    const ForkTurn turn;
    pages.SetForkable(true);
    host_memory_.SetForkable(false);
    pid = ForkAlone();
    if (pid == 0) RunSnapshotChild(plan);
    fork_errno = errno;
    host_memory_.SetForkable(true);
    pages.SetForkable(false);
  }
  keyspace.keeper().Resume();
  errno = fork_errno;
  return pid;
}

Status SnapshotFork::Save(Keyspace& keyspace, const SnapshotRequest& request,
                          SnapshotResult& result) {
  if (child_alive()) return Status(StatusCode::kChildActive);
  SF_RETURN_IF_ERROR(CheckVersion(keyspace, request));
  keyspace.arena().PerformDeferred(SIZE_MAX);
  SnapshotPlan plan;
  SF_RETURN_IF_ERROR(MakePlan(keyspace, request, plan));
  const Status status = WriteSnapshotFile(plan);
  const auto phase = static_cast<SnapshotPhase>(plan.progress->phase.load());
  // Else there is none, or it is not ours.
  if (!status.ok() && phase != SnapshotPhase::kStarting) unlink(temporary_path_.c_str());
  scratch_.Discard(0, kScratchBytes);
  result = {.keys = plan.progress->keys.load(), .bytes = plan.progress->bytes.load()};
  return status;
}

std::string_view SnapshotFork::mappings() const {
  const char* const list = static_cast<const char*>(shared_.base()) + kMappingsOffset;
  return {list, control().mappings_bytes.load(std::memory_order_acquire)};
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
