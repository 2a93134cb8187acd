// bulk_insert.cc - a ring of entries whose buckets are on their way into the cache.

#include "keyspace/bulk_insert.h"

#include "keyspace/string_ops.h"

namespace snapfork {

Status BulkInsert::AddString(uint32_t db, std::string_view key, std::string_view value,
                             int64_t expiry, int64_t position) {
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  if (const Status status = EncodeString(keyspace_, db, value, content); !status.ok()) {
    Abandon();
    return status;
  }
  return Add(db, content, position);
}

Status BulkInsert::AddInteger(uint32_t db, std::string_view key, int64_t value, int64_t expiry,
                              int64_t position) {
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  content.encoding = Encoding::kInteger;
  content.integer = value;
  return Add(db, content, position);
}

Status BulkInsert::Add(uint32_t db, const EntryContent& content, int64_t position) {
  Database& database = keyspace_.database(db);
  Arena& arena = keyspace_.arena();
  const Handle handle = arena.Allocate(database.heap, ObjectKind::kEntry, content.TotalBytes());
  if (handle == 0) {
    if (content.encoding == Encoding::kExternal) arena.Free(content.external.handle);
    Abandon();
    return Status(StatusCode::kOutOfMemory);
  }
  content.WriteTo(arena.At(handle));
  const Pending pending{keyspace_.HashOf(content.key), handle, db, content.expiry, position};
  database.index.Prefetch(pending.hash);
  if (added_ - inserted_ == kAhead) {
    if (const Status status = InsertFirst(); !status.ok()) {
      Drop(handle);
      return status;
    }
  }
  pending_[added_++ % kAhead] = pending;
  return Status();
}

Status BulkInsert::InsertFirst() {
  const Pending& pending = pending_[inserted_ % kAhead];
  const std::string_view key = keyspace_.EntryAt(pending.handle).key();
  const bool exists = keyspace_.database(pending.db).index.Find(pending.hash, [&](Handle handle) {
    return keyspace_.EntryAt(handle).key() == key;
  }) != nullptr;
  const Status status =
      exists ? Status(StatusCode::kDuplicateKey, 0, pending.position)
             : keyspace_.InsertNew(pending.db, pending.hash, pending.handle, pending.expiry);
  if (status.ok()) {
    ++inserted_;
  } else {
    Abandon();
  }
  return status;
}

Status BulkInsert::Finish() {
  while (inserted_ < added_) SF_RETURN_IF_ERROR(InsertFirst());
  return Status();
}

void BulkInsert::Abandon() {
  for (; inserted_ < added_; ++inserted_) Drop(pending_[inserted_ % kAhead].handle);
}

void BulkInsert::Drop(Handle handle) {
  const EntryView entry = keyspace_.EntryAt(handle);
  Arena& arena = keyspace_.arena();
  if (entry.encoding() == Encoding::kExternal) arena.Free(entry.external().handle);
  arena.Free(handle);
}

}  // namespace snapfork
