// defragmenter_test.cc - sparse chunks are emptied, and nothing else changes.

#include "keyspace/defragmenter.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keyspace/digest.h"
#include "keyspace/hash_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/stream_groups.h"
#include "keyspace/stream_ops.h"
#include "keyspace/zset_ops.h"
#include "keyspace_model.h"
#include "memory_limit.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

constexpr DefragLimits kAlways{.ignored_bytes = 0, .threshold_percent = 0};

size_t HeldChunks(Keyspace& keyspace) {
  return keyspace.arena().page_heap().held_bytes() / kChunkBytes;
}

// Passes, until one finds nothing; how many steps that took.
int Defragment(Defragmenter& defragmenter, int64_t micros = 500) {
  int steps = 0;
  while (defragmenter.Step(kAlways, micros)) ++steps;
  return steps;
}

// Adds a little to a collection of every type; `round` names the elements.
void Grow(Keyspace& keyspace, uint32_t db, const std::string& name, int round, size_t bytes) {
  bool done = false;
  uint64_t count = 0;
  const std::string element = std::to_string(round) + std::string(bytes, 'e');
  ASSERT_OK(ListPush(keyspace, db, "list" + name, element, ListEnd::kRight, false, count));
  ASSERT_OK(SetAdd(keyspace, db, "set" + name, element, done));
  ASSERT_OK(HashSet(keyspace, db, "hash" + name, element, element, 0, done));
  ZaddOutcome outcome;
  ASSERT_OK(ZsetAdd(keyspace, db, "zset" + name, element, round, 0, outcome));
  StreamId id;
  const StreamId wanted{static_cast<uint64_t>(round) + 1, 1};
  const std::string stream = "stream" + name;
  ASSERT_OK(StreamAdd(keyspace, db, stream, {wanted}, 1'000'000, {"f", element}, true, id, done));
  // From the first entry on, or it is there.
  const StreamId none;
  (void)GroupCreate(keyspace, db, stream, "group", &none, -1, false).ok();
  const std::string consumer = "consumer" + std::to_string(round % 20);
  std::vector<StreamId> ids;
  ASSERT_OK(GroupReadNew(keyspace, db, stream, "group", consumer, 1, false, 1'000'000, ids));
}


// Two databases of strings of many sizes, of small collections and of some large ones, written side
// by side, of which a part is left.
std::unique_ptr<Keyspace> MakeSparse(sf::Random& random, uint64_t kept_of_8) {
  auto keyspace = std::make_unique<Keyspace>();
  EXPECT_OK(keyspace->Open({.databases = 2}));
  keyspace->SetClock(1'000'000);
  bool done = false;
  std::vector<std::pair<uint32_t, std::string>> keys;
  for (int i = 0; i < 30'000; ++i) {
    const auto db = static_cast<uint32_t>(random.Below(2));
    const std::string key = "string" + std::to_string(i);
    const std::string value(random.Below(random.Below(40) == 0 ? 9000 : 400), 's');
    const int64_t expiry = random.Below(4) == 0 ? 2'000'000 + i : kNoExpiry;
    EXPECT_OK(StringSet(*keyspace, db, key, value, 0, expiry, done));
    keys.emplace_back(db, key);
    if (i % 5 == 0) Grow(*keyspace, db, std::to_string(random.Below(2)) + "large", i, 20);
    if (i % 10 == 0) {
      const std::string name = std::to_string(i);
      for (int round = 0; round < 4; ++round) Grow(*keyspace, db, name, round, 150);
      for (const char* type : {"list", "set", "hash", "zset", "stream"}) {
        keys.emplace_back(db, type + name);
      }
    }
  }
  EXPECT_OK(StringSet(*keyspace, 0, "huge", std::string(5 << 20, 'h'), 0, kNoExpiry, done));
  for (const auto& [db, key] : keys) {
    if (random.Below(8) >= kept_of_8) EXPECT_TRUE(KeyRemove(*keyspace, db, key));
  }
  while (keyspace->FreeUnlinked(1000) > 0) continue;
  return keyspace;
}

