// zset_tree.h - a large sorted set: a tree by score, and an index by member.
//
//   by score    (member, score) in the order of (score, member); a slot's key is the score and the
//               first bytes of the member; if both are equal the first element of the leaf decides
//   by member   (member, score) as in a large hash
//
// Functions that return false had no memory and changed nothing that shows.

#pragma once

#include <string_view>

#include "ds/hash_tree.h"
#include "keyspace/keyspace.h"
#include "keyspace/zset_score.h"

namespace snapfork {

struct ZsetRoots {
  PackSlot by_score;
  PackSlot by_member;
};

// An element of the tree by score; `at` is its member.
struct ZsetPlace {
  PackPath path;
  const uint8_t* at = nullptr;
};

class ZsetTree {
 public:
  ZsetTree(Keyspace& keyspace, uint32_t db, ZsetRoots& roots);

  bool Insert(std::string_view member, double score);
  bool Remove(std::string_view member, double score);
  bool Rescore(std::string_view member, double old_score, double score);

 private:
  bool InsertByScore(std::string_view member, double score);
  bool RemoveByScore(std::string_view member, double score);
  bool SplitLeaf(PackPath& path, std::string_view member, double score);
  void FindMember(std::string_view member, HashPlace& place);

  Keyspace& keyspace_;
  PackTree by_score_;
  PackTree by_member_;
};

// The score of a member; false if it is not there.
bool FindScore(const Keyspace& keyspace, const ZsetRoots& roots, std::string_view member,
               double& score);
// The leaf and place for (score, member): of the element itself if it is there, else of the first
// behind it (which may be the leaf's end).
void SeekElement(const PackTreeReader& reader, PackSlot& by_score, double score,
                 std::string_view member, ZsetPlace& place);

// Rank of the first element for which `is_before` does not hold, of those that hold in front.
// `slot_is_before(slot)` says as much of a slot's key: true if all that is left of it is before.
template <typename SlotIsBefore, typename IsBefore>
uint64_t CountBefore(const PackTreeReader& reader, PackSlot root, SlotIsBefore&& slot_is_before,
                     IsBefore&& is_before) {
  PackPath path;
  reader.Seek(root, path, slot_is_before);
  uint64_t rank = reader.WeightBefore(path);
  const Listpack leaf = reader.Leaf(path.leaf());
  for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, 2), ++rank) {
    if (!is_before(Listpack::Get(at), ScoreOfBytes(Listpack::Get(Listpack::Next(at))))) break;
  }
  return rank;
}

// Makes the trees of a set, from its elements in the order of (score, member), scores as bytes.
// kOutOfMemory, or kBadValue for a member twice: nothing is left.
Status BuildZsetTrees(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                      ZsetRoots& roots);

}  // namespace snapfork
