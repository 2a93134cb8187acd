// id_tree.h - elements in the order of an id of two words, in a tree of packs: what is pending.
//
// An element begins with the two words of its id, as integers; it has `stride` integers.
//
// Functions that return false had no memory and changed nothing that shows.

#pragma once

#include <cstdint>
#include <span>

#include "ds/pack_tree.h"

namespace snapfork {

class IdTree {
 public:
  IdTree(Arena& arena, uint16_t heap, PackSlot& root, unsigned stride)
      : tree_(arena, heap, root), stride_(stride) {}

  // The items of an element behind the id; false if it is not there.
  bool Find(uint64_t first, uint64_t second, std::span<int64_t> items) const;
  // Sets the items of an element, whether it is there or not.
  bool Put(uint64_t first, uint64_t second, std::span<const int64_t> items);
  // Makes the place of an element fit to be written: Remove does not fail then.
  bool Own(uint64_t first, uint64_t second);
  // `removed` is false if it is not there.
  bool Remove(uint64_t first, uint64_t second, bool& removed);

 private:
  struct Place {
    PackPath path;
    size_t offset;
    bool found;
  };
  void Seek(uint64_t first, uint64_t second, Place& place) const;
  bool Split(PackPath& path);

  mutable PackTree tree_;
  const unsigned stride_;
};

// Calls `visit(first, second, at)` for the elements from an id on, in order, until it returns
// false; `at` is the element's first item.
template <typename Visit>
SF_CHILD_SAFE void VisitIds(const PackTreeReader& reader, PackSlot root, unsigned stride,
                            uint64_t first, uint64_t second, Visit&& visit) {
  if (root.empty()) return;
  PackPath path;
  reader.SeekKey(root, path, first, second);
  do {
    const Listpack leaf = reader.Leaf(path.leaf());
    for (const uint8_t* at = leaf.begin(); at != leaf.end();) {
      const auto one = static_cast<uint64_t>(Listpack::Get(at).integer);
      const auto two = static_cast<uint64_t>(Listpack::Get(Listpack::Next(at)).integer);
      const bool before = one != first ? one < first : two < second;
      if (!before && !visit(one, two, at)) return;
      for (unsigned i = 0; i < stride; ++i) at = Listpack::Next(at);
    }
  } while (reader.Next(path));
}

}  // namespace snapfork
