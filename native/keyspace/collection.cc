// collection.cc - compact values in their entry or beside it.

#include "keyspace/collection.h"

namespace snapfork {
namespace {

// An object that grows by an element at a time is not to be copied each time.
size_t WithRoom(size_t bytes) { return bytes + bytes / 8; }

}  // namespace

Status EncodePacked(Keyspace& keyspace, uint32_t db, const PackedContent& packed,
                    EntryContent& content) {
  content.type = packed.type;
  content.field_expiry = packed.field_expiry;
  if (packed.bytes.size() <= kInlineValueBytesMax) {
    content.encoding = packed.intset ? Encoding::kIntset : Encoding::kInline;
    content.bytes = packed.bytes;
    return Status();
  }
  Arena& arena = keyspace.arena();
  const Handle handle =
      arena.Allocate(keyspace.database(db).heap, ObjectKind::kNode, WithRoom(packed.bytes.size()));
  if (handle == 0) return Status(StatusCode::kOutOfMemory);
  std::memcpy(arena.At(handle), packed.bytes.data(), packed.bytes.size());
  content.encoding = packed.intset ? Encoding::kExternalIntset : Encoding::kExternal;
  content.external = {handle, packed.bytes.size()};
  return Status();
}

Status PutContent(Keyspace& keyspace, uint32_t db, const Found& found,
                  const EntryContent& content) {
  const Status status = keyspace.Put(db, found, content);
  if (!status.ok()) keyspace.FreeValue(db, content);
  return status;
}

Status PutPacked(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 const PackedContent& packed) {
  EntryContent content;
  content.key = key;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  SF_RETURN_IF_ERROR(EncodePacked(keyspace, db, packed, content));
  return PutContent(keyspace, db, found, content);
}

Status PutRoots(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                ValueType type, const PackSlot* roots, size_t count, bool field_expiry) {
  EntryContent content;
  content.key = key;
  content.type = type;
  content.encoding = Encoding::kTree;
  content.field_expiry = field_expiry;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  content.bytes = BytesOfRoots(roots, count);
  return PutContent(keyspace, db, found, content);
}

PackEditor::PackEditor(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                       ValueType type)
    : keyspace_(keyspace),
      db_(db),
      found_(found),
      key_(key),
      type_(type),
      buffer_(keyspace.edit_buffer()) {
  if (!found.entry) {
    UseBuffer(kListpackEmptyBytes);
    ListpackClear(bytes_);
    return;
  }
  const uint8_t* const pack = keyspace.PackOf(found.entry);
  // Not with expiries: Put still has to see what the old pack says of them.
  if (IsExternal(found.entry.encoding()) && !found.entry.has_field_expiry()) {
    const Handle handle = found.entry.external().handle;
    Arena& arena = keyspace.arena();
    if (!arena.MovesForChange(handle)) {
      keyspace.NoteWrite(db, found);
      arena.NoteChange(handle);
      bytes_ = arena.At(handle);
      in_place_ = true;
      return;
    }
  }
  const size_t bytes = Listpack(pack).bytes();
  UseBuffer(bytes);
  std::memcpy(bytes_, pack, bytes);
}

void PackEditor::UseBuffer(size_t bytes) {
  if (buffer_.size() < bytes) buffer_.resize(bytes + bytes / 2);
  bytes_ = reinterpret_cast<uint8_t*>(buffer_.data());
}

Status PackEditor::Splice(const PackSplice& splice) {
  const size_t bytes = pack().bytes() + splice.InsertedBytes() - splice.removed_bytes;
  if (bytes > kListpackBytesMax) return Status(StatusCode::kOutOfMemory);
  if (in_place_) {
    const Handle handle = found_.entry.external().handle;
    if (bytes > keyspace_.arena().CapacityOf(handle)) {
      const uint8_t* const from = bytes_;
      UseBuffer(bytes);
      ListpackSpliceCopy(bytes_, from, splice);
      in_place_ = false;
      return Status();
    }
  } else {
    UseBuffer(bytes);
  }
  ListpackSplice(bytes_, splice);
  return Status();
}

Status PackEditor::Commit() {
  if (pack().empty()) {
    if (found_.entry) keyspace_.Remove(db_, found_);
    return Status();
  }
  const size_t bytes = pack().bytes();
  if (in_place_) {
    // Not at the limit itself, where the next element would bring it back.
    if (bytes > kInlineValueBytesMax / 2) return Status();
    const uint8_t* const from = bytes_;
    UseBuffer(bytes);
    std::memcpy(bytes_, from, bytes);
  }
  PackedContent packed{type_, {reinterpret_cast<const char*>(bytes_), bytes}};
  packed.field_expiry = found_.entry && found_.entry.has_field_expiry();
  const Status status = PutPacked(keyspace_, db_, found_, key_, packed);
  // Without memory for its smaller place it stays, changed, where it is.
  return in_place_ ? Status() : status;
}

}  // namespace snapfork
