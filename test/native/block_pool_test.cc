// block_pool_test.cc - blocks and cells for the index.

#include "mem/block_pool.h"

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "memory_probe.h"
#include "pool_fixture.h"
#include "test.h"

namespace {

using namespace snapfork;

using Fixture = sf::PoolFixture;

TEST(BlockPool, KeepsRandomBlocksApartAndGivesEmptyChunksBack) {
  Fixture fixture;
  sf::Random random(130);
  std::map<uint32_t, uint8_t> used;
  for (int i = 0; i < 20000; ++i) {
    const bool grow = (i / 4000) % 2 == 0;
    if (random.Below(10) < (grow ? 6u : 4u)) {
      const uint32_t block = fixture.blocks.Allocate();
      const auto pattern = static_cast<uint8_t>(random.Next());
      ASSERT_TRUE(block != 0 && used.emplace(block, pattern).second);
      std::memset(fixture.blocks.At(block), pattern, 64);
      fixture.blocks.At(block)[kBlockBytes - 1] = pattern;
    } else if (!used.empty()) {
      auto at = used.lower_bound(static_cast<uint32_t>(random.Below(used.rbegin()->first + 1)));
      const uint8_t* const bytes = fixture.blocks.At(at->first);
      ASSERT_TRUE(bytes[0] == at->second && bytes[kBlockBytes - 1] == at->second);
      fixture.blocks.Free(at->first);
      used.erase(at);
    }
  }
  for (const auto& one : used) fixture.blocks.Free(one.first);
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.blocks.backed_bytes() <= kChunkBytes; }));
}

TEST(CellPool, NeverGivesCellZeroNorOneCellTwice) {
  Fixture fixture;
  CellPool<64> cells(fixture.blocks);
  std::map<uint32_t, bool> used;
  for (int i = 0; i < 5000; ++i) {
    const uint32_t cell = cells.Allocate();
    ASSERT_TRUE(cell != 0 && used.emplace(cell, true).second);
    std::memset(cells.At(cell), 0xff, 64);
  }
  for (const auto& one : used) cells.Free(one.first);
  // All of them are there again without another block.
  const size_t backed = fixture.blocks.backed_bytes();
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(used.contains(cells.Allocate()));
  EXPECT_EQ(fixture.blocks.backed_bytes(), backed);
}

TEST(CellPool, ReturnsItsBlocksWhenCleared) {
  Fixture fixture;
  {
    CellPool<1024> cells(fixture.blocks);
    ASSERT_TRUE(cells.EnsureFree(10000));
    EXPECT_TRUE(fixture.blocks.backed_bytes() >= 10000 * 1024);
    cells.Clear();
    EXPECT_TRUE(cells.Allocate() != 0);
  }
  EXPECT_TRUE(sf::WaitFor([&] { return fixture.blocks.backed_bytes() <= kChunkBytes; }));
}

TEST(BlockPool, IsNotInAChild) {
  Fixture fixture;
  const uint32_t block = fixture.blocks.Allocate();
  fixture.blocks.At(block)[0] = 1;
  EXPECT_FALSE(sf::IsInChild(fixture.blocks.At(block)));
}

}  // namespace
