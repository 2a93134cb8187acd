// chunk_needs_test.cc - a child lets go of a chunk exactly when it needs nothing of it any more.

#include "persist/chunk_needs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "keyspace/key_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/snapshot_walk.h"
#include "keyspace/stream_ops.h"
#include "keyspace/string_ops.h"
#include "keyspace/tree_values.h"
#include "keyspace/zset_ops.h"
#include "memory_limit.h"
#include "memory_probe.h"
#include "passed_bits.h"
#include "persist/chunk_order.h"
#include "test.h"

namespace {

using namespace snapfork;

// Strings of every size up to some chunks, large collections, a stream with groups; in two heaps.
void Fill(Keyspace& keyspace, sf::Random& random) {
  keyspace.SetClock(1'000'000);
  bool done = false;
  uint64_t count = 0;
  for (int i = 0; i < 6000; ++i) {
    const auto db = static_cast<uint32_t>(random.Below(2));
    const std::string name = std::to_string(random.Below(3));
    const std::string text(random.Below(300), 't');
    const std::string element = std::to_string(i) + text;
    ASSERT_OK(StringSet(keyspace, db, "s" + std::to_string(i), text, 0, kNoExpiry, done));
    ASSERT_OK(ListPush(keyspace, db, "list" + name, element, ListEnd::kRight, false, count));
    ZaddOutcome outcome;
    ASSERT_OK(ZsetAdd(keyspace, db, "zset" + name, element, i, 0, outcome));
    StreamId id;
    ASSERT_OK(StreamAdd(keyspace, db, "stream" + name, {{static_cast<uint64_t>(i) + 1, 1}},
                        1'000'000, {"f", element}, true, id, done));
  }
  for (const size_t bytes : {3000u, 70'000u, 3u << 20, 9u << 20}) {
    const std::string value(bytes, 'v');
    ASSERT_OK(StringSet(keyspace, 1, "b" + std::to_string(bytes), value, 0, kNoExpiry, done));
    ASSERT_OK(StringSet(keyspace, 0, std::string(bytes, 'k'), "v", 0, kNoExpiry, done));
  }
  for (int i = 0; i < 2000; ++i) KeyRemove(keyspace, 0, "s" + std::to_string(random.Below(6000)));
}

// What leads to an object, or the object itself: told to `needs` as a snapshot would.
class Writer {
 public:
  Writer(const Keyspace& keyspace, ChunkNeeds& needs) : keyspace_(keyspace), needs_(needs) {}

  void Write(EntryView entry) {
    if (IsExternal(entry.encoding())) needs_.ObjectDone(entry.external().handle);
    if (entry.encoding() != Encoding::kTree) return;
    VisitTreeRoots(keyspace_.trees(), entry.type(), entry.inline_value().data(),
                   [&](const PackSlot& root) {
                     VisitPackNodes(keyspace_.trees(), root,
                                    [&](Handle node) { needs_.ObjectDone(node); });
                   });
  }

 private:
  const Keyspace& keyspace_;
  ChunkNeeds& needs_;
};

// A line that failed, or 0.
int ReleaseAll(const Keyspace& keyspace, sf::Random& random) {
  const ChunkMap map = keyspace.arena().page_heap().Map();
  std::vector<uint32_t> order(map.chunk_limit);
  std::vector<uint32_t> counts(map.chunk_limit);
  order.resize(OrderChunks(map, order.data()));
  sf::PassedBits passed;
  ChunkNeeds needs(map, counts.data(), passed.Fresh());
  needs.Count();
  Writer writer(keyspace, needs);
  const uint32_t last = order[random.Below(order.size())];
  for (uint32_t db = 0; db < 2; ++db) {
    const uint16_t heap = keyspace.database(db).heap;
    for (const uint32_t chunk : order) {
      // Each chunk with entries that are to come is still there.
      if (db == 1 && chunk == last) {
        size_t entries = 0;
        const Status walked = WalkChunk(map, heap, chunk, [&](EntryView) {
          ++entries;
          return Status();
        });
        if (!walked.ok()) return __LINE__;
        if (entries > 0 && passed.Has(chunk)) return __LINE__;
      }
      const Status status = WalkChunk(map, heap, chunk, [&](EntryView entry) {
        if (entry.key().empty()) return Status(StatusCode::kIo);
        writer.Write(entry);
        return Status();
      });
      if (!status.ok()) return __LINE__;
      needs.EntriesDone(heap, chunk);
    }
  }
  for (const uint32_t chunk : order) {
    if (!passed.Has(chunk)) return __LINE__;
    if (map.PageAddress(chunk * kPagesPerChunk)[100] != 0) return __LINE__;
  }
  return 0;
}

TEST(ChunkNeeds, EndWithTheLastObjectOfEachChunk) {
  for (uint64_t round = 0; round < 4; ++round) {
    Keyspace keyspace;
    ASSERT_OK(keyspace.Open({.databases = 2}));
    sf::Random random(900 + round);
    Fill(keyspace, random);
    while (keyspace.FreeUnlinked(1000) > 0) continue;
    keyspace.arena().page_heap().SetForkable(true);
    EXPECT_EQ(sf::InChild([&] { return ReleaseAll(keyspace, random); }), 0);
    keyspace.arena().page_heap().SetForkable(false);
  }
}

TEST(ChunkNeeds, LetGoOfWhatWasFreeAtTheForkAndStillBacked) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 1}));
  bool done = false;
  ASSERT_OK(StringSet(keyspace, 0, "stays", "v", 0, kNoExpiry, done));
  ASSERT_OK(StringSet(keyspace, 0, "goes", std::string(60 << 20, 'v'), 0, kNoExpiry, done));
  keyspace.keeper().Pause();
  ASSERT_TRUE(KeyRemove(keyspace, 0, "goes"));
  while (keyspace.FreeUnlinked(1000) > 0) continue;
  PageHeap& pages = keyspace.arena().page_heap();
  pages.SetForkable(true);
  const int failed = sf::InChild([&] {
    const ChunkMap map = pages.Map();
    const auto backed = [&](bool in_use) {
      int chunks = 0;
      for (uint32_t chunk = 1; chunk < map.chunk_limit; ++chunk) {
        const void* const at = map.PageAddress(chunk * kPagesPerChunk);
        // Spares are not in the child.
        const size_t bytes = sf::ResidentBytes(at, kChunkBytes);
        if (IsInUse(map.chunks[chunk]) == in_use && bytes != SIZE_MAX && bytes > 0) ++chunks;
      }
      return chunks;
    };
    if (backed(false) < 10) return __LINE__;
    const int used = backed(true);
    sf::PassedBits passed;
    std::vector<uint32_t> counts(map.chunk_limit);
    ChunkNeeds(map, counts.data(), passed.Fresh()).ReleaseUnused();
    if (backed(false) != 0) return __LINE__;
    return backed(true) == used ? 0 : __LINE__;
  });
  EXPECT_EQ(failed, 0);
  pages.SetForkable(false);
  keyspace.keeper().Resume();
}

