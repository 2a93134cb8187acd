// pack_tree.h - a counted B+ tree whose leaves are listpacks: the large form of
// every collection.
//
//   inner node = u64 count | count slots        in the data region, one object
//   each slot       = child | weight | first | second leaf       = a listpack
//
// The root is a slot too, kept by the owner (in its entry). `weight` is the
// number of elements below, so that a rank or an index is found on the way
// down. (`first`, `second`) is a lower bound of the keys below, in the order of
// the collection:
//
//   list        none (positions only)
//   set, hash   hash of the member or field, in leaves of any inner order;
//   `second` of a hash is
//               the earliest expiry of a field below (SecondWord::kMinimum)
//   sorted set  score and the member's first 8 bytes; and an index by the
//   members' hashes stream      id
//
// Nodes know of no parent: a node that is frozen for a child is copied on the
// way down (Own), and only its slot changes. A read uses PackTreeReader, in the
// child too.
//
// Invariants
//   (P1) No leaf and no inner node is empty; an empty tree is a root with child 0.
//   (P2) A slot's weight is the sum of the weights of the slots below; of a leaf what its owner
//        gave.
//   (P3) Everything left of a slot orders before or equal to its key, everything below it at or
//        after it. The first slot of a node counts as the lowest.
//
// Runs in: parent and child (reading), the owner's thread (changing).

#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/child_safe.h"
#include "ds/listpack.h"
#include "mem/arena.h"

namespace snapfork {

struct PackSlot {
  uint64_t child = 0;  // handle, height and mark; 0: nothing
  uint64_t weight = 0;
  uint64_t first = 0;
  uint64_t second = 0;

  bool empty() const { return child == 0; }
  Handle handle() const { return child & ((uint64_t{1} << kHandleBits) - 1); }
  // 0: the child is a leaf.
  unsigned height() const { return static_cast<unsigned>(child >> 40) & 0xff; }
  // A number the owner gave a leaf.
  unsigned mark() const { return static_cast<unsigned>(child >> 48); }

  static PackSlot Of(Handle handle, unsigned height, unsigned mark = 0) {
    PackSlot slot;
    slot.child = handle | uint64_t{height} << 40 | uint64_t{mark} << 48;
    return slot;
  }
  void SetHandle(Handle handle) { child = (child & ~((uint64_t{1} << kHandleBits) - 1)) | handle; }
};
static_assert(sizeof(PackSlot) == 32);

struct PackNode {
  uint64_t count;
  PackSlot slots[];
};

// More than any tree of 2^37 objects needs, at a fill of a quarter.
inline constexpr unsigned kPackHeightMax = 12;
inline constexpr unsigned kPackFanout = 63;

// A way from the root to a leaf. slots[h] is the slot whose child has height h,
// and index[h] its place in the node above.
struct PackPath {
  unsigned height = 0;
  PackSlot* slots[kPackHeightMax + 1];
  uint32_t index[kPackHeightMax + 1];

  PackSlot& leaf() { return *slots[0]; }
  const PackSlot& leaf() const { return *slots[0]; }
};

// Finds leaves. `data` is the address of handle 0.
class PackTreeReader {
 public:
  SF_CHILD_SAFE explicit PackTreeReader(const uint8_t* data) : data_(data) {}

  SF_CHILD_SAFE Listpack Leaf(const PackSlot& slot) const {
    return Listpack(data_ + slot.handle() * kHandleUnit);
  }
  SF_CHILD_SAFE PackNode* Node(const PackSlot& slot) const {
    // The reader itself writes nothing; PackTree does through the path.
    return reinterpret_cast<PackNode*>(const_cast<uint8_t*>(data_) + slot.handle() * kHandleUnit);
  }

