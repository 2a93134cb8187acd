// lane_durations_test.cc - buckets of durations, and what is counted while it is on.

#include "server/lane_durations.h"

#include "test.h"

namespace {

using snapfork::LaneDurations;

uint64_t Sum(const LaneDurations& durations, size_t place) {
  uint64_t sum = 0;
  for (const uint64_t count : durations.Of(place)) sum += count;
  return sum;
}

// The same numbers stand in test/lib/server/duration-histogram.test.ts.
TEST(LaneDurations, HasBucketsOfTwoDigitsUpToASecond) {
  EXPECT_EQ(LaneDurations::BucketOf(0), 1u);
  EXPECT_EQ(LaneDurations::BucketOf(1), 1u);
  EXPECT_EQ(LaneDurations::BucketOf(255), 255u);
  EXPECT_EQ(LaneDurations::BucketOf(256), 256u);
  EXPECT_EQ(LaneDurations::BucketOf(257), 256u);
  EXPECT_EQ(LaneDurations::BucketOf(1023), 511u);
  EXPECT_EQ(LaneDurations::BucketOf(1024), 512u);
  EXPECT_EQ(LaneDurations::BucketOf(123'456), 1393u);
  EXPECT_EQ(LaneDurations::BucketOf(1'000'000'000), 3054u);
  EXPECT_EQ(LaneDurations::BucketOf(UINT64_MAX), 3054u);
  size_t last = 1;
  for (uint64_t nanos = 2; nanos < LaneDurations::kNanosMax; nanos += 1 + nanos / 1000) {
    const size_t bucket = LaneDurations::BucketOf(nanos);
    EXPECT_TRUE(bucket == last || bucket == last + 1);
    last = bucket;
  }
  EXPECT_EQ(last + 1, LaneDurations::kBuckets);
}

TEST(LaneDurations, CountsWhileItIsOnAndKeepsWhatItHas) {
  LaneDurations durations;
  durations.Add(3, 500);
  EXPECT_EQ(Sum(durations, 3), 0u);
  durations.Start();
  durations.Add(3, 500);
  durations.Add(3, 5'000'000'000);
  durations.Add(snapfork::kHotCommandsMax - 1, 500);
  EXPECT_EQ(durations.Of(3)[LaneDurations::BucketOf(500)], 1u);
  EXPECT_EQ(Sum(durations, 3), 2u);
  EXPECT_EQ(Sum(durations, 4), 0u);
  EXPECT_EQ(Sum(durations, snapfork::kHotCommandsMax - 1), 1u);
  durations.Stop();
  durations.Add(3, 500);
  durations.Start();
  EXPECT_EQ(Sum(durations, 3), 2u);
  durations.Reset();
  EXPECT_EQ(Sum(durations, 3), 0u);
  durations.Add(3, 500);
  EXPECT_EQ(Sum(durations, 3), 1u);
}

}  // namespace
