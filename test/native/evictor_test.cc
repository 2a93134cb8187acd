// evictor_test.cc - what goes when memory is over its limit, what stays, and when to stop.

#include "keyspace/evictor.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "keyspace/key_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/string_ops.h"
#include "keyspace_model.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

constexpr int64_t kStartMs = 1'700'000'000'000;

class Watch final : public ExpiryObserver {
 public:
  void OnKeyExpired(uint32_t, std::string_view) override {}
  void OnFieldExpired(uint32_t, std::string_view, std::string_view) override {}
  void OnKeyEvicted(uint32_t db, std::string_view key) override {
    evicted.emplace_back(std::to_string(db) + "/" + std::string(key));
  }
  std::vector<std::string> evicted;
};

struct Fixture {
  Fixture() {
    EXPECT_OK(keyspace.Open({.databases = 3, .backing = Backing::kSmallPages}));
    keyspace.SetClock(kStartMs);
    keyspace.set_expiry_observer(&watch);
  }
  void Set(const std::string& key, int64_t expiry = kNoExpiry, uint32_t db = 0,
           size_t bytes = 100) {
    bool done = false;
    EXPECT_OK(StringSet(keyspace, db, key, std::string(bytes, 'v'), 0, expiry, done));
  }
  bool Has(const std::string& key, uint32_t db = 0) {
    return static_cast<bool>(keyspace.Peek(db, key).entry);
  }
  void Fill(int count) {
    for (int i = 0; i < count; ++i) Set(Key(i));
  }
  static std::string Key(int i) { return "key:" + std::to_string(i); }
  // A limit that takes so many keys of those there are.
  void Limit(EvictionPolicy policy, double share) {
    const uint64_t data = keyspace.arena().used_bytes();
    const auto kept = static_cast<uint64_t>(static_cast<double>(data) * share);
    // What notes will take is no part of it yet.
    evictor.Configure({.max_bytes = UINT64_MAX, .policy = policy});
    evictor.Configure({.max_bytes = keyspace.MemoryBytes() - data + kept, .policy = policy});
  }
  // Evicts all that has to go.
  bool MakeRoom() {
    while (evictor.IsOver()) {
      if (!evictor.MakeRoom()) return false;
    }
    return true;
  }

  Keyspace keyspace;
  Evictor evictor{keyspace};
  Watch watch;
};

