// expiry_index.cc - B+ tree with splits on the way up and free-at-empty.

#include "ds/expiry_index.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace snapfork {

ExpiryIndex::Key ExpiryIndex::MakeKey(int64_t time_ms, Handle handle) {
  const uint64_t time = static_cast<uint64_t>(std::clamp<int64_t>(time_ms, 0, kTimeMax));
  return {time << 16 | handle >> 32, static_cast<uint32_t>(handle)};
}

Handle ExpiryIndex::HandleOf(const Key& key) { return (key.high & 0xffff) << 32 | key.low; }

// First index whose key is greater than `key`.
template <typename Node>
unsigned ExpiryIndex::UpperBound(const Node& node, const Key& key) {
  unsigned low = 0;
  unsigned high = node.count;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    if (key < KeyAt(node, middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

template <typename Node>
void ExpiryIndex::OpenGap(Node& node, unsigned index) {
  const size_t tail = node.count - index;
  std::memmove(&node.high[index + 1], &node.high[index], tail * sizeof(node.high[0]));
  std::memmove(&node.low[index + 1], &node.low[index], tail * sizeof(node.low[0]));
  if constexpr (requires { node.child; }) {
    std::memmove(&node.child[index + 1], &node.child[index], tail * sizeof(node.child[0]));
  }
  ++node.count;
}

template <typename Node>
void ExpiryIndex::CloseGap(Node& node, unsigned index) {
  const size_t tail = node.count - index - 1;
  std::memmove(&node.high[index], &node.high[index + 1], tail * sizeof(node.high[0]));
  std::memmove(&node.low[index], &node.low[index + 1], tail * sizeof(node.low[0]));
  if constexpr (requires { node.child; }) {
    std::memmove(&node.child[index], &node.child[index + 1], tail * sizeof(node.child[0]));
  }
  --node.count;
}

// Appends what `from` holds from `first` on to `to`.
template <typename Node>
void ExpiryIndex::MoveTail(Node& from, unsigned first, Node& to) {
  const unsigned moved = from.count - first;
  std::memcpy(&to.high[to.count], &from.high[first], moved * sizeof(from.high[0]));
  std::memcpy(&to.low[to.count], &from.low[first], moved * sizeof(from.low[0]));
  if constexpr (requires { from.child; }) {
    std::memcpy(&to.child[to.count], &from.child[first], moved * sizeof(from.child[0]));
  }
  to.count += moved;
  from.count = first;
}

uint32_t ExpiryIndex::Descend(const Key& key, Path& path) const {
  uint32_t node = root_;
  for (unsigned depth = 0; depth < depth_; ++depth) {
    const Inner& inner = InnerAt(node);
    // (E2)
    const unsigned index = std::max(1u, UpperBound(inner, key)) - 1;
    path.node[depth] = node;
    path.index[depth] = index;
    node = inner.child[index];
  }
  return node;
}

bool ExpiryIndex::Insert(int64_t time_ms, Handle handle) {
  if (!Reserve()) return false;
  const Key key = MakeKey(time_ms, handle);
  if (root_ == 0) {
    root_ = nodes_.Allocate();
    LeafAt(root_).count = 0;
  }
  Path path;
  uint32_t node = Descend(key, path);
  unsigned index = UpperBound(LeafAt(node), key);
  if (LeafAt(node).count == kLeafMax) {
    const uint32_t right = nodes_.Allocate();
    Leaf& leaf = LeafAt(node);
    Leaf& right_leaf = LeafAt(right);
    right_leaf.count = 0;
    // Times mostly ascend: a leaf that grows at its end is left full.
    const unsigned middle = index == kLeafMax ? kLeafMax : kLeafMax / 2;
    MoveTail(leaf, middle, right_leaf);
    InsertChild(path, depth_, right_leaf.count == 0 ? key : KeyAt(right_leaf, 0), right);
    if (index >= middle && (index > middle || right_leaf.count == 0)) {
      node = right;
      index -= middle;
    }
  }
  Leaf& leaf = LeafAt(node);
  OpenGap(leaf, index);
  leaf.high[index] = key.high;
  leaf.low[index] = key.low;
  ++size_;
  return true;
}

// Hangs `child` up behind the child that `path` took at `depth - 1`, splitting full nodes.
void ExpiryIndex::InsertChild(const Path& path, unsigned depth, Key key, uint32_t child) {
  while (depth > 0) {
    --depth;
    uint32_t node = path.node[depth];
    unsigned index = path.index[depth] + 1;
    uint32_t split = 0;
    Key split_key{};
    if (InnerAt(node).count == kInnerMax) {
      split = nodes_.Allocate();
      Inner& right = InnerAt(split);
      right.count = 0;
      const unsigned middle = index == kInnerMax ? kInnerMax - 1 : kInnerMax / 2;
      MoveTail(InnerAt(node), middle, right);
      split_key = KeyAt(right, 0);
      if (index > middle) {
        node = split;
        index -= middle;
      }
    }
    Inner& inner = InnerAt(node);
    OpenGap(inner, index);
    inner.high[index] = key.high;
    inner.low[index] = key.low;
    inner.child[index] = child;
    if (split == 0) return;
    key = split_key;
    child = split;
  }
  const uint32_t old_root = root_;
  root_ = nodes_.Allocate();
  Inner& inner = InnerAt(root_);
  inner.count = 2;
  inner.high[0] = 0;
  inner.low[0] = 0;
  inner.child[0] = old_root;
  inner.high[1] = key.high;
  inner.low[1] = key.low;
  inner.child[1] = child;
  ++depth_;
  SF_CHECK(depth_ < kDepthMax);
}

void ExpiryIndex::Erase(int64_t time_ms, Handle handle) {
  const Key key = MakeKey(time_ms, handle);
  SF_CHECK(root_ != 0);
  Path path;
  const uint32_t node = Descend(key, path);
  Leaf& leaf = LeafAt(node);
  const unsigned index = UpperBound(leaf, key);
  SF_CHECK(index > 0 && KeyAt(leaf, index - 1) == key);
  CloseGap(leaf, index - 1);
  --size_;
  if (size_ == 0 && nodes_.blocks_held() > 1) {
    Clear();  // gives the memory of all the nodes back
    return;
  }
  if (depth_ == 0) return;
  if (leaf.count == 0) {
    nodes_.Free(node);
    RemoveChild(path, depth_);
    return;
  }
  // Two small neighbours become one, so that scattered removals give memory back.
  const Inner& parent = InnerAt(path.node[depth_ - 1]);
  const unsigned next_index = path.index[depth_ - 1] + 1;
  if (next_index == parent.count) return;
  const uint32_t next = parent.child[next_index];
  if (leaf.count + LeafAt(next).count > kLeafMax / 2) return;
  MoveTail(LeafAt(next), 0, leaf);
  nodes_.Free(next);
  path.index[depth_ - 1] = next_index;
  RemoveChild(path, depth_);
}

// Takes the child that `path` took at `depth - 1` out of its parent, and empty parents with it.
void ExpiryIndex::RemoveChild(const Path& path, unsigned depth) {
  while (depth > 0) {
    --depth;
    Inner& inner = InnerAt(path.node[depth]);
    CloseGap(inner, path.index[depth]);
    if (inner.count > 0) break;
    nodes_.Free(path.node[depth]);
    if (depth == 0) {
      root_ = 0;
      depth_ = 0;
      return;
    }
  }
  while (depth_ > 0 && InnerAt(root_).count == 1) {
    const uint32_t only = InnerAt(root_).child[0];
    nodes_.Free(root_);
    root_ = only;
    --depth_;
  }
}

bool ExpiryIndex::First(int64_t& time_ms, Handle& handle) const {
  if (size_ == 0) return false;
  uint32_t node = root_;
  for (unsigned depth = 0; depth < depth_; ++depth) node = InnerAt(node).child[0];
  const Leaf& leaf = LeafAt(node);
  time_ms = static_cast<int64_t>(leaf.high[0] >> 16);
  handle = HandleOf(KeyAt(leaf, 0));
  return true;
}

Handle ExpiryIndex::Sample(uint64_t random) const {
  if (size_ == 0) return 0;
  uint32_t node = root_;
  for (unsigned depth = 0; depth < depth_; ++depth) {
    const Inner& inner = InnerAt(node);
    node = inner.child[random % inner.count];
    random /= inner.count;
  }
  const Leaf& leaf = LeafAt(node);
  return HandleOf(KeyAt(leaf, static_cast<unsigned>(random % leaf.count)));
}

void ExpiryIndex::Clear() {
  nodes_.Clear();
  root_ = 0;
  depth_ = 0;
  size_ = 0;
}

}  // namespace snapfork
