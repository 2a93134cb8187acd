// region.h - one reserved range of address space that grows by becoming accessible.
//
// A region is reserved once (PROT_NONE, MAP_NORESERVE), aligned to 2 MiB, and committed from its
// start in steps, so that the process keeps few mappings however large the keyspace is
// (docs/memory.md).
//
// Invariants
//   (R1) base() never changes between Reserve and the destructor.
//   (R2) [base, base + committed) is readable and writable, the rest is not accessible.
//   (R3) The fork setting of the whole region is what SetForkable last said.
//
// Discard, Prefault, ClaimChunk and Collapse may be called from the keeper thread while the owner
// works on other chunks. Everything else: the owner's thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace snapfork {

inline constexpr size_t kChunkBytes = 2u << 20;

// How the kernel should back a region.
enum class Backing { kSmallPages, kHugePages };
// What a child of fork() has of the region: nothing, a copy of each page that either writes to, or
// the same memory. For the last no page tables are copied, and no write costs a fault.
enum class Forking { kNotInChild, kCopiedForChild, kSharedWithChild };

class Region {
 public:
  Region() = default;
  ~Region() { Release(); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // Reserves address space. kOutOfMemory if the process has none left to give.
  Status Reserve(size_t bytes, Backing backing, Forking forking);

  // Makes at least the first `bytes` accessible. Costs a system call only when it grows, in steps
  // of kCommitStep.
  Status Commit(size_t bytes);

  // Gives the memory of a range back to the kernel; the next touch reads zeros.
  void Discard(size_t offset, size_t bytes);

  // Backs a range with memory now. False if the kernel would not: the range then faults in as it
  // is touched.
  bool Prefault(size_t offset, size_t bytes);

  // Takes write access to a huge page back that a child had a part in, and has given up: else the
  // next write there costs a fault. Where the child still has it, a page of it is copied.
  void ClaimChunk(size_t offset);

  // Puts the small pages of a range together into huge ones. 0, or an errno: EINVAL where the
  // kernel cannot (before 6.1), else what it lacked just now.
  int Collapse(size_t offset, size_t bytes);

  // Includes or excludes the committed part from the children of fork(), which have a copy of it
  // then.
  void SetForkable(bool forkable);

  // Takes a range out of what SetForkable(true) included, until SetForkable is called again.
  void ExcludeFromFork(size_t offset, size_t bytes);

  void Release();

  uint8_t* base() const { return base_; }
  size_t committed() const { return committed_; }
  size_t reserved() const { return reserved_; }

 private:
  static constexpr size_t kCommitStep = 64u << 20;

  bool Open(size_t bytes);
  void AdviseBacking(size_t offset, size_t bytes);

  uint8_t* base_ = nullptr;
  size_t committed_ = 0;
  size_t reserved_ = 0;
  Backing backing_ = Backing::kSmallPages;
  Forking forking_ = Forking::kNotInChild;
};

// What both processes see, parent and forked child. Nothing is copied when either writes, and
// fork(2) copies no page tables for it. The kernel backs what is touched.
class SharedMemory {
 public:
  SharedMemory() = default;
  ~SharedMemory() { Release(); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Zeros, in the place of what was mapped before; that stays if there is no memory.
  Status Map(size_t bytes);
  void Release();
  void* base() const { return base_; }
  size_t bytes() const { return bytes_; }

 private:
  void* base_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace snapfork
