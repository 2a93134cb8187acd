// access_info_test.cc - what is known of a key's use follows it wherever it goes.

#include "keyspace/access_info.h"

#include <sys/resource.h>

#include <map>
#include <string>

#include "keyspace/defragmenter.h"
#include "keyspace/key_ops.h"
#include "keyspace/string_ops.h"
#include "memory_limit.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

constexpr int64_t kStartMs = 1'700'000'000'000;

struct Fixture {
  explicit Fixture(AccessKind kind) {
    EXPECT_OK(keyspace.Open({.databases = 2, .backing = Backing::kSmallPages}));
    SetSeconds(0);
    keyspace.access().Track(kind);
  }
  void SetSeconds(int64_t seconds) { keyspace.SetClock(kStartMs + seconds * 1000); }
  void Set(std::string_view key, std::string_view value, uint32_t db = 0) {
    bool done = false;
    EXPECT_OK(StringSet(keyspace, db, key, value, 0, kNoExpiry, done));
  }
  uint64_t Idle(std::string_view key, uint32_t db = 0) {
    const Found found = keyspace.Peek(db, key);
    return found.entry ? keyspace.access().IdleSeconds(found.handle()) : UINT64_MAX;
  }
  uint32_t Frequency(std::string_view key) {
    return keyspace.access().Frequency(keyspace.Peek(0, key).handle());
  }

  Keyspace keyspace;
};

TEST(AccessInfo, CountsSecondsSinceAKeyWasUsedAndNotSinceItWasLookedAt) {
  Fixture fixture(AccessKind::kTime);
  Keyspace& keyspace = fixture.keyspace;
  fixture.Set("a", "1");
  fixture.SetSeconds(100);
  EXPECT_EQ(fixture.Idle("a"), 100u);
  EXPECT_TRUE(KeyExists(keyspace, 0, "a"));
  EXPECT_EQ(KeyType(keyspace, 0, "a"), ValueType::kString);
  EXPECT_EQ(KeyExpiry(keyspace, 0, "a"), -1);
  EXPECT_EQ(std::string(KeyEncoding(keyspace, 0, "a")), std::string("int"));
  EXPECT_EQ(fixture.Idle("a"), 100u);
  StringResult result;
  EXPECT_OK(StringGet(keyspace, 0, "a", result));
  EXPECT_EQ(fixture.Idle("a"), 0u);
  fixture.SetSeconds(130);
  EXPECT_TRUE(KeyTouch(keyspace, 0, "a"));
  EXPECT_EQ(fixture.Idle("a"), 0u);
}

TEST(AccessInfo, TakesATimeToComeForNow) {
  Fixture fixture(AccessKind::kTime);
  fixture.Set("a", "1");
  fixture.SetSeconds(-30);
  EXPECT_EQ(fixture.Idle("a"), 0u);
  fixture.SetSeconds(86400 * 190);
  EXPECT_EQ(fixture.Idle("a"), 86400u * 190);
  const Handle handle = fixture.keyspace.Peek(0, "a").handle();
  fixture.keyspace.access().SetIdleSeconds(handle, UINT64_MAX);
  EXPECT_EQ(fixture.Idle("a"), uint64_t{AccessInfo::kIdleSecondsMax});
}

