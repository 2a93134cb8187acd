// set_ops.h - what the set commands do to the keyspace; no parsing, no replies.
//
// A compact set is an intset while all members are integers, else a listpack. Each function
// returns kWrongType for a key that holds no set, kOutOfMemory with nothing changed. Members are
// borrowed from the set until the next change.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ds/hash_tree.h"
#include "ds/intset.h"
#include "ds/pack_builder.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"

namespace snapfork {

Status SetAdd(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
              bool& added);
// Removes the key with its last member.
Status SetRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
                 bool& removed);
Status SetMove(Keyspace& keyspace, uint32_t db, std::string_view from, std::string_view to,
               std::string_view member, bool& moved);

// A set to be read; an empty view if there is none. Counts as a hit or a miss.
Status SetLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& set);
// The same of one that is to be changed: does not count.
Status SetToChange(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& set);
uint64_t SetSize(const Keyspace& keyspace, EntryView set);
bool SetContains(const Keyspace& keyspace, EntryView set, std::string_view member);
// REQUIRES: rank < SetSize.
PackElement SetMemberAtRank(const Keyspace& keyspace, EntryView set, uint64_t rank);

inline bool IsIntset(EntryView set) {
  return set.encoding() == Encoding::kIntset || set.encoding() == Encoding::kExternalIntset;
}

// Calls `visit(const PackElement&)` for every member until it returns false.
template <typename Visit>
bool VisitMembers(const Keyspace& keyspace, EntryView set, Visit&& visit) {
  const auto visit_pack = [&](const Listpack& pack) {
    for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
      if (!visit(Listpack::Get(at))) return false;
    }
    return true;
  };
  if (IsIntset(set)) {
    const Intset ints(keyspace.PackOf(set));
    PackElement element;
    for (uint32_t i = 0; i < ints.count(); ++i) {
      element.integer = ints.At(i);
      if (!visit(static_cast<const PackElement&>(element))) return false;
    }
    return true;
  }
  if (set.encoding() != Encoding::kTree) return visit_pack(Listpack(keyspace.PackOf(set)));
  return WalkPackTree(keyspace.trees(), RootOf(set),
                      [&](const PackSlot&, const Listpack& leaf) { return visit_pack(leaf); });
}

// Sets combined. The members of the result come as a pack, all different.
enum class SetOperation : uint32_t { kUnion, kIntersection, kDifference };
// An absent key is an empty set. For an intersection at most `limit` members, unless it is 0.
Status SetCombine(Keyspace& keyspace, uint32_t db, SetOperation operation,
                  const std::vector<std::string_view>& keys, uint64_t limit, PackBuilder& result);
// Makes the members of a pack the set of a key, whatever it was; none remove it.
Status SetStore(Keyspace& keyspace, uint32_t db, std::string_view key, const PackRange& members);

}  // namespace snapfork
