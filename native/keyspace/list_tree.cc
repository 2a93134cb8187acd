// list_tree.cc - elements put into nodes, nodes divided and joined.

#include "keyspace/list_tree.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "ds/pack_builder.h"

namespace snapfork {
namespace {

// With a limit of elements, and in any node that is counted so.
constexpr size_t kCountedNodeBytesMax = 8192;

PackSlot KeyOfWeight(uint64_t weight) {
  PackSlot key;
  key.weight = weight;
  return key;
}

void AppendRange(PackBuilder& builder, const uint8_t* from, const uint8_t* to) {
  for (; from != to; from = Listpack::Next(from)) builder.Append(PackValue(Listpack::Get(from)));
}

}  // namespace

ListNodeLimit::ListNodeLimit(int64_t directive) {
  if (directive > 0) {
    bytes_max = kCountedNodeBytesMax;
    elements_max = static_cast<size_t>(directive);
    return;
  }
  // 0 counts as the smallest.
  const int64_t step = std::clamp<int64_t>(-directive, 1, 5);
  bytes_max = size_t{4096} << (step - 1);
  elements_max = SIZE_MAX;
}

bool ListTree::Insert(uint64_t index, const PackValue& element) {
  if (tree_.root().empty()) {
    PackBuilder builder;
    builder.Append(element);
    return tree_.Start(builder.Finish(), KeyOfWeight(1));
  }
  PackPath path;
  const uint64_t rest = tree_.reader().SeekIndex(tree_.root(), path, index);
  if (!tree_.Own(path)) return false;
  return InsertInto(path, index - rest, tree_.reader().Leaf(path.leaf()).Seek(rest), element);
}

bool ListTree::InsertInto(PackPath& path, uint64_t leaf_start, const uint8_t* at,
                          const PackValue& element) {
  const Listpack leaf = tree_.reader().Leaf(path.leaf());
  if (limit_.Fits(leaf.bytes() + element.encoded_bytes(), path.leaf().weight + 1)) {
    PackSplice splice;
    splice.offset = leaf.OffsetOf(at);
    splice.inserted = {&element, 1};
    return tree_.Edit(path, splice, 1);
  }
  if (at != leaf.begin() && at != leaf.end()) return SplitAround(path, leaf_start, at, element);
  PackBuilder builder;
  builder.Append(element);
  return at == leaf.end() ? tree_.InsertAfter(path, builder.Finish(), KeyOfWeight(1))
                          : tree_.InsertBefore(path, builder.Finish(), KeyOfWeight(1));
}

// Divides a full leaf at `at`; the element goes to a half, or between them if it fits neither.
bool ListTree::SplitAround(PackPath& path, uint64_t leaf_start, const uint8_t* at,
                           const PackValue& element) {
  const Listpack leaf = tree_.reader().Leaf(path.leaf());
  PackBuilder left;
  PackBuilder right;
  PackBuilder middle;
  AppendRange(left, leaf.begin(), at);
  AppendRange(right, at, leaf.end());
  // To the half it fits, and between them if it is too large for both. The left one is written
  // over the leaf, and may need no memory for that.
  const auto fits = [&](const PackBuilder& half) {
    return limit_.Fits(half.bytes() + element.encoded_bytes(), half.count() + 1);
  };
  if (fits(left) && left.bytes() + element.encoded_bytes() <= leaf.bytes()) {
    left.Append(element);
  } else if (fits(right)) {
    right.Clear();
    right.Append(element);
    AppendRange(right, at, leaf.end());
  } else {
    middle.Append(element);
  }
  const uint64_t left_count = left.count();
  if (!tree_.InsertAfter(path, right.Finish(), KeyOfWeight(right.count()))) return false;
  Seek(leaf_start, path);
  SF_CHECK(tree_.Own(path));  // as before: it was owned, or is too large to be copied
  if (!middle.empty() && !tree_.InsertAfter(path, middle.Finish(), KeyOfWeight(1))) {
    Seek(leaf_start + path.leaf().weight, path);
    SF_CHECK(tree_.Own(path));
    tree_.Remove(path);
    return false;
  }
  Seek(leaf_start, path);
  // No more than before fits where it is.
  SF_CHECK(tree_.Own(path) && tree_.Replace(path, left.Finish(), left_count));
  return true;
}

bool ListTree::Replace(uint64_t index, const PackValue& element) {
  PackPath path;
  const uint64_t rest = tree_.reader().SeekIndex(tree_.root(), path, index);
  if (!tree_.Own(path)) return false;
  const Listpack leaf = tree_.reader().Leaf(path.leaf());
  const uint8_t* const at = leaf.Seek(rest);
  PackSplice splice;
  splice.offset = leaf.OffsetOf(at);
  splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
  splice.removed_elements = 1;
  splice.inserted = {&element, 1};
  const size_t bytes = leaf.bytes() + element.encoded_bytes() - splice.removed_bytes;
  if (limit_.Fits(bytes, path.leaf().weight)) return tree_.Edit(path, splice, 0);
  // It grew too large for its node: put in anew, then the old one behind it is taken out.
  return InsertInto(path, index - rest, at, element) && Remove(index + 1, 1);
}

bool ListTree::Remove(uint64_t index, uint64_t count) {
  while (count > 0) {
    PackPath path;
    const uint64_t rest = tree_.reader().SeekIndex(tree_.root(), path, index);
    if (!tree_.Own(path)) return false;
    const uint64_t weight = path.leaf().weight;
    const uint64_t here = std::min(count, weight - rest);
    if (here == weight) {
      tree_.Remove(path);
    } else {
      const Listpack leaf = tree_.reader().Leaf(path.leaf());
      const uint8_t* const from = leaf.Seek(rest);
      const uint8_t* to = from;
      for (uint64_t i = 0; i < here; ++i) to = Listpack::Next(to);
      PackSplice splice;
      splice.offset = leaf.OffsetOf(from);
      splice.removed_bytes = static_cast<size_t>(to - from);
      splice.removed_elements = here;
      if (!tree_.Edit(path, splice, -static_cast<int64_t>(here))) return false;
      MergeIfSmall(path);
    }
    count -= here;
  }
  return true;
}

void ListTree::MergeIfSmall(PackPath& path) {
  if (tree_.reader().Leaf(path.leaf()).bytes() > limit_.bytes_max / 4) return;
  if (path.leaf().weight > limit_.elements_max / 4) return;
  // At most half full together by bytes; by elements a node of a small limit stays alone.
  if (limit_.elements_max != SIZE_MAX) return;
  tree_.Merge(path, limit_.bytes_max / 2);
}

bool ListTree::RemoveEqual(const PackValue& element, bool from_back, uint64_t limit,
                           uint64_t& removed) {
  removed = 0;
  uint64_t index = from_back ? tree_.root().weight : 0;
  while (removed < limit && (from_back ? index > 0 : index < tree_.root().weight)) {
    PackPath path;
    const uint64_t place = from_back ? index - 1 : index;
    const uint64_t rest = tree_.reader().SeekIndex(tree_.root(), path, place);
    const uint64_t leaf_start = place - rest;
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    // What of the leaf was not looked at yet.
    const uint64_t from = from_back ? 0 : rest;
    const uint64_t to = from_back ? rest + 1 : path.leaf().weight;
    std::vector<uint64_t> matches;
    const uint8_t* at = leaf.Seek(from);
    for (uint64_t i = from; i < to; ++i, at = Listpack::Next(at)) {
      if (element.Equals(Listpack::Get(at))) matches.push_back(i);
    }
    const uint64_t take = std::min<uint64_t>(matches.size(), limit - removed);
    if (from_back) {
      matches.erase(matches.begin(), matches.end() - static_cast<long>(take));
    } else {
      matches.resize(take);
    }
    index = from_back ? leaf_start : leaf_start + to - take;
    if (take == 0) continue;
    if (!tree_.Own(path)) return false;
    if (take == path.leaf().weight) {
      tree_.Remove(path);
    } else {
      const Listpack owned = tree_.reader().Leaf(path.leaf());
      PackBuilder kept;
      size_t next = 0;
      uint64_t i = 0;
      for (const uint8_t* item = owned.begin(); item != owned.end();
           item = Listpack::Next(item), ++i) {
        if (next < matches.size() && matches[next] == i) {
          ++next;
        } else {
          kept.Append(PackValue(Listpack::Get(item)));
        }
      }
      if (!tree_.Replace(path, kept.Finish(), kept.count())) return false;
      MergeIfSmall(path);
    }
    removed += take;
  }
  return true;
}

}  // namespace snapfork
