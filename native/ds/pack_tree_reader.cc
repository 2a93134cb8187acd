// pack_tree_reader.cc - ways through a tree of packs.

#include "ds/pack_tree.h"

namespace snapfork {

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
