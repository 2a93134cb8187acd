// arena_test.cc - slabs, large objects, and what a freeze leaves alone.

#include "mem/arena.h"

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "memory_probe.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

constexpr uint16_t kHeaps = 3;

struct Fixture {
  Fixture() {
    EXPECT_OK(arena.Open(Backing::kSmallPages, kHeaps));
    EXPECT_OK(keeper.Start());
  }
  ~Fixture() { keeper.Stop(); }

  uint32_t ChunkOf(Handle handle) const {
    return static_cast<uint32_t>(handle * kHandleUnit / kChunkBytes);
  }

  Keeper keeper;
  Arena arena{keeper};
  sf::PassedBits passed;
};

// The tables against themselves. Returns what is wrong, or "".
std::string CheckTables(Arena& arena) {
  PageHeap& heap = arena.page_heap();
  const PageInfo* const pages = heap.pages();
  for (uint32_t chunk = 1; chunk < heap.chunk_limit(); ++chunk) {
    for (uint32_t i = 0; i < kPagesPerChunk; ++i) {
      const uint32_t page = chunk * kPagesPerChunk + i;
      const bool free_bit = (heap.chunks()[chunk].free_pages >> i & 1) != 0;
      if (free_bit != (pages[page].use == PageUse::kFree))
        return "(P1) page " + std::to_string(page);
      if (pages[page].use != PageUse::kSlab) continue;
      const uint64_t* const words = heap.live() + size_t{page} * kLiveWordsPerPage;
      uint32_t live = 0;
      bool before_full = true;
      const uint32_t objects = SizeClassObjects(pages[page].size_class);
      for (uint32_t bit = 0; bit < objects; ++bit) live += words[bit / 64] >> (bit % 64) & 1;
      for (uint32_t word = 0; word < pages[page].hint; ++word) {
        before_full = before_full && words[word] == ~uint64_t{0};
      }
      if (live != pages[page].live) return "(A1) live count of page " + std::to_string(page);
      if (live == 0) return "empty slab at page " + std::to_string(page);
      if (!before_full) return "hint of page " + std::to_string(page);
      if (!pages[page].doomed && (live < objects) != (pages[page].listed != 0)) {
        return "listed of page " + std::to_string(page);
      }
    }
  }
  return "";
}

uint32_t ChunksInUse(const PageHeap& heap) {
  uint32_t in_use = 0;
  for (uint32_t chunk = 1; chunk < heap.chunk_limit(); ++chunk) {
    in_use += heap.chunks()[chunk].free_pages != ~0u;
  }
  return in_use;
}

TEST(SizeClass, HoldsEverySizeWithLittleLoss) {
  for (size_t bytes = 1; bytes <= kSlabObjectBytesMax; ++bytes) {
    const unsigned size_class = SizeClassOf(bytes);
    const size_t got = SizeClassBytes(size_class);
    ASSERT_TRUE(size_class < kSizeClasses && got >= bytes);
    ASSERT_TRUE(got % kHandleUnit == 0);
    ASSERT_TRUE(bytes <= 64 || got - bytes <= bytes / 8);
    ASSERT_TRUE(size_class == 0 || SizeClassBytes(size_class - 1) < bytes || bytes <= 16);
    ASSERT_TRUE(SizeClassObjects(size_class) >= 4);
    ASSERT_TRUE(SizeClassObjects(size_class) <= kLiveWordsPerPage * 64);
  }
}

TEST(Arena, FillsEverySlabOfEverySizeClassToItsEnd) {
  Fixture fixture;
  for (unsigned size_class = 0; size_class < kSizeClasses; ++size_class) {
    const uint32_t objects = SizeClassObjects(size_class);
    const size_t bytes = SizeClassBytes(size_class);
    std::set<Handle> handles;
    for (uint32_t i = 0; i < objects; ++i) {
      const Handle handle = fixture.arena.Allocate(0, ObjectKind::kEntry, bytes);
      ASSERT_TRUE(handle != 0 && handles.insert(handle).second);
      std::memset(fixture.arena.At(handle), 0xab, bytes);
      ASSERT_EQ(fixture.arena.CapacityOf(handle), bytes);
    }
    // One slab, no gaps, no overlap.
    ASSERT_EQ((*handles.rbegin() - *handles.begin()) * kHandleUnit, (objects - 1) * bytes);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
    for (Handle handle : handles) fixture.arena.Free(handle);
  }
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
}

