// set_ops.cc - members added, found and removed in all forms of a set.

#include "keyspace/set_ops.h"

#include "base/check.h"
#include "keyspace/collection_scan.h"
#include "keyspace/name_hasher.h"
#include "keyspace/value_build.h"

namespace snapfork {
namespace {

Status PutMembers(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                  PackBuilder& members) {
  EntryContent content;
  std::string storage;
  SF_RETURN_IF_ERROR(BuildSet(keyspace, db, members.range(), content, storage));
  content.key = key;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  return PutContent(keyspace, db, found, content);
}

// An intset with one integer more; one that is too large becomes a listpack or a tree.
Status AddInteger(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                  int64_t value) {
  uint8_t none[kIntsetHeaderBytes];
  IntsetClear(none);
  const uint8_t* const set = found.entry ? keyspace.PackOf(found.entry) : none;
  if (Intset(set).count() < keyspace.limits().set_max_intset_entries) {
    std::string& buffer = keyspace.edit_buffer();
    const size_t bytes = IntsetBytesWith(set, value);
    if (buffer.size() < bytes) buffer.resize(bytes * 2);
    IntsetInsertCopy(reinterpret_cast<uint8_t*>(buffer.data()), set, value);
    PackedContent packed{ValueType::kSet, {buffer.data(), bytes}};
    packed.intset = true;
    return PutPacked(keyspace, db, found, key, packed);
  }
  PackBuilder members;
  for (uint32_t i = 0; i < Intset(set).count(); ++i) members.Append(PackValue(Intset(set).At(i)));
  members.Append(PackValue(value));
  return PutMembers(keyspace, db, found, key, members);
}

// A compact set with one member more, in whatever form it then has.
Status AddToCompact(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                    const PackValue& member) {
  PackBuilder members;
  VisitMembers(keyspace, found.entry, [&](const PackElement& element) {
    members.Append(PackValue(element));
    return true;
  });
  members.Append(member);
  return PutMembers(keyspace, db, found, key, members);
}

Status AddToPack(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 const PackValue& member, size_t member_bytes) {
  const EncodingLimits& limits = keyspace.limits();
  const Listpack old(keyspace.PackOf(found.entry));
  if (old.count() >= limits.set_max_listpack_entries ||
      member_bytes > limits.set_max_listpack_value) {
    return AddToCompact(keyspace, db, found, key, member);
  }
  PackEditor editor(keyspace, db, found, key, ValueType::kSet);
  PackSplice splice;
  splice.offset = editor.pack().OffsetOf(editor.pack().end());
  splice.inserted = {&member, 1};
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

// Changes the tree of a large set: `change` gets the tree and the place of the member.
template <typename Change>
Status ChangeLarge(Keyspace& keyspace, uint32_t db, Found found, std::string_view member,
                   Change&& change) {
  SF_RETURN_IF_ERROR(keyspace.MakeWritable(db, found));
  PackSlot root = RootOf(found.entry);
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  const NameHasher hasher(keyspace);
  HashTree hashes(tree, hasher);
  const uint64_t hash = keyspace.HashOf(member);
  HashPlace place;
  FindInHashTree(tree.reader(), root, hash, PackValue(member), place);
  const bool done = change(hashes, place, hash);
  StoreRoots(keyspace, found, &root, 1);
  if (root.empty()) keyspace.Remove(db, found);
  return done ? Status() : Status(StatusCode::kOutOfMemory);
}

Status RemoveInteger(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                     int64_t value) {
  const Intset old(keyspace.PackOf(found.entry));
  if (old.count() == 1) {
    keyspace.Remove(db, found);
    return Status();
  }
  bool present;
  const uint32_t index = old.Search(value, present);
  if (IsExternal(found.entry.encoding())) {
    const Handle handle = found.entry.external().handle;
    const bool stays = old.bytes() - old.width() > kInlineValueBytesMax / 2;
    if (stays && !keyspace.arena().MovesForChange(handle)) {
      IntsetErase(keyspace.arena().At(handle), index);
      return Status();
    }
  }
  std::string copy(reinterpret_cast<const char*>(keyspace.PackOf(found.entry)), old.bytes());
  IntsetErase(reinterpret_cast<uint8_t*>(copy.data()), index);
  copy.resize(copy.size() - old.width());
  PackedContent packed{ValueType::kSet, copy};
  packed.intset = true;
  return PutPacked(keyspace, db, found, key, packed);
}

Status RemoveFromPack(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                      const PackValue& member) {
  PackEditor editor(keyspace, db, found, key, ValueType::kSet);
  const Listpack pack = editor.pack();
  const uint8_t* const at = pack.Find(pack.begin(), member, 1);
  PackSplice splice;
  splice.offset = pack.OffsetOf(at);
  splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
  splice.removed_elements = 1;
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

}  // namespace

Status SetToChange(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& set) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSet));
  set = found.entry;
  return Status();
}