TEST(Defragmenter, EmptiesSparseChunksAndChangesNothingElse) {
  sf::Random random(950);
  const auto keyspace = MakeSparse(random, 2);
  const Digest before = DigestOf(*keyspace);
  const uint64_t used = keyspace->arena().used_bytes();
  const size_t held = HeldChunks(*keyspace);
  Defragmenter defragmenter(*keyspace);
  EXPECT_TRUE(Defragment(defragmenter) > 1);
  EXPECT_FALSE(defragmenter.running());
  EXPECT_TRUE(DigestOf(*keyspace) == before);
  EXPECT_EQ(keyspace->arena().used_bytes(), used);
  EXPECT_TRUE(HeldChunks(*keyspace) * 3 < held * 2);
  EXPECT_TRUE(HeldChunks(*keyspace) * kChunkBytes < used * 4 / 3 + 4 * kChunkBytes);
  EXPECT_TRUE(defragmenter.counters().emptied_chunks >= held - HeldChunks(*keyspace));
  // All of it still is where its keys say.
  for (int round = 100'000; round < 100'050; ++round) {
    Grow(*keyspace, 0, "0large", round, 30);
    Grow(*keyspace, 1, "1large", round, 30);
  }
  for (uint32_t db = 0; db < 2; ++db) {
    std::vector<std::string> names;
    const uint16_t heap = keyspace->database(db).heap;
    EXPECT_OK(sf::WalkHeap(
        keyspace->arena().page_heap().Map(), heap,
        [&](EntryView entry) {
          names.emplace_back(entry.key());
          return Status();
        },
        [](uint32_t) { return Status(); }));
    for (const std::string& name : names) ASSERT_TRUE(KeyRemove(*keyspace, db, name));
    EXPECT_EQ(keyspace->database(db).index.size(), 0u);
    EXPECT_EQ(keyspace->database(db).expiry.size(), 0u);
  }
  while (keyspace->FreeUnlinked(1000) > 0) continue;
  EXPECT_EQ(keyspace->arena().used_bytes(), 0u);
}

TEST(Defragmenter, GoesOnWithALargeValueWhereTimeWasOver) {
  sf::Random random(951);
  const auto keyspace = MakeSparse(random, 2);
  const Digest before = DigestOf(*keyspace);
  Defragmenter defragmenter(*keyspace);
  // Each step sees to one slice; the clock is over at once.
  const int steps = Defragment(defragmenter, 1);
  EXPECT_TRUE(steps > 300);
  EXPECT_TRUE(DigestOf(*keyspace) == before);
}

TEST(Defragmenter, LeavesADenseStoreAlone) {
  sf::Random random(952);
  const auto keyspace = MakeSparse(random, 8);
  Defragmenter defragmenter(*keyspace);
  EXPECT_FALSE(defragmenter.Step({.ignored_bytes = 0, .threshold_percent = 40}, 1000));
  EXPECT_FALSE(defragmenter.Step({}, 1000));
  EXPECT_EQ(defragmenter.counters().passes, 0u);
}

TEST(Defragmenter, AgreesWithTheModelWhateverHappensBetweenSteps) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 4}));
  sf::KeyspaceModel model(keyspace, 953);
  sf::Random& random = model.random();
  uint64_t moved = 0;
  for (int round = 0; round < 30; ++round) {
    // A defragmenter that never rests between its passes.
    Defragmenter defragmenter(keyspace);
    for (int i = 0; i < 200; ++i) {
      for (uint64_t n = random.Below(20); n > 0; --n) ASSERT_TRUE(model.Step());
      defragmenter.Step(kAlways, 20);
    }
    if (round % 3 == 0) {
      // A child's life in the middle of a pass.
      sf::PassedBits passed;
      keyspace.arena().BeginFreeze(passed.Fresh());
      for (int i = 0; i < 200; ++i) ASSERT_TRUE(model.Step());
      EXPECT_FALSE(defragmenter.Step(kAlways, 20));
      keyspace.arena().EndFreeze();
      keyspace.arena().PerformDeferred(SIZE_MAX);
    }
    defragmenter.Step(kAlways, 0);
    EXPECT_FALSE(defragmenter.running());
    ASSERT_TRUE(model.Holds());
    moved += defragmenter.counters().moved_objects;
  }
  EXPECT_TRUE(moved > 1000);
}

TEST(Defragmenter, KeepsEverythingWhenMemoryRunsOut) {
  EXPECT_EQ(sf::InChild([] {
              sf::Random random(954);
              const auto keyspace = MakeSparse(random, 3);
              // The regions cannot commit their next step, while the C++ heap still can grow; and
              // what they have committed is used up.
              sf::Limit(RLIMIT_DATA, sf::ProcessBytes("VmData") + (60u << 20));
              const std::string filler(30'000, 'f');
              bool done = false;
              int filled = 0;
              for (size_t size = filler.size(); size > 0; size /= 4) {
                while (StringSet(*keyspace, 0, "fill" + std::to_string(filled),
                                 {filler.data(), size}, 0, kNoExpiry, done)
                           .ok()) {
                  ++filled;
                }
              }
              for (int i = 0; i < filled; ++i) {
                if (i % 3 != 0) KeyRemove(*keyspace, 0, "fill" + std::to_string(i));
              }
              const Digest before = DigestOf(*keyspace);
              Defragmenter defragmenter(*keyspace);
              Defragment(defragmenter);
              if (defragmenter.running()) return 1;
              return DigestOf(*keyspace) == before ? 0 : 2;
            }),
            0);
}

}  // namespace
