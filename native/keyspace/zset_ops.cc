// zset_ops.cc - both forms of a sorted set, and the way from one to the other.

#include "keyspace/zset_ops.h"

#include <array>
#include <cmath>

#include "ds/pack_builder.h"

namespace snapfork {
namespace {

bool IsLarge(EntryView zset) { return zset.encoding() == Encoding::kTree; }

const uint8_t* FindMember(const Listpack& pack, std::string_view member) {
  return pack.Find(pack.begin(), PackValue(member), 2);
}

// Changes the trees of a large set; `change` returns false without memory.
template <typename Change>
Status ChangeLarge(Keyspace& keyspace, uint32_t db, Found found, Change&& change) {
  SF_RETURN_IF_ERROR(keyspace.MakeWritable(db, found));
  ZsetRoots roots = ZsetRootsOf(found.entry);
  ZsetTree tree(keyspace, db, roots);
  const bool done = change(tree);
  StoreRoots(keyspace, found, &roots.by_score, 2);
  if (roots.by_score.empty()) keyspace.Remove(db, found);
  return done ? Status() : Status(StatusCode::kOutOfMemory);
}

// A compact set that gets its large form with one member more.
Status MakeLarge(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 std::string_view member, double score) {
  ZsetRoots roots;
  if (found.entry) {
    PackBuilder elements;
    VisitRanks(keyspace, found.entry, 0, ZsetSize(keyspace, found.entry), false,
               [&](const PackElement& one, double one_score) {
                 elements.Append(PackValue(one));
                 elements.Append(ScoreItem(one_score, ScoreItem::Form::kBytes).value());
               });
    SF_RETURN_IF_ERROR(BuildZsetTrees(keyspace, db, elements.range(), roots));
  }
  ZsetTree tree(keyspace, db, roots);
  if (!tree.Insert(member, score)) {
    FreePackTree(keyspace.arena(), roots.by_score);
    FreePackTree(keyspace.arena(), roots.by_member);
    return Status(StatusCode::kOutOfMemory);
  }
  return PutRoots(keyspace, db, found, key, ValueType::kSortedSet, &roots.by_score, 2);
}

PackSplice RemovalOf(const Listpack& pack, const uint8_t* at, uint64_t elements) {
  const uint8_t* to = at;
  for (uint64_t i = 0; i < elements; ++i) to = NextElement(to, 2);
  PackSplice splice;
  splice.offset = pack.OffsetOf(at);
  splice.removed_bytes = static_cast<size_t>(to - at);
  splice.removed_elements = elements * 2;
  return splice;
}

// Where (score, member) belongs in a pack that does not have the member.
const uint8_t* PlaceOf(const Listpack& pack, double score, std::string_view member) {
  const uint8_t* at = pack.begin();
  for (; at != pack.end(); at = NextElement(at, 2)) {
    const double other = ScoreOfText(Listpack::Get(Listpack::Next(at)));
    char scratch[kIntegerTextMax];
    if (other > score || (other == score && Listpack::Get(at).Text(scratch) > member)) break;
  }
  return at;
}

// Sets the score of a member of a set that stays compact.
Status PutCompact(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                  std::string_view member, double score) {
  PackEditor editor(keyspace, db, found, key, ValueType::kSortedSet);
  const uint8_t* const old = FindMember(editor.pack(), member);
  if (old != editor.pack().end()) {
    SF_RETURN_IF_ERROR(editor.Splice(RemovalOf(editor.pack(), old, 1)));
  }
  const ScoreItem item(score, ScoreItem::Form::kText);
  const std::array<PackValue, 2> items{PackValue(member), item.value()};
  PackSplice splice;
  splice.offset = editor.pack().OffsetOf(PlaceOf(editor.pack(), score, member));
  splice.inserted = items;
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

Status PutMember(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 std::string_view member, double score) {
  if (found.entry && IsLarge(found.entry)) {
    return ChangeLarge(keyspace, db, found,
                       [&](ZsetTree& tree) { return tree.Insert(member, score); });
  }
  const EncodingLimits& limits = keyspace.limits();
  const uint64_t size = found.entry ? ZsetSize(keyspace, found.entry) : 0;
  if (size >= limits.zset_max_listpack_entries ||
      member.size() > limits.zset_max_listpack_value) {
    return MakeLarge(keyspace, db, found, key, member, score);
  }
  return PutCompact(keyspace, db, found, key, member, score);
}

// Whether the flags let a member that is there get another score.
bool Allows(uint32_t flags, double old_score, double score) {
  if ((flags & kZaddIfLess) != 0 && score >= old_score) return false;
  return (flags & kZaddIfGreater) == 0 || score > old_score;
}

// Number of elements whose score is less, or equal too if `inclusive`.
uint64_t CountLess(const Keyspace& keyspace, EntryView zset, double score, bool inclusive) {
  const auto is_before = [&](double other) {
    return other < score || (inclusive && other == score);
  };
  if (IsLarge(zset)) {
    const uint64_t first = OrderOfScore(score);
    return CountBefore(
        keyspace.trees(), RootOf(zset),
        [&](const PackSlot& slot) {
          return slot.first < first || (inclusive && slot.first == first);
        },
        [&](const PackElement&, double other) { return is_before(other); });
  }
  uint64_t count = 0;
  const Listpack pack(keyspace.PackOf(zset));
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, 2), ++count) {
    if (!is_before(ScoreOfText(Listpack::Get(Listpack::Next(at))))) break;
  }
  return count;
}

// The same by member.
uint64_t CountLessLex(const Keyspace& keyspace, EntryView zset, std::string_view member,
                      bool inclusive) {
  const auto is_before = [&](const PackElement& element) {
    char scratch[kIntegerTextMax];
    const int order = element.Text(scratch).compare(member);
    return order < 0 || (inclusive && order == 0);
  };
  if (IsLarge(zset)) {
    const uint64_t second = OrderOfMember(member);
    const PackTreeReader reader = keyspace.trees();
    return CountBefore(
        reader, RootOf(zset),
        [&](const PackSlot& slot) {
          if (slot.second != second) return slot.second < second;
          return is_before(Listpack::Get(reader.FirstLeaf(slot).begin()));
        },
        [&](const PackElement& element, double) { return is_before(element); });
  }
  uint64_t count = 0;
  const Listpack pack(keyspace.PackOf(zset));
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, 2), ++count) {
    if (!is_before(Listpack::Get(at))) break;
  }
  return count;
}

