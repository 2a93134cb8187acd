// keeper_test.cc - chunks between cold, spare and use, and the thread that moves them.

#include "mem/keeper.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "memory_probe.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using snapfork::Backing;
using snapfork::ChunkPool;
using snapfork::Forking;
using snapfork::kChunkBytes;
using snapfork::Keeper;
using snapfork::Region;

struct Fixture {
  explicit Fixture(uint32_t chunks = 1000, uint32_t spare_max = 4,
                   Backing backing = Backing::kSmallPages)
      : pool(region, keeper, spare_max) {
    EXPECT_OK(region.Reserve(chunks * kChunkBytes, backing, Forking::kNotInChild));
  }
  ~Fixture() { keeper.Stop(); }

  size_t Resident() const { return sf::ResidentBytes(region.base(), region.committed()); }

  Region region;
  Keeper keeper;
  ChunkPool pool;
};

TEST(ChunkPool, NeverGivesChunkZeroNorOneChunkTwice) {  // (K1)
  Fixture fixture;
  EXPECT_OK(fixture.keeper.Start());
  sf::Random random(110);
  std::set<uint32_t> used;
  std::vector<uint32_t> order;
  for (int i = 0; i < 3000; ++i) {
    if (used.size() < 40 && random.Below(2) == 0) {
      const uint32_t count = random.Below(4) == 0 ? 1 + static_cast<uint32_t>(random.Below(5)) : 1;
      uint32_t first = 0;
      if (count == 1) {
        ASSERT_OK(fixture.pool.Take(first));
      } else {
        ASSERT_OK(fixture.pool.TakeAdjacent(count, first));
      }
      for (uint32_t chunk = first; chunk < first + count; ++chunk) {
        ASSERT_TRUE(chunk != 0 && used.insert(chunk).second);
        order.push_back(chunk);
        fixture.region.base()[chunk * kChunkBytes] = 1;  // accessible
      }
    } else if (!order.empty()) {
      std::swap(order[random.Below(order.size())], order.back());
      used.erase(order.back());
      fixture.pool.Return(order.back());
      order.pop_back();
    }
    ASSERT_EQ(fixture.pool.in_use(), used.size());
  }
  // What is returned is used again: the region does not run away.
  for (uint32_t chunk : order) fixture.pool.Return(chunk);
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.pool.backed() <= 4; }));
  const uint32_t limit = fixture.pool.chunk_limit();
  uint32_t chunk = 0;
  for (int i = 0; i < 15; ++i) ASSERT_OK(fixture.pool.Take(chunk));
  EXPECT_EQ(fixture.pool.chunk_limit(), limit);
}

TEST(ChunkPool, FailsWhenTheRegionIsUsedUpAndRecovers) {
  Fixture fixture(8);
  EXPECT_OK(fixture.keeper.Start());
  std::vector<uint32_t> taken;
  uint32_t chunk = 0;
  // Spares on their way are waited for.
  while (fixture.pool.Take(chunk).ok()) taken.push_back(chunk);
  ASSERT_EQ(taken.size(), 7u);
  EXPECT_EQ(fixture.pool.Take(chunk).code(), snapfork::StatusCode::kOutOfMemory);
  EXPECT_EQ(fixture.pool.TakeAdjacent(2, chunk).code(), snapfork::StatusCode::kOutOfMemory);
  fixture.pool.Return(taken.back());
  EXPECT_OK(fixture.pool.Take(chunk));
  EXPECT_EQ(chunk, taken.back());
  for (uint32_t one : taken) fixture.pool.Return(one);
  EXPECT_OK(fixture.pool.TakeAdjacent(7, chunk));
}

