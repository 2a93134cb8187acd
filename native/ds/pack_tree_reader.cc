// pack_tree_reader.cc - ways through a tree of packs.

#include "ds/pack_tree.h"

namespace snapfork {
namespace {

// The last slot with a key at or before `hash`; all keys of the node are from `low` to `high`.
SF_CHILD_SAFE uint32_t SlotOfHash(const PackNode& node, uint64_t hash, uint64_t low,
                                  uint64_t high) {
  const auto last = static_cast<uint32_t>(node.count) - 1;
  const double share = static_cast<double>(hash - low) / (static_cast<double>(high - low) + 1);
  uint32_t at = std::min(last, static_cast<uint32_t>(share * static_cast<double>(node.count)));
  while (at < last && node.slots[at + 1].first <= hash) ++at;
  while (at > 0 && node.slots[at].first > hash) --at;
  return at;
}

}  // namespace

void PackTreeReader::SeekHash(PackSlot& root, PackPath& path, uint64_t hash) const {
  Start(root, path);
  uint64_t low = 0;
  uint64_t high = UINT64_MAX;
  for (unsigned height = path.height; height > 0; --height) {
    PackNode* const node = Node(*path.slots[height]);
    const uint32_t at = SlotOfHash(*node, hash, low, high);
    if (at > 0) low = node->slots[at].first;
    if (at + 1 < node->count) high = node->slots[at + 1].first;
    Enter(path, height, node, at);
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
