// set_algebra.cc - unions, intersections, differences, and sets stored as a whole.

#include <algorithm>
#include <string>
#include <unordered_set>

#include "keyspace/set_ops.h"
#include "keyspace/value_build.h"

namespace snapfork {
namespace {

// All members of all sets, each once.
void Unite(const Keyspace& keyspace, const std::vector<EntryView>& sets, PackBuilder& result) {
  std::unordered_set<std::string> seen;
  for (const EntryView set : sets) {
    if (!set) continue;
    VisitMembers(keyspace, set, [&](const PackElement& member) {
      char scratch[kIntegerTextMax];
      if (seen.emplace(member.Text(scratch)).second) result.Append(PackValue(member));
      return true;
    });
  }
}

// The members of the first set that `keep` takes.
template <typename Keep>
void Filter(const Keyspace& keyspace, EntryView set, Keep&& keep, PackBuilder& result,
            uint64_t limit) {
  VisitMembers(keyspace, set, [&](const PackElement& member) {
    char scratch[kIntegerTextMax];
    if (keep(member.Text(scratch))) result.Append(PackValue(member));
    return limit == 0 || result.count() < limit;
  });
}

void Intersect(const Keyspace& keyspace, std::vector<EntryView> sets, uint64_t limit,
               PackBuilder& result) {
  if (std::any_of(sets.begin(), sets.end(), [](EntryView set) { return !set; })) return;
  // The smallest is walked, the others are asked, small ones first.
  std::sort(sets.begin(), sets.end(), [&](EntryView a, EntryView b) {
    return SetSize(keyspace, a) < SetSize(keyspace, b);
  });
  const auto in_all = [&](std::string_view member) {
    return std::all_of(sets.begin() + 1, sets.end(), [&](EntryView set) {
      return SetContains(keyspace, set, member);
    });
  };
  Filter(keyspace, sets[0], in_all, result, limit);
}

void Subtract(const Keyspace& keyspace, const std::vector<EntryView>& sets,
              PackBuilder& result) {
  if (!sets[0]) return;
  const auto in_none = [&](std::string_view member) {
    return std::none_of(sets.begin() + 1, sets.end(), [&](EntryView set) {
      return set && SetContains(keyspace, set, member);
    });
  };
  Filter(keyspace, sets[0], in_none, result, 0);
}

}  // namespace

Status SetCombine(Keyspace& keyspace, uint32_t db, SetOperation operation,
                  const std::vector<std::string_view>& keys, uint64_t limit,
                  PackBuilder& result) {
  std::vector<EntryView> sets;
  // Looking one up may remove another that has expired, but moves none.
  for (const std::string_view key : keys) {
    EntryView set;
    SF_RETURN_IF_ERROR(SetLookup(keyspace, db, key, set));
    sets.push_back(set);
  }
  result.Clear();
  switch (operation) {
    case SetOperation::kUnion:
      Unite(keyspace, sets, result);
      break;
    case SetOperation::kIntersection:
      Intersect(keyspace, std::move(sets), limit, result);
      break;
    case SetOperation::kDifference:
      Subtract(keyspace, sets, result);
      break;
  }
  return Status();
}

Status SetStore(Keyspace& keyspace, uint32_t db, std::string_view key, const PackRange& members) {
  const Found found = keyspace.Lookup(db, key);
  if (members.empty()) {
    if (!found.entry) return Status();
    keyspace.Remove(db, found);
    ++keyspace.counters().changes;
    return Status();
  }
  EntryContent content;
  std::string storage;
  SF_RETURN_IF_ERROR(BuildSet(keyspace, db, members, content, storage));
  content.key = key;
  SF_RETURN_IF_ERROR(PutContent(keyspace, db, found, content));
  ++keyspace.counters().changes;
  return Status();
}

}  // namespace snapfork
