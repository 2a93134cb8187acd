// key_ops_test.cc - entries that change name or database, sampling and scanning.

#include "keyspace/key_ops.h"

#include <set>
#include <string>

#include "keyspace_model.h"
#include "test.h"

namespace {

using namespace snapfork;

struct Fixture {
  Fixture() {
    EXPECT_OK(keyspace.Open({.databases = 2}));
    keyspace.SetClock(1000);
  }
  void Set(std::string_view key, std::string_view value, int64_t expiry = kNoExpiry,
           uint32_t db = 0) {
    bool done = false;
    EXPECT_OK(StringSet(keyspace, db, key, value, 0, expiry, done));
  }
  std::string Get(std::string_view key, uint32_t db = 0) {
    StringResult result;
    EXPECT_OK(StringGet(keyspace, db, key, result));
    return result.found ? std::string(result.text) : "(none)";
  }
  RenameOutcome Rename(std::string_view key, std::string_view new_key,
                       bool only_if_absent = false) {
    RenameOutcome outcome;
    EXPECT_OK(KeyRename(keyspace, 0, key, new_key, only_if_absent, outcome));
    EXPECT_EQ(sf::CheckKeyspace(keyspace), std::string());
    return outcome;
  }

  Keyspace keyspace;
};

TEST(KeyOps, RenamesOverATargetAndCarriesValueAndExpiry) {
  Fixture fixture;
  const std::string large(5000, 'a');
  fixture.Set("from", large, 2000);
  fixture.Set("to", std::string(200000, 'b'), 3000);
  const Handle value = fixture.keyspace.Lookup(0, "from").entry.external().handle;
  EXPECT_EQ(fixture.Rename("from", "to"), RenameOutcome::kRenamed);
  EXPECT_EQ(fixture.Get("to"), large);
  EXPECT_EQ(fixture.Get("from"), std::string("(none)"));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "to"), 2000);
  // Not copied.
  EXPECT_EQ(fixture.keyspace.Lookup(0, "to").entry.external().handle, value);
}

TEST(KeyOps, RenamesAKeyToItself) {
  Fixture fixture;
  fixture.Set("key", std::string(5000, 'a'));
  EXPECT_EQ(fixture.Rename("key", "key"), RenameOutcome::kRenamed);
  EXPECT_EQ(fixture.Rename("key", "key", true), RenameOutcome::kTargetExists);
  EXPECT_EQ(fixture.Rename("none", "none"), RenameOutcome::kNoSuchKey);
  EXPECT_EQ(fixture.Get("key").size(), 5000u);
}

TEST(KeyOps, RenamesToANameWhoseKeyHasExpired) {
  Fixture fixture;
  fixture.Set("from", "value");
  fixture.Set("to", std::string(3000, 'x'), 1500);
  fixture.keyspace.SetClock(1500);
  EXPECT_EQ(fixture.Rename("from", "to", true), RenameOutcome::kRenamed);
  EXPECT_EQ(fixture.Get("to"), std::string("value"));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "to"), -1);
}

