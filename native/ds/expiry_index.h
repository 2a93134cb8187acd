// expiry_index.h - entries in the order of their expiry: a B+ tree of (time, handle).
//
// Exact where Redis samples: the earliest is found at once, and nothing expired lingers. A record
// is 12 bytes, in nodes of 1 KiB out of the index region, which the child never has.
//
//   record key = time in ms (48 bits) << 16 | handle bits 32..36,  handle bits 0..31
//
// Invariants
//   (E1) Records ascend through the leaves from left to right; none is there twice.
//   (E2) The key of an inner node's child is at most the first record below that child; the first
//        child also takes what is smaller than its key.
//   (E3) No leaf is empty, unless it is the root.

#pragma once

#include <cstdint>

#include "mem/block_pool.h"
#include "mem/chunk_map.h"

namespace snapfork {

class ExpiryIndex {
 public:
  // Times beyond it are kept as it: the year 10889.
  static constexpr int64_t kTimeMax = (int64_t{1} << 48) - 1;

  explicit ExpiryIndex(BlockPool& blocks) : nodes_(blocks) {}

  // Sees to it that the next Insert has memory. False if there is none.
  bool Reserve() { return nodes_.EnsureFree(depth_ + 2); }
  // False if there is no memory; then nothing changed. Cost: O(log n).
  bool Insert(int64_t time_ms, Handle handle);
  // REQUIRES: the record is there.
  void Erase(int64_t time_ms, Handle handle);
  // The earliest record. False if there is none.
  bool First(int64_t& time_ms, Handle& handle) const;
  // The handle of a random record, those of nodes with few of them likelier; 0 if there is none.
  Handle Sample(uint64_t random) const;

  void Clear();
  uint64_t size() const { return size_; }

 private:
  static constexpr size_t kNodeBytes = 1024;
  static constexpr unsigned kLeafMax = 84;
  static constexpr unsigned kInnerMax = 63;
  static constexpr unsigned kDepthMax = 12;

  struct Key {
    uint64_t high;
    uint32_t low;
    bool operator==(const Key&) const = default;
    bool operator<(const Key& other) const {
      return high != other.high ? high < other.high : low < other.low;
    }
  };
  struct Leaf {
    uint32_t count;
    uint32_t low[kLeafMax];
    uint64_t high[kLeafMax];
  };
  struct Inner {
    uint32_t count;
    uint32_t child[kInnerMax];
    uint32_t low[kInnerMax];
    uint64_t high[kInnerMax];
  };
  static_assert(sizeof(Leaf) <= kNodeBytes && sizeof(Inner) <= kNodeBytes);

  // The way from the root to a leaf.
  struct Path {
    uint32_t node[kDepthMax];
    unsigned index[kDepthMax];  // of the child taken
  };

  static Key MakeKey(int64_t time_ms, Handle handle);
  static Handle HandleOf(const Key& key);
  template <typename Node>
  static Key KeyAt(const Node& node, unsigned index) {
    return {node.high[index], node.low[index]};
  }
  template <typename Node>
  static unsigned UpperBound(const Node& node, const Key& key);
  template <typename Node>
  static void OpenGap(Node& node, unsigned index);
  template <typename Node>
  static void CloseGap(Node& node, unsigned index);
  template <typename Node>
  static void MoveTail(Node& from, unsigned first, Node& to);

  Leaf& LeafAt(uint32_t node) const { return *reinterpret_cast<Leaf*>(nodes_.At(node)); }
  Inner& InnerAt(uint32_t node) const { return *reinterpret_cast<Inner*>(nodes_.At(node)); }
  uint32_t Descend(const Key& key, Path& path) const;
  void InsertChild(const Path& path, unsigned depth, Key key, uint32_t child);
  void RemoveChild(const Path& path, unsigned depth);

  CellPool<kNodeBytes> nodes_;
  uint32_t root_ = 0;
  unsigned depth_ = 0;  // inner levels above the leaves
  uint64_t size_ = 0;
};

}  // namespace snapfork
