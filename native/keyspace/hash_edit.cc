// hash_edit.cc - splices of a compact hash, insertions into a large one.

#include "keyspace/hash_edit.h"

#include <array>

#include "base/check.h"
#include "ds/pack_builder.h"
#include "keyspace/name_hasher.h"

namespace snapfork {
namespace {

constexpr unsigned kWithExpiry = 3;

uint64_t MinimumOf(int64_t expiry) {
  return expiry == kNoExpiry ? kNoFieldExpiry : static_cast<uint64_t>(expiry);
}

// An element's items; `count` of them are used.
struct Items {
  std::array<PackValue, 3> values;
  size_t count;

  Items(std::string_view field, const PackValue& value, int64_t expiry, unsigned stride)
      : values{PackValue(field), value, PackValue(expiry == kNoExpiry ? int64_t{0} : expiry)},
        count(stride) {}
  std::span<const PackValue> span() const { return {values.data(), count}; }
};

// The pack of a compact hash as triples.
std::string_view AsTriples(const Listpack& pack, PackBuilder& builder) {
  builder.Clear();
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, 2)) {
    builder.Append(PackValue(Listpack::Get(at)));
    builder.Append(PackValue(Listpack::Get(Listpack::Next(at))));
    builder.Append(PackValue(int64_t{0}));
  }
  return builder.Finish();
}

// Where a triple with that expiry belongs.
const uint8_t* PlaceByExpiry(const Listpack& pack, int64_t expiry) {
  if (expiry == kNoExpiry) return pack.end();
  const uint8_t* at = pack.begin();
  for (; at != pack.end(); at = NextElement(at, kWithExpiry)) {
    const int64_t other = Listpack::Get(NextElement(at, 2)).integer;
    if (other == 0 || other > expiry) break;
  }
  return at;
}

PackSplice RemovalOf(const Listpack& pack, const uint8_t* at, unsigned items) {
  PackSplice splice;
  splice.offset = pack.OffsetOf(at);
  splice.removed_bytes = static_cast<size_t>(NextElement(at, items) - at);
  splice.removed_elements = items;
  return splice;
}

bool FitsCompact(const Keyspace& keyspace, const Listpack& pack, unsigned stride, bool present,
                 std::string_view field, const PackValue& value) {
  const EncodingLimits& limits = keyspace.limits();
  char scratch[kIntegerTextMax];
  const size_t value_bytes =
      value.is_integer() ? FormatInteger(value.integer(), scratch) : value.text().size();
  const size_t count = pack.count() / stride + (present ? 0 : 1);
  return count <= limits.hash_max_listpack_entries &&
         field.size() <= limits.hash_max_listpack_value &&
         value_bytes <= limits.hash_max_listpack_value &&
         pack.bytes() + field.size() + value_bytes < kListpackBytesMax;
}

// The place of a field that was found in the entry's own pack.
const uint8_t* PlaceIn(const Listpack& pack, const Keyspace& keyspace, EntryView entry,
                       const FieldView& view) {
  return pack.address() + Listpack(keyspace.PackOf(entry)).OffsetOf(view.at);
}