TEST(ChunkOrder, BeginsWithWhatChangedMost) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 1}));
  bool done = false;
  const std::string value(1000, 'v');
  const auto set = [&](int i) {
    return EXPECT_OK(StringSet(keyspace, 0, std::to_string(i), value, 0, kNoExpiry, done));
  };
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(set(i));
  const uint32_t hot = PageOf(keyspace.Lookup(0, "12345").handle()) / kPagesPerChunk;
  const uint32_t warm = PageOf(keyspace.Lookup(0, "5").handle()) / kPagesPerChunk;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(set(12345));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(set(5));
  const ChunkMap map = keyspace.arena().page_heap().Map();
  std::vector<uint32_t> order(map.chunk_limit);
  order.resize(OrderChunks(map, order.data()));
  ASSERT_TRUE(order.size() > 8);
  EXPECT_EQ(order[0], hot);
  EXPECT_EQ(order[1], warm);
  EXPECT_TRUE(std::is_sorted(order.begin() + 2, order.end()));
  // What was hot long ago is so no more.
  for (int i = 0; i < 5; ++i) {
    sf::PassedBits passed;
    keyspace.arena().BeginFreeze(passed.Fresh());
    keyspace.arena().EndFreeze();
  }
  order.resize(OrderChunks(map, order.data()));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
