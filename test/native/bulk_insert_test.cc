// bulk_insert_test.cc - the loader's way in, the digest and the walk over what came of it.

#include "keyspace/bulk_insert.h"

#include <memory>
#include <string>

#include "heap_walk.h"
#include "keyspace/digest.h"
#include "keyspace_model.h"
#include "test.h"

namespace {

using namespace snapfork;

std::unique_ptr<Keyspace> OpenKeyspace() {
  auto keyspace = std::make_unique<Keyspace>();
  EXPECT_OK(keyspace->Open({.databases = 3}));
  keyspace->SetClock(1000);
  return keyspace;
}

void Set(Keyspace& keyspace, std::string_view key, std::string_view value,
         int64_t expiry = kNoExpiry, uint32_t db = 0) {
  bool done = false;
  EXPECT_OK(StringSet(keyspace, db, key, value, 0, expiry, done));
}

std::string ValueOf(int i) {
  if (i % 7 == 0) return std::to_string(i);
  if (i % 501 == 0) return std::string(2049 + static_cast<size_t>(i), 'v');
  return "value " + std::to_string(i);
}

TEST(BulkInsert, GivesTheSameKeyspaceAsSettingOneByOne) {
  const auto bulked = OpenKeyspace();
  const auto set = OpenKeyspace();
  BulkInsert bulk(*bulked);
  for (int i = 0; i < 30000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const int64_t expiry = i % 3 == 0 ? 2000 + i : kNoExpiry;
    const auto db = static_cast<uint32_t>(i % 3);
    if (i % 7 == 0 && i % 2 == 0) {
      ASSERT_OK(bulk.AddInteger(db, key, i, expiry));
    } else {
      ASSERT_OK(bulk.AddString(db, key, ValueOf(i), expiry));
    }
    Set(*set, key, ValueOf(i), expiry, db);
  }
  ASSERT_OK(bulk.Finish());
  EXPECT_EQ(sf::CheckKeyspace(*bulked), std::string());
  EXPECT_TRUE(DigestOf(*bulked) == DigestOf(*set));
  StringResult result;
  ASSERT_OK(StringGet(*bulked, 1, "key:4", result));
  EXPECT_EQ(result.text, std::string_view("value 4"));
}

// Enough for several batches, on both threads.
constexpr int kMany = 150'000;

TEST(BulkInsert, GivesTheSameKeyspaceInManyBatches) {
  const auto bulked = OpenKeyspace();
  const auto set = OpenKeyspace();
  BulkInsert bulk(*bulked);
  for (int i = 0; i < kMany; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const auto db = static_cast<uint32_t>(i / 1000 % 3);
    if (i % 1000 == 0) bulk.Reserve(db, kMany / 3);
    ASSERT_OK(bulk.AddString(db, key, ValueOf(i), i % 5 == 0 ? 2000 + i : kNoExpiry));
    Set(*set, key, ValueOf(i), i % 5 == 0 ? 2000 + i : kNoExpiry, db);
  }
  ASSERT_OK(bulk.Finish());
  EXPECT_EQ(sf::CheckKeyspace(*bulked), std::string());
  EXPECT_TRUE(DigestOf(*bulked) == DigestOf(*set));
}

TEST(BulkInsert, RefusesADuplicateHoweverFarApartAndLeavesNothingUnfound) {
  for (int distance : {1, 2, 17, 65'535, 65'536, 65'537, kMany}) {
    for (size_t bytes : {10, 2100}) {
      const auto keyspace = OpenKeyspace();
      BulkInsert bulk(*keyspace);
      ASSERT_OK(bulk.AddString(0, "twice", std::string(bytes, 'v'), 5000, 1));
      for (int i = 1; i < distance; ++i) {
        ASSERT_OK(bulk.AddString(0, std::to_string(i), i % 100 == 0 ? std::string(bytes, 'v') : "v",
                                 5000, 2));
      }
      Status status = bulk.AddString(0, "twice", std::string(bytes, 'w'), 6000, 3);
      for (int i = 0; i < kMany && status.ok(); ++i) {
        status = bulk.AddString(0, "after " + std::to_string(i), "v", kNoExpiry, 4);
      }
      if (status.ok()) status = bulk.Finish();
      EXPECT_EQ(status, Status(StatusCode::kDuplicateKey, 0, 3));
      EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
      EXPECT_EQ(bulk.AddString(0, "new", "v", kNoExpiry), status);
      EXPECT_EQ(bulk.Finish(), status);
      EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
    }
  }
}

TEST(BulkInsert, FindsADuplicateAtTheEndAndOfAKeyThatWasThere) {
  const auto keyspace = OpenKeyspace();
  Set(*keyspace, "there", "v");
  BulkInsert bulk(*keyspace);
  ASSERT_OK(bulk.AddString(1, "there", "another database", kNoExpiry));
  ASSERT_OK(bulk.AddString(0, "there", "v", kNoExpiry));
  EXPECT_EQ(bulk.Finish().code(), StatusCode::kDuplicateKey);
  EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
}

TEST(BulkInsert, DropsWhatIsPendingWhenAbandoned) {
  const auto keyspace = OpenKeyspace();
  BulkInsert bulk(*keyspace);
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(bulk.AddString(0, std::to_string(i), std::string(3000, 'v'), 5000));
  }
  bulk.Abandon();
  EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
  EXPECT_EQ(keyspace->database(0).index.size(), 0u);
  EXPECT_OK(bulk.Finish());
}

TEST(Digest, DependsOnDatabaseKeyValueAndExpiry) {
  const auto keyspace = OpenKeyspace();
  const Digest empty = DigestOf(*keyspace);
  EXPECT_TRUE(empty == Digest{});
  Set(*keyspace, "key", "value");
  const Digest one = DigestOf(*keyspace);
  Set(*keyspace, "key", "valuf");
  EXPECT_FALSE(DigestOf(*keyspace) == one);
  Set(*keyspace, "key", "value", 5000);
  EXPECT_FALSE(DigestOf(*keyspace) == one);
  KeyRemove(*keyspace, 0, "key");
  EXPECT_TRUE(DigestOf(*keyspace) == empty);
  Set(*keyspace, "key", "value", kNoExpiry, 1);
  EXPECT_FALSE(DigestOf(*keyspace) == one);
  keyspace->Swap(0, 1);
  EXPECT_TRUE(DigestOf(*keyspace) == one);
  KeyRemove(*keyspace, 0, "key");
  Set(*keyspace, "keyv", "alue");
  EXPECT_FALSE(DigestOf(*keyspace) == one);
}

TEST(Digest, LeavesOutWhatHasExpired) {
  const auto keyspace = OpenKeyspace();
  Set(*keyspace, "key", "value");
  const Digest one = DigestOf(*keyspace);
  Set(*keyspace, "gone", "value", 1500);
  EXPECT_FALSE(DigestOf(*keyspace) == one);
  keyspace->SetClock(1500);
  EXPECT_TRUE(DigestOf(*keyspace) == one);
}

TEST(Digest, DependsNeitherOnOrderNorOnEncoding) {
  const auto forwards = OpenKeyspace();
  const auto backwards = OpenKeyspace();
  for (int i = 0; i < 3000; ++i) Set(*forwards, std::to_string(i), ValueOf(i));
  for (int i = 3000; i-- > 0;) {
    const std::string value = ValueOf(i);
    uint64_t length = 0;
    // Appended: raw instead of integer or inline.
    EXPECT_OK(StringAppend(*backwards, 0, std::to_string(i), value.substr(0, 1), length));
    EXPECT_OK(StringAppend(*backwards, 0, std::to_string(i), value.substr(1), length));
  }
  EXPECT_TRUE(DigestOf(*forwards) == DigestOf(*backwards));
}

TEST(SnapshotWalk, VisitsEntriesInAddressOrderAndEndsAtAnError) {
  const auto keyspace = OpenKeyspace();
  for (int i = 0; i < 5000; ++i) Set(*keyspace, std::to_string(i), ValueOf(i), kNoExpiry, 2);
  Set(*keyspace, std::string(150000, 'k'), "a large entry", kNoExpiry, 2);
  Set(*keyspace, "other heap", "v");
  const ChunkMap map = keyspace->arena().page_heap().Map();
  const uint8_t* last = nullptr;
  uint32_t last_chunk = 0;
  int visited = 0;
  bool ordered = true;
  EXPECT_OK(sf::WalkHeap(
      map, 2,
      [&](EntryView entry) {
        ordered = ordered && entry.address() > last;
        last = entry.address();
        ++visited;
        return Status();
      },
      [&](uint32_t chunk) {
        ordered = ordered && chunk > last_chunk && map.PageAddress((chunk + 1) * 32) > last;
        last_chunk = chunk;
        return Status();
      }));
  EXPECT_TRUE(ordered);
  EXPECT_EQ(visited, 5001);
  const Status error(StatusCode::kNoSpace, 28);
  EXPECT_EQ(sf::WalkHeap(
                map, 2, [&](EntryView) { return --visited == 4000 ? error : Status(); },
                [](uint32_t) { return Status(); }),
            error);
  EXPECT_EQ(visited, 4000);
  EXPECT_EQ(sf::WalkHeap(
                map, 2, [](EntryView) { return Status(); }, [&](uint32_t) { return error; }),
            error);
}

}  // namespace