TEST(AccessInfo, FollowsAKeyToItsNewNameAndDatabaseAndIsNoCopys) {
  Fixture fixture(AccessKind::kTime);
  Keyspace& keyspace = fixture.keyspace;
  const auto age = [&](std::string_view key, uint32_t db, uint64_t seconds) {
    keyspace.access().SetIdleSeconds(keyspace.Peek(db, key).handle(), seconds);
  };
  fixture.Set("a", "1");
  fixture.Set("other", std::string(100, 'x'));
  fixture.SetSeconds(1000);
  age("a", 0, 500);
  RenameOutcome renamed;
  bool done = false;
  // A use of the key itself: RENAME reads what it renames.
  ASSERT_OK(KeyRename(keyspace, 0, "a", "other", false, renamed));
  EXPECT_EQ(fixture.Idle("other"), 0u);
  EXPECT_EQ(fixture.Idle("a"), UINT64_MAX);
  age("other", 0, 500);
  ASSERT_OK(KeyCopy(keyspace, 0, "other", 1, "copy", false, done));
  EXPECT_EQ(fixture.Idle("copy", 1), 0u);
  ASSERT_OK(KeyMove(keyspace, 0, "other", 1, done));
  EXPECT_EQ(fixture.Idle("other", 1), 0u);
}

