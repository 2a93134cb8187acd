// fiber_test.cc - functions on stacks of their own.

#include "script/fiber.h"

#include <cfenv>
#include <cstring>
#include <memory>
#include <vector>

#include "test.h"

namespace snapfork {
namespace {

constexpr size_t kStackBytes = 256u << 10;

struct Steps {
  Fiber fiber;
  std::vector<int> seen;
  int until = 0;
};

void Count(void* self) {
  Steps& steps = *static_cast<Steps*>(self);
  for (int i = 0; i < steps.until; ++i) {
    steps.seen.push_back(i);
    steps.fiber.Suspend();
  }
}

TEST(Fiber, GoesOnWhereItWasSuspended) {
  Steps steps;
  EXPECT_TRUE(steps.fiber.Open(kStackBytes).ok());
  steps.until = 3;
  steps.fiber.Start(&Count, &steps);
  for (int resumed = 0; steps.fiber.suspended(); ++resumed) {
    EXPECT_EQ(steps.seen.size(), static_cast<size_t>(resumed + 1));
    steps.fiber.Resume();
  }
  EXPECT_EQ(steps.seen.size(), 3u);
}

TEST(Fiber, IsUsedAgainAfterItsFunctionHasReturned) {
  Steps steps;
  EXPECT_TRUE(steps.fiber.Open(kStackBytes).ok());
  for (int round = 0; round < 100; ++round) {
    steps.seen.clear();
    steps.until = round % 4;
    steps.fiber.Start(&Count, &steps);
    while (steps.fiber.suspended()) steps.fiber.Resume();
    EXPECT_EQ(steps.seen.size(), static_cast<size_t>(round % 4));
  }
}

TEST(Fiber, MayBeDestroyedWhileItIsSuspended) {
  Steps steps;
  EXPECT_TRUE(steps.fiber.Open(kStackBytes).ok());
  steps.until = 1;
  steps.fiber.Start(&Count, &steps);
  EXPECT_TRUE(steps.fiber.suspended());
}

struct Depth {
  Fiber fiber;
  int levels = 0;
};

// Frames that the compiler cannot fold.
int Nest(Depth& depth, int level) {
  volatile char frame[200];
  std::memset(const_cast<char*>(frame), level, sizeof(frame));
  ++depth.levels;
  if (level == 500) {
    depth.fiber.Suspend();
    return frame[10];
  }
  return Nest(depth, level + 1) + frame[0];
}

TEST(Fiber, KeepsDeepFramesOverASwitch) {
  Depth depth;
  EXPECT_TRUE(depth.fiber.Open(1u << 20).ok());
  depth.fiber.Start([](void* self) { Nest(*static_cast<Depth*>(self), 0); }, &depth);
  EXPECT_EQ(depth.levels, 501);
  depth.fiber.Resume();
  EXPECT_TRUE(!depth.fiber.suspended());
}

TEST(Fiber, TwoTakeTurns) {
  Steps first;
  Steps second;
  EXPECT_TRUE(first.fiber.Open(kStackBytes).ok());
  EXPECT_TRUE(second.fiber.Open(kStackBytes).ok());
  first.until = second.until = 5;
  first.fiber.Start(&Count, &first);
  second.fiber.Start(&Count, &second);
  while (first.fiber.suspended()) {
    first.fiber.Resume();
    second.fiber.Resume();
    EXPECT_EQ(first.seen.size(), second.seen.size());
  }
}

}  // namespace
}  // namespace snapfork
