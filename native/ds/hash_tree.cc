// hash_tree.cc - insertion, division at the median, removal.

#include "ds/hash_tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/prefetch.h"
#include "base/status.h"

namespace snapfork {
namespace {

// A leaf that is built leaves room for a few more elements.
constexpr size_t kHashLeafBytesBuilt = kHashLeafBytesMax * 7 / 8;
// Elements that are fetched before they are needed.
constexpr size_t kAhead = 16;

void AppendHeader(std::string& pack) { pack.assign(kListpackHeaderBytes, '\0'); }

void AppendElement(std::string& pack, const HashedElement& element) {
  pack.append(reinterpret_cast<const char*>(element.begin),
              static_cast<size_t>(element.end - element.begin));
}

void FinishPack(std::string& pack, size_t items) {
  pack.push_back(static_cast<char>(0xff));
  StoreLittle(pack.data(), static_cast<uint32_t>(pack.size()));
  StoreLittle(pack.data() + 4, static_cast<uint16_t>(std::min<size_t>(items, 65535)));
}

void SortPart(std::span<HashedElement> elements) {
  std::sort(elements.begin(), elements.end(),
            [](const HashedElement& a, const HashedElement& b) { return a.hash < b.hash; });
}

// Many elements go to parts by the top bits of their hashes first: a part fits a cache.
void SortByHash(std::vector<HashedElement>& elements) {
  constexpr size_t kPartElements = 512;
  constexpr int kPartBitsMax = 12;
  const int bits = std::min(static_cast<int>(std::bit_width(elements.size() / kPartElements)),
                            kPartBitsMax);
  if (bits < 2) return SortPart(elements);
  const auto part_of = [bits](const HashedElement& element) {
    return static_cast<size_t>(element.hash >> (64 - bits));
  };
  std::vector<size_t> ends((size_t{1} << bits) + 1);
  for (const HashedElement& element : elements) ++ends[part_of(element) + 1];
  for (size_t part = 1; part < ends.size(); ++part) ends[part] += ends[part - 1];
  std::vector<HashedElement> parted(elements.size());
  for (const HashedElement& element : elements) parted[ends[part_of(element)]++] = element;
  elements.swap(parted);
  size_t start = 0;
  for (size_t part = 0; part + 1 < ends.size(); ++part) {
    SortPart(std::span(elements).subspan(start, ends[part] - start));
    start = ends[part];
  }
}

// The end of the elements that have the hash of the one at `at`; `bytes` is what they take.
size_t EndOfHash(const std::vector<HashedElement>& elements, size_t at, size_t& bytes) {
  const uint64_t hash = elements[at].hash;
  for (; at < elements.size() && elements[at].hash == hash; ++at) {
    bytes += static_cast<size_t>(elements[at].end - elements[at].begin);
  }
  return at;
}

// The earliest of the expiries of elements of three items.
uint64_t EarliestOf(std::span<const HashedElement> elements, unsigned stride) {
  uint64_t earliest = UINT64_MAX;
  if (stride < 3) return earliest;
  for (const HashedElement& element : elements) {
    const int64_t expiry = Listpack::Get(NextElement(element.begin, 2)).integer;
    if (expiry != 0) earliest = std::min(earliest, static_cast<uint64_t>(expiry));
  }
  return earliest;
}

}  // namespace

std::vector<HashedElement> HashedElementsOf(const PackRange& range, unsigned stride,
                                            const ElementHasher& hasher) {
  std::vector<HashedElement> elements;
  elements.reserve(range.count / stride);
  for (const uint8_t* at = range.begin; at != range.end;) {
    const uint8_t* const end = NextElement(at, stride);
    elements.push_back({hasher.HashOf(at), at, end});
    at = end;
  }
  return elements;
}

bool SortAndFindDuplicate(std::vector<HashedElement>& elements) {
  SortByHash(elements);
  for (size_t i = 1; i < elements.size(); ++i) {
    for (size_t j = i; j > 0 && elements[j - 1].hash == elements[i].hash; --j) {
      const PackValue name(Listpack::Get(elements[i].begin));
      if (name.Equals(Listpack::Get(elements[j - 1].begin))) return true;
    }
  }
  return false;
}

uint64_t EarliestExpiryIn(const Listpack& pack) {
  uint64_t earliest = UINT64_MAX;
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, 3)) {
    const int64_t expiry = Listpack::Get(NextElement(at, 2)).integer;
    if (expiry != 0) earliest = std::min(earliest, static_cast<uint64_t>(expiry));
  }
  return earliest;
}

