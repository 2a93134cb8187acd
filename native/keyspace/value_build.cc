// value_build.cc - the form of a value that comes as a whole.

#include "keyspace/value_build.h"

#include <algorithm>
#include <vector>

#include "ds/intset.h"
#include "ds/pack_builder.h"
#include "keyspace/collection.h"
#include "keyspace/hash_edit.h"
#include "keyspace/list_tree.h"
#include "keyspace/name_hasher.h"
#include "keyspace/zset_tree.h"

namespace snapfork {
namespace {

size_t TextBytes(const PackElement& element) {
  char scratch[kIntegerTextMax];
  return element.is_integer() ? FormatInteger(element.integer, scratch) : element.bytes;
}

bool ItemsFit(const PackRange& pack, uint64_t bytes_max) {
  for (const uint8_t* at = pack.begin; at != pack.end; at = Listpack::Next(at)) {
    if (TextBytes(Listpack::Get(at)) > bytes_max) return false;
  }
  return true;
}

// Of members and scores, the members.
bool MembersFit(const PackRange& pack, uint64_t bytes_max) {
  for (const uint8_t* at = pack.begin; at != pack.end; at = NextElement(at, 2)) {
    if (TextBytes(Listpack::Get(at)) > bytes_max) return false;
  }
  return true;
}

// Members and scores with the scores in another form.
void Reform(const PackRange& elements, ScoreItem::Form from, ScoreItem::Form to,
            PackBuilder& reformed) {
  for (const uint8_t* at = elements.begin; at != elements.end;) {
    const uint8_t* const item = Listpack::Next(at);
    reformed.Append({at, item, 1});
    const double score = ScoreOf(Listpack::Get(item), from);
    reformed.Append(ScoreItem(score, to).value());
    at = Listpack::Next(item);
  }
}

bool AllIntegers(const PackRange& pack) {
  for (const uint8_t* at = pack.begin; at != pack.end; at = Listpack::Next(at)) {
    if (!Listpack::Get(at).is_integer()) return false;
  }
  return true;
}

void MakeIntset(const PackRange& members, size_t count, std::string& set) {
  std::vector<int64_t> integers;
  integers.reserve(count);
  uint32_t width = 2;
  for (const uint8_t* at = members.begin; at != members.end; at = Listpack::Next(at)) {
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

// A range as a pack of its own.
void MakePack(const PackRange& range, std::string& pack) {
  pack.assign(kListpackHeaderBytes, '\0');
  pack.append(reinterpret_cast<const char*>(range.begin),
              static_cast<size_t>(range.end - range.begin));
  pack.push_back(static_cast<char>(0xff));
  StoreLittle(pack.data(), static_cast<uint32_t>(pack.size()));
  StoreLittle(pack.data() + 4, static_cast<uint16_t>(std::min<size_t>(range.count, 65535)));
}

bool NodesFit(std::span<const ListNodeEnd> nodes, const ListNodeLimit& limit) {
  size_t from = 0;
  for (const ListNodeEnd& node : nodes) {
    if (!limit.Fits(kListpackEmptyBytes + node.offset - from, node.elements)) return false;
    from = node.offset;
  }
  return !nodes.empty();
}

// Calls `append(PackRange)` for nodes as they are; false if it returned so.
template <typename Append>
bool AppendNodes(const PackRange& elements, std::span<const ListNodeEnd> nodes,
                 Append&& append) {
  const uint8_t* from = elements.begin;
  for (const ListNodeEnd& node : nodes) {
    const uint8_t* const end = elements.begin + node.offset;
    if (!append(PackRange{from, end, node.elements})) return false;
    from = end;
  }
  return true;
}

// The same for nodes as large as the limit allows.
template <typename Append>
bool DivideIntoNodes(const PackRange& elements, const ListNodeLimit& limit, Append&& append) {
  PackRange node{elements.begin, elements.begin, 0};
  for (const uint8_t* at = elements.begin; at != elements.end;) {
    const uint8_t* const next = Listpack::Next(at);
    const size_t bytes = kListpackEmptyBytes + static_cast<size_t>(next - node.begin);
    if (node.count > 0 && !limit.Fits(bytes, node.count + 1)) {
      if (!append(node)) return false;
      node = {at, at, 0};
    }
    node.end = next;
    ++node.count;
    at = next;
  }
  return append(node);
}

void UseRoots(const PackSlot* roots, size_t count, EntryContent& content,
              std::string& storage) {
  storage.assign(BytesOfRoots(roots, count));
  content.encoding = Encoding::kTree;
  content.bytes = storage;
}

}  // namespace

Status BuildSet(Keyspace& keyspace, uint32_t db, const PackRange& members, EntryContent& content,
                std::string& storage, bool any_size) {
  const EncodingLimits& limits = keyspace.limits();
  const size_t count = members.count;
  PackedContent packed{ValueType::kSet, {}};
  if (count <= limits.set_max_intset_entries && AllIntegers(members)) {
    MakeIntset(members, count, storage);
    packed.bytes = storage;
    packed.intset = true;
    return EncodePacked(keyspace, db, packed, content);
  }
  if (count <= limits.set_max_listpack_entries &&
      (any_size || ItemsFit(members, limits.set_max_listpack_value))) {
    MakePack(members, storage);
    packed.bytes = storage;
    return EncodePacked(keyspace, db, packed, content);
  }
  content.type = ValueType::kSet;
  PackSlot root;
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  std::vector<HashedElement> elements = HashedElementsOf(members, 1, NameHasher(keyspace));
  if (const Status status = BuildHashTree(tree, elements, 1); !status.ok()) {
    FreePackTree(keyspace.arena(), root);
    return status;
  }
  UseRoots(&root, 1, content, storage);
  return Status();
}

Status BuildHash(Keyspace& keyspace, uint32_t db, const PackRange& fields, unsigned stride,
                 EntryContent& content, std::string& storage, bool any_size) {
  const EncodingLimits& limits = keyspace.limits();
  PackedContent packed{ValueType::kHash, {}};
  packed.field_expiry = stride == 3;
  if (fields.count / stride <= limits.hash_max_listpack_entries &&
      (any_size || ItemsFit(fields, limits.hash_max_listpack_value))) {
    MakePack(fields, storage);
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

Status BuildSortedSet(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                      ScoreItem::Form form, EntryContent& content, std::string& storage,
                      bool any_size) {
  const EncodingLimits& limits = keyspace.limits();
  const bool compact = elements.count / 2 <= limits.zset_max_listpack_entries &&
                       (any_size || MembersFit(elements, limits.zset_max_listpack_value));
  const ScoreItem::Form kept = compact ? ScoreItem::Form::kText : ScoreItem::Form::kBytes;
  PackBuilder reformed;
  if (form != kept) Reform(elements, form, kept, reformed);
  const PackRange range = form != kept ? reformed.range() : elements;
  if (compact) {
    MakePack(range, storage);
    return EncodePacked(keyspace, db, {ValueType::kSortedSet, storage}, content);
  }
  content.type = ValueType::kSortedSet;
  ZsetRoots roots;
  SF_RETURN_IF_ERROR(BuildZsetTrees(keyspace, db, range, roots));
  UseRoots(&roots.by_score, 2, content, storage);
  return Status();
}

Status BuildList(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                 std::span<const ListNodeEnd> nodes, EntryContent& content,
                 std::string& storage) {
  const ListNodeLimit limit(keyspace.limits().list_max_listpack_size);
  const auto all_bytes = static_cast<size_t>(elements.end - elements.begin);
  if (limit.Fits(kListpackEmptyBytes + all_bytes, elements.count) &&
      all_bytes < kListpackBytesMax) {
    MakePack(elements, storage);
    return EncodePacked(keyspace, db, {ValueType::kList, storage}, content);
  }
  content.type = ValueType::kList;
  PackSlot root;
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  const auto append = [&](const PackRange& node) {
    PackSlot key;
    key.weight = node.count;
    MakePack(node, storage);
    return tree.Append(storage, key);
  };
  const bool done = NodesFit(nodes, limit) ? AppendNodes(elements, nodes, append)
                                           : DivideIntoNodes(elements, limit, append);
  if (!done) {
    FreePackTree(keyspace.arena(), root);
    return Status(StatusCode::kOutOfMemory);
  }
  UseRoots(&root, 1, content, storage);
  return Status();
}

}  // namespace snapfork