RankRange Between(uint64_t first, uint64_t end) {
  return first < end ? RankRange{first, end - first} : RankRange{};
}

}  // namespace

Status ZsetToChange(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& zset) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSortedSet));
  zset = found.entry;
  return Status();
}

Status ZsetLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& zset) {
  SF_RETURN_IF_ERROR(ZsetToChange(keyspace, db, key, zset));
  keyspace.CountLookup(static_cast<bool>(zset));
  return Status();
}

uint64_t ZsetSize(const Keyspace& keyspace, EntryView zset) {
  return IsLarge(zset) ? RootOf(zset).weight : Listpack(keyspace.PackOf(zset)).count() / 2;
}

bool ZsetScore(const Keyspace& keyspace, EntryView zset, std::string_view member,
               double& score) {
  if (IsLarge(zset)) return FindScore(keyspace, ZsetRootsOf(zset), member, score);
  const Listpack pack(keyspace.PackOf(zset));
  const uint8_t* const at = FindMember(pack, member);
  if (at == pack.end()) return false;
  score = ScoreOfText(Listpack::Get(Listpack::Next(at)));
  return true;
}

bool ZsetRank(const Keyspace& keyspace, EntryView zset, std::string_view member, uint64_t& rank) {
  if (IsLarge(zset)) {
    double score;
    ZsetRoots roots = ZsetRootsOf(zset);
    if (!FindScore(keyspace, roots, member, score)) return false;
    ZsetPlace place;
    SeekElement(keyspace.trees(), roots.by_score, score, member, place);
    rank = keyspace.trees().WeightBefore(place.path);
    const Listpack leaf = keyspace.trees().Leaf(place.path.leaf());
    for (const uint8_t* at = leaf.begin(); at != place.at; at = NextElement(at, 2)) ++rank;
    return true;
  }
  const Listpack pack(keyspace.PackOf(zset));
  const uint8_t* const found = FindMember(pack, member);
  if (found == pack.end()) return false;
  rank = 0;
  for (const uint8_t* at = pack.begin(); at != found; at = NextElement(at, 2)) ++rank;
  return true;
}

