// hash_index_test.cc - linear hashing against a plain list of pairs, and the guarantee of SCAN.

#include "ds/hash_index.h"

#include <set>
#include <vector>

#include "memory_probe.h"
#include "pool_fixture.h"
#include "test.h"

namespace {

using namespace snapfork;

struct Fixture : sf::PoolFixture {
  HashIndex index{blocks};
};

// How hashes are drawn: evenly, all into few buckets, with one tag, all zero.
enum class Hashes { kEven, kFewBuckets, kOneTag, kFew, kZero };

uint64_t Draw(sf::Random& random, Hashes hashes) {
  switch (hashes) {
    case Hashes::kEven:
      return random.Next();
    case Hashes::kFewBuckets:
      return random.Next() << 12 | random.Below(3);
    case Hashes::kOneTag:
      return random.Below(1024) | uint64_t{5} << 37;
    case Hashes::kFew:
      return random.Below(8) << 20;
    case Hashes::kZero:
      break;
  }
  return 0;
}

class Model {
 public:
  Model(Fixture& fixture, Hashes hashes, uint64_t stream)
      : index_(fixture.index), hashes_(hashes), random_(stream) {}

  bool Add() {
    const uint64_t hash = Draw(random_, hashes_);
    const Handle handle = next_ += 1 + random_.Below(100);
    if (!EXPECT_TRUE(index_.Insert(hash, handle))) return false;
    order_.push_back({hash, handle});
    return true;
  }

  bool Remove() {
    if (order_.empty()) return true;
    const size_t i = random_.Below(order_.size());
    const auto [hash, handle] = order_[i];
    HashIndex::Slot* const slot = Find(hash, handle);
    if (!EXPECT_TRUE(slot != nullptr)) return false;
    index_.Erase(hash, slot);
    order_[i] = order_.back();
    order_.pop_back();
    return EXPECT_TRUE(Find(hash, handle) == nullptr);
  }

  // An entry moves.
  bool Change() {
    if (order_.empty()) return true;
    const size_t i = random_.Below(order_.size());
    const auto [hash, handle] = order_[i];
    HashIndex::Slot* const slot = Find(hash, handle);
    if (!EXPECT_TRUE(slot != nullptr)) return false;
    const Handle moved = next_ += 1 + random_.Below(100);
    HashIndex::SetHandle(slot, moved);
    order_[i].second = moved;
    return EXPECT_TRUE(Find(hash, moved) != nullptr);
  }

  bool Holds() {
    if (!EXPECT_EQ(index_.size(), order_.size())) return false;
    for (const auto& [hash, handle] : order_) {
      if (!EXPECT_TRUE(Find(hash, handle) != nullptr)) return false;
    }
    // A scan without changes gives each exactly once.
    std::set<Handle> seen;
    uint64_t cursor = 0;
    uint64_t visited = 0;
    do {
      cursor = index_.Scan(cursor, [&](Handle handle) {
        ++visited;
        seen.insert(handle);
      });
      if (!EXPECT_TRUE(cursor < uint64_t{1} << 48)) return false;
    } while (cursor != 0);
    return EXPECT_EQ(visited, order_.size()) && EXPECT_EQ(seen.size(), order_.size());
  }

  HashIndex::Slot* Find(uint64_t hash, Handle wanted) {
    return index_.Find(hash, [&](Handle handle) { return handle == wanted; });
  }
  size_t size() const { return order_.size(); }
  sf::Random& random() { return random_; }
  const std::vector<std::pair<uint64_t, Handle>>& entries() const { return order_; }