// Objects with a pattern of their own, so that overlap and stray writes are seen.
class Population {
 public:
  Population(Fixture& fixture, uint64_t stream) : fixture_(fixture), random_(stream) {}

  bool Add(size_t bytes) {
    const auto heap = static_cast<uint16_t>(random_.Below(kHeaps));
    const auto kind = static_cast<ObjectKind>(random_.Below(2));
    const Handle handle = fixture_.arena.Allocate(heap, kind, bytes);
    if (!EXPECT_TRUE(handle != 0)) return false;
    if (!EXPECT_TRUE(fixture_.arena.CapacityOf(handle) >= bytes)) return false;
    if (!EXPECT_EQ(fixture_.arena.CapacityOf(handle), Arena::CapacityFor(bytes))) return false;
    if (!EXPECT_FALSE(fixture_.arena.IsFrozen(handle))) return false;  // (A2)
    const auto pattern = static_cast<uint8_t>(random_.Next());
    std::memset(fixture_.arena.At(handle), pattern, bytes);
    const bool fresh = objects_.emplace(handle, Object{heap, bytes, pattern}).second;
    return EXPECT_TRUE(fresh);
  }

  bool RemoveOne() {
    if (objects_.empty()) return true;
    auto at = objects_.lower_bound(random_.Below(objects_.rbegin()->first + 1));
    if (!Intact(*at)) return false;
    fixture_.arena.Free(at->first);
    objects_.erase(at);
    return true;
  }

  void FreeHeap(uint16_t heap) {
    fixture_.arena.FreeHeap(heap);
    std::erase_if(objects_, [&](const auto& one) { return one.second.heap == heap; });
  }

  bool AllIntact() const {
    uint64_t used = 0;
    for (const auto& one : objects_) {
      if (!Intact(one)) return false;
      used += Arena::CapacityFor(one.second.bytes);
    }
    // Deferred frees of objects still count, flushed heaps do not.
    return EXPECT_TRUE(fixture_.arena.deferred() > 0 || used == fixture_.arena.used_bytes());
  }

  size_t RandomBytes() {
    switch (random_.Below(60)) {
      case 0:
        return 1 + random_.Below(5 << 20);
      case 1:
        return kSlabObjectBytesMax - 2 + random_.Below(4);
      case 2:
      case 3:
        return 1 + random_.Below(kSlabObjectBytesMax);
      default:
        return 1 + random_.Below(300);
    }
  }

  size_t size() const { return objects_.size(); }
  sf::Random& random() { return random_; }

 private:
  struct Object {
    uint16_t heap;
    size_t bytes;
    uint8_t pattern;
  };

  bool Intact(const std::pair<const Handle, Object>& one) const {
    const uint8_t* const at = fixture_.arena.At(one.first);
    const size_t last = one.second.bytes - 1;
    const uint8_t pattern = one.second.pattern;
    return EXPECT_TRUE(at[0] == pattern && at[last / 2] == pattern && at[last] == pattern);
  }

  Fixture& fixture_;
  sf::Random random_;
  std::map<Handle, Object> objects_;
};

TEST(Arena, KeepsRandomObjectsApartAndIntact) {
  Fixture fixture;
  Population population(fixture, 120);
  for (int i = 0; i < 30000; ++i) {
    const bool grow = (i / 5000) % 2 == 0;
    if (population.random().Below(10) < (grow ? 7u : 3u)) {
      ASSERT_TRUE(population.Add(population.RandomBytes()));
    } else {
      ASSERT_TRUE(population.RemoveOne());
    }
    if (i % 1000 == 0) ASSERT_EQ(CheckTables(fixture.arena), std::string());
  }
  ASSERT_TRUE(population.AllIntact());
  while (population.size() > 0) ASSERT_TRUE(population.RemoveOne());
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
  // (P3): every chunk is back, and all but the spares with the kernel.
  EXPECT_TRUE(
      sf::WaitFor([&] { return fixture.arena.page_heap().backed_bytes() <= 8 * kChunkBytes; }));
}

