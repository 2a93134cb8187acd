// zset_tree.cc - elements put into both trees, and taken out of both.

#include "keyspace/zset_tree.h"

#include <array>

#include "base/check.h"
#include "ds/pack_builder.h"
#include "keyspace/name_hasher.h"

namespace snapfork {
namespace {

constexpr size_t kLeafBytesMax = 1024;
// A leaf that is built leaves room for a few more elements.
constexpr size_t kLeafBytesBuilt = kLeafBytesMax * 7 / 8;
constexpr unsigned kStride = 2;

// Less than 0, 0 or more: (score, member) of an element against that of a target.
int Compare(const uint8_t* at, double score, std::string_view member) {
  const double other = ScoreOfBytes(Listpack::Get(Listpack::Next(at)));
  if (other != score) return other < score ? -1 : 1;
  char scratch[kIntegerTextMax];
  return Listpack::Get(at).Text(scratch).compare(member);
}

PackSlot KeyOf(uint64_t weight, double score, std::string_view member) {
  PackSlot key = PackSlot::Of(0, 0, kStride);
  key.weight = weight;
  key.first = OrderOfScore(score);
  key.second = OrderOfMember(member);
  return key;
}

// The key of a leaf by its first element.
PackSlot KeyOfPack(uint64_t weight, const Listpack& pack) {
  char scratch[kIntegerTextMax];
  return KeyOf(weight, ScoreOfBytes(Listpack::Get(Listpack::Next(pack.begin()))),
               Listpack::Get(pack.begin()).Text(scratch));
}

}  // namespace

void SeekElement(const PackTreeReader& reader, PackSlot& by_score, double score,
                 std::string_view member, ZsetPlace& place) {
  const uint64_t first = OrderOfScore(score);
  const uint64_t second = OrderOfMember(member);
  reader.Seek(by_score, place.path, [&](const PackSlot& slot) {
    if (slot.first != first) return slot.first < first;
    if (slot.second != second) return slot.second < second;
    return Compare(reader.FirstLeaf(slot).begin(), score, member) <= 0;
  });
  const Listpack leaf = reader.Leaf(place.path.leaf());
  const uint8_t* at = leaf.begin();
  while (at != leaf.end() && Compare(at, score, member) < 0) at = NextElement(at, kStride);
  place.at = at;
}

bool FindScore(const Keyspace& keyspace, const ZsetRoots& roots, std::string_view member,
               double& score) {
  PackSlot root = roots.by_member;
  HashPlace place;
  FindInHashTree(keyspace.trees(), root, keyspace.HashOf(member), PackValue(member), place);
  if (!place.found) return false;
  score = ScoreOfBytes(Listpack::Get(Listpack::Next(place.at)));
  return true;
}

ZsetTree::ZsetTree(Keyspace& keyspace, uint32_t db, ZsetRoots& roots)
    : keyspace_(keyspace),
      by_score_(keyspace.arena(), keyspace.database(db).heap, roots.by_score),
      by_member_(keyspace.arena(), keyspace.database(db).heap, roots.by_member) {}

void ZsetTree::FindMember(std::string_view member, HashPlace& place) {
  FindInHashTree(by_member_.reader(), by_member_.root(), keyspace_.HashOf(member),
                 PackValue(member), place);
}

bool ZsetTree::Insert(std::string_view member, double score) {
  if (!InsertByScore(member, score)) return false;
  const NameHasher hasher(keyspace_);
  HashTree members(by_member_, hasher);
  const ScoreItem item(score, ScoreItem::Form::kBytes);
  const std::array<PackValue, 2> items{PackValue(member), item.value()};
  HashPlace place;
  if (!by_member_.root().empty()) FindMember(member, place);
  if (members.Insert(place, keyspace_.HashOf(member), items)) return true;
  SF_CHECK(RemoveByScore(member, score));  // what was just inserted lies in young nodes
  return false;
}

bool ZsetTree::InsertByScore(std::string_view member, double score) {
  const ScoreItem item(score, ScoreItem::Form::kBytes);
  const std::array<PackValue, 2> items{PackValue(member), item.value()};
  if (by_score_.root().empty()) {
    PackBuilder pack;
    for (const PackValue& value : items) pack.Append(value);
    return by_score_.Start(pack.Finish(), KeyOf(1, score, member));
  }
  ZsetPlace place;
  SeekElement(by_score_.reader(), by_score_.root(), score, member, place);
  PackSplice splice;
  splice.offset = by_score_.reader().Leaf(place.path.leaf()).OffsetOf(place.at);
  splice.inserted = items;
  if (!by_score_.Own(place.path)) return false;
  const Listpack leaf = by_score_.reader().Leaf(place.path.leaf());
  const bool full = leaf.bytes() + splice.InsertedBytes() > kLeafBytesMax;
  if (full && splice.offset == leaf.bytes() - 1) {
    // Behind the last: ascending input leaves full leaves.
    PackBuilder pack;
    for (const PackValue& value : items) pack.Append(value);
    return by_score_.InsertAfter(place.path, pack.Finish(), KeyOf(1, score, member));
  }
  if (full && place.path.leaf().weight > 1) return SplitLeaf(place.path, member, score);
  return by_score_.Edit(place.path, splice, 1);
}

// Divides a full leaf in the middle, and inserts into the half where the element belongs.
bool ZsetTree::SplitLeaf(PackPath& path, std::string_view member, double score) {
  const Listpack leaf = by_score_.reader().Leaf(path.leaf());
  PackBuilder left;
  PackBuilder right;
  uint64_t left_count = 0;
  for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, kStride)) {
    const bool to_left = left_count == 0 || left.bytes() < leaf.bytes() / 2;
    // The last element goes right whatever its size.
    const bool last = NextElement(at, kStride) == leaf.end();
    PackBuilder& half = to_left && !last ? left : right;
    if (&half == &left) ++left_count;
    half.Append(PackValue(Listpack::Get(at)));
    half.Append(PackValue(Listpack::Get(Listpack::Next(at))));
  }
  right.Finish();
  const PackSlot key = KeyOfPack(path.leaf().weight - left_count, right.pack());
  char scratch[kIntegerTextMax];
  const std::string first_member(Listpack::Get(leaf.begin()).Text(scratch));
  const double first_score = ScoreOfBytes(Listpack::Get(Listpack::Next(leaf.begin())));
  if (!by_score_.InsertAfter(path, right.Finish(), key)) return false;
  ZsetPlace place;
  SeekElement(by_score_.reader(), by_score_.root(), first_score, first_member, place);
  // Owned before, and less fits where it is.
  SF_CHECK(by_score_.Own(place.path) &&
           by_score_.Replace(place.path, left.Finish(), left_count));
  return InsertByScore(member, score);
}

