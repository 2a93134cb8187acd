// zset_ops.h - what the sorted set commands do to the keyspace; no parsing, no replies.
//
// Each function returns kWrongType for a key that holds no sorted set, kOutOfMemory with nothing
// changed, and what is named at it. Members are borrowed from the set until the next change; those
// that are given must not lie in it. Ranges are ranges of ranks: bounds by score or by name are
// turned into ranks first.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keyspace/collection.h"
#include "keyspace/collection_scan.h"
#include "keyspace/keyspace.h"
#include "keyspace/zset_tree.h"

namespace snapfork {

// The options of ZADD.
enum ZaddFlags : uint32_t {
  kZaddIfAbsent = 1,
  kZaddIfPresent = 2,
  kZaddIfGreater = 4,
  kZaddIfLess = 8,
  kZaddIncrement = 16,
};

struct ZaddOutcome {
  bool added = false;
  bool updated = false;
  bool refused = false;  // a condition of the flags failed
  double score = 0;      // of the member then
};

// kScoreIsNan.
Status ZsetAdd(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
               double score, uint32_t flags, ZaddOutcome& outcome);
// Removes the key with its last member.
Status ZsetRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
                  bool& removed);
// Removes members by rank. REQUIRES: they are there.
Status ZsetRemoveRanks(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t first,
                       uint64_t count);

// A sorted set to be read; an empty view if there is none. Counts as a hit or a miss.
Status ZsetLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& zset);
// The same of one that is to be changed: does not count.
Status ZsetToChange(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& zset);
uint64_t ZsetSize(const Keyspace& keyspace, EntryView zset);
bool ZsetScore(const Keyspace& keyspace, EntryView zset, std::string_view member, double& score);
bool ZsetRank(const Keyspace& keyspace, EntryView zset, std::string_view member, uint64_t& rank);

struct ScoreBound {
  double score;
  bool exclusive;
};
struct LexBound {
  enum class Kind { kMin, kMember, kMax } kind;
  std::string_view member;
  bool exclusive;
};
struct RankRange {
  uint64_t first = 0;
  uint64_t count = 0;
};
RankRange RanksByScore(const Keyspace& keyspace, EntryView zset, ScoreBound min, ScoreBound max);
// Says something only of sets whose scores are all the same, as in Redis.
RankRange RanksByLex(const Keyspace& keyspace, EntryView zset, const LexBound& min,
                     const LexBound& max);

inline ZsetRoots ZsetRootsOf(EntryView zset) { return {RootOf(zset, 0), RootOf(zset, 1)}; }

// A score in the form of its set.
inline double ScoreIn(EntryView zset, const PackElement& item) {
  return zset.encoding() == Encoding::kTree ? ScoreOfBytes(item) : ScoreOfText(item);
}

// Calls `visit(const PackElement& member, double score)` for `count` elements from rank `first` on,
// upwards or downwards. REQUIRES: they are there.
template <typename Visit>
void VisitRanks(const Keyspace& keyspace, EntryView zset, uint64_t first, uint64_t count,
                bool downwards, Visit&& visit) {
  if (count == 0) return;
  const bool large = zset.encoding() == Encoding::kTree;
  PackSlot root;
  PackPath path;
  uint64_t rest = first;
  const PackTreeReader reader = keyspace.trees();
  if (large) {
    root = RootOf(zset);
    rest = reader.SeekIndex(root, path, first);
  }
  Listpack leaf = large ? reader.Leaf(path.leaf()) : Listpack(keyspace.PackOf(zset));
  const uint8_t* at = leaf.Seek(rest * 2);
  for (;; --count) {
    const PackElement score = Listpack::Get(Listpack::Next(at));
    visit(Listpack::Get(at), large ? ScoreOfBytes(score) : ScoreOfText(score));
    if (count == 1) return;
    if (downwards) {
      if (at == leaf.begin()) {
        reader.Previous(path);
        leaf = reader.Leaf(path.leaf());
        at = leaf.end();
      }
      at = Listpack::Previous(Listpack::Previous(at));
    } else {
      at = NextElement(at, 2);
      if (at == leaf.end()) {
        reader.Next(path);
        leaf = reader.Leaf(path.leaf());
        at = leaf.begin();
      }
    }
  }
}

// Sets combined, with sets among them whose members score 1.
enum class ZsetOperation : uint32_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint32_t { kSum, kMin, kMax };
using ScoredMembers = std::vector<std::pair<double, std::string>>;
// In the order of the result. `weights` is empty or one a key.
Status ZsetCombine(Keyspace& keyspace, uint32_t db, ZsetOperation operation,
                   const std::vector<std::string_view>& keys, const std::vector<double>& weights,
                   Aggregate aggregate, ScoredMembers& result);
// How many members all have, at most `limit` unless it is 0.
Status ZsetIntersectionSize(Keyspace& keyspace, uint32_t db,
                            const std::vector<std::string_view>& keys, uint64_t limit,
                            uint64_t& size);
// Makes members, in order and all different, the sorted set of a key; none remove it.
Status ZsetStore(Keyspace& keyspace, uint32_t db, std::string_view key,
                 const ScoredMembers& members);

}  // namespace snapfork