// Keys move as they grow, shrink and are emptied out of chunks, with and without a child, and as
// the index is split and merged around them.
TEST(AccessInfo, FollowsEntriesThatMove) {
  Fixture fixture(AccessKind::kTime);
  Keyspace& keyspace = fixture.keyspace;
  sf::Random random(1);
  fixture.SetSeconds(10'000'000);
  std::map<std::string, uint64_t> model;
  sf::PassedBits passed;
  for (int round = 0; round < 8; ++round) {
    if (round % 2 == 1) keyspace.arena().BeginFreeze(passed.Fresh());
    for (int i = 0; i < 20'000; ++i) {
      const std::string key = "key:" + std::to_string(random.Below(30'000));
      if (random.Below(3) == 0) {
        EXPECT_EQ(KeyRemove(keyspace, 0, key), model.erase(key) == 1);
        continue;
      }
      // One in a hundred is larger than a slab holds.
      const uint64_t length = random.Below(100) == 0 ? 200'000 : random.Below(200);
      fixture.Set(key, std::string(length, 'v'));
      const uint64_t idle = random.Below(1'000'000);
      keyspace.access().SetIdleSeconds(keyspace.Peek(0, key).handle(), idle);
      model[key] = idle;
      if (i % 100 == 0) passed.Pass(static_cast<uint32_t>(random.Below(200)));
    }
    if (round % 2 == 1) keyspace.arena().EndFreeze();
    keyspace.arena().PerformDeferred(SIZE_MAX);
    Defragmenter defragmenter(keyspace);
    while (defragmenter.Step({.ignored_bytes = 0, .threshold_percent = 0}, 1000)) {
    }
    for (const auto& [key, idle] : model) ASSERT_EQ(fixture.Idle(key), idle);
  }
  EXPECT_TRUE(keyspace.counters().moved_entries > 0);
  // Three bytes an entry, and what is free in slabs; here of every size, and twice behind a freeze.
  EXPECT_TRUE(keyspace.access().bytes() < 30'000u * 3 * 12);
}

TEST(AccessInfo, BeginsAnewWithAnotherKindAndIsGoneWithNone) {
  Fixture fixture(AccessKind::kTime);
  AccessInfo& access = fixture.keyspace.access();
  fixture.Set("a", "1");
  fixture.SetSeconds(3600);
  access.Track(AccessKind::kTime);
  EXPECT_EQ(fixture.Idle("a"), 3600u);
  EXPECT_TRUE(access.bytes() > 0);
  access.Track(AccessKind::kFrequency);
  EXPECT_EQ(fixture.Frequency("a"), AccessInfo::kFrequencyFirst);
  fixture.Set("b", "1");
  access.Track(AccessKind::kNone);
  EXPECT_EQ(access.bytes(), 0u);
  fixture.SetSeconds(7200);
  access.Track(AccessKind::kTime);
  EXPECT_EQ(fixture.Idle("a"), 0u);
  EXPECT_EQ(fixture.Idle("b"), 0u);
  fixture.keyspace.Flush(0);
  EXPECT_EQ(access.bytes(), 0u);
}

TEST(AccessInfo, CountsUsesOnALogarithmicScaleAndForgetsThem) {
  Fixture fixture(AccessKind::kFrequency);
  fixture.Set("a", "1");
  const auto use = [&](int times) {
    for (int i = 0; i < times; ++i) KeyTouch(fixture.keyspace, 0, "a");
  };
  use(1);
  EXPECT_EQ(fixture.Frequency("a"), 6u);
  // What Redis documents for a factor of 10, with wide margins: 10, 18, 142, 255.
  use(99);
  EXPECT_TRUE(fixture.Frequency("a") >= 7 && fixture.Frequency("a") <= 14);
  use(900);
  EXPECT_TRUE(fixture.Frequency("a") >= 13 && fixture.Frequency("a") <= 27);
  use(99'000);
  const uint32_t grown = fixture.Frequency("a");
  EXPECT_TRUE(grown >= 115 && grown <= 170);
  use(2'000'000);
  EXPECT_EQ(fixture.Frequency("a"), 255u);
  fixture.SetSeconds(60 * 100);
  EXPECT_EQ(fixture.Frequency("a"), 155u);
  fixture.keyspace.access().SetFrequencyRules(10, 10);
  EXPECT_EQ(fixture.Frequency("a"), 245u);
  fixture.keyspace.access().SetFrequencyRules(10, 0);
  EXPECT_EQ(fixture.Frequency("a"), 255u);
  fixture.keyspace.access().SetFrequencyRules(10, 1);
  fixture.SetSeconds(60 * 300);
  EXPECT_EQ(fixture.Frequency("a"), 0u);
  // A value that is set anew is the same key.
  use(1);
  fixture.Set("a", "2");
  EXPECT_EQ(fixture.Frequency("a"), 2u);
}

// As a child does, which has a copy of the reader and the memory it leads to.
TEST(AccessInfo, IsReadByAReaderWhileMoreIsNoted) {
  Fixture fixture(AccessKind::kTime);
  fixture.Set("a", "1");
  fixture.SetSeconds(100);
  const AccessReader reader = fixture.keyspace.access().reader();
  const Handle a = fixture.keyspace.Peek(0, "a").handle();
  EXPECT_EQ(reader.IdleSeconds(a), 100u);
  // Slabs of many sizes, each with an area of its own.
  for (int i = 0; i < 2000; ++i) {
    fixture.Set("key:" + std::to_string(i), std::string(static_cast<size_t>(i), 'v'));
  }
  EXPECT_EQ(reader.IdleSeconds(a), 100u);
  EXPECT_EQ(reader.IdleSeconds(fixture.keyspace.Peek(0, "key:1999").handle()), 0u);
  // Its time is that at which it was made.
  fixture.SetSeconds(300);
  EXPECT_EQ(reader.IdleSeconds(a), 100u);
  EXPECT_EQ(fixture.Idle("a"), 300u);
}

// Without memory for notes keys are kept all the same, and count as used when they were.
TEST(AccessInfo, DoesWithoutMemory) {
  const int result = sf::InChild([] {
    Fixture fixture(AccessKind::kTime);
    fixture.Set("a", "1");
    fixture.keyspace.access().Forget();
    sf::Limit(RLIMIT_AS, sf::ProcessBytes("VmSize") + (1u << 20));
    for (int i = 0; i < 1000; ++i) fixture.Set("key:" + std::to_string(i), "1");
    fixture.SetSeconds(50);
    KeyTouch(fixture.keyspace, 0, "key:7");
    if (fixture.keyspace.access().bytes() != 0) return __LINE__;
    if (fixture.Idle("key:7") != 50) return __LINE__;
    sf::Limit(RLIMIT_AS, RLIM_INFINITY);
    KeyTouch(fixture.keyspace, 0, "key:7");
    if (fixture.Idle("key:7") != 0) return __LINE__;
    return fixture.Idle("key:8") == 50 ? 0 : __LINE__;
  });
  EXPECT_EQ(result, 0);
}

}  // namespace