Status BuildHashTree(PackTree& tree, std::vector<HashedElement>& elements, unsigned stride) {
  if (SortAndFindDuplicate(elements)) return Status(StatusCode::kBadValue);
  std::string pack;
  for (size_t first = 0; first < elements.size();) {
    AppendHeader(pack);
    size_t at = first;
    while (at < elements.size()) {
      // Elements of equal hash stay together, alone if they are too large. (T1), (T2)
      size_t bytes = 0;
      const size_t end = EndOfHash(elements, at, bytes);
      if (at != first && pack.size() + bytes >= kHashLeafBytesBuilt) break;
      for (; at < end; ++at) {
        // They lie anywhere.
        if (at + kAhead < elements.size()) Prefetch(elements[at + kAhead].begin);
        AppendElement(pack, elements[at]);
      }
    }
    FinishPack(pack, (at - first) * stride);
    PackSlot key = PackSlot::Of(0, 0, stride);
    key.weight = at - first;
    key.first = elements[first].hash;
    key.second = EarliestOf(std::span(elements).subspan(first, at - first), stride);
    if (!tree.Append(pack, key)) return Status(StatusCode::kOutOfMemory);
    first = at;
  }
  return Status();
}

void FindInHashTree(const PackTreeReader& reader, PackSlot& root, uint64_t hash,
                    const PackValue& name, HashPlace& place) {
  reader.SeekHash(root, place.path, hash);
  const Listpack leaf = reader.Leaf(place.path.leaf());
  place.at = leaf.Find(leaf.begin(), name, place.path.leaf().mark());
  place.found = place.at != leaf.end();
}

void PrefetchHashLeaf(const PackTreeReader& reader, PackSlot& root, uint64_t hash) {
  // From there on the processor has seen where this leads.
  constexpr size_t kPrefetchedBytes = kHashLeafBytesMax / 2;
  PackPath path;
  reader.SeekHash(root, path, hash);
  const uint8_t* const leaf = reader.Leaf(path.leaf()).address();
  for (size_t at = 0; at < kPrefetchedBytes; at += kCacheLineBytes) Prefetch(leaf + at);
}

bool HashTree::Insert(HashPlace& place, uint64_t hash, std::span<const PackValue> items,
                      uint64_t expiry) {
  PackSplice splice;
  splice.inserted = items;
  PackSlot key;
  key.weight = 1;
  key.second = expiry;
  key.child = PackSlot::Of(0, 0, static_cast<unsigned>(items.size())).child;
  if (tree_.root().empty()) {
    std::string pack(kListpackEmptyBytes + splice.InsertedBytes(), '\0');
    ListpackClear(reinterpret_cast<uint8_t*>(pack.data()));
    ListpackSplice(reinterpret_cast<uint8_t*>(pack.data()), splice);
    return tree_.Start(pack, key);
  }
  SF_DCHECK(place.path.leaf().mark() == items.size());
  if (!tree_.Own(place.path)) return false;
  const Listpack leaf = tree_.reader().Leaf(place.path.leaf());
  splice.offset = leaf.OffsetOf(leaf.end());
  if (!tree_.Edit(place.path, splice, 1)) return false;
  if (expiry < place.path.leaf().second) tree_.SetMinimum(place.path, expiry);
  static_cast<void>(hash);
  Divide(place.path);
  return true;
}