TEST(ChunkPool, KeepsBackedSparesAheadAndGivesTheRestToTheKernel) {
  Fixture fixture(1000, 4);
  EXPECT_OK(fixture.keeper.Start());
  std::vector<uint32_t> taken(200);
  for (uint32_t& chunk : taken) {
    ASSERT_OK(fixture.pool.Take(chunk));
    std::memset(fixture.region.base() + chunk * kChunkBytes, 1, kChunkBytes);
  }
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.Resident() == 204 * kChunkBytes; }));
  EXPECT_EQ(fixture.pool.backed(), 204u);
  for (uint32_t chunk : taken) fixture.pool.Return(chunk);
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.pool.backed() == 4; }));
  EXPECT_EQ(fixture.Resident(), 4 * kChunkBytes);
  // Discarded chunks are cold again, adjacent ones found among them: four spares, wherever they
  // lie, leave 40 of 200 side by side.
  const uint32_t limit = fixture.pool.chunk_limit();
  uint32_t first = 0;
  ASSERT_OK(fixture.pool.TakeAdjacent(40, first));
  EXPECT_EQ(fixture.pool.chunk_limit(), limit);
}

TEST(Keeper, TouchesNoChunkWhilePaused) {
  Fixture fixture;
  EXPECT_OK(fixture.keeper.Start());
  for (int round = 0; round < 50; ++round) {
    fixture.keeper.Pause();
    std::vector<uint32_t> taken(8);
    for (uint32_t& chunk : taken) {
      ASSERT_OK(fixture.pool.Take(chunk));
      fixture.region.base()[chunk * kChunkBytes] = 1;
    }
    const size_t before = fixture.Resident();
    for (uint32_t chunk : taken) fixture.pool.Return(chunk);
    EXPECT_EQ(fixture.Resident(), before);
    fixture.keeper.Resume();
  }
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.pool.backed() <= 4; }));
}

TEST(Keeper, StopsWithOrdersPendingAndStartsOnlyOnce) {
  for (int round = 0; round < 20; ++round) {
    Fixture fixture;
    EXPECT_OK(fixture.keeper.Start());
    uint32_t chunk = 0;
    for (int i = 0; i < round; ++i) ASSERT_OK(fixture.pool.Take(chunk));
    fixture.keeper.Stop();
    fixture.keeper.Stop();
  }
}

TEST(ChunkPool, TakesSparesOutOfWhatAChildGets) {
  Fixture fixture;
  EXPECT_OK(fixture.keeper.Start());
  uint32_t chunk = 0;
  ASSERT_OK(fixture.pool.Take(chunk));
  // One spare, the next fresh chunk, is prefaulted.
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.Resident() == kChunkBytes; }));
  fixture.keeper.Pause();
  fixture.region.SetForkable(true);
  fixture.pool.ExcludeSparesFromFork();
  EXPECT_TRUE(sf::IsInChild(fixture.region.base() + chunk * kChunkBytes));
  EXPECT_FALSE(sf::IsInChild(fixture.region.base() + (chunk + 1) * kChunkBytes));
  fixture.region.SetForkable(false);
  EXPECT_FALSE(sf::IsInChild(fixture.region.base() + chunk * kChunkBytes));
  fixture.keeper.Resume();
}

// Chunks in use, in huge pages where there are some.
struct HugeChunks : Fixture {
  explicit HugeChunks(uint32_t count) : Fixture(100, 0, Backing::kHugePages) {
    EXPECT_OK(pool.TakeAdjacent(count, first));
    std::memset(At(first), 7, count * kChunkBytes);
    whole = sf::HugeBytes(region.base()) == count * kChunkBytes;
    bits.resize((first + count) / 64 + 1);
    for (uint32_t chunk = first; chunk < first + count; ++chunk) {
      bits[chunk / 64] |= uint64_t{1} << (chunk % 64);
    }
  }

  uint8_t* At(uint32_t chunk) { return region.base() + chunk * kChunkBytes; }

  uint32_t first = 0;
  bool whole = false;
  std::vector<uint64_t> bits;
};

// Each split by a page that was given away and written again.
struct SplitChunks : HugeChunks {
  static constexpr uint32_t kCount = 20;