Status SetLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& set) {
  SF_RETURN_IF_ERROR(SetToChange(keyspace, db, key, set));
  keyspace.CountLookup(static_cast<bool>(set));
  return Status();
}

uint64_t SetSize(const Keyspace& keyspace, EntryView set) {
  if (set.encoding() == Encoding::kTree) return RootOf(set).weight;
  const uint8_t* const pack = keyspace.PackOf(set);
  return IsIntset(set) ? Intset(pack).count() : Listpack(pack).count();
}

bool SetContains(const Keyspace& keyspace, EntryView set, std::string_view member) {
  const PackValue value(member);
  if (set.encoding() == Encoding::kTree) {
    PackSlot root = RootOf(set);
    HashPlace place;
    FindInHashTree(keyspace.trees(), root, keyspace.HashOf(member), value, place);
    return place.found;
  }
  const uint8_t* const pack = keyspace.PackOf(set);
  if (!IsIntset(set)) {
    const Listpack members(pack);
    return members.Find(members.begin(), value, 1) != members.end();
  }
  bool found = false;
  if (value.is_integer()) Intset(pack).Search(value.integer(), found);
  return found;
}

PackElement SetMemberAtRank(const Keyspace& keyspace, EntryView set, uint64_t rank) {
  if (!IsIntset(set)) return Listpack::Get(ElementAtRank(keyspace, set, 1, rank).at);
  PackElement element;
  element.integer = Intset(keyspace.PackOf(set)).At(static_cast<uint32_t>(rank));
  return element;
}

Status SetAdd(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
              bool& added) {
  added = false;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSet));
  if (found.entry && SetContains(keyspace, found.entry, member)) return Status();
  const PackValue value(member);
  Status status;
  if (!found.entry && !value.is_integer()) {
    PackBuilder members;
    members.Append(value);
    status = PutMembers(keyspace, db, found, key, members);
  } else if (!found.entry || IsIntset(found.entry)) {
    status = value.is_integer()
                 ? AddInteger(keyspace, db, found, key, value.integer())
                 : AddToCompact(keyspace, db, found, key, value);
  } else if (found.entry.encoding() == Encoding::kTree) {
    status = ChangeLarge(keyspace, db, found, member,
                         [&](HashTree& hashes, HashPlace& place, uint64_t hash) {
                           return hashes.Insert(place, hash, {&value, 1});
                         });
  } else {
    status = AddToPack(keyspace, db, found, key, value, member.size());
  }
  if (!status.ok()) return status;
  added = true;
  ++keyspace.counters().changes;
  return Status();
}

Status SetRemove(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view member,
                 bool& removed) {
  removed = false;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSet));
  if (!found.entry || !SetContains(keyspace, found.entry, member)) return Status();
  const PackValue value(member);
  if (IsIntset(found.entry)) {
    SF_RETURN_IF_ERROR(RemoveInteger(keyspace, db, found, key, value.integer()));
  } else if (found.entry.encoding() == Encoding::kTree) {
    SF_RETURN_IF_ERROR(ChangeLarge(keyspace, db, found, member,
                                   [](HashTree& hashes, HashPlace& place, uint64_t) {
                                     return hashes.Erase(place);
                                   }));
  } else {
    SF_RETURN_IF_ERROR(RemoveFromPack(keyspace, db, found, key, value));
  }
  removed = true;
  ++keyspace.counters().changes;
  return Status();
}

Status SetMove(Keyspace& keyspace, uint32_t db, std::string_view from, std::string_view to,
               std::string_view member, bool& moved) {
  moved = false;
  const Found source = keyspace.Lookup(db, from);
  if (!source.entry) return Status();
  SF_RETURN_IF_ERROR(CheckType(source, ValueType::kSet));
  SF_RETURN_IF_ERROR(CheckType(keyspace.Lookup(db, to), ValueType::kSet));
  // Looking the target up moves no entry.
  if (!SetContains(keyspace, source.entry, member)) return Status();
  moved = true;
  if (from == to) return Status();
  // First where it may fail.
  bool added = false;
  SF_RETURN_IF_ERROR(SetAdd(keyspace, db, to, member, added));
  bool removed = false;
  const Status status = SetRemove(keyspace, db, from, member, removed);
  if (!status.ok() && added) {
    // Never fails: where it lies was made writable for the addition.
    SF_CHECK(SetRemove(keyspace, db, to, member, removed).ok());
  }
  return status;
}

}  // namespace snapfork