  // The leaf of the last slots for which `at_or_before(slot)` holds, as it must
  // for a prefix of the leaves. REQUIRES: the tree is not empty.
  template <typename AtOrBefore>
  SF_CHILD_SAFE void Seek(PackSlot& root, PackPath& path, AtOrBefore&& at_or_before) const {
    Start(root, path);
    for (unsigned height = path.height; height > 0; --height) {
      PackNode* const node = Node(*path.slots[height]);
      uint32_t low = 0;  // holds for low; does not for high
      uint32_t high = static_cast<uint32_t>(node->count);
      while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        (at_or_before(static_cast<const PackSlot&>(node->slots[middle])) ? low : high) = middle;
      }
      Enter(path, height, node, low);
    }
  }
  // By `first` alone.
  SF_CHILD_SAFE void SeekKey(PackSlot& root, PackPath& path, uint64_t first) const {
    Seek(root, path, [first](const PackSlot& slot) { return slot.first <= first; });
  }
  SF_CHILD_SAFE void SeekKey(PackSlot& root, PackPath& path, uint64_t first,
                             uint64_t second) const {
    Seek(root, path, [first, second](const PackSlot& slot) {
      return slot.first != first ? slot.first < first : slot.second <= second;
    });
  }
  // By `first` alone, where keys are spread evenly, as hashes are: looks first
  // where the key should be, so that little of a node is read.
  SF_CHILD_SAFE void SeekHash(PackSlot& root, PackPath& path, uint64_t hash) const;
  // Loads what the lowest step of that will read into the cache.
  void PrefetchHash(const PackSlot& root, uint64_t hash) const;
  // The leaf of the element of an index, and the index inside of it. An index
  // at or past the end leads to the last leaf. REQUIRES: the tree is not empty.
  SF_CHILD_SAFE uint64_t SeekIndex(PackSlot& root, PackPath& path, uint64_t index) const;
  SF_CHILD_SAFE void SeekFirst(PackSlot& root, PackPath& path) const;
  SF_CHILD_SAFE void SeekLast(PackSlot& root, PackPath& path) const;
  // The leaf behind or before; false if there is none, with the path as it was.
  SF_CHILD_SAFE bool Next(PackPath& path) const;
  SF_CHILD_SAFE bool Previous(PackPath& path) const;
  // Sum of the weights of the leaves before that of the path.
  SF_CHILD_SAFE uint64_t WeightBefore(const PackPath& path) const;
  // The first leaf at or below a slot: for comparing with the first element
  // there.
  SF_CHILD_SAFE Listpack FirstLeaf(PackSlot slot) const;

 private:
  SF_CHILD_SAFE static void Start(PackSlot& root, PackPath& path) {
    path.height = root.height();
    path.slots[path.height] = &root;
    path.index[path.height] = 0;
  }
  SF_CHILD_SAFE static void Enter(PackPath& path, unsigned height, PackNode* node, uint32_t index) {
    path.slots[height - 1] = &node->slots[index];
    path.index[height - 1] = index;
  }

  const uint8_t* data_;
};

// Calls `visit(const PackSlot&, Listpack)` for each leaf in order, until it
// returns false. A walk without a path: the tree must not change.
template <typename Visit>
SF_CHILD_SAFE bool WalkPackTree(const PackTreeReader& reader, PackSlot root, Visit&& visit) {
  if (root.empty()) return true;
  PackPath path;
  reader.SeekFirst(root, path);
  do {
    if (!visit(static_cast<const PackSlot&>(path.leaf()), reader.Leaf(path.leaf()))) return false;
  } while (reader.Next(path));
  return true;
}

// Calls `visit(Handle)` for each node of a tree, the nodes below first.
template <typename Visit>
SF_CHILD_SAFE void VisitPackNodes(const PackTreeReader& reader, const PackSlot& slot,
                                  Visit&& visit) {
  if (slot.empty()) return;
  if (slot.height() > 0) {
    const PackNode* const node = reader.Node(slot);
    for (uint64_t i = 0; i < node->count; ++i) VisitPackNodes(reader, node->slots[i], visit);
  }
  visit(slot.handle());
}