  SplitChunks() : HugeChunks(kCount) {
    for (uint32_t chunk = first; chunk < first + kCount; ++chunk) {
      region.Discard(chunk * kChunkBytes + 8 * 4096, 4096);
      std::memset(At(chunk) + 8 * 4096, 7, 4096);
    }
    can_heal = whole && region.Collapse(first * kChunkBytes, kChunkBytes) == 0;
  }

  bool can_heal = false;
};

TEST(Keeper, PutsSplitHugePagesTogetherAgain) {
  SplitChunks fixture;
  if (!fixture.can_heal) return;  // no huge pages, or a kernel before 6.1
  EXPECT_EQ(sf::HugeBytes(fixture.region.base()), kChunkBytes);
  EXPECT_OK(fixture.keeper.Start());
  fixture.pool.OrderHealing(fixture.bits);
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.keeper.heal_counters().pending == 0; }));
  fixture.keeper.Pause();
  const auto counters = fixture.keeper.heal_counters();
  EXPECT_EQ(counters.chunks, uint64_t{SplitChunks::kCount});
  EXPECT_EQ(sf::HugeBytes(fixture.region.base()) / kChunkBytes,
            SplitChunks::kCount - counters.failed);
  fixture.keeper.Resume();
  const uint8_t* const bytes = fixture.At(fixture.first);
  for (size_t i = 0; i < SplitChunks::kCount * kChunkBytes; ++i) ASSERT_EQ(bytes[i], 7);
}

TEST(Keeper, HealsNothingWhilePausedOrForbidden) {
  SplitChunks fixture;
  EXPECT_OK(fixture.keeper.Start());
  fixture.keeper.Pause();
  fixture.pool.OrderHealing(fixture.bits);
  usleep(20'000);
  EXPECT_EQ(fixture.keeper.heal_counters().pending, uint64_t{SplitChunks::kCount});
  fixture.keeper.SetHealPercent(0);
  fixture.keeper.Resume();
  usleep(20'000);
  EXPECT_EQ(fixture.keeper.heal_counters().pending, uint64_t{SplitChunks::kCount});
  fixture.pool.OrderHealing({});
  EXPECT_EQ(fixture.keeper.heal_counters().pending, 0u);
}

TEST(ChunkPool, DoesNotHealWhatWasReturned) {
  SplitChunks fixture;
  fixture.keeper.SetHealPercent(0);
  EXPECT_OK(fixture.keeper.Start());
  fixture.pool.OrderHealing(fixture.bits);
  for (uint32_t i = 0; i < SplitChunks::kCount; i += 2) fixture.pool.Return(fixture.first + i);
  EXPECT_EQ(fixture.keeper.heal_counters().pending, uint64_t{SplitChunks::kCount / 2});
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.pool.backed() == SplitChunks::kCount / 2; }));
  fixture.keeper.SetHealPercent(100);
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.keeper.heal_counters().pending == 0; }));
  fixture.keeper.Pause();
  EXPECT_EQ(fixture.Resident(), SplitChunks::kCount / 2 * kChunkBytes);
  fixture.keeper.Resume();
}

// A child has them as well, until it is told to give one up.
struct SharedChunks : HugeChunks {
  static constexpr uint32_t kCount = 6;

  SharedChunks() : HugeChunks(kCount) {
    EXPECT_OK(keeper.Start());
    keeper.Pause();
    region.SetForkable(true);
    EXPECT_TRUE(pipe(orders) == 0 && pipe(answers) == 0);
    child = fork();
    if (child == 0) Serve();
    region.SetForkable(false);
    keeper.Resume();
  }
  ~SharedChunks() { EndChild(); }