// A compact hash that stays compact, all of whose elements have two items.
Status PutPair(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
               const FieldView& old, const Items& items) {
  PackEditor editor(keyspace, db, found, key, ValueType::kHash);
  const Listpack pack = editor.pack();
  PackSplice splice;
  if (!old) {
    splice.offset = pack.OffsetOf(pack.end());
    splice.inserted = items.span();
  } else {
    const uint8_t* const at = PlaceIn(pack, keyspace, found.entry, old);
    splice = RemovalOf(pack, Listpack::Next(at), 1);
    splice.inserted = items.span().subspan(1);
  }
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

// A compact hash with expiries: taken out, and put in where it belongs.
Status PutTriple(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 const Items& items, int64_t expiry) {
  PackBuilder builder;
  const Listpack old(keyspace.PackOf(found.entry));
  std::string triples;
  if (found.entry.has_field_expiry()) {
    triples.assign(reinterpret_cast<const char*>(old.address()), old.bytes());
  } else {
    triples = AsTriples(old, builder);
  }
  PackSplice insertion;
  insertion.inserted = items.span();
  triples.resize(triples.size() + insertion.InsertedBytes());
  auto* const bytes = reinterpret_cast<uint8_t*>(triples.data());
  const Listpack pack(bytes);
  const uint8_t* const at = pack.Find(pack.begin(), items.values[0], kWithExpiry);
  if (at != pack.end()) ListpackSplice(bytes, RemovalOf(pack, at, kWithExpiry));
  insertion.offset = pack.OffsetOf(PlaceByExpiry(pack, expiry));
  ListpackSplice(bytes, insertion);
  triples.resize(pack.bytes());
  PackedContent packed{ValueType::kHash, triples};
  packed.field_expiry = true;
  return PutPacked(keyspace, db, found, key, packed);
}

// Gives the elements of a leaf a third item. The leaf may then be larger than it should.
bool WidenLeaf(PackTree& tree, PackPath& path) {
  PackBuilder builder;
  if (!tree.Own(path)) return false;
  const std::string_view pack = AsTriples(tree.reader().Leaf(path.leaf()), builder);
  if (!tree.Replace(path, pack, path.leaf().weight)) return false;
  PackTree::SetMark(path, kWithExpiry);
  return true;
}

bool InsertOrReplace(HashTree& hashes, uint64_t hash, std::string_view field,
                     const PackValue& value, int64_t expiry) {
  PackTree& tree = hashes.tree();
  const PackValue name(field);
  HashPlace place;
  if (!tree.root().empty()) {
    FindInHashTree(tree.reader(), tree.root(), hash, name, place);
    if (expiry != kNoExpiry && place.path.leaf().mark() != kWithExpiry) {
      if (!WidenLeaf(tree, place.path)) return false;
      hashes.Divide(place.path);
      FindInHashTree(tree.reader(), tree.root(), hash, name, place);
    }
  }
  const unsigned stride =
      tree.root().empty() ? (expiry == kNoExpiry ? 2 : kWithExpiry) : place.path.leaf().mark();
  const Items items(field, value, expiry, stride);
  if (!place.found) return hashes.Insert(place, hash, items.span(), MinimumOf(expiry));

  const size_t offset = tree.reader().Leaf(place.path.leaf()).OffsetOf(place.at);
  if (!tree.Own(place.path)) return false;
  const Listpack leaf = tree.reader().Leaf(place.path.leaf());
  PackSplice splice = RemovalOf(leaf, Listpack::Next(leaf.address() + offset), stride - 1);
  splice.inserted = items.span().subspan(1);
  if (!tree.Edit(place.path, splice, 0)) return false;
  if (stride == kWithExpiry) {
    tree.SetMinimum(place.path, EarliestExpiryIn(tree.reader().Leaf(place.path.leaf())));
  }
  hashes.Divide(place.path);
  return true;
}

// A large hash, opened to be changed and stored back.
template <typename Change>
Status ChangeLarge(Keyspace& keyspace, uint32_t db, Found found, Change&& change) {
  SF_RETURN_IF_ERROR(keyspace.MakeWritable(db, found));
  // The record of its fields' expiry has to follow the change.
  const bool expires = found.entry.has_field_expiry();
  if (expires && !keyspace.database(db).field_expiry.Reserve()) {
    return Status(StatusCode::kOutOfMemory);
  }
  const int64_t old_earliest = keyspace.EarliestFieldExpiryOf(found.entry);
  PackSlot root = RootOf(found.entry);
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root, SecondWord::kMinimum);
  const NameHasher hasher(keyspace);
  HashTree hashes(tree, hasher);
  const bool done = change(hashes);
  StoreRoots(keyspace, found, &root, 1);
  if (root.empty()) {
    // The record of its fields' expiry is known by what the root said.
    PackSlot gone;
    gone.second = old_earliest == kNoExpiry ? kNoFieldExpiry : static_cast<uint64_t>(old_earliest);
    StoreRoots(keyspace, found, &gone, 1);
    keyspace.Remove(db, found);
    return Status();
  }
  if (expires) SF_CHECK(keyspace.UpdateFieldExpiry(db, found, old_earliest).ok());
  return done ? Status() : Status(StatusCode::kOutOfMemory);
}

// Sets the entry's flag, before the first field of a large hash gets an expiry.
Status MarkFieldExpiry(Keyspace& keyspace, uint32_t db, Found& found) {
  if (found.entry.has_field_expiry()) return Status();
  EntryContent content = Keyspace::ContentOf(found.entry);
  content.field_expiry = true;
  SF_RETURN_IF_ERROR(keyspace.Put(db, found, content, Keyspace::Reuse::kNever));
  found.entry = keyspace.EntryAt(found.handle());
  return Status();
}

// A hash that gets its large form with the field that does not fit any more.
Status MakeLarge(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 std::string_view field, const PackValue& value, int64_t expiry) {
  PackSlot root;
  root.second = kNoFieldExpiry;
  if (found.entry) {
    SF_RETURN_IF_ERROR(BuildLargeHash(keyspace, db,
                                      PackRange::Of(Listpack(keyspace.PackOf(found.entry))),
                                      StrideOf(found.entry), root));
  }
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root, SecondWord::kMinimum);
  const NameHasher hasher(keyspace);
  HashTree hashes(tree, hasher);
  if (!InsertOrReplace(hashes, keyspace.HashOf(field), field, value, expiry)) {
    FreePackTree(keyspace.arena(), root);
    return Status(StatusCode::kOutOfMemory);
  }
  const bool expires = (found.entry && found.entry.has_field_expiry()) || expiry != kNoExpiry;
  return PutRoots(keyspace, db, found, key, ValueType::kHash, &root, 1, expires);
}

}  // namespace