// What `second` of an inner slot says of the slots below: the key of the first,
// or the minimum.
enum class SecondWord { kKey, kMinimum };

// Changes a tree whose root the caller keeps, in memory that may be written.
// Functions that return false had no memory and changed nothing that shows.
class PackTree {
 public:
  PackTree(Arena& arena, uint16_t heap, PackSlot& root, SecondWord second = SecondWord::kKey)
      : arena_(arena), heap_(heap), root_(root), second_(second) {}

  PackTreeReader reader() const { return PackTreeReader(static_cast<const Arena&>(arena_).At(0)); }
  PackSlot& root() { return root_; }

  // Makes the nodes of a path fit to be written: small frozen ones are copied.
  // Before every change below.
  bool Own(PackPath& path);

  // Makes the first leaf of an empty tree.
  bool Start(std::string_view pack, const PackSlot& key);
  // Changes the leaf of an owned path and its weight. The inserted text lies
  // outside of the leaf.
  bool Edit(PackPath& path, const PackSplice& splice, int64_t weight_delta);
  // Puts another pack in the place of the leaf's.
  bool Replace(PackPath& path, std::string_view pack, uint64_t weight);
  // Adds a leaf behind that of an owned path. `key` gives weight, first, second
  // and mark. The path is no longer valid.
  bool InsertAfter(PackPath& path, std::string_view pack, const PackSlot& key) {
    return Insert(path, pack, key, 1);
  }
  // The same before it; for trees without keys.
  bool InsertBefore(PackPath& path, std::string_view pack, const PackSlot& key) {
    return Insert(path, pack, key, 0);
  }
  // Removes the leaf of an owned path. The path is no longer valid.
  void Remove(PackPath& path);
  // Joins the leaf of an owned path with a neighbour if both together have at
  // most `bytes_max` bytes and the same mark. The path is no longer valid.
  void Merge(PackPath& path, size_t bytes_max);
  // Sets the leaf's `second` and what follows from it above. For
  // SecondWord::kMinimum.
  void SetMinimum(PackPath& path, uint64_t second);
  // Gives the leaf of an owned path another mark.
  static void SetMark(PackPath& path, unsigned mark) {
    path.leaf().child = (path.leaf().child & ((uint64_t{1} << 48) - 1)) | uint64_t{mark} << 48;
  }

  // Adds a leaf behind all others (`key` as for InsertAfter): for building in
  // order.
  bool Append(std::string_view pack, const PackSlot& key);

 private:
  uint8_t* Bytes(const PackSlot& slot) { return arena_.At(slot.handle()); }
  PackNode* Node(const PackSlot& slot) { return reinterpret_cast<PackNode*>(Bytes(slot)); }
  Handle Allocate(size_t bytes) { return arena_.Allocate(heap_, ObjectKind::kNode, bytes); }
  Handle NewLeaf(std::string_view pack);
  bool OwnNode(PackSlot& slot);
  bool WidenNode(PackSlot& slot);
  void Summarize(PackSlot& slot);
  void RemoveSlot(PackPath& path, unsigned height);
  void MergeNodes(PackPath& path, unsigned height);
  void CollapseRoot();
  bool Insert(PackPath& path, std::string_view pack, const PackSlot& key, uint32_t step);
  PackSlot SplitNode(PackSlot& slot, uint32_t at, const PackSlot& inserted, Handle right,
                     uint64_t kept);

  Arena& arena_;
  const uint16_t heap_;
  PackSlot& root_;
  const SecondWord second_;
};

// Copies a tree leaf by leaf into a heap; false if there is no memory.
bool ClonePackTree(Arena& arena, uint16_t heap, const PackSlot& root, SecondWord second,
                   PackSlot& copy);

void FreePackTree(Arena& arena, const PackSlot& root);
// Frees nodes of the trees whose slots are on `pending`, at most about `limit`;
// returns how many.
size_t FreePackNodes(Arena& arena, std::vector<PackSlot>& pending, size_t limit);

}  // namespace snapfork
