// value_copy.cc - external objects and trees, copied.

#include "keyspace/value_copy.h"

#include "ds/intset.h"
#include "ds/record_tree.h"
#include "keyspace/stream_layout.h"
#include "keyspace/tree_values.h"

namespace snapfork {
namespace {

Status CloneExternal(Keyspace& keyspace, uint16_t heap, EntryContent& content) {
  Arena& arena = keyspace.arena();
  External& external = content.external;
  // A pack knows its size, and may have changed it without telling the entry.
  const uint8_t* const pack = arena.At(external.handle);
  if (content.encoding == Encoding::kExternalIntset) {
    external.bytes = Intset(pack).bytes();
  } else if (content.type != ValueType::kString) {
    external.bytes = Listpack(pack).bytes();
  }
  const Handle clone = arena.Allocate(heap, ObjectKind::kNode, external.bytes);
  if (clone == 0) return Status(StatusCode::kOutOfMemory);
  std::memcpy(arena.At(clone), arena.At(external.handle), external.bytes);
  external.handle = clone;
  return Status();
}

Status CloneTrees(Keyspace& keyspace, uint16_t heap, EntryContent& content, std::string& roots) {
  const std::string_view old = content.bytes;
  const SecondWord second =
      content.type == ValueType::kHash ? SecondWord::kMinimum : SecondWord::kKey;
  std::vector<PackSlot> copies;
  for (size_t at = 0; at < old.size(); at += sizeof(PackSlot)) {
    PackSlot copy;
    if (!ClonePackTree(keyspace.arena(), heap, LoadLittle<PackSlot>(old.data() + at), second,
                       copy)) {
      while (FreePackNodes(keyspace.arena(), copies, SIZE_MAX) > 0) continue;
      return Status(StatusCode::kOutOfMemory);
    }
    copies.push_back(copy);
  }
  roots.assign(BytesOfRoots(copies.data(), copies.size()));
  content.bytes = roots;
  return Status();
}

// Clones a tree and remembers the clone, for whoever has to free them all.
bool Clone(Keyspace& keyspace, uint16_t heap, const PackSlot& root, PackSlot& copy,
           std::vector<PackSlot>& made) {
  copy = PackSlot();
  if (root.empty()) return true;
  if (!ClonePackTree(keyspace.arena(), heap, root, SecondWord::kKey, copy)) return false;
  made.push_back(copy);
  return true;
}

// A group's record leads to trees: each is cloned, and the record told.
bool CloneGroup(Keyspace& keyspace, uint16_t heap, const GroupRecord& old, GroupRecord& group,
                std::vector<PackSlot>& made) {
  group = old;
  if (!Clone(keyspace, heap, old.pending, group.pending, made)) return false;
  group.consumers = PackSlot();
  RecordTree<ConsumerRecord> consumers(keyspace.arena(), heap, group.consumers);
  const bool done = VisitRecords<ConsumerRecord>(
      keyspace.trees(), old.consumers, [&](std::string_view name, const ConsumerRecord& record) {
        ConsumerRecord consumer = record;
        return Clone(keyspace, heap, record.pending, consumer.pending, made) &&
               consumers.Put(name, consumer);
      });
  if (!group.consumers.empty()) made.push_back(group.consumers);
  return done;
}

Status CloneStream(Keyspace& keyspace, uint16_t heap, EntryContent& content, std::string& roots) {
  StreamValue stream = LoadLittle<StreamValue>(content.bytes.data());
  const PackSlot old_groups = stream.groups;
  std::vector<PackSlot> made;
  const PackSlot old_entries = stream.entries;
  bool done = Clone(keyspace, heap, old_entries, stream.entries, made);
  stream.groups = PackSlot();
  RecordTree<GroupRecord> groups(keyspace.arena(), heap, stream.groups);
  done = done && VisitRecords<GroupRecord>(
                     keyspace.trees(), old_groups,
                     [&](std::string_view name, const GroupRecord& record) {
                       GroupRecord group;
                       return CloneGroup(keyspace, heap, record, group, made) &&
                              groups.Put(name, group);
                     });
  if (!done) {
    if (!stream.groups.empty()) made.push_back(stream.groups);
    while (FreePackNodes(keyspace.arena(), made, SIZE_MAX) > 0) continue;
    return Status(StatusCode::kOutOfMemory);
  }
  roots.assign(reinterpret_cast<const char*>(&stream), sizeof(stream));
  content.bytes = roots;
  return Status();
}

}  // namespace

Status CloneValue(Keyspace& keyspace, uint32_t to_db, EntryContent& content, std::string& roots) {
  const uint16_t heap = keyspace.database(to_db).heap;
  if (IsExternal(content.encoding)) return CloneExternal(keyspace, heap, content);
  if (content.type == ValueType::kStream) return CloneStream(keyspace, heap, content, roots);
  if (content.encoding == Encoding::kTree) return CloneTrees(keyspace, heap, content, roots);
  return Status();
}

}  // namespace snapfork