TEST(Arena, GivesTheMemoryOfFreedObjectsBackToTheKernel) {
  Fixture fixture;
  const Region& region = fixture.arena.page_heap().data_region();
  std::vector<Handle> handles;
  for (int i = 0; i < 600000; ++i) {
    handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 100));
    fixture.arena.At(handles.back())[0] = 1;
  }
  EXPECT_TRUE(sf::ResidentBytes(region.base(), region.committed()) > 50u << 20);
  for (Handle handle : handles) fixture.arena.Free(handle);
  EXPECT_TRUE(sf::WaitFor(
      [&] { return sf::ResidentBytes(region.base(), region.committed()) <= 8 * kChunkBytes; }));
  const Handle large = fixture.arena.Allocate(0, ObjectKind::kNode, 100 << 20);
  std::memset(fixture.arena.At(large), 1, 100 << 20);
  fixture.arena.Free(large);
  EXPECT_TRUE(sf::WaitFor(
      [&] { return sf::ResidentBytes(region.base(), region.committed()) <= 8 * kChunkBytes; }));
}

TEST(Arena, UsesTheLowestFreeRoomOfASlabAgain) {
  Fixture fixture;
  std::vector<Handle> handles;
  for (int i = 0; i < 1000; ++i)
    handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 64));
  for (int i : {900, 3, 500, 64}) fixture.arena.Free(handles[static_cast<size_t>(i)]);
  for (size_t i : {3, 64, 500, 900}) {
    EXPECT_EQ(fixture.arena.Allocate(0, ObjectKind::kEntry, 64), handles[i]);
  }
}

TEST(Arena, WritesNothingIntoAFreedObject) {
  Fixture fixture;
  const Handle handle = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  std::memset(fixture.arena.At(handle), 0x5a, 64);
  fixture.arena.Free(handle);
  for (int i = 0; i < 64; ++i) ASSERT_EQ(fixture.arena.At(handle)[i], 0x5a);
}

TEST(Arena, FreesAWholeHeapAndNothingElse) {
  Fixture fixture;
  Population population(fixture, 121);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(population.Add(population.RandomBytes()));
  for (uint16_t heap : {1, 0, 2}) {
    population.FreeHeap(heap);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
    ASSERT_TRUE(population.AllIntact());
  }
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
}

// Bytes and tables of the chunks of a freeze, as they were at its beginning.
class FrozenCopy {
 public:
  explicit FrozenCopy(Arena& arena) : arena_(arena) {
    const PageHeap& heap = arena.page_heap();
    limit_ = heap.chunk_limit();
    data_.assign(heap.data(), heap.data() + limit_ * kChunkBytes);
    chunks_.assign(heap.chunks(), heap.chunks() + limit_);
    const size_t words = size_t{limit_} * kPagesPerChunk * kLiveWordsPerPage;
    live_.assign(heap.live(), heap.live() + words);
    for (uint32_t chunk = 0; chunk < limit_; ++chunk) {
      const PageInfo& first = heap.pages()[chunk * kPagesPerChunk];
      const bool goes_on = first.use == PageUse::kLargeTail;
      first_.push_back(goes_on ? first.previous / kPagesPerChunk : chunk);
    }
  }

  // A child passes all chunks of a large object at once.
  void Pass(sf::PassedBits& passed, uint32_t chunk) const {
    for (uint32_t i = 0; i < limit_; ++i) {
      if (first_[i] == first_[chunk]) passed.Pass(i);
    }
  }