 private:
  HashIndex& index_;
  Hashes hashes_;
  sf::Random random_;
  Handle next_ = 0;
  std::vector<std::pair<uint64_t, Handle>> order_;
};

void RunModel(Hashes hashes, size_t most, uint64_t stream) {
  Fixture fixture;
  Model model(fixture, hashes, stream);
  for (int wave = 0; wave < 4; ++wave) {
    const size_t top = most / 2 + model.random().Below(most / 2);
    while (model.size() < top) {
      const uint64_t what = model.random().Below(10);
      ASSERT_TRUE(what < 7 ? model.Add() : what < 9 ? model.Remove() : model.Change());
    }
    ASSERT_TRUE(model.Holds());
    const size_t bottom = wave % 2 == 0 ? model.random().Below(most / 50 + 1) : 0;
    while (model.size() > bottom) {
      ASSERT_TRUE(model.random().Below(10) < 9 ? model.Remove() : model.Add());
    }
    ASSERT_TRUE(model.Holds());
  }
}

TEST(HashIndex, AgreesWithTheModelOnEvenHashes) { RunModel(Hashes::kEven, 60000, 140); }
TEST(HashIndex, AgreesWithTheModelWhenAllFallIntoFewBuckets) {
  RunModel(Hashes::kFewBuckets, 6000, 141);
}
TEST(HashIndex, AgreesWithTheModelWhenAllTagsAreEqual) { RunModel(Hashes::kOneTag, 8000, 142); }
TEST(HashIndex, AgreesWithTheModelWhenHashesCollide) { RunModel(Hashes::kFew, 1000, 143); }
TEST(HashIndex, AgreesWithTheModelWhenEveryHashIsZero) { RunModel(Hashes::kZero, 700, 144); }

TEST(HashIndex, UsesItsMemoryAgainAndGivesItBackWhenCleared) {
  Fixture fixture;
  Model model(fixture, Hashes::kEven, 145);
  while (model.size() < 300000) ASSERT_TRUE(model.Add());
  const size_t full = fixture.blocks.backed_bytes();
  for (int wave = 0; wave < 3; ++wave) {
    while (model.size() > 1000) ASSERT_TRUE(model.Remove());
    ASSERT_TRUE(model.Holds());
    while (model.size() < 300000) ASSERT_TRUE(model.Add());
  }
  EXPECT_TRUE(fixture.blocks.backed_bytes() <= full + kChunkBytes);
  fixture.index.Clear();
  EXPECT_EQ(fixture.index.size(), 0u);
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.blocks.backed_bytes() <= 2 * kChunkBytes; }));
  EXPECT_TRUE(fixture.index.Insert(1, 1));
}

// Every entry that is there throughout is seen, whatever is added and removed between the calls.
void ScanWhileChanging(int grow_per_call, int shrink_per_call, size_t start, uint64_t stream) {
  Fixture fixture;
  Model model(fixture, Hashes::kEven, stream);
  sf::Random random(stream + 50);
  std::vector<std::pair<uint64_t, Handle>> stable;
  for (int i = 0; i < 3000; ++i) {
    stable.emplace_back(random.Next(), (Handle{1} << 36) + static_cast<Handle>(i));
    ASSERT_TRUE(fixture.index.Insert(stable.back().first, stable.back().second));
  }
  while (model.size() < start) ASSERT_TRUE(model.Add());
  std::set<Handle> seen;
  uint64_t cursor = 0;
  size_t calls = 0;
  do {
    cursor = fixture.index.Scan(cursor, [&](Handle handle) { seen.insert(handle); });
    for (int i = 0; i < grow_per_call && model.size() < 200000; ++i) ASSERT_TRUE(model.Add());
    for (int i = 0; i < shrink_per_call; ++i) ASSERT_TRUE(model.Remove());
    ASSERT_TRUE(++calls < 1000000);
  } while (cursor != 0);
  for (const auto& one : stable) ASSERT_TRUE(seen.contains(one.second));
}