bool ZsetTree::RemoveByScore(std::string_view member, double score) {
  ZsetPlace place;
  SeekElement(by_score_.reader(), by_score_.root(), score, member, place);
  PackSplice splice;
  splice.offset = by_score_.reader().Leaf(place.path.leaf()).OffsetOf(place.at);
  splice.removed_bytes = static_cast<size_t>(NextElement(place.at, kStride) - place.at);
  splice.removed_elements = kStride;
  if (!by_score_.Own(place.path)) return false;
  if (place.path.leaf().weight == 1) {
    by_score_.Remove(place.path);
    return true;
  }
  if (!by_score_.Edit(place.path, splice, -1)) return false;
  if (by_score_.reader().Leaf(place.path.leaf()).bytes() < kLeafBytesMax / 4) {
    by_score_.Merge(place.path, kLeafBytesMax * 3 / 4);
  }
  return true;
}

bool ZsetTree::Remove(std::string_view member, double score) {
  // Both ways are owned before anything is removed.
  ZsetPlace by_score;
  SeekElement(by_score_.reader(), by_score_.root(), score, member, by_score);
  HashPlace by_member;
  FindMember(member, by_member);
  if (!by_score_.Own(by_score.path)) return false;
  const NameHasher hasher(keyspace_);
  HashTree members(by_member_, hasher);
  if (!members.Erase(by_member)) return false;
  SF_CHECK(RemoveByScore(member, score));
  return true;
}

bool ZsetTree::Rescore(std::string_view member, double old_score, double score) {
  ZsetPlace old_place;
  SeekElement(by_score_.reader(), by_score_.root(), old_score, member, old_place);
  HashPlace place;
  FindMember(member, place);
  const size_t offset =
      by_member_.reader().Leaf(place.path.leaf()).OffsetOf(Listpack::Next(place.at));
  if (!by_score_.Own(old_place.path) || !by_member_.Own(place.path)) return false;
  // The same member twice for a moment: the order of both is told apart by the score. Minus zero
  // and zero are the same place: one is taken out first.
  const bool same_place = OrderOfScore(old_score) == OrderOfScore(score);
  if (same_place) SF_CHECK(RemoveByScore(member, old_score));
  if (!InsertByScore(member, score)) {
    SF_CHECK(!same_place || InsertByScore(member, old_score));
    return false;
  }
  const Listpack leaf = by_member_.reader().Leaf(place.path.leaf());
  const ScoreItem item(score, ScoreItem::Form::kBytes);
  PackSplice splice;
  splice.offset = offset;
  const uint8_t* const at = leaf.address() + offset;
  splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
  splice.removed_elements = 1;
  splice.inserted = {&item.value(), 1};
  if (!by_member_.Edit(place.path, splice, 0)) {
    SF_CHECK(RemoveByScore(member, score));
    SF_CHECK(!same_place || InsertByScore(member, old_score));
    return false;
  }
  const NameHasher hasher(keyspace_);
  HashTree(by_member_, hasher).Divide(place.path);
  if (!same_place) SF_CHECK(RemoveByScore(member, old_score));
  return true;
}

Status BuildZsetTrees(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                      ZsetRoots& roots) {
  const uint16_t heap = keyspace.database(db).heap;
  PackTree by_score(keyspace.arena(), heap, roots.by_score);
  PackTree by_member(keyspace.arena(), heap, roots.by_member);
  PackBuilder leaf;
  const auto append_leaf = [&](const PackRange& range) {
    leaf.Clear();
    leaf.Append(range);
    const std::string_view pack = leaf.Finish();
    return by_score.Append(pack, KeyOfPack(range.count / kStride, leaf.pack()));
  };
  bool done = true;
  PackRange range{elements.begin, elements.begin, 0};
  for (const uint8_t* at = elements.begin; done && at != elements.end;) {
    const uint8_t* const next = NextElement(at, kStride);
    const size_t bytes = kListpackEmptyBytes + static_cast<size_t>(next - range.begin);
    if (range.count > 0 && bytes > kLeafBytesBuilt) {
      done = append_leaf(range);
      range = {at, at, 0};
    }
    range.end = next;
    range.count += kStride;
    at = next;
  }
  done = done && append_leaf(range);
  Status status(StatusCode::kOutOfMemory);
  if (done) {
    std::vector<HashedElement> hashed =
        HashedElementsOf(elements, kStride, NameHasher(keyspace));
    status = BuildHashTree(by_member, hashed, kStride);
  }
  if (!status.ok()) {
    FreePackTree(keyspace.arena(), roots.by_score);
    FreePackTree(keyspace.arena(), roots.by_member);
  }
  return status;
}

}  // namespace snapfork