// Splits and merges of the index move slots between the lookup and the removal.
TEST(KeyOps, RenamesAndMovesEveryKeyWhileTheIndexGrowsAndShrinks) {
  Fixture fixture;
  for (int i = 0; i < 12000; ++i) {
    const std::string key = std::to_string(i);
    fixture.Set(key, i % 10 == 0 ? std::string(2100, 'x') : "value " + key, i % 3 == 0 ? 5000 : -1);
    RenameOutcome outcome;
    ASSERT_OK(KeyRename(fixture.keyspace, 0, key, "renamed:" + key, true, outcome));
    ASSERT_EQ(outcome, RenameOutcome::kRenamed);
  }
  ASSERT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
  for (int i = 0; i < 12000; ++i) {
    bool done = false;
    ASSERT_OK(KeyMove(fixture.keyspace, 0, "renamed:" + std::to_string(i), 1, done));
    ASSERT_TRUE(done);
  }
  EXPECT_EQ(fixture.keyspace.database(0).index.size(), 0u);
  EXPECT_EQ(fixture.keyspace.database(1).index.size(), 12000u);
  EXPECT_EQ(fixture.Get("renamed:77", 1), std::string("value 77"));
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(KeyOps, CopiesALargeValueToAnObjectOfItsOwn) {
  Fixture fixture;
  fixture.Set("from", std::string(5000, 'a'), 2000);
  fixture.Set("to", "old");
  bool done = true;
  EXPECT_OK(KeyCopy(fixture.keyspace, 0, "from", 0, "to", false, done));
  EXPECT_FALSE(done);
  EXPECT_OK(KeyCopy(fixture.keyspace, 0, "from", 0, "to", true, done));
  EXPECT_TRUE(done);
  uint64_t length = 0;
  EXPECT_OK(StringSetRange(fixture.keyspace, 0, "from", 0, "b", length));
  EXPECT_EQ(fixture.Get("to"), std::string(5000, 'a'));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "to"), 2000);
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(KeyOps, NeitherCopiesNorMovesAKeyOntoItself) {
  Fixture fixture;
  fixture.Set("key", std::string(5000, 'a'));
  bool done = true;
  EXPECT_OK(KeyCopy(fixture.keyspace, 0, "key", 0, "key", true, done));
  EXPECT_FALSE(done);
  EXPECT_OK(KeyMove(fixture.keyspace, 0, "key", 0, done));
  EXPECT_FALSE(done);
  EXPECT_EQ(fixture.Get("key").size(), 5000u);
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(KeyOps, SamplesOnlyKeysThatLive) {
  Fixture fixture;
  EXPECT_FALSE(static_cast<bool>(KeyRandom(fixture.keyspace, 0)));
  for (int i = 0; i < 200; ++i) fixture.Set("short " + std::to_string(i), "v", 1500);
  for (int i = 0; i < 20; ++i) fixture.Set("long " + std::to_string(i), "v", 5000);
  fixture.keyspace.SetClock(2000);
  std::set<std::string> seen;
  for (int i = 0; i < 20000; ++i) seen.emplace(KeyRandom(fixture.keyspace, 0).key());
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_TRUE(seen.begin()->starts_with("long"));
  fixture.keyspace.SetClock(5000);
  EXPECT_FALSE(static_cast<bool>(KeyRandom(fixture.keyspace, 0)));
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), 0u);
}

TEST(KeyOps, ScansWhatMatchesAndPassesOverTheExpired) {
  Fixture fixture;
  for (int i = 0; i < 1000; ++i) {
    fixture.Set((i % 2 == 0 ? "even:" : "odd:") + std::to_string(i), "v", i < 500 ? 1500 : 9000);
  }
  fixture.keyspace.SetClock(2000);
  for (uint64_t count : {1, 10, 100000}) {
    std::multiset<std::string> seen;
    uint64_t cursor = 0;
    size_t calls = 0;
    do {
      ++calls;
      cursor = KeyScan(fixture.keyspace, 0, cursor, count, "even:*",
                       [&](EntryView entry) { seen.emplace(entry.key()); });
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), 250u);
    EXPECT_TRUE(seen.contains("even:500") && seen.contains("even:998"));
    EXPECT_TRUE(count == 100000 ? calls == 1 : calls > 50);
  }
}

TEST(KeyOps, RemovesAKeyWhoseNewExpiryIsNotInTheFuture) {
  Fixture fixture;
  for (int64_t expiry : {int64_t{1000}, int64_t{0}, INT64_MIN}) {
    fixture.Set("key", "value");
    ExpiryOutcome outcome;
    EXPECT_OK(KeySetExpiry(fixture.keyspace, 0, "key", expiry, 0, outcome));
    EXPECT_EQ(outcome, ExpiryOutcome::kRemoved);
    EXPECT_FALSE(KeyExists(fixture.keyspace, 0, "key"));
  }
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

}  // namespace
