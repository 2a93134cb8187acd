// region_test.cc - address space that grows, and what the kernel says about it.

#include "mem/region.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "memory_probe.h"
#include "test.h"

namespace {

using snapfork::Backing;
using snapfork::Forking;
using snapfork::kChunkBytes;
using snapfork::Region;

TEST(Region, IsAlignedAndGrowsInPlace) {  // (R1), (R2)
  Region region;
  ASSERT_OK(region.Reserve(size_t{1} << 34, Backing::kSmallPages, Forking::kNotInChild));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(region.base()) % kChunkBytes, 0u);
  uint8_t* const base = region.base();
  ASSERT_OK(region.Commit(1));
  base[0] = 1;
  ASSERT_OK(region.Commit(size_t{300} << 20));
  base[(size_t{300} << 20) - 1] = 2;
  EXPECT_TRUE(region.base() == base);
  EXPECT_TRUE(region.committed() >= size_t{300} << 20);
  EXPECT_EQ(base[0], 1);
}

TEST(Region, IsNotAccessibleBehindWhatIsCommitted) {  // (R2)
  Region region;
  ASSERT_OK(region.Reserve(size_t{1} << 30, Backing::kSmallPages, Forking::kNotInChild));
  ASSERT_OK(region.Commit(kChunkBytes));
  EXPECT_TRUE(sf::IsAccessible(region.base() + region.committed() - 1));
  EXPECT_FALSE(sf::IsAccessible(region.base() + region.committed()));
}

TEST(Region, RefusesMoreThanItReserved) {
  Region region;
  ASSERT_OK(region.Reserve(kChunkBytes, Backing::kSmallPages, Forking::kNotInChild));
  EXPECT_OK(region.Commit(kChunkBytes));
  EXPECT_EQ(region.Commit(kChunkBytes + 1).code(), snapfork::StatusCode::kOutOfMemory);
}

TEST(Region, RefusesMoreThanTheAddressSpaceHas) {
  Region region;
  const auto status =
      region.Reserve(size_t{1} << 60, Backing::kSmallPages, Forking::kNotInChild);
  EXPECT_EQ(status.code(), snapfork::StatusCode::kOutOfMemory);
}

TEST(Region, GivesDiscardedMemoryBackAndReadsZerosThere) {
  Region region;
  ASSERT_OK(region.Reserve(4 * kChunkBytes, Backing::kSmallPages, Forking::kNotInChild));
  ASSERT_OK(region.Commit(4 * kChunkBytes));
  std::memset(region.base(), 7, 2 * kChunkBytes);
  EXPECT_EQ(sf::ResidentBytes(region.base(), 4 * kChunkBytes), 2 * kChunkBytes);
  region.Discard(0, kChunkBytes);
  EXPECT_EQ(sf::ResidentBytes(region.base(), 4 * kChunkBytes), kChunkBytes);
  EXPECT_EQ(region.base()[0], 0);
  EXPECT_EQ(region.base()[kChunkBytes], 7);
  if (region.Prefault(2 * kChunkBytes, kChunkBytes)) {
    EXPECT_TRUE(sf::ResidentBytes(region.base() + 2 * kChunkBytes, kChunkBytes) == kChunkBytes);
  }
}

TEST(Region, IsInAChildOnlyWhileForkable) {  // (R3)
  Region region;
  ASSERT_OK(region.Reserve(size_t{1} << 30, Backing::kSmallPages, Forking::kNotInChild));
  ASSERT_OK(region.Commit(4 * kChunkBytes));
  region.base()[0] = 42;
  region.base()[kChunkBytes] = 43;
  EXPECT_FALSE(sf::IsInChild(region.base()));
  region.SetForkable(true);
  region.ExcludeFromFork(kChunkBytes, kChunkBytes);
  EXPECT_TRUE(sf::IsInChild(region.base()));
  EXPECT_FALSE(sf::IsInChild(region.base() + kChunkBytes));
  region.SetForkable(false);
  EXPECT_FALSE(sf::IsInChild(region.base()));
}

TEST(Region, IsTheSameInAChildWhereItIsShared) {
  Region region;
  ASSERT_OK(region.Reserve(size_t{1} << 30, Backing::kSmallPages, Forking::kSharedWithChild));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(region.base()) % kChunkBytes, 0u);
  ASSERT_OK(region.Commit(kChunkBytes));
  auto* const value = reinterpret_cast<volatile int*>(region.base());
  *value = 1;
  const pid_t pid = fork();
  if (pid == 0) {
    *value = *value + 4;
    _exit(0);
  }
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(*value, 5);
  // It grows as any other.
  ASSERT_OK(region.Commit(size_t{300} << 20));
  region.base()[(size_t{300} << 20) - 1] = 2;
  EXPECT_EQ(*value, 5);
}

TEST(SharedMemory, IsReplacedByMoreOrStaysAsItWas) {
  snapfork::SharedMemory memory;
  ASSERT_OK(memory.Map(4096));
  *static_cast<char*>(memory.base()) = 1;
  EXPECT_FALSE(memory.Map(size_t{1} << 60).ok());
  EXPECT_EQ(memory.bytes(), 4096u);
  EXPECT_EQ(*static_cast<char*>(memory.base()), 1);
  ASSERT_OK(memory.Map(8192));
  EXPECT_EQ(memory.bytes(), 8192u);
  EXPECT_EQ(*static_cast<char*>(memory.base()), 0);
}

TEST(SharedMemory, CarriesWritesOfTheChildToTheParent) {
  snapfork::SharedMemory page;
  ASSERT_OK(page.Map(4096));
  auto* const value = static_cast<volatile int*>(page.base());
  EXPECT_EQ(*value, 0);
  const pid_t pid = fork();
  if (pid == 0) {
    *value = 5;
    _exit(0);
  }
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(*value, 5);
}

}  // namespace