TEST(Evictor, KeepsMemoryAtItsLimitUnderEachPolicyOfAllKeys) {
  for (const EvictionPolicy policy :
       {EvictionPolicy::kAllLru, EvictionPolicy::kAllLfu, EvictionPolicy::kAllRandom}) {
    Fixture fixture;
    fixture.Fill(20'000);
    fixture.Limit(policy, 0.5);
    ASSERT_TRUE(fixture.MakeRoom());
    const uint64_t left = fixture.keyspace.database(0).index.size();
    EXPECT_TRUE(left > 8'000 && left <= 10'100);
    EXPECT_EQ(fixture.keyspace.counters().evicted_keys, 20'000 - left);
    EXPECT_EQ(fixture.watch.evicted.size(), 20'000 - left);
    for (const std::string& name : fixture.watch.evicted) {
      ASSERT_TRUE(!fixture.Has(name.substr(2)));
    }
    EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
    // No more goes than has to.
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(fixture.evictor.MakeRoom());
    EXPECT_EQ(fixture.keyspace.database(0).index.size(), left);
  }
}

TEST(Evictor, RefusesWhereNothingMayGo) {
  Fixture fixture;
  fixture.Fill(1000);
  EXPECT_TRUE(fixture.evictor.MakeRoom());
  fixture.Limit(EvictionPolicy::kNone, 0.5);
  EXPECT_FALSE(fixture.evictor.MakeRoom());
  EXPECT_EQ(fixture.evictor.EvictSome(100), 0u);
  for (const EvictionPolicy policy :
       {EvictionPolicy::kVolatileLru, EvictionPolicy::kVolatileLfu,
        EvictionPolicy::kVolatileRandom, EvictionPolicy::kVolatileTtl}) {
    fixture.Limit(policy, 0.5);
    EXPECT_FALSE(fixture.evictor.MakeRoom());
  }
  EXPECT_EQ(fixture.keyspace.database(0).index.size(), 1000u);
  EXPECT_TRUE(fixture.evictor.OverMicros() >= 0);
  const int64_t before = fixture.evictor.TotalOverMicros();
  fixture.evictor.Configure({});
  EXPECT_EQ(fixture.evictor.OverMicros(), 0);
  EXPECT_TRUE(fixture.evictor.TotalOverMicros() >= before);
}

TEST(Evictor, TakesNoneWithoutAnExpiryUnderPoliciesOfThose) {
  for (const EvictionPolicy policy :
       {EvictionPolicy::kVolatileLru, EvictionPolicy::kVolatileLfu,
        EvictionPolicy::kVolatileRandom, EvictionPolicy::kVolatileTtl}) {
    Fixture fixture;
    for (int i = 0; i < 4000; ++i) {
      fixture.Set(Fixture::Key(i), i % 2 == 0 ? kStartMs + 1000 + i : kNoExpiry,
                  static_cast<uint32_t>(i % 3));
    }
    fixture.Limit(policy, 0.75);
    ASSERT_TRUE(fixture.MakeRoom());
    // The rest of them does not suffice.
    fixture.Limit(policy, 0.1);
    EXPECT_FALSE(fixture.MakeRoom());
    for (int i = 0; i < 4000; ++i) {
      ASSERT_EQ(fixture.Has(Fixture::Key(i), static_cast<uint32_t>(i % 3)), i % 2 == 1);
    }
    EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
  }
}

TEST(Evictor, TakesTheNextToExpireOfAllDatabases) {
  Fixture fixture;
  std::vector<std::string> order;
  for (int i = 0; i < 300; ++i) {
    const auto db = static_cast<uint32_t>(i * 7 % 3);
    fixture.Set(Fixture::Key(i), kStartMs + 1000 + i, db);
    order.push_back(std::to_string(db) + "/" + Fixture::Key(i));
  }
  fixture.Limit(EvictionPolicy::kVolatileTtl, 0.5);
  ASSERT_TRUE(fixture.MakeRoom());
  ASSERT_TRUE(fixture.watch.evicted.size() >= 140);
  order.resize(fixture.watch.evicted.size());
  EXPECT_TRUE(fixture.watch.evicted == order);
}

// Which share of the keys from `first` on is there.
double ShareLeft(Fixture& fixture, int first, int count) {
  int left = 0;
  for (int i = first; i < first + count; ++i) left += fixture.Has(Fixture::Key(i));
  return static_cast<double>(left) / count;
}

TEST(Evictor, KeepsWhatWasUsedLastUnderLru) {
  double shares[2];
  double share_of_all = 0;
  for (const bool is_lru : {false, true}) {
    Fixture fixture;
    const EvictionPolicy policy = is_lru ? EvictionPolicy::kAllLru : EvictionPolicy::kAllRandom;
    fixture.evictor.Configure({.max_bytes = UINT64_MAX, .policy = policy});
    for (int i = 0; i < 20'000; ++i) {
      fixture.keyspace.SetClock(kStartMs + i * 1000);
      fixture.Set(Fixture::Key(i));
    }
    // The oldest quarter is used again.
    for (int i = 0; i < 5'000; ++i) {
      fixture.keyspace.SetClock(kStartMs + (20'000 + i) * 1000);
      EXPECT_TRUE(KeyTouch(fixture.keyspace, 0, Fixture::Key(i)));
    }
    fixture.Limit(policy, 0.5);
    ASSERT_TRUE(fixture.MakeRoom());
    shares[is_lru] = ShareLeft(fixture, 0, 5'000);
    if (is_lru) EXPECT_TRUE(ShareLeft(fixture, 5'000, 5'000) < 0.25);
    if (!is_lru) share_of_all = ShareLeft(fixture, 0, 20'000);
  }
  // Random keeps of them what it keeps of all: less than a half, as the index stays as large.
  EXPECT_TRUE(share_of_all > 0.2 && share_of_all < 0.6);
  EXPECT_TRUE(std::abs(shares[0] - share_of_all) < 0.08);
  EXPECT_TRUE(shares[1] > 0.9);
}

TEST(Evictor, KeepsWhatIsUsedOftenUnderLfu) {
  Fixture fixture;
  fixture.evictor.Configure({.max_bytes = UINT64_MAX, .policy = EvictionPolicy::kAllLfu});
  fixture.Fill(20'000);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 2'000; ++i) KeyTouch(fixture.keyspace, 0, Fixture::Key(i));
  }
  // Used once, and last.
  for (int i = 2'000; i < 20'000; ++i) KeyTouch(fixture.keyspace, 0, Fixture::Key(i));
  fixture.Limit(EvictionPolicy::kAllLfu, 0.3);
  ASSERT_TRUE(fixture.MakeRoom());
  EXPECT_TRUE(ShareLeft(fixture, 0, 2'000) > 0.95);
  EXPECT_TRUE(ShareLeft(fixture, 2'000, 18'000) < 0.3);
}

// (V1) What was drawn and left in the pool is used again before its turn.
TEST(Evictor, PassesOverCandidatesThatWereUsedSince) {
  Fixture fixture;
  fixture.evictor.Configure({.max_bytes = UINT64_MAX, .policy = EvictionPolicy::kAllLru});
  fixture.keyspace.SetClock(kStartMs + 1'000'000);
  for (const auto& [key, idle] : {std::pair("a", 400u), {"b", 300u}, {"c", 200u}, {"d", 100u}}) {
    fixture.Set(key);
    fixture.keyspace.access().SetIdleSeconds(fixture.keyspace.Peek(0, key).handle(), idle);
  }
  const uint64_t bytes = fixture.keyspace.MemoryBytes() - 1;
  fixture.evictor.Configure(
      {.max_bytes = bytes, .policy = EvictionPolicy::kAllLru, .samples = 64});
  ASSERT_TRUE(fixture.evictor.MakeRoom());
  EXPECT_TRUE(fixture.watch.evicted == std::vector<std::string>{"0/a"});
  EXPECT_TRUE(KeyTouch(fixture.keyspace, 0, "b"));
  EXPECT_TRUE(KeyRemove(fixture.keyspace, 0, "c"));
  fixture.Set("e");
  fixture.Set("f");
  ASSERT_TRUE(fixture.evictor.MakeRoom());
  EXPECT_TRUE(fixture.watch.evicted == (std::vector<std::string>{"0/a", "0/d"}));
}

// (V2) A large value goes before another key does, and counts as gone only node by node.
TEST(Evictor, FreesALargeValueBeforeItTakesAnotherKey) {
  Fixture fixture;
  for (int i = 0; i < 50'000; ++i) {
    bool added = false;
    ASSERT_OK(SetAdd(fixture.keyspace, 0, "large", "member:" + std::to_string(i), added));
  }
  ExpiryOutcome outcome;
  ASSERT_OK(KeySetExpiry(fixture.keyspace, 0, "large", kStartMs + 1000, 0, outcome));
  for (int i = 0; i < 100; ++i) fixture.Set(Fixture::Key(i), kStartMs + 2000);
  const uint64_t small = fixture.keyspace.arena().used_bytes();
  fixture.Limit(EvictionPolicy::kVolatileTtl, 0.2);
  ASSERT_TRUE(fixture.MakeRoom());
  EXPECT_EQ(fixture.watch.evicted.size(), 1u);
  EXPECT_TRUE(fixture.keyspace.arena().used_bytes() < small / 4);
  EXPECT_EQ(ShareLeft(fixture, 0, 100), 1.0);
}

// (V2) Nothing that is frozen comes back while the child lives.
TEST(Evictor, TakesNoMoreWhileAChildHoldsWhatWasFreed) {
  Fixture fixture;
  fixture.Fill(20'000);
  sf::PassedBits passed;
  fixture.keyspace.arena().BeginFreeze(passed.Fresh());
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  fixture.Limit(EvictionPolicy::kAllLru, 0.5);
  ASSERT_TRUE(fixture.MakeRoom());
  const uint64_t left = fixture.keyspace.database(0).index.size();
  EXPECT_TRUE(left > 8'000 && left <= 10'100);
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
  // Flushed behind the freeze, pages with deferred objects go as a whole.
  fixture.keyspace.Flush(0);
  EXPECT_EQ(fixture.keyspace.arena().deferred_bytes(), 0u);
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), 0u);
  fixture.Fill(100);
  fixture.keyspace.arena().EndFreeze();
  fixture.keyspace.arena().PerformDeferred(SIZE_MAX);
  EXPECT_EQ(fixture.keyspace.arena().deferred_bytes(), 0u);
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(Evictor, CountsWhatIsDeferredOnceHoweverItGoes) {
  Fixture fixture;
  sf::Random random(7);
  sf::PassedBits passed;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 1500; ++i) {
      const size_t bytes = random.Below(50) == 0 ? 300'000 : random.Below(2'000);
      fixture.Set(Fixture::Key(static_cast<int>(random.Below(1500))), kNoExpiry, 0, bytes);
    }
    fixture.keyspace.arena().BeginFreeze(passed.Fresh());
    for (int i = 0; i < 700; ++i) {
      KeyRemove(fixture.keyspace, 0, Fixture::Key(static_cast<int>(random.Below(1500))));
      if (i % 50 == 0) passed.Pass(static_cast<uint32_t>(random.Below(60)));
      if (i % 70 == 0) fixture.keyspace.arena().PerformDeferred(random.Below(20));
    }
    if (random.Below(3) == 0) fixture.keyspace.Flush(0);
    fixture.keyspace.arena().EndFreeze();
    fixture.keyspace.arena().PerformDeferred(SIZE_MAX);
    ASSERT_EQ(fixture.keyspace.arena().deferred_bytes(), 0u);
    ASSERT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
  }
}

}  // namespace