Status ZsetAdd(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
               double score, uint32_t flags, ZaddOutcome& outcome) {
  outcome = ZaddOutcome();
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSortedSet));
  double old_score = 0;
  const bool present = found.entry && ZsetScore(keyspace, found.entry, member, old_score);
  if ((flags & (present ? kZaddIfAbsent : kZaddIfPresent)) != 0) {
    outcome.refused = true;
    return Status();
  }
  if (present) {
    outcome.score = old_score;
    if ((flags & kZaddIncrement) != 0) score += old_score;
    if (std::isnan(score)) return Status(StatusCode::kScoreIsNan);
    if (!Allows(flags, old_score, score)) {
      outcome.refused = true;
      return Status();
    }
    if (score == old_score) return Status();
    const Status status =
        IsLarge(found.entry)
            ? ChangeLarge(keyspace, db, found,
                          [&](ZsetTree& tree) { return tree.Rescore(member, old_score, score); })
            : PutCompact(keyspace, db, found, key, member, score);
    if (!status.ok()) return status;
    outcome.updated = true;
  } else {
    SF_RETURN_IF_ERROR(PutMember(keyspace, db, found, key, member, score));
    outcome.added = true;
  }
  outcome.score = score;
  ++keyspace.counters().changes;
  return Status();
}

Status ZsetRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
                  bool& removed) {
  removed = false;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSortedSet));
  double score;
  if (!found.entry || !ZsetScore(keyspace, found.entry, member, score)) return Status();
  if (IsLarge(found.entry)) {
    SF_RETURN_IF_ERROR(ChangeLarge(
        keyspace, db, found, [&](ZsetTree& tree) { return tree.Remove(member, score); }));
  } else {
    PackEditor editor(keyspace, db, found, key, ValueType::kSortedSet);
    SF_RETURN_IF_ERROR(
        editor.Splice(RemovalOf(editor.pack(), FindMember(editor.pack(), member), 1)));
    SF_RETURN_IF_ERROR(editor.Commit());
  }
  removed = true;
  ++keyspace.counters().changes;
  return Status();
}

Status ZsetRemoveRanks(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t first,
                       uint64_t count) {
  const Found found = keyspace.Lookup(db, key);
  if (count == 0 || !found.entry) return Status();
  if (!IsLarge(found.entry)) {
    PackEditor editor(keyspace, db, found, key, ValueType::kSortedSet);
    const uint8_t* const at = editor.pack().Seek(first * 2);
    SF_RETURN_IF_ERROR(editor.Splice(RemovalOf(editor.pack(), at, count)));
    SF_RETURN_IF_ERROR(editor.Commit());
    keyspace.counters().changes += count;
    return Status();
  }
  std::vector<std::pair<std::string, double>> elements;
  VisitRanks(keyspace, found.entry, first, count, false,
             [&](const PackElement& member, double score) {
               char scratch[kIntegerTextMax];
               elements.emplace_back(member.Text(scratch), score);
             });
  return ChangeLarge(keyspace, db, found, [&](ZsetTree& tree) {
    for (const auto& [member, score] : elements) {
      if (!tree.Remove(member, score)) return false;
      ++keyspace.counters().changes;
    }
    return true;
  });
}

RankRange RanksByScore(const Keyspace& keyspace, EntryView zset, ScoreBound min,
                       ScoreBound max) {
  return Between(CountLess(keyspace, zset, min.score, min.exclusive),
                 CountLess(keyspace, zset, max.score, !max.exclusive));
}

RankRange RanksByLex(const Keyspace& keyspace, EntryView zset, const LexBound& min,
                     const LexBound& max) {
  const auto count = [&](const LexBound& bound, bool inclusive) {
    if (bound.kind == LexBound::Kind::kMin) return uint64_t{0};
    if (bound.kind == LexBound::Kind::kMax) return ZsetSize(keyspace, zset);
    return CountLessLex(keyspace, zset, bound.member, inclusive);
  };
  return Between(count(min, min.exclusive), count(max, !max.exclusive));
}

}  // namespace snapfork