FieldView FindField(const Keyspace& keyspace, EntryView hash, std::string_view field) {
  const PackValue name(field);
  if (hash.encoding() != Encoding::kTree) {
    const Listpack pack(keyspace.PackOf(hash));
    const unsigned stride = StrideOf(hash);
    const uint8_t* const at = pack.Find(pack.begin(), name, stride);
    return at == pack.end() ? FieldView() : FieldAt(at, stride);
  }
  PackSlot root = RootOf(hash);
  HashPlace place;
  FindInHashTree(keyspace.trees(), root, keyspace.HashOf(field), name, place);
  return place.found ? FieldAt(place.at, place.path.leaf().mark()) : FieldView();
}

uint64_t FieldCount(const Keyspace& keyspace, EntryView hash) {
  if (hash.encoding() == Encoding::kTree) return RootOf(hash).weight;
  return Listpack(keyspace.PackOf(hash)).count() / StrideOf(hash);
}

Status PutField(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                std::string_view field, const FieldView& old, const PackValue& value,
                int64_t expiry) {
  if (found.entry && found.entry.encoding() == Encoding::kTree) {
    Found large = found;
    if (expiry != kNoExpiry) SF_RETURN_IF_ERROR(MarkFieldExpiry(keyspace, db, large));
    return ChangeLarge(keyspace, db, large, [&](HashTree& hashes) {
      return InsertOrReplace(hashes, keyspace.HashOf(field), field, value, expiry);
    });
  }
  const unsigned stride = found.entry ? StrideOf(found.entry) : 2;
  uint8_t none[kListpackEmptyBytes];
  ListpackClear(none);
  const Listpack pack(found.entry ? keyspace.PackOf(found.entry) : none);
  if (!FitsCompact(keyspace, pack, stride, static_cast<bool>(old), field, value)) {
    return MakeLarge(keyspace, db, found, key, field, value, expiry);
  }
  if (stride == 2 && expiry == kNoExpiry) {
    return PutPair(keyspace, db, found, key, old, Items(field, value, expiry, 2));
  }
  return PutTriple(keyspace, db, found, key, Items(field, value, expiry, kWithExpiry), expiry);
}

Status RemoveField(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                   std::string_view field, const FieldView& old) {
  if (found.entry.encoding() == Encoding::kTree) {
    return ChangeLarge(keyspace, db, found, [&](HashTree& hashes) {
      HashPlace place;
      FindInHashTree(hashes.tree().reader(), hashes.tree().root(), keyspace.HashOf(field),
                     PackValue(field), place);
      return hashes.Erase(place);
    });
  }
  const unsigned stride = StrideOf(found.entry);
  PackEditor editor(keyspace, db, found, key, ValueType::kHash);
  const Listpack pack = editor.pack();
  const uint8_t* const at = PlaceIn(pack, keyspace, found.entry, old);
  SF_RETURN_IF_ERROR(editor.Splice(RemovalOf(pack, at, stride)));
  return editor.Commit();
}

FieldView EarliestField(const Keyspace& keyspace, EntryView hash, std::string& name) {
  char scratch[kIntegerTextMax];
  if (hash.encoding() != Encoding::kTree) {
    const uint8_t* const first = Listpack(keyspace.PackOf(hash)).begin();
    name = Listpack::Get(first).Text(scratch);
    return FieldAt(first, kWithExpiry);
  }
  PackSlot slot = RootOf(hash);
  while (slot.height() > 0) {
    const PackNode* const node = keyspace.trees().Node(slot);
    uint64_t at = 0;
    while (node->slots[at].second != slot.second) ++at;
    slot = node->slots[at];
  }
  const Listpack leaf = keyspace.trees().Leaf(slot);
  const uint8_t* at = leaf.begin();
  while (static_cast<uint64_t>(FieldAt(at, kWithExpiry).expiry) != slot.second) {
    at = NextElement(at, kWithExpiry);
  }
  name = Listpack::Get(at).Text(scratch);
  return FieldAt(at, kWithExpiry);
}

Status BuildLargeHash(Keyspace& keyspace, uint32_t db, const PackRange& fields, unsigned stride,
                      PackSlot& root) {
  root = PackSlot();
  root.second = kNoFieldExpiry;
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root, SecondWord::kMinimum);
  std::vector<HashedElement> elements = HashedElementsOf(fields, stride, NameHasher(keyspace));
  const Status status = BuildHashTree(tree, elements, stride);
  if (!status.ok()) FreePackTree(keyspace.arena(), root);
  return status;
}

}  // namespace snapfork
