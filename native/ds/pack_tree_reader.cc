// pack_tree_reader.cc - ways through a tree of packs.

#include "base/prefetch.h"
#include "ds/pack_tree.h"

namespace snapfork {
namespace {

// A node on the way to a hash, whose keys are all from `low` to `high`.
struct HashStep {
  const PackNode* node;
  uint64_t low = 0;
  uint64_t high = UINT64_MAX;

  // Where the key should be.
  SF_CHILD_SAFE uint32_t Guess(uint64_t hash, uint32_t count) const {
    const double share =
        static_cast<double>(hash - low) / (static_cast<double>(high - low) + 1);
    return std::min(count - 1, static_cast<uint32_t>(share * count));
  }
  // The last slot with a key at or before it.
  SF_CHILD_SAFE uint32_t Find(uint64_t hash) const {
    const auto count = static_cast<uint32_t>(node->count);
    const uint32_t last = count - 1;
    uint32_t at = Guess(hash, count);
    while (at < last && node->slots[at + 1].first <= hash) ++at;
    while (at > 0 && node->slots[at].first > hash) --at;
    return at;
  }
  // Goes down.
  SF_CHILD_SAFE void Enter(const PackTreeReader& reader, uint32_t at) {
    if (at > 0) low = node->slots[at].first;
    if (at + 1 < node->count) high = node->slots[at + 1].first;
    node = reader.Node(node->slots[at]);
  }
};

}  // namespace

void PackTreeReader::SeekHash(PackSlot& root, PackPath& path, uint64_t hash) const {
  Start(root, path);
  if (path.height == 0) return;
  HashStep step{Node(root)};
  for (unsigned height = path.height; height > 0; --height) {
    const uint32_t at = step.Find(hash);
    Enter(path, height, Node(*path.slots[height]), at);
    if (height > 1) step.Enter(*this, at);
  }
}

void PackTreeReader::PrefetchHash(const PackSlot& root, uint64_t hash) const {
  if (root.height() == 0) return;
  HashStep step{Node(root)};
  for (unsigned height = root.height(); height > 1; --height) step.Enter(*this, step.Find(hash));
  // How many slots the node has is not there yet: most have about so many.
  constexpr uint32_t kSlotsLikely = kPackFanout * 3 / 4;
  constexpr size_t kLinesAround = 2;
  Prefetch(step.node);
  const auto guess =
      reinterpret_cast<uintptr_t>(&step.node->slots[step.Guess(hash, kSlotsLikely)]);
  for (size_t line = 0; line <= 2 * kLinesAround; ++line) {
    Prefetch(reinterpret_cast<const void*>(guess + (line - kLinesAround) * kCacheLineBytes));
  }
}

uint64_t PackTreeReader::SeekIndex(PackSlot& root, PackPath& path, uint64_t index) const {
  Start(root, path);
  for (unsigned height = path.height; height > 0; --height) {
    PackNode* const node = Node(*path.slots[height]);
    uint32_t at = 0;
    while (at + 1 < node->count && index >= node->slots[at].weight) {
      index -= node->slots[at].weight;
      ++at;
    }
    Enter(path, height, node, at);
  }
  return index;
}

void PackTreeReader::SeekFirst(PackSlot& root, PackPath& path) const {
  Start(root, path);
  for (unsigned height = path.height; height > 0; --height) {
    Enter(path, height, Node(*path.slots[height]), 0);
  }
}

void PackTreeReader::SeekLast(PackSlot& root, PackPath& path) const {
  Start(root, path);
  for (unsigned height = path.height; height > 0; --height) {
    PackNode* const node = Node(*path.slots[height]);
    Enter(path, height, node, static_cast<uint32_t>(node->count) - 1);
  }
}

bool PackTreeReader::Next(PackPath& path) const {
  unsigned height = 1;
  while (height <= path.height && path.index[height - 1] + 1 >= Node(*path.slots[height])->count) {
    ++height;
  }
  if (height > path.height) return false;
  Enter(path, height, Node(*path.slots[height]), path.index[height - 1] + 1);
  for (--height; height > 0; --height) Enter(path, height, Node(*path.slots[height]), 0);
  return true;
}

bool PackTreeReader::Previous(PackPath& path) const {
  unsigned height = 1;
  while (height <= path.height && path.index[height - 1] == 0) ++height;
  if (height > path.height) return false;
  Enter(path, height, Node(*path.slots[height]), path.index[height - 1] - 1);
  for (--height; height > 0; --height) {
    PackNode* const node = Node(*path.slots[height]);
    Enter(path, height, node, static_cast<uint32_t>(node->count) - 1);
  }
  return true;
}

uint64_t PackTreeReader::WeightBefore(const PackPath& path) const {
  uint64_t sum = 0;
  for (unsigned height = 1; height <= path.height; ++height) {
    const PackNode* const node = Node(*path.slots[height]);
    for (uint32_t i = 0; i < path.index[height - 1]; ++i) sum += node->slots[i].weight;
  }
  return sum;
}

Listpack PackTreeReader::FirstLeaf(PackSlot slot) const {
  while (slot.height() > 0) slot = Node(slot)->slots[0];
  return Leaf(slot);
}

}  // namespace snapfork