  // (A2): nothing in a chunk that is frozen still has changed.
  bool Holds(sf::PassedBits& passed) const {
    const PageHeap& heap = arena_.page_heap();
    constexpr size_t kWords = size_t{kPagesPerChunk} * kLiveWordsPerPage;
    for (uint32_t chunk = 1; chunk < limit_; ++chunk) {
      if (chunks_[chunk].free_pages == ~0u) continue;
      if (passed.Has(chunk)) continue;
      const size_t at = chunk * kChunkBytes;
      if (!EXPECT_TRUE(std::memcmp(&data_[at], heap.data() + at, kChunkBytes) == 0) ||
          !EXPECT_TRUE(std::memcmp(&live_[chunk * kWords], heap.live() + chunk * kWords,
                                   kWords * sizeof(uint64_t)) == 0) ||
          !EXPECT_EQ(chunks_[chunk].free_pages, heap.chunks()[chunk].free_pages)) {
        return false;
      }
    }
    return true;
  }

  uint32_t limit() const { return limit_; }

 private:
  Arena& arena_;
  uint32_t limit_ = 0;
  std::vector<uint8_t> data_;
  std::vector<ChunkInfo> chunks_;
  std::vector<uint64_t> live_;
  std::vector<uint32_t> first_;  // where a large object begins that covers the chunk's first page
};

TEST(Arena, ChangesNothingInAFrozenChunkUntilTheWalkHasPassedIt) {  // (A2), (P4)
  Fixture fixture;
  Population population(fixture, 122);
  sf::Random& random = population.random();
  for (int i = 0; i < 8000; ++i) ASSERT_TRUE(population.Add(population.RandomBytes()));
  for (int round = 0; round < 6; ++round) {
    fixture.arena.PerformDeferred(SIZE_MAX);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
    ASSERT_TRUE(population.AllIntact());
    const FrozenCopy frozen(fixture.arena);
    fixture.arena.BeginFreeze(fixture.passed.Fresh());
    // In any order, and not all of them.
    for (uint32_t i = 0; i < frozen.limit() / 3; ++i) {
      for (uint64_t n = random.Below(100); n > 0; --n) {
        if (random.Below(2) == 0) {
          ASSERT_TRUE(population.Add(population.RandomBytes()));
        } else {
          ASSERT_TRUE(population.RemoveOne());
        }
      }
      if (random.Below(200) == 0) {
        population.FreeHeap(static_cast<uint16_t>(random.Below(kHeaps)));
      }
      if (random.Below(8) == 0) ASSERT_TRUE(frozen.Holds(fixture.passed));
      frozen.Pass(fixture.passed, static_cast<uint32_t>(random.Below(frozen.limit())));
    }
    ASSERT_TRUE(frozen.Holds(fixture.passed));
    fixture.arena.EndFreeze();
    // Frees go on while the deferred ones wait.
    while (fixture.arena.deferred() > 0) {
      fixture.arena.PerformDeferred(7);
      ASSERT_TRUE(population.RemoveOne());
      ASSERT_TRUE(population.Add(population.RandomBytes()));
      if (random.Below(500) == 0) population.FreeHeap(static_cast<uint16_t>(random.Below(kHeaps)));
    }
    ASSERT_TRUE(population.AllIntact());
  }
  while (population.size() > 0) ASSERT_TRUE(population.RemoveOne());
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
}

TEST(Arena, AllocatesFromYoungChunksWhileFrozen) {
  Fixture fixture;
  const Handle old = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  EXPECT_TRUE(fixture.arena.IsFrozen(old));
  const Handle young = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  EXPECT_FALSE(fixture.arena.IsFrozen(young));
  EXPECT_TRUE(fixture.ChunkOf(young) != fixture.ChunkOf(old));
  fixture.arena.Free(old);
  EXPECT_EQ(fixture.arena.deferred(), 1u);
  fixture.arena.Free(young);
  EXPECT_EQ(fixture.arena.deferred(), 1u);
  fixture.arena.EndFreeze();
  EXPECT_FALSE(fixture.arena.IsFrozen(old));
  fixture.arena.PerformDeferred(1);
  EXPECT_EQ(fixture.arena.deferred(), 0u);
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
}