void HashTree::Divide(PackPath& path) {
  // A division may leave a half that is still too large, if one element is.
  for (bool divided = true; divided;) {
    if (tree_.reader().Leaf(path.leaf()).bytes() <= kHashLeafBytesMax) return;
    if (path.leaf().weight < 2) return;
    Half(path, divided);
  }
}

void HashTree::Half(PackPath& path, bool& divided) {
  divided = false;
  const PackSlot slot = path.leaf();
  const unsigned stride = slot.mark();
  const Listpack leaf = tree_.reader().Leaf(slot);
  std::vector<HashedElement> elements = HashedElementsOf(PackRange::Of(leaf), stride, hasher_);
  SortByHash(elements);
  // The nearest place to the middle between two different hashes.
  const size_t count = elements.size();
  size_t kept = 0;
  for (size_t distance = 0; kept == 0 && distance <= count / 2; ++distance) {
    for (const size_t at : {count / 2 - distance, count / 2 + distance}) {
      if (at == 0 || at >= count || elements[at - 1].hash == elements[at].hash) continue;
      kept = at;
      break;
    }
  }
  if (kept == 0) return;

  std::string left;
  std::string right;
  AppendHeader(left);
  AppendHeader(right);
  for (size_t i = 0; i < count; ++i) AppendElement(i < kept ? left : right, elements[i]);
  FinishPack(left, kept * stride);
  FinishPack(right, (count - kept) * stride);
  const uint64_t boundary = elements[kept].hash;
  const uint64_t lowest = elements[0].hash;
  const uint64_t left_earliest = EarliestOf(std::span(elements).first(kept), stride);
  PackSlot key = slot;
  key.weight = count - kept;
  key.first = boundary;
  key.second = EarliestOf(std::span(elements).subspan(kept), stride);
  if (!tree_.InsertAfter(path, right, key)) return;
  // By a hash, not by the slot's key: the lowest leaf may hold what is below
  // its key.
  tree_.reader().SeekKey(tree_.root(), path, lowest);
  // Never fails: the leaf and the way to it were owned, and less fits where
  // more was.
  SF_CHECK(tree_.Own(path) && tree_.Replace(path, left, kept));
  if (stride == 3) tree_.SetMinimum(path, left_earliest);
  // The caller may go on with the half that is too large.
  if (right.size() > kHashLeafBytesMax) {
    tree_.reader().SeekKey(tree_.root(), path, boundary);
    if (!tree_.Own(path)) return;
  }
  divided = true;
}

bool HashTree::Erase(HashPlace& place) {
  const PackTreeReader reader = tree_.reader();
  const size_t offset = reader.Leaf(place.path.leaf()).OffsetOf(place.at);
  if (!tree_.Own(place.path)) return false;
  if (place.path.leaf().weight == 1) {
    tree_.Remove(place.path);
    return true;
  }
  const unsigned stride = place.path.leaf().mark();
  const Listpack leaf = reader.Leaf(place.path.leaf());
  const uint8_t* const at = leaf.address() + offset;
  PackSplice splice;
  splice.offset = offset;
  splice.removed_bytes = static_cast<size_t>(NextElement(at, stride) - at);
  splice.removed_elements = stride;
  const int64_t expiry = stride == 3 ? Listpack::Get(NextElement(at, 2)).integer : 0;
  if (!tree_.Edit(place.path, splice, -1)) return false;
  if (expiry != 0 && static_cast<uint64_t>(expiry) == place.path.leaf().second) {
    tree_.SetMinimum(place.path, EarliestExpiryIn(reader.Leaf(place.path.leaf())));
  }
  if (reader.Leaf(place.path.leaf()).bytes() < kHashLeafBytesMax / 4) {
    tree_.Merge(place.path, kHashLeafBytesMax * 3 / 4);
  }
  return true;
}

}  // namespace snapfork
