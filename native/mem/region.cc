// region.cc - mmap, mprotect and madvise behind Region.

#include "mem/region.h"

#include <errno.h>
#include <sys/mman.h>

#include <algorithm>

#include "base/check.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace snapfork {
namespace {

constexpr size_t RoundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

}  // namespace

Status Region::Reserve(size_t bytes, Backing backing, Forking forking) {
  SF_CHECK(base_ == nullptr);
  bytes = RoundUp(bytes, kChunkBytes);
  const size_t with_slack = bytes + kChunkBytes;
  void* mapping = mmap(nullptr, with_slack, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return Status::FromErrno(errno);
  uint8_t* const start = static_cast<uint8_t*>(mapping);
  uint8_t* const aligned = reinterpret_cast<uint8_t*>(
      RoundUp(reinterpret_cast<uintptr_t>(start), kChunkBytes));
  if (aligned > start) munmap(start, static_cast<size_t>(aligned - start));
  const size_t tail = static_cast<size_t>(start + with_slack - (aligned + bytes));
  if (tail > 0) munmap(aligned + bytes, tail);
  base_ = aligned;
  reserved_ = bytes;
  forking_ = forking;
  backing_ = backing;
  AdviseBacking(0, bytes);
  if (forking == Forking::kNotInChild) madvise(base_, bytes, MADV_DONTFORK);
  return Status();
}

Status Region::Commit(size_t bytes) {
  if (bytes <= committed_) return Status();
  if (bytes > reserved_) return Status(StatusCode::kOutOfMemory, ENOMEM);
  const size_t target = std::min(RoundUp(bytes, kCommitStep), reserved_);
  if (!Open(target - committed_)) return Status(StatusCode::kOutOfMemory, errno);
  committed_ = target;
  return Status();
}

// Makes so much more accessible.
bool Region::Open(size_t bytes) {
  uint8_t* const start = base_ + committed_;
  if (forking_ != Forking::kSharedWithChild) {
    return mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
  }
  // Shared memory is counted as used from when it is mapped, where the kernel promises no more than
  // it has: so it is mapped step by step.
  if (mmap(start, bytes, PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
    return false;
  }
  AdviseBacking(committed_, bytes);
  return true;
}

// Without the explicit "no", a system set to `always` would back a small region with huge pages.
void Region::AdviseBacking(size_t offset, size_t bytes) {
  const int advice = backing_ == Backing::kHugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
  madvise(base_ + offset, bytes, advice);
}

void Region::Discard(size_t offset, size_t bytes) {
  madvise(base_ + offset, bytes, MADV_DONTNEED);
}

bool Region::Prefault(size_t offset, size_t bytes) {
  return madvise(base_ + offset, bytes, MADV_POPULATE_WRITE) == 0;
}

// A fault of the kernel's own, at any of its addresses, makes the whole huge page writable.
void Region::ClaimChunk(size_t offset) {
  constexpr size_t kAnyPageBytes = 4096;
  madvise(base_ + offset, kAnyPageBytes, MADV_POPULATE_WRITE);
}

int Region::Collapse(size_t offset, size_t bytes) {
  return madvise(base_ + offset, bytes, MADV_COLLAPSE) == 0 ? 0 : errno;
}

void Region::SetForkable(bool forkable) {
  if (committed_ == 0) return;
  madvise(base_, committed_, forkable ? MADV_DOFORK : MADV_DONTFORK);
}

void Region::ExcludeFromFork(size_t offset, size_t bytes) {
  madvise(base_ + offset, bytes, MADV_DONTFORK);
}

void Region::Release() {
  if (base_ != nullptr) munmap(base_, reserved_);
  base_ = nullptr;
  committed_ = 0;
  reserved_ = 0;
}

Status SharedMemory::Map(size_t bytes) {
  void* mapping =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return Status::FromErrno(errno);
  Release();
  base_ = mapping;
  bytes_ = bytes;
  return Status();
}

void SharedMemory::Release() {
  if (base_ != nullptr) munmap(base_, bytes_);
  base_ = nullptr;
  bytes_ = 0;
}

}  // namespace snapfork
