// collection_scan.h - parts of a hash or set: from a cursor on, and at random.

#pragma once

#include <cstdint>
#include <vector>

#include "ds/hash_tree.h"
#include "keyspace/keyspace.h"
#include "keyspace/tree_values.h"

namespace snapfork {

// Visits the elements of a tree by hash, from the hash `cursor` on (0: all), whole leaves until
// about `count` were seen, with `visit(at, stride)`. Returns the next cursor, 0 at the end. Every
// element that is there all the time is visited exactly once.
template <typename Visit>
uint64_t ScanHashTree(const PackTreeReader& reader, PackSlot root, const ElementHasher& hasher,
                      uint64_t cursor, uint64_t count, Visit&& visit) {
  PackPath path;
  reader.SeekKey(root, path, cursor);
  for (uint64_t seen = 0;;) {
    const PackSlot& slot = path.leaf();
    const Listpack leaf = reader.Leaf(slot);
    const unsigned stride = slot.mark();
    for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride)) {
      // Leaves may have been joined since: what is below the cursor was visited.
      if (cursor > slot.first && hasher.HashOf(at) < cursor) continue;
      visit(at, stride);
    }
    seen += slot.weight;
    if (!reader.Next(path)) return 0;
    if (seen >= count) return path.leaf().first;
  }
}

// More than that are not drawn again and again from a few: no reply should hold them.
inline constexpr uint64_t kDrawnMax = uint64_t{1} << 24;
// `count` numbers below `size`, drawn uniformly: all different and at most `size` of them if
// `distinct`, in random order. kTooManyDrawn.
Status DrawRanks(Keyspace& keyspace, uint64_t size, uint64_t count, bool distinct,
                 std::vector<uint64_t>& ranks);

// An element by its rank in the order of a walk.
struct RankedElement {
  const uint8_t* at;
  unsigned stride;
};
// `pack_stride` is that of a compact value, which must be a listpack. REQUIRES: rank < elements.
RankedElement ElementAtRank(const Keyspace& keyspace, EntryView entry, unsigned pack_stride,
                            uint64_t rank);

}  // namespace snapfork
