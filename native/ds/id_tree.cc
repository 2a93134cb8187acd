// id_tree.cc - elements found, put and removed by id.

#include "ds/id_tree.h"

#include <vector>

#include "base/check.h"
#include "ds/pack_builder.h"

namespace snapfork {
namespace {

constexpr size_t kLeafBytesMax = 1024;

const uint8_t* Skip(const uint8_t* at, unsigned items) {
  for (unsigned i = 0; i < items; ++i) at = Listpack::Next(at);
  return at;
}

uint64_t WordAt(const uint8_t* at) { return static_cast<uint64_t>(Listpack::Get(at).integer); }

}  // namespace

void IdTree::Seek(uint64_t first, uint64_t second, Place& place) const {
  tree_.reader().SeekKey(tree_.root(), place.path, first, second);
  const Listpack leaf = tree_.reader().Leaf(place.path.leaf());
  place.found = false;
  const uint8_t* at = leaf.begin();
  for (; at != leaf.end(); at = Skip(at, stride_)) {
    const uint64_t one = WordAt(at);
    const uint64_t two = WordAt(Listpack::Next(at));
    if (one != first ? one < first : two < second) continue;
    place.found = one == first && two == second;
    break;
  }
  place.offset = leaf.OffsetOf(at);
}

bool IdTree::Find(uint64_t first, uint64_t second, std::span<int64_t> items) const {
  if (tree_.root().empty()) return false;
  Place place;
  Seek(first, second, place);
  if (!place.found) return false;
  const Listpack leaf = tree_.reader().Leaf(place.path.leaf());
  const uint8_t* at = Skip(leaf.address() + place.offset, 2);
  for (int64_t& item : items) {
    item = Listpack::Get(at).integer;
    at = Listpack::Next(at);
  }
  return true;
}

bool IdTree::Put(uint64_t first, uint64_t second, std::span<const int64_t> items) {
  SF_DCHECK(items.size() + 2 == stride_);
  std::vector<PackValue> values{PackValue(static_cast<int64_t>(first)),
                                PackValue(static_cast<int64_t>(second))};
  for (const int64_t item : items) values.emplace_back(item);
  PackSlot key;
  key.weight = 1;
  key.first = first;
  key.second = second;
  if (tree_.root().empty()) {
    PackBuilder pack;
    for (const PackValue& value : values) pack.Append(value);
    return tree_.Start(pack.Finish(), key);
  }
  Place place;
  Seek(first, second, place);
  if (!tree_.Own(place.path)) return false;
  const Listpack leaf = tree_.reader().Leaf(place.path.leaf());
  PackSplice splice;
  splice.offset = place.offset;
  splice.inserted = values;
  if (place.found) {
    const uint8_t* const at = leaf.address() + place.offset;
    splice.removed_bytes = static_cast<size_t>(Skip(at, stride_) - at);
    splice.removed_elements = stride_;
  } else if (leaf.bytes() + splice.InsertedBytes() > kLeafBytesMax) {
    if (place.offset == leaf.bytes() - 1) {
      // Behind the last, as new deliveries are: full leaves.
      PackBuilder pack;
      for (const PackValue& value : values) pack.Append(value);
      return tree_.InsertAfter(place.path, pack.Finish(), key);
    }
    return Split(place.path) && Put(first, second, items);
  }
  return tree_.Edit(place.path, splice, place.found ? 0 : 1);
}

bool IdTree::Split(PackPath& path) {
  const Listpack leaf = tree_.reader().Leaf(path.leaf());
  const uint64_t weight = path.leaf().weight;
  const uint64_t kept = weight / 2;
  const uint64_t before = tree_.reader().WeightBefore(path);
  PackBuilder left;
  PackBuilder right;
  PackSlot key;
  key.weight = weight - kept;
  uint64_t index = 0;
  for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = Skip(at, stride_), ++index) {
    if (index == kept) {
      key.first = WordAt(at);
      key.second = WordAt(Listpack::Next(at));
    }
    (index < kept ? left : right).Append({at, Skip(at, stride_), stride_});
  }
  if (!tree_.InsertAfter(path, right.Finish(), key)) return false;
  tree_.reader().SeekIndex(tree_.root(), path, before);
  // Owned before, and less fits where it is.
  SF_CHECK(tree_.Own(path) && tree_.Replace(path, left.Finish(), kept));
  return true;
}

bool IdTree::Own(uint64_t first, uint64_t second) {
  if (tree_.root().empty()) return true;
  Place place;
  Seek(first, second, place);
  return tree_.Own(place.path);
}

bool IdTree::Remove(uint64_t first, uint64_t second, bool& removed) {
  removed = false;
  if (tree_.root().empty()) return true;
  Place place;
  Seek(first, second, place);
  if (!place.found) return true;
  if (!tree_.Own(place.path)) return false;
  removed = true;
  if (place.path.leaf().weight == 1) {
    tree_.Remove(place.path);
    return true;
  }
  const Listpack leaf = tree_.reader().Leaf(place.path.leaf());
  const uint8_t* const at = leaf.address() + place.offset;
  PackSplice splice;
  splice.offset = place.offset;
  splice.removed_bytes = static_cast<size_t>(Skip(at, stride_) - at);
  splice.removed_elements = stride_;
  if (!tree_.Edit(place.path, splice, -1)) return false;
  if (tree_.reader().Leaf(place.path.leaf()).bytes() < kLeafBytesMax / 4) {
    tree_.Merge(place.path, kLeafBytesMax * 3 / 4);
  }
  return true;
}

}  // namespace snapfork
