// hash_tree.h - elements found by a hash, in a tree of packs: large sets and hashes.
//
// A leaf holds the elements of an interval of hashes, in the order they came; a leaf that grows too
// large is divided at the median hash. Elements of equal hash stay together. So a lookup costs a
// way down and a walk over one small pack, a scan by hash visits every element that stays exactly
// once however the tree changes, and a random element is found by its rank.
//
// An element is `stride` items of the leaf (the mark of its slot): set 1 (member), hash 2 (field,
// value) or 3 (field, value, expiry). Its weight is 1.
//
// Invariants
//   (T1) Every element of a leaf has a hash at or above the slot's `first` (the lowest leaf takes
//        what is below it too) and below that of the next slot.
//   (T2) A leaf over kHashLeafBytesMax has one element, or elements of one hash. Without memory to
//        divide it, it waits for its next change.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "ds/pack_tree.h"

namespace snapfork {

inline constexpr size_t kHashLeafBytesMax = 1024;
inline constexpr unsigned kHashStrideMax = 3;

// The hash of the element at a place of a leaf.
class ElementHasher {
 public:
  virtual uint64_t HashOf(const uint8_t* at) const = 0;

 protected:
  ~ElementHasher() = default;
};

// An element in its leaf. `at` is the leaf's end if there is none.
struct HashPlace {
  PackPath path;
  const uint8_t* at = nullptr;
  bool found = false;
};

// Looks up `name` among the first items of the elements. REQUIRES: the tree is not empty.
void FindInHashTree(const PackTreeReader& reader, PackSlot& root, uint64_t hash,
                    const PackValue& name, HashPlace& place);

// Loads the leaf that this would look at into the cache.
void PrefetchHashLeaf(const PackTreeReader& reader, PackSlot& root, uint64_t hash);

class HashTree {
 public:
  HashTree(PackTree& tree, const ElementHasher& hasher) : tree_(tree), hasher_(hasher) {}

  // Adds an element that is not there; `place` is what FindInHashTree left for
  // it, ignored if the tree is empty. The items lie outside of the tree. False:
  // no memory, nothing changed. `expiry` is the `second` of the element's leaf:
  // the minimum is kept.
  bool Insert(HashPlace& place, uint64_t hash, std::span<const PackValue> items,
              uint64_t expiry = UINT64_MAX);
  // Removes the element of a place. Costs a copy of frozen nodes: false if
  // there is no memory.
  bool Erase(HashPlace& place);

  PackTree& tree() { return tree_; }

  // After a change that let a leaf grow: restores (T2), if there is memory;
  // without, the leaf stays large until its next change.
  void Divide(PackPath& path);

 private:
  void Half(PackPath& path, bool& divided);

  PackTree& tree_;
  const ElementHasher& hasher_;
};

// Elements as they lie in a pack, with their hashes: to be divided among leaves.
struct HashedElement {
  uint64_t hash;
  const uint8_t* begin;
  const uint8_t* end;
};
std::vector<HashedElement> HashedElementsOf(const PackRange& range, unsigned stride,
                                            const ElementHasher& hasher);
// Sorts by hash; true if two elements have the same first item.
bool SortAndFindDuplicate(std::vector<HashedElement>& elements);
// Makes an empty tree hold the elements, which lie outside of it, in leaves that leave some room.
// kOutOfMemory, or kBadValue if two elements have the same first item: the tree is empty or holds a
// part that the caller frees.
Status BuildHashTree(PackTree& tree, std::vector<HashedElement>& elements, unsigned stride);

// The earliest expiry of the elements of three items of a pack, UINT64_MAX if none has one.
uint64_t EarliestExpiryIn(const Listpack& pack);

// Skips the items of an element.
inline const uint8_t* NextElement(const uint8_t* at, unsigned stride) {
  for (unsigned i = 0; i < stride; ++i) at = Listpack::Next(at);
  return at;
}

}  // namespace snapfork