TEST(Arena, KeepsAPassedChunkPassedWhenAHigherHeapMovesIn) {  // (P4)
  Fixture fixture;
  const Handle kept = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  const Handle page = fixture.arena.Allocate(0, ObjectKind::kEntry, 60000);
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  fixture.passed.Pass(fixture.ChunkOf(kept));
  ASSERT_TRUE(!fixture.arena.IsFrozen(kept));
  fixture.arena.Free(page);  // performed: the chunk gives pages again
  const Handle higher = fixture.arena.Allocate(2, ObjectKind::kEntry, 64);
  ASSERT_EQ(fixture.ChunkOf(higher), fixture.ChunkOf(kept));
  EXPECT_FALSE(fixture.arena.IsFrozen(higher));
  EXPECT_FALSE(fixture.arena.IsFrozen(kept));
  fixture.arena.EndFreeze();
  // The next freeze has it before itself again.
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  EXPECT_TRUE(fixture.arena.IsFrozen(kept));
  fixture.arena.EndFreeze();
}

TEST(Arena, HoldsALargeObjectFrozenUntilItsLastChunkIsPassed) {
  Fixture fixture;
  const Handle large = fixture.arena.Allocate(0, ObjectKind::kNode, 5 * kChunkBytes);
  const uint32_t first = fixture.ChunkOf(large);
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  for (uint32_t chunk = first; chunk < first + 5; ++chunk) {
    EXPECT_TRUE(fixture.arena.IsFrozen(large));
    fixture.passed.Pass(chunk);
  }
  EXPECT_FALSE(fixture.arena.IsFrozen(large));
  fixture.arena.EndFreeze();
}

TEST(Arena, FreesAFlushedHeapAfterItsDeferredObjects) {  // (A3)
  Fixture fixture;
  std::vector<Handle> handles;
  for (int i = 0; i < 100; ++i)
    handles.push_back(fixture.arena.Allocate(1, ObjectKind::kEntry, 64));
  const Handle large = fixture.arena.Allocate(1, ObjectKind::kNode, 1 << 20);
  const Handle other = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  fixture.arena.Free(handles[5]);
  fixture.arena.Free(large);
  fixture.arena.FreeHeap(1);
  fixture.arena.FreeHeap(1);  // nothing is left to doom
  const Handle again = fixture.arena.Allocate(1, ObjectKind::kEntry, 64);
  EXPECT_FALSE(fixture.arena.IsFrozen(again));
  fixture.arena.FreeHeap(1);  // young pages
  const Handle last = fixture.arena.Allocate(1, ObjectKind::kEntry, 64);
  fixture.arena.EndFreeze();
  while (fixture.arena.deferred() > 0) {
    fixture.arena.PerformDeferred(1);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
  }
  EXPECT_EQ(fixture.arena.used_bytes(), 2 * 64u);
  fixture.arena.Free(last);
  fixture.arena.Free(other);
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
}

TEST(Arena, UsesWhatTheWalkHasPassedBeforeTheStoreGrows) {
  Fixture fixture;
  std::vector<Handle> handles;
  while (fixture.arena.page_heap().chunk_limit() < 12) {
    handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 64));
  }
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  for (uint32_t chunk = 1; chunk < 12; ++chunk) {
    // Everything in this chunk changes just before the walk comes to it.
    for (Handle& handle : handles) {
      if (fixture.ChunkOf(handle) != chunk || !fixture.arena.IsFrozen(handle)) continue;
      fixture.arena.Free(handle);
      handle = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
    }
    fixture.passed.Pass(chunk);
  }
  // Two chunks more, where one after the other would have taken as many again.
  EXPECT_TRUE(fixture.arena.page_heap().chunk_limit() <= 15);
  fixture.passed.PassAll();
  fixture.arena.PerformDeferred(SIZE_MAX);
  EXPECT_EQ(fixture.arena.deferred(), 0u);
  EXPECT_EQ(fixture.arena.used_bytes(), handles.size() * 64);
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
  fixture.arena.EndFreeze();
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
}