  [[noreturn]] void Serve() {
    close(orders[1]);
    uint32_t chunk = 0;
    while (read(orders[0], &chunk, sizeof(chunk)) == sizeof(chunk)) {
      region.Discard(chunk * kChunkBytes, kChunkBytes);
      if (write(answers[1], &chunk, 1) != 1) break;
    }
    _exit(0);
  }
  // As the child of a save does: memory first, then the bit.
  void ChildPasses(uint32_t chunk) {
    char answer = 0;
    EXPECT_EQ(write(orders[1], &chunk, sizeof(chunk)), ssize_t{sizeof(chunk)});
    EXPECT_EQ(read(answers[0], &answer, 1), 1);
    said.Pass(chunk);
  }
  void EndChild() {
    if (child == 0) return;
    for (const int fd : {orders[0], orders[1], answers[0], answers[1]}) close(fd);
    waitpid(child, nullptr, 0);
    child = 0;
  }
  // Of a write to each end of the chunk.
  long FaultsOfWriting(uint32_t chunk) {
    rusage before;
    rusage after;
    getrusage(RUSAGE_THREAD, &before);
    static_cast<volatile uint8_t*>(At(chunk))[0] = 8;
    static_cast<volatile uint8_t*>(At(chunk))[kChunkBytes - 1] = 8;
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_minflt - before.ru_minflt;
  }

  sf::PassedBits said;
  int orders[2];
  int answers[2];
  pid_t child = 0;
};

TEST(Keeper, TakesTheFaultOfAChunkThatTheChildHasPassed) {
  SharedChunks fixture;
  const auto passed = fixture.pool.BeginClaims(fixture.bits, fixture.said.Fresh());
  const uint32_t chunk = fixture.first + 2;
  EXPECT_FALSE(passed.Has(chunk));
  fixture.ChildPasses(chunk);
  ASSERT_TRUE(sf::WaitFor([&] { return passed.Has(chunk); }));
  EXPECT_FALSE(passed.Has(chunk + 1));
  if (fixture.whole) {
    EXPECT_EQ(fixture.FaultsOfWriting(chunk), 0);
    EXPECT_TRUE(fixture.FaultsOfWriting(chunk + 1) > 0);
  }
  fixture.pool.EndClaims();
}

TEST(Keeper, ClaimsTheRestWhenTheChildIsGone) {
  SharedChunks fixture;
  const auto passed = fixture.pool.BeginClaims(fixture.bits, fixture.said.Fresh());
  fixture.EndChild();
  usleep(30'000);
  EXPECT_FALSE(passed.Has(fixture.first));
  fixture.pool.EndClaims();
  for (uint32_t i = 0; i < SharedChunks::kCount; ++i) {
    ASSERT_TRUE(sf::WaitFor([&] { return passed.Has(fixture.first + i); }));
    if (fixture.whole) EXPECT_EQ(fixture.FaultsOfWriting(fixture.first + i), 0);
  }
}

TEST(ChunkPool, ClaimsNothingThatWasReturnedOrDropped) {
  SharedChunks fixture;
  (void)fixture.pool.BeginClaims(fixture.bits, fixture.said.Fresh());
  fixture.pool.Return(fixture.first);
  ASSERT_TRUE(sf::WaitFor([&] { return fixture.pool.backed() == SharedChunks::kCount - 1; }));
  fixture.pool.DropClaims();
  fixture.pool.EndClaims();
  usleep(30'000);
  fixture.keeper.Pause();
  EXPECT_EQ(fixture.Resident(), (SharedChunks::kCount - 1) * kChunkBytes);
  fixture.EndChild();
  if (fixture.whole) EXPECT_TRUE(fixture.FaultsOfWriting(fixture.first + 1) > 0);
  fixture.keeper.Resume();
}

TEST(ChunkPool, TakesTheChildsWordWhereThereIsNoKeeper) {
  Fixture fixture(100, 0, Backing::kHugePages);
  uint32_t chunk = 0;
  ASSERT_OK(fixture.pool.Take(chunk));
  sf::PassedBits said;
  const auto passed = fixture.pool.BeginClaims({uint64_t{1} << chunk}, said.Fresh());
  EXPECT_FALSE(passed.Has(chunk));
  said.Pass(chunk);
  EXPECT_TRUE(passed.Has(chunk));
  fixture.pool.EndClaims();
}

}  // namespace
