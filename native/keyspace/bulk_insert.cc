// bulk_insert.cc - a ring of entries whose buckets are on their way into the cache.

#include "keyspace/bulk_insert.h"

#include "keyspace/string_ops.h"

namespace snapfork {

Status BulkInsert::AddString(uint32_t db, std::string_view key, std::string_view value,
                             int64_t expiry) {
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  SF_RETURN_IF_ERROR(EncodeString(keyspace_, db, value, content));
  return Add(db, content);
}

Status BulkInsert::AddInteger(uint32_t db, std::string_view key, int64_t value, int64_t expiry) {
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  content.encoding = Encoding::kInteger;
  content.integer = value;
  return Add(db, content);
}

Status BulkInsert::Add(uint32_t db, const EntryContent& content) {
  Database& database = keyspace_.database(db);
  Arena& arena = keyspace_.arena();
  const Handle handle = arena.Allocate(database.heap, ObjectKind::kEntry, content.TotalBytes());
  if (handle == 0) return Status(StatusCode::kOutOfMemory);
  content.WriteTo(arena.At(handle));
  const Pending pending{keyspace_.HashOf(content.key), handle, db, content.expiry};
  database.index.Prefetch(pending.hash);
  if (added_ - inserted_ == kAhead) SF_RETURN_IF_ERROR(Insert(pending_[inserted_++ % kAhead]));
  pending_[added_++ % kAhead] = pending;
  return Status();
}

Status BulkInsert::Insert(const Pending& pending) {
  const std::string_view key = keyspace_.EntryAt(pending.handle).key();
  const bool exists = keyspace_.database(pending.db).index.Find(pending.hash, [&](Handle handle) {
    return keyspace_.EntryAt(handle).key() == key;
  }) != nullptr;
  if (exists) return Status(StatusCode::kDuplicateKey);
  return keyspace_.InsertNew(pending.db, pending.hash, pending.handle, pending.expiry);
}

Status BulkInsert::Finish() {
  while (inserted_ < added_) SF_RETURN_IF_ERROR(Insert(pending_[inserted_++ % kAhead]));
  return Status();
}

}  // namespace snapfork
