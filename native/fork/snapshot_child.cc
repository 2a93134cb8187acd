// snapshot_child.cc - the set-up of the child, step by step.

#include "fork/snapshot_child.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/number.h"
#include "fork/self_memory.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace snapfork {
namespace {

// linux/ioprio.h is not everywhere.
constexpr int kIoprioWhoProcess = 1;
constexpr int kIoprioClassShift = 13;
constexpr int kIoprioClassBestEffort = 2;
constexpr int kIoprioClassIdle = 3;
constexpr int kIoprioLowest = 7;

// False if the parent died before it could be tied to this process.
bool DieWithParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == parent;
}

void ResetSignals() {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) sigaction(number, &action, nullptr);
  }
  // As in the parent: a file over the limit is then an error of write(2), not the child's end.
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Closes first to last; the kernel may be older than the call.
void CloseRange(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t end = limit.rlim_cur < last ? limit.rlim_cur : last;
  for (rlim_t fd = first; fd <= end; ++fd) close(static_cast<int>(fd));
}

// A client's socket that stayed open here would stay connected after the parent closed it.
void CloseAllBut(int fd) {
  const unsigned kept = static_cast<unsigned>(fd);
  if (kept > 0) CloseRange(0, kept - 1);
  CloseRange(kept + 1, ~0u);
}

// Each is a courtesy: without the right to it the save goes on.
void GiveWay(const SnapshotChildPlan& plan) {
  if (plan.sets_oom_score) {
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
      char text[kIntegerTextMax];
      (void)WriteFully(fd, text, FormatInteger(plan.oom_score_adj, text)).ok();
      close(fd);
    }
  }
  if (plan.nice != 0) {
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + plan.nice);
  }
  if (plan.io_priority != IoPriority::kNormal) {
    const bool idle = plan.io_priority == IoPriority::kIdle;
    const int io_class = idle ? kIoprioClassIdle : kIoprioClassBestEffort;
    syscall(SYS_ioprio_set, kIoprioWhoProcess, 0, io_class << kIoprioClassShift | kIoprioLowest);
  }
  prctl(PR_SET_NAME, "snapfork-rdb");
}

}  // namespace

void RunSnapshotChild(SnapshotChildPlan& plan) {
  if (!DieWithParent(plan.parent)) _exit(kChildExitOrphan);
  ResetSignals();
  CloseAllBut(plan.end_fd);
  GiveWay(plan);
  const size_t listed = ListOwnMappings(plan.mappings, plan.mappings_room);
  plan.control->mappings_bytes.store(static_cast<uint32_t>(listed), std::memory_order_release);
  SelfMemory memory(*plan.control);
  plan.snapshot.behind_chunk = [](void* self) { static_cast<SelfMemory*>(self)->ReadIfDue(); };
  plan.snapshot.argument = &memory;
  const Status status = WriteSnapshotFile(plan.snapshot);
  memory.Read();
  plan.control->status = status;
  plan.control->finished.store(1, std::memory_order_release);
  _exit(status.ok() ? kChildExitOk : kChildExitFailed);
}

}  // namespace snapfork