TEST(Arena, UsesWhatLiesIdleInPassedChunks) {
  Fixture fixture;
  sf::Random random(123);
  std::vector<Handle> handles;
  while (fixture.arena.page_heap().chunk_limit() < 20) {
    handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 64));
  }
  uint32_t held[12];
  for (uint32_t& chunks : held) {
    fixture.arena.BeginFreeze(fixture.passed.Fresh());
    // As many changes as there are objects, while a child passes one chunk after the other.
    const uint32_t limit = fixture.arena.page_heap().chunk_limit();
    for (uint32_t chunk = 1; chunk < limit; ++chunk) {
      for (size_t i = handles.size() / limit; i > 0; --i) {
        Handle& handle = handles[random.Below(handles.size())];
        if (!fixture.arena.IsFrozen(handle)) continue;
        const Handle moved = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
        fixture.arena.Free(std::exchange(handle, moved));
      }
      fixture.passed.Pass(chunk);
    }
    fixture.arena.EndFreeze();
    fixture.arena.PerformDeferred(SIZE_MAX);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
    chunks = ChunksInUse(fixture.arena.page_heap());
  }
  // With what lies idle in passed chunks left out it would be 62 to 65.
  EXPECT_TRUE(held[11] <= 56);
}

TEST(Arena, GrowsNoFasterThanItMay) {
  Fixture fixture;
  fixture.arena.BeginFreeze(fixture.passed.Fresh());
  fixture.arena.LimitGrowth(1 << 20);
  const int64_t began = MonotonicMicros();
  for (int i = 0; i < 1024; ++i) {
    ASSERT_TRUE(fixture.arena.Allocate(0, ObjectKind::kEntry, 128) != 0);
  }
  EXPECT_TRUE(MonotonicMicros() - began > 100'000);  // an eighth of a second, less what it may owe
  fixture.arena.EndFreeze();
}

TEST(Arena, UsesWithheldSlabsAgainAfterTheThaw) {
  Fixture fixture;
  std::vector<Handle> handles;
  for (int i = 0; i < 2000; ++i)
    handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 64));
  for (int round = 0; round < 50; ++round) {
    fixture.arena.BeginFreeze(fixture.passed.Fresh());
    const Handle young = fixture.arena.Allocate(0, ObjectKind::kEntry, 64);
    for (int i = 0; i < 20; ++i) {
      fixture.arena.Free(handles.back());
      handles.pop_back();
    }
    fixture.arena.EndFreeze();
    fixture.arena.PerformDeferred(SIZE_MAX);
    for (int i = 0; i < 20; ++i)
      handles.push_back(fixture.arena.Allocate(0, ObjectKind::kEntry, 64));
    fixture.arena.Free(young);
    ASSERT_EQ(CheckTables(fixture.arena), std::string());
  }
  EXPECT_TRUE(ChunksInUse(fixture.arena.page_heap()) <= 3);
}

TEST(PageHeap, ListsChunksThePoolKeepsAsSparesAsNotInUse) {
  Fixture fixture;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(fixture.arena.Allocate(0, ObjectKind::kEntry, kChunkBytes) != 0);
  }
  // Goes behind the spares, which are below it and never were in use.
  ASSERT_TRUE(fixture.arena.Allocate(0, ObjectKind::kEntry, 3 * kChunkBytes) != 0);
  PageHeap& heap = fixture.arena.page_heap();
  EXPECT_EQ(ChunksInUse(heap), 63u);
  EXPECT_EQ(heap.Map().chunk_limit, heap.chunk_limit());
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
}

TEST(PageHeap, FillsTheRestOfTheLastChunkOfALargeObject) {
  Fixture fixture;
  const Handle large = fixture.arena.Allocate(0, ObjectKind::kNode, kChunkBytes + kPageBytes);
  const Handle small = fixture.arena.Allocate(1, ObjectKind::kEntry, 64);
  EXPECT_EQ(fixture.ChunkOf(small), fixture.ChunkOf(large) + 1);
  fixture.arena.Free(large);
  EXPECT_EQ(CheckTables(fixture.arena), std::string());
  fixture.arena.Free(small);
  EXPECT_EQ(fixture.arena.used_bytes(), 0u);
}

}  // namespace
