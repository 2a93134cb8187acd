// pool_fixture.h - a pool of index blocks with its keeper, for tests of what lives in it.

#pragma once

#include "mem/block_pool.h"
#include "test.h"

namespace sf {

struct PoolFixture {
  PoolFixture() {
    EXPECT_OK(blocks.Open(snapfork::Backing::kSmallPages));
    EXPECT_OK(keeper.Start());
  }
  ~PoolFixture() { keeper.Stop(); }

  snapfork::Keeper keeper;
  snapfork::BlockPool blocks{keeper};
};

}  // namespace sf