TEST(HashIndex, ScansEveryStableEntryWhileTheTableGrows) { ScanWhileChanging(20, 0, 0, 146); }
TEST(HashIndex, ScansEveryStableEntryWhileTheTableShrinks) {
  ScanWhileChanging(0, 15, 100000, 147);
}
TEST(HashIndex, ScansEveryStableEntryWhileTheTableGrowsAndShrinks) {
  Fixture fixture;
  Model model(fixture, Hashes::kEven, 148);
  sf::Random random(149);
  std::vector<Handle> stable;
  for (int i = 0; i < 2000; ++i) {
    stable.push_back((Handle{1} << 36) + static_cast<Handle>(i));
    ASSERT_TRUE(fixture.index.Insert(random.Next(), stable.back()));
  }
  for (int scan = 0; scan < 10; ++scan) {
    std::set<Handle> seen;
    uint64_t cursor = 0;
    bool grow = random.Below(2) == 0;
    do {
      cursor = fixture.index.Scan(cursor, [&](Handle handle) { seen.insert(handle); });
      if (random.Below(30) == 0) grow = !grow;
      for (uint64_t n = random.Below(600); n > 0; --n) {
        ASSERT_TRUE(grow && model.size() < 60000 ? model.Add() : model.Remove());
      }
    } while (cursor != 0);
    for (Handle one : stable) ASSERT_TRUE(seen.contains(one));
  }
}

TEST(HashIndex, GuessesTheEntryOfAHashFromItsBucket) {
  Fixture fixture;
  sf::Random random(147);
  unsigned visits = 0;
  fixture.index.VisitLikely(1, [&](Handle) { ++visits; });
  EXPECT_EQ(visits, 0u);
  std::vector<uint64_t> hashes(20000);
  for (uint64_t& hash : hashes) {
    hash = random.Next();
    ASSERT_TRUE(fixture.index.Insert(hash, static_cast<Handle>(&hash - hashes.data()) + 1));
  }
  unsigned found = 0;
  for (const uint64_t& hash : hashes) {
    const Handle own = static_cast<Handle>(&hash - hashes.data()) + 1;
    fixture.index.VisitLikely(hash, [&](Handle handle) {
      ++visits;
      if (handle == own) ++found;
    });
  }
  // All but those in overflow lines, and hardly another one.
  EXPECT_TRUE(found > hashes.size() * 8 / 10);
  EXPECT_TRUE(visits < found + found / 100);
}

TEST(HashIndex, TakesAnyCursor) {
  Fixture fixture;
  EXPECT_EQ(fixture.index.Scan(12345, [](Handle) {}), 0u);
  Model model(fixture, Hashes::kEven, 150);
  while (model.size() < 20000) ASSERT_TRUE(model.Add());
  for (int i = 0; i < 10000; ++i) {
    EXPECT_TRUE(fixture.index.Scan(model.random().Next(), [](Handle) {}) < uint64_t{1} << 48);
  }
}

TEST(HashIndex, ReservesRoomAndShrinksFromIt) {
  Fixture fixture;
  fixture.index.Reserve(100000);
  const size_t reserved = fixture.blocks.backed_bytes();
  Model model(fixture, Hashes::kEven, 151);
  while (model.size() < 90000) ASSERT_TRUE(model.Add());
  EXPECT_TRUE(fixture.blocks.backed_bytes() <= reserved + 2 * kChunkBytes);
  fixture.index.Reserve(1000000);  // not empty: nothing happens
  ASSERT_TRUE(model.Holds());
  while (model.size() > 10) ASSERT_TRUE(model.Remove());
  ASSERT_TRUE(model.Holds());
  while (model.size() > 0) ASSERT_TRUE(model.Remove());
  fixture.index.Reserve(5000);
  while (model.size() < 50000) ASSERT_TRUE(model.Add());
  ASSERT_TRUE(model.Holds());
}

TEST(HashIndex, SamplesEveryEntryAndOnlyThose) {
  Fixture fixture;
  EXPECT_EQ(fixture.index.Sample(7), 0u);
  Model model(fixture, Hashes::kEven, 152);
  while (model.size() < 50) ASSERT_TRUE(model.Add());
  std::set<Handle> all;
  for (const auto& one : model.entries()) all.insert(one.second);
  std::set<Handle> seen;
  for (int i = 0; i < 200000; ++i) seen.insert(fixture.index.Sample(model.random().Next()));
  EXPECT_TRUE(seen == all);
}

}  // namespace
