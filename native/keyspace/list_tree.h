// list_tree.h - a large list: a tree of nodes, changed by position.
//
// Functions that return false had no memory and changed nothing that shows.

#pragma once

#include <cstdint>

#include "ds/pack_tree.h"

namespace snapfork {

// Up to where a node may be filled: list-max-listpack-size.
struct ListNodeLimit {
  explicit ListNodeLimit(int64_t directive);
  bool Fits(size_t bytes, size_t elements) const {
    return elements <= 1 || (bytes <= bytes_max && elements <= elements_max);
  }

  size_t bytes_max;
  size_t elements_max;
};

class ListTree {
 public:
  ListTree(PackTree& tree, const ListNodeLimit& limit) : tree_(tree), limit_(limit) {}

  // Puts an element at an index, which may be the length.
  bool Insert(uint64_t index, const PackValue& element);
  bool Replace(uint64_t index, const PackValue& element);
  // Removes elements. Without memory it may have removed a part of them.
  bool Remove(uint64_t index, uint64_t count);
  // Removes up to `limit` elements equal to `element`, from the front or from the back.
  bool RemoveEqual(const PackValue& element, bool from_back, uint64_t limit, uint64_t& removed);

 private:
  bool InsertInto(PackPath& path, uint64_t leaf_start, const uint8_t* at, const PackValue& element);
  bool SplitAround(PackPath& path, uint64_t leaf_start, const uint8_t* at,
                   const PackValue& element);
  void Seek(uint64_t index, PackPath& path) { tree_.reader().SeekIndex(tree_.root(), path, index); }
  void MergeIfSmall(PackPath& path);

  PackTree& tree_;
  const ListNodeLimit limit_;
};

}  // namespace snapfork
