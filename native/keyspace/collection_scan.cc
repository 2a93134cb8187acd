// collection_scan.cc - random ranks, and elements by rank.

#include "keyspace/collection_scan.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace snapfork {

Status DrawRanks(Keyspace& keyspace, uint64_t size, uint64_t count, bool distinct,
                 std::vector<uint64_t>& ranks) {
  ranks.clear();
  if (size == 0) return Status();
  if (!distinct) {
    if (count > kDrawnMax) return Status(StatusCode::kTooManyDrawn);
    ranks.reserve(count);
    for (uint64_t i = 0; i < count; ++i) ranks.push_back(keyspace.Random() % size);
    return Status();
  }
  count = std::min(count, size);
  ranks.reserve(count);
  // Floyd's sampling: `count` draws whatever the size.
  std::unordered_set<uint64_t> taken;
  for (uint64_t limit = size - count; limit < size; ++limit) {
    const uint64_t drawn = keyspace.Random() % (limit + 1);
    ranks.push_back(taken.insert(drawn).second ? drawn : limit);
    taken.insert(ranks.back());
  }
  // Its order is not uniform.
  for (size_t i = ranks.size(); i > 1; --i) {
    std::swap(ranks[i - 1], ranks[keyspace.Random() % i]);
  }
  return Status();
}

RankedElement ElementAtRank(const Keyspace& keyspace, EntryView entry, unsigned pack_stride,
                            uint64_t rank) {
  if (entry.encoding() != Encoding::kTree) {
    return {Listpack(keyspace.PackOf(entry)).Seek(rank * pack_stride), pack_stride};
  }
  PackSlot root = RootOf(entry);
  PackPath path;
  const uint64_t rest = keyspace.trees().SeekIndex(root, path, rank);
  const unsigned stride = path.leaf().mark();
  return {keyspace.trees().Leaf(path.leaf()).Seek(rest * stride), stride};
}

}  // namespace snapfork
