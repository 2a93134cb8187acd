// expiry_index_test.cc - the B+ tree against std::set.

#include "ds/expiry_index.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "memory_probe.h"
#include "pool_fixture.h"
#include "test.h"

namespace {

using namespace snapfork;

struct Fixture : sf::PoolFixture {
  bool FirstIs(int64_t time_ms, Handle handle) const {
    int64_t first_time = 0;
    Handle first_handle = 0;
    return EXPECT_TRUE(index.First(first_time, first_handle)) && EXPECT_EQ(first_time, time_ms) &&
           EXPECT_EQ(first_handle, handle);
  }

  ExpiryIndex index{blocks};
};

constexpr Handle kHandleMax = (Handle{1} << kHandleBits) - 1;

TEST(ExpiryIndex, HasNoFirstWhileEmpty) {
  Fixture fixture;
  int64_t time_ms = 0;
  Handle handle = 0;
  EXPECT_FALSE(fixture.index.First(time_ms, handle));
  EXPECT_TRUE(fixture.index.Insert(5, 6));
  EXPECT_TRUE(fixture.FirstIs(5, 6));
  fixture.index.Erase(5, 6);
  EXPECT_FALSE(fixture.index.First(time_ms, handle));
  EXPECT_EQ(fixture.index.size(), 0u);
}

TEST(ExpiryIndex, OrdersByTimeThenHandle) {
  Fixture fixture;
  EXPECT_TRUE(fixture.index.Insert(7, kHandleMax));
  EXPECT_TRUE(fixture.index.Insert(7, Handle{1} << 33));
  EXPECT_TRUE(fixture.index.Insert(7, 9));
  EXPECT_TRUE(fixture.index.Insert(6, kHandleMax));
  for (const auto& [time_ms, handle] : std::vector<std::pair<int64_t, Handle>>{
           {6, kHandleMax}, {7, 9}, {7, Handle{1} << 33}, {7, kHandleMax}}) {
    ASSERT_TRUE(fixture.FirstIs(time_ms, handle));
    fixture.index.Erase(time_ms, handle);
  }
}

TEST(ExpiryIndex, ClampsTimesOutOfRangeAndFindsThemAgain) {
  Fixture fixture;
  constexpr int64_t kMax = ExpiryIndex::kTimeMax;
  constexpr int64_t kTimes[] = {INT64_MIN, -5, 0, kMax - 1, kMax, kMax + 1, INT64_MAX};
  for (Handle i = 0; i < std::size(kTimes); ++i)
    EXPECT_TRUE(fixture.index.Insert(kTimes[i], i + 1));
  for (Handle i = 0; i < std::size(kTimes); ++i) {
    ASSERT_TRUE(fixture.FirstIs(std::clamp<int64_t>(kTimes[i], 0, kMax), i + 1));
    fixture.index.Erase(kTimes[i], i + 1);
  }
  EXPECT_EQ(fixture.index.size(), 0u);
}

// How times are drawn.
enum class Times { kAnywhere, kAscending, kDescending, kFew, kOne };

void RunModel(Times times, size_t most, uint64_t stream) {
  Fixture fixture;
  sf::Random random(stream);
  std::set<std::pair<int64_t, Handle>> model;
  int64_t clock = 1 << 30;
  for (int wave = 0; wave < 4; ++wave) {
    while (model.size() < most) {
      int64_t time_ms = 77;
      if (times == Times::kAnywhere) time_ms = static_cast<int64_t>(random.Next() >> 17);
      if (times == Times::kAscending) time_ms = clock += static_cast<int64_t>(random.Below(3));
      if (times == Times::kDescending) time_ms = clock -= static_cast<int64_t>(random.Below(3));
      if (times == Times::kFew) time_ms = static_cast<int64_t>(random.Below(20));
      const Handle handle = random.Below(kHandleMax) + 1;
      if (!model.emplace(time_ms, handle).second) continue;
      ASSERT_TRUE(fixture.index.Insert(time_ms, handle));
      if (random.Below(4) == 0) {
        auto at = model.lower_bound({time_ms, random.Below(kHandleMax)});
        if (at == model.end()) at = model.begin();
        fixture.index.Erase(at->first, at->second);
        model.erase(at);
      }
    }
    ASSERT_EQ(fixture.index.size(), model.size());
    ASSERT_TRUE(fixture.FirstIs(model.begin()->first, model.begin()->second));
    // Half of the waves remove in order, as expiry does, the others anywhere.
    const size_t left = wave % 2 == 0 ? 0 : most / 20;
    while (model.size() > left) {
      auto at = model.begin();
      if (wave >= 2) at = model.lower_bound({model.rbegin()->first, random.Below(kHandleMax)});
      if (wave >= 2 && times == Times::kAnywhere) {
        at = model.lower_bound({static_cast<int64_t>(random.Next() >> 17), 0});
      }
      if (at == model.end()) at = model.begin();
      fixture.index.Erase(at->first, at->second);
      model.erase(at);
      if (!model.empty() && (model.size() < 2000 || model.size() % 64 == 0)) {
        ASSERT_TRUE(fixture.FirstIs(model.begin()->first, model.begin()->second));
      }
    }
  }
  while (!model.empty()) {  // (E1): in order, each once
    ASSERT_TRUE(fixture.FirstIs(model.begin()->first, model.begin()->second));
    fixture.index.Erase(model.begin()->first, model.begin()->second);
    model.erase(model.begin());
  }
  EXPECT_EQ(fixture.index.size(), 0u);
}

TEST(ExpiryIndex, AgreesWithTheModelOnTimesAnywhere) { RunModel(Times::kAnywhere, 60000, 160); }
TEST(ExpiryIndex, AgreesWithTheModelOnAscendingTimes) { RunModel(Times::kAscending, 60000, 161); }
TEST(ExpiryIndex, AgreesWithTheModelOnDescendingTimes) { RunModel(Times::kDescending, 60000, 162); }
TEST(ExpiryIndex, AgreesWithTheModelOnFewTimes) { RunModel(Times::kFew, 40000, 163); }
TEST(ExpiryIndex, AgreesWithTheModelOnOneTime) { RunModel(Times::kOne, 20000, 164); }

TEST(ExpiryIndex, HoldsMoreThanAMillionRecordsAndGivesTheirMemoryBack) {
  Fixture fixture;
  constexpr uint64_t kRecords = 1200000;
  // 7919 is prime to the count: every time once, scattered.
  for (uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(fixture.index.Insert(static_cast<int64_t>(i * 7919 % kRecords), i + 1));
  }
  EXPECT_EQ(fixture.index.size(), kRecords);
  EXPECT_TRUE(fixture.blocks.backed_bytes() > kRecords * 12);
  EXPECT_TRUE(fixture.blocks.backed_bytes() < kRecords * 24);
  for (uint64_t time_ms = 0; time_ms < kRecords; ++time_ms) {
    int64_t first_time = 0;
    Handle handle = 0;
    ASSERT_TRUE(fixture.index.First(first_time, handle));
    ASSERT_EQ(first_time, time_ms);
    ASSERT_EQ((handle - 1) * 7919 % kRecords, time_ms);
    fixture.index.Erase(first_time, handle);
  }
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.blocks.backed_bytes() <= 2 * kChunkBytes; }));
}

}  // namespace
