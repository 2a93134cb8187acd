// pack_tree.cc - changes: copied nodes, splits, merges.

#include "ds/pack_tree.h"

#include <cstring>

#include "base/check.h"

namespace snapfork {
namespace {

constexpr size_t NodeBytes(size_t count) { return sizeof(PackNode) + count * sizeof(PackSlot); }

// Nodes with fewer slots look for a neighbour to join.
constexpr uint64_t kSlotsMin = kPackFanout / 4;
// Joined nodes leave room, so that the next insertion does not split them
// again.
constexpr uint64_t kMergedSlotsMax = kPackFanout * 3 / 4;

void InsertSlot(PackNode* node, uint32_t at, const PackSlot& slot) {
  std::memmove(&node->slots[at + 1], &node->slots[at], (node->count - at) * sizeof(PackSlot));
  node->slots[at] = slot;
  ++node->count;
}

// Where a full node is divided: in the middle, or at an end of the tree so that it stays full.
enum class Growth { kInside, kAtFront, kAtBack };

Growth GrowthAt(const PackPath& path, const PackTreeReader& reader, uint32_t step) {
  bool first = step == 0;
  bool last = step == 1;
  for (unsigned height = 1; height <= path.height; ++height) {
    const uint32_t index = path.index[height - 1];
    first = first && index == 0;
    last = last && index + 1 == reader.Node(*path.slots[height])->count;
  }
  return first ? Growth::kAtFront : last ? Growth::kAtBack : Growth::kInside;
}

}  // namespace

Handle PackTree::NewLeaf(std::string_view pack) {
  const Handle handle = Allocate(pack.size());
  if (handle != 0) std::memcpy(arena_.At(handle), pack.data(), pack.size());
  return handle;
}

bool PackTree::OwnNode(PackSlot& slot) {
  const Handle old_handle = slot.handle();
  if (!arena_.MovesForChange(old_handle)) return true;
  const size_t bytes =
      slot.height() > 0 ? NodeBytes(Node(slot)->count) : Listpack(Bytes(slot)).bytes();
  const Handle handle = Allocate(bytes);
  if (handle == 0) return false;
  std::memcpy(arena_.At(handle), arena_.At(old_handle), bytes);
  slot.SetHandle(handle);
  arena_.Free(old_handle);
  return true;
}

bool PackTree::Own(PackPath& path) {
  arena_.NoteChange(path.leaf().handle());
  if (!arena_.freezing()) return true;
  for (unsigned height = path.height;; --height) {
    if (!OwnNode(*path.slots[height])) return false;
    if (height == 0) return true;
    path.slots[height - 1] = &Node(*path.slots[height])->slots[path.index[height - 1]];
  }
}

bool PackTree::Start(std::string_view pack, const PackSlot& key) {
  SF_DCHECK(root_.empty());
  const Handle handle = NewLeaf(pack);
  if (handle == 0) return false;
  root_ = key;
  root_.child = PackSlot::Of(handle, 0, key.mark()).child;
  return true;
}

bool PackTree::Edit(PackPath& path, const PackSplice& splice, int64_t weight_delta) {
  PackSlot& slot = path.leaf();
  const Handle old_handle = slot.handle();
  const size_t capacity = arena_.CapacityOf(old_handle);
  const size_t bytes =
      Listpack(Bytes(slot)).bytes() + splice.InsertedBytes() - splice.removed_bytes;
  const bool fits = bytes <= capacity;
  // A leaf that lost most of itself gives the room back, if there is memory for
  // its new place.
  const bool shrinks = fits && Arena::CapacityFor(bytes) <= capacity / 2;
  const Handle handle = fits && !shrinks ? old_handle : Allocate(bytes);
  if (handle == 0 && !fits) return false;
  if (handle == 0 || handle == old_handle) {
    ListpackSplice(Bytes(slot), splice);
  } else {
    ListpackSpliceCopy(arena_.At(handle), Bytes(slot), splice);
    slot.SetHandle(handle);
    arena_.Free(old_handle);
  }
  if (weight_delta != 0) {
    for (unsigned height = 0; height <= path.height; ++height) {
      path.slots[height]->weight += static_cast<uint64_t>(weight_delta);
    }
  }
  return true;
}

bool PackTree::Replace(PackPath& path, std::string_view pack, uint64_t weight) {
  PackSlot& slot = path.leaf();
  const Handle old_handle = slot.handle();
  const size_t capacity = arena_.CapacityOf(old_handle);
  Handle handle = old_handle;
  if (Arena::CapacityFor(pack.size()) != capacity) handle = Allocate(pack.size());
  if (handle == 0 && pack.size() <= capacity) handle = old_handle;
  if (handle == 0) return false;
  std::memcpy(arena_.At(handle), pack.data(), pack.size());
  if (handle != old_handle) {
    slot.SetHandle(handle);
    arena_.Free(old_handle);
  }
  const uint64_t delta = weight - slot.weight;
  for (unsigned height = 0; height <= path.height; ++height) path.slots[height]->weight += delta;
  return true;
}

void PackTree::Summarize(PackSlot& slot) {
  const PackNode* const node = Node(slot);
  slot.first = node->slots[0].first;
  slot.second = node->slots[0].second;
  slot.weight = 0;
  for (uint64_t i = 0; i < node->count; ++i) {
    slot.weight += node->slots[i].weight;
    if (second_ == SecondWord::kMinimum) {
      slot.second = std::min(slot.second, node->slots[i].second);
    }
  }
}

// Gives a node that is not full room for one slot more.
bool PackTree::WidenNode(PackSlot& slot) {
  PackNode* const node = Node(slot);
  const Handle old_handle = slot.handle();
  if (NodeBytes(node->count + 1) <= arena_.CapacityOf(old_handle)) return true;
  const uint64_t wanted = std::min<uint64_t>(node->count + node->count / 2 + 1, kPackFanout);
  const Handle handle = Allocate(NodeBytes(wanted));
  if (handle == 0) return false;
  std::memcpy(arena_.At(handle), node, NodeBytes(node->count));
  slot.SetHandle(handle);
  arena_.Free(old_handle);
  return true;
}

// Divides a full node so that the first `kept` slots stay, with `inserted` at `at`. The new node is
// `right`; returns its slot.
PackSlot PackTree::SplitNode(PackSlot& slot, uint32_t at, const PackSlot& inserted, Handle right,
                             uint64_t kept) {
  PackNode* const left_node = Node(slot);
  PackSlot right_slot = PackSlot::Of(right, slot.height());
  PackNode* const right_node = Node(right_slot);
  right_node->count = left_node->count - kept;
  std::memcpy(right_node->slots, &left_node->slots[kept], right_node->count * sizeof(PackSlot));
  left_node->count = kept;
  if (at > kept || right_node->count == 0) {
    InsertSlot(right_node, static_cast<uint32_t>(at - kept), inserted);
  } else {
    InsertSlot(left_node, at, inserted);
  }
  Summarize(slot);
  Summarize(right_slot);
  return right_slot;
}

bool PackTree::Insert(PackPath& path, std::string_view pack, const PackSlot& key,
                      uint32_t step) {
  const Growth growth = GrowthAt(path, reader(), step);
  // All memory first: nothing can fail once slots move.
  unsigned full = 0;  // the lowest `full` levels of inner nodes are split
  while (full < path.height && Node(*path.slots[full + 1])->count == kPackFanout) ++full;
  Handle made[kPackHeightMax + 2];
  unsigned count = 0;
  const auto give_up = [&] {
    while (count > 0) arena_.Free(made[--count]);
    return false;
  };
  if ((made[count] = NewLeaf(pack)) == 0) return give_up();
  ++count;
  const bool new_root = full == path.height;
  for (unsigned i = 0; i < full + (new_root ? 1 : 0); ++i) {
    if ((made[count] = Allocate(NodeBytes(i < full ? kPackFanout : 4))) == 0) return give_up();
    ++count;
  }
  if (!new_root) {
    if (!WidenNode(*path.slots[full + 1])) return give_up();
    path.slots[full] = &Node(*path.slots[full + 1])->slots[path.index[full]];
  }

  PackSlot pending = key;
  pending.child = PackSlot::Of(made[0], 0, key.mark()).child;
  // What a split makes is new on the right, wherever the leaf went.
  for (unsigned height = 1; height <= full; ++height) {
    const uint32_t at = path.index[height - 1] + (height == 1 ? step : 1);
    // At the front the node keeps nothing but the way to the new leaf.
    const uint64_t kept = growth == Growth::kAtBack    ? kPackFanout
                          : growth == Growth::kAtFront ? (height == 1 ? 0 : 1)
                                                       : kPackFanout / 2;
    pending = SplitNode(*path.slots[height], at, pending, made[height], kept);
  }
  const bool before = step == 0 && full == 0;
  if (new_root) {
    PackSlot root = PackSlot::Of(made[full + 1], path.height + 1);
    PackNode* const node = Node(root);
    node->count = 2;
    node->slots[before ? 1 : 0] = root_;
    node->slots[before ? 0 : 1] = pending;
    root_ = root;
    Summarize(root_);
    return true;
  }
  InsertSlot(Node(*path.slots[full + 1]), path.index[full] + (before ? 0 : 1), pending);
  for (unsigned height = full + 1; height <= path.height; ++height) Summarize(*path.slots[height]);
  return true;
}

bool PackTree::Append(std::string_view pack, const PackSlot& key) {
  if (root_.empty()) return Start(pack, key);
  PackPath path;
  reader().SeekLast(root_, path);
  return Own(path) && InsertAfter(path, pack, key);
}

// Takes the slot of that height out of the node above it, and that node too if
// it was the last.
void PackTree::RemoveSlot(PackPath& path, unsigned height) {
  for (;; ++height) {
    arena_.Free(path.slots[height]->handle());
    if (height == path.height) {
      root_ = PackSlot();
      return;
    }
    PackNode* const node = Node(*path.slots[height + 1]);
    const uint32_t at = path.index[height];
    std::memmove(&node->slots[at], &node->slots[at + 1], (node->count - at - 1) * sizeof(PackSlot));
    if (--node->count > 0) break;
  }
  for (unsigned above = height + 1; above <= path.height; ++above) Summarize(*path.slots[above]);
  MergeNodes(path, height + 1);
  CollapseRoot();
}

void PackTree::Remove(PackPath& path) { RemoveSlot(path, 0); }

// Joins the inner node of that height with a neighbour if it has few slots.
void PackTree::MergeNodes(PackPath& path, unsigned height) {
  for (; height < path.height; ++height) {
    PackNode* const parent = Node(*path.slots[height + 1]);
    if (Node(*path.slots[height])->count >= kSlotsMin || parent->count < 2) return;
    const uint32_t left = path.index[height] > 0 ? path.index[height] - 1 : 0;
    const uint64_t left_count = Node(parent->slots[left])->count;
    const uint64_t right_count = Node(parent->slots[left + 1])->count;
    if (left_count + right_count > kMergedSlotsMax || !OwnNode(parent->slots[left])) return;
    PackSlot& slot = parent->slots[left];
    const Handle old_handle = slot.handle();
    if (NodeBytes(left_count + right_count) > arena_.CapacityOf(old_handle)) {
      const Handle handle = Allocate(NodeBytes(left_count + right_count));
      if (handle == 0) return;
      std::memcpy(arena_.At(handle), arena_.At(old_handle), NodeBytes(left_count));
      slot.SetHandle(handle);
      arena_.Free(old_handle);
    }
    std::memcpy(&Node(slot)->slots[left_count], Node(parent->slots[left + 1])->slots,
                right_count * sizeof(PackSlot));
    Node(slot)->count += right_count;
    Summarize(slot);
    arena_.Free(parent->slots[left + 1].handle());
    std::memmove(&parent->slots[left + 1], &parent->slots[left + 2],
                 (parent->count - left - 2) * sizeof(PackSlot));
    --parent->count;
  }
}

void PackTree::CollapseRoot() {
  while (root_.height() > 0 && Node(root_)->count == 1) {
    const PackSlot child = Node(root_)->slots[0];
    arena_.Free(root_.handle());
    root_ = child;
  }
}

void PackTree::Merge(PackPath& path, size_t bytes_max) {
  if (path.height == 0) return;
  const PackNode* const parent = Node(*path.slots[1]);
  if (parent->count < 2) return;
  const uint32_t left = path.index[0] + 1 < parent->count ? path.index[0] : path.index[0] - 1;
  const Listpack left_pack(Bytes(parent->slots[left]));
  const Listpack right_pack(Bytes(parent->slots[left + 1]));
  const size_t right_bytes = right_pack.bytes() - kListpackEmptyBytes;
  const size_t bytes = left_pack.bytes() + right_bytes;
  const size_t elements = left_pack.count() + right_pack.count();
  if (bytes > bytes_max || parent->slots[left].mark() != parent->slots[left + 1].mark()) return;
  const Handle handle = Allocate(bytes);
  if (handle == 0) return;
  uint8_t* const to = arena_.At(handle);
  std::memcpy(to, left_pack.address(), left_pack.bytes() - 1);
  std::memcpy(to + left_pack.bytes() - 1, right_pack.begin(), right_bytes + 1);
  StoreLittle(to, static_cast<uint32_t>(bytes));
  StoreLittle(to + 4, static_cast<uint16_t>(std::min<size_t>(elements, 65535)));

  PackSlot& kept = Node(*path.slots[1])->slots[left];
  const PackSlot removed = Node(*path.slots[1])->slots[left + 1];
  arena_.Free(kept.handle());
  kept.SetHandle(handle);
  kept.weight += removed.weight;
  if (second_ == SecondWord::kMinimum) kept.second = std::min(kept.second, removed.second);
  path.index[0] = left + 1;
  path.slots[0] = &Node(*path.slots[1])->slots[left + 1];
  RemoveSlot(path, 0);
}

void PackTree::SetMinimum(PackPath& path, uint64_t second) {
  path.leaf().second = second;
  for (unsigned height = 1; height <= path.height; ++height) {
    const uint64_t weight = path.slots[height]->weight;
    Summarize(*path.slots[height]);
    SF_DCHECK(path.slots[height]->weight == weight);
    static_cast<void>(weight);
  }
}

bool ClonePackTree(Arena& arena, uint16_t heap, const PackSlot& root, SecondWord second,
                   PackSlot& copy) {
  copy = PackSlot();
  PackTree tree(arena, heap, copy, second);
  const bool done =
      WalkPackTree(tree.reader(), root, [&](const PackSlot& slot, const Listpack& pack) {
        const std::string_view bytes(reinterpret_cast<const char*>(pack.address()), pack.bytes());
        return tree.Append(bytes, slot);
      });
  if (done) return true;
  FreePackTree(arena, copy);
  copy = PackSlot();
  return false;
}

void FreePackTree(Arena& arena, const PackSlot& root) {
  if (root.empty()) return;
  std::vector<PackSlot> pending{root};
  FreePackNodes(arena, pending, SIZE_MAX);
}

size_t FreePackNodes(Arena& arena, std::vector<PackSlot>& pending, size_t limit) {
  size_t freed = 0;
  while (!pending.empty() && freed < limit) {
    const PackSlot slot = pending.back();
    pending.pop_back();
    if (slot.height() > 0) {
      const auto* const node = reinterpret_cast<const PackNode*>(arena.At(slot.handle()));
      pending.insert(pending.end(), node->slots, node->slots + node->count);
    }
    arena.Free(slot.handle());
    ++freed;
  }
  return freed;
}

}  // namespace snapfork
