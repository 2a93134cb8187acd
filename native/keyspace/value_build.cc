// value_build.cc - the form of a value that comes as a whole.

#include "keyspace/value_build.h"

#include <algorithm>
#include <vector>

#include "ds/intset.h"
#include "ds/pack_builder.h"
#include "keyspace/collection.h"
#include "keyspace/hash_edit.h"
#include "keyspace/name_hasher.h"
#include "keyspace/zset_tree.h"

namespace snapfork {
namespace {

size_t TextBytes(const PackElement& element) {
  char scratch[kIntegerTextMax];
  return element.is_integer() ? FormatInteger(element.integer, scratch) : element.bytes;
}

bool ItemsFit(const Listpack& pack, uint64_t bytes_max) {
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
    if (TextBytes(Listpack::Get(at)) > bytes_max) return false;
  }
  return true;
}

bool AllIntegers(const Listpack& pack) {
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
    if (!Listpack::Get(at).is_integer()) return false;
  }
  return true;
}

void MakeIntset(const Listpack& members, size_t count, std::string& set) {
  std::vector<int64_t> integers;
  integers.reserve(count);
  uint32_t width = 2;
  for (const uint8_t* at = members.begin(); at != members.end(); at = Listpack::Next(at)) {
    integers.push_back(Listpack::Get(at).integer);
    width = std::max(width, IntsetWidthOf(integers.back()));
  }
  std::sort(integers.begin(), integers.end());
  set.assign(kIntsetHeaderBytes + width * count, '\0');
  StoreLittle(set.data(), width);
  StoreLittle(set.data() + 4, static_cast<uint32_t>(count));
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(set.data() + kIntsetHeaderBytes + width * i, &integers[i], width);
  }
}

std::string_view BytesOf(const Listpack& pack) {
  return {reinterpret_cast<const char*>(pack.address()), pack.bytes()};
}

void UseRoots(const PackSlot* roots, size_t count, EntryContent& content,
              std::string& storage) {
  storage.assign(BytesOfRoots(roots, count));
  content.encoding = Encoding::kTree;
  content.bytes = storage;
}

}  // namespace

Status BuildSet(Keyspace& keyspace, uint32_t db, const Listpack& members, EntryContent& content,
                std::string& storage) {
  const EncodingLimits& limits = keyspace.limits();
  const size_t count = members.count();
  PackedContent packed{ValueType::kSet, {}};
  if (count <= limits.set_max_intset_entries && AllIntegers(members)) {
    MakeIntset(members, count, storage);
    packed.bytes = storage;
    packed.intset = true;
    return EncodePacked(keyspace, db, packed, content);
  }
  if (count <= limits.set_max_listpack_entries &&
      ItemsFit(members, limits.set_max_listpack_value)) {
    storage.assign(BytesOf(members));
    packed.bytes = storage;
    return EncodePacked(keyspace, db, packed, content);
  }
  content.type = ValueType::kSet;
  PackSlot root;
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  std::vector<HashedElement> elements = HashedElementsOf(members, 1, NameHasher(keyspace));
  if (!BuildHashTree(tree, elements, 1)) {
    FreePackTree(keyspace.arena(), root);
    return Status(StatusCode::kOutOfMemory);
  }
  UseRoots(&root, 1, content, storage);
  return Status();
}

Status BuildHash(Keyspace& keyspace, uint32_t db, const Listpack& fields, unsigned stride,
                 EntryContent& content, std::string& storage) {
  const EncodingLimits& limits = keyspace.limits();
  PackedContent packed{ValueType::kHash, {}};
  packed.field_expiry = stride == 3;
  if (fields.count() / stride <= limits.hash_max_listpack_entries &&
      ItemsFit(fields, limits.hash_max_listpack_value)) {
    storage.assign(BytesOf(fields));
    packed.bytes = storage;
    return EncodePacked(keyspace, db, packed, content);
  }
  content.type = ValueType::kHash;
  content.field_expiry = stride == 3;
  PackSlot root;
  SF_RETURN_IF_ERROR(BuildLargeHash(keyspace, db, fields, stride, root));
  UseRoots(&root, 1, content, storage);
  return Status();
}

Status BuildSortedSet(Keyspace& keyspace, uint32_t db,
                      const std::vector<std::pair<double, std::string_view>>& elements,
                      EntryContent& content, std::string& storage) {
  const EncodingLimits& limits = keyspace.limits();
  const bool fits =
      elements.size() <= limits.zset_max_listpack_entries &&
      std::all_of(elements.begin(), elements.end(), [&](const auto& element) {
        return element.second.size() <= limits.zset_max_listpack_value;
      });
  if (fits) {
    PackBuilder pack;
    for (const auto& [score, member] : elements) {
      const ScoreItem item(score, ScoreItem::Form::kText);
      pack.Append(PackValue(member));
      pack.Append(item.value());
    }
    storage.assign(pack.Finish());
    return EncodePacked(keyspace, db, {ValueType::kSortedSet, storage}, content);
  }
  content.type = ValueType::kSortedSet;
  ZsetRoots roots;
  SF_RETURN_IF_ERROR(BuildZsetTrees(keyspace, db, elements, roots));
  UseRoots(&roots.by_score, 2, content, storage);
  return Status();
}

}  // namespace snapfork
