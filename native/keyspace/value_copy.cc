// value_copy.cc - external objects and trees, copied.

#include "keyspace/value_copy.h"

#include "ds/intset.h"
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

}  // namespace

Status CloneValue(Keyspace& keyspace, uint32_t to_db, EntryContent& content, std::string& roots) {
  const uint16_t heap = keyspace.database(to_db).heap;
  if (IsExternal(content.encoding)) return CloneExternal(keyspace, heap, content);
  if (content.encoding == Encoding::kTree) return CloneTrees(keyspace, heap, content, roots);
  return Status();
}

}  // namespace snapfork
