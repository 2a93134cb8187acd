// bulk_insert.cc - batches, sorted by bucket, on their way into the index.

#include "keyspace/bulk_insert.h"

#include <array>
#include <utility>

#include "base/thread.h"
#include "keyspace/string_ops.h"

namespace snapfork {

BulkInsert::~BulkInsert() {
  Abandon();
  if (!started_) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  pthread_join(thread_, nullptr);
}

Status BulkInsert::AddString(uint32_t db, std::string_view key, std::string_view value,
                             int64_t expiry, int64_t position) {
  if (!status_.ok()) return status_;
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  if (const Status status = EncodeString(keyspace_, db, value, content); !status.ok()) {
    return Fail(status);
  }
  return Add(db, content, position);
}

Status BulkInsert::AddInteger(uint32_t db, std::string_view key, int64_t value, int64_t expiry,
                              int64_t position) {
  if (!status_.ok()) return status_;
  EntryContent content;
  content.key = key;
  content.expiry = expiry;
  content.encoding = Encoding::kInteger;
  content.integer = value;
  return Add(db, content, position);
}

Status BulkInsert::Add(uint32_t db, const EntryContent& content, int64_t position) {
  Arena& arena = keyspace_.arena();
  Handle handle = 0;
  if (status_.ok()) {
    handle = arena.Allocate(keyspace_.database(db).heap, ObjectKind::kEntry, content.TotalBytes());
  }
  if (handle == 0) {
    keyspace_.FreeValue(db, content);
    return status_.ok() ? Fail(Status(StatusCode::kOutOfMemory)) : status_;
  }
  content.WriteTo(arena.At(handle));
  filling_.push_back({keyspace_.HashOf(content.key), handle, db, keyspace_.TimesOf(content),
                      position, std::exchange(access_, EntryAccess())});
  return filling_.size() < kBatchEntries ? Status() : HandOver();
}

void BulkInsert::Reserve(uint32_t db, uint64_t entries) {
  if (reserved_.size() <= db) reserved_.resize(db + 1);
  if (reserved_[db] || !Wait().ok()) return;
  reserved_[db] = true;
  keyspace_.database(db).index.Reserve(entries);
}

Status BulkInsert::Finish() {
  if (status_.ok() && !filling_.empty()) SF_RETURN_IF_ERROR(HandOver());
  return Wait();
}

void BulkInsert::Abandon() {
  if (!Wait().ok()) return;
  for (const Pending& pending : filling_) Drop(pending);
  filling_.clear();
}

// Makes `status` the one that sticks. REQUIRES: the inserter may be busy.
Status BulkInsert::Fail(Status status) {
  Abandon();
  if (status_.ok()) status_ = status;
  return status_;
}

void BulkInsert::Drop(const Pending& pending) {
  keyspace_.FreeValue(pending.db, Keyspace::ContentOf(keyspace_.EntryAt(pending.handle)));
  keyspace_.arena().Free(pending.handle);
}

// Gives the filled batch to the inserter, once it has done the one before.
Status BulkInsert::HandOver() {
  SF_RETURN_IF_ERROR(Wait());
  std::swap(filling_, inserting_);
  filling_.clear();
  // A thread does not pay for a few entries.
  if (inserting_.size() < kBatchEntries || !StartThread()) {
    batch_status_ = InsertBatch();
    return Wait();
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    busy_ = true;
  }
  changed_.notify_all();
  return Status();
}

// Until nothing is handed over. What a failed batch left is dropped, and what is filling too. (B2)
Status BulkInsert::Wait() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
  }
  if (batch_status_.ok()) return status_;
  status_ = std::exchange(batch_status_, Status());
  for (; inserted_ < sorted_.size(); ++inserted_) Drop(sorted_[inserted_]);
  for (const Pending& pending : filling_) Drop(pending);
  filling_.clear();
  return status_;
}

bool BulkInsert::StartThread() {
  if (started_) return true;
  started_ = snapfork::StartThread<BulkInsert, &BulkInsert::Run>(thread_, *this) == 0;
  return started_;
}

void BulkInsert::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || busy_; });
    if (!busy_) return;
    lock.unlock();
    const Status status = InsertBatch();
    lock.lock();
    batch_status_ = status;
    busy_ = false;
    changed_.notify_all();
  }
}

Status BulkInsert::InsertBatch() {
  SortBatch();
  const size_t count = sorted_.size();
  for (inserted_ = 0; inserted_ < count; ++inserted_) {
    if (inserted_ + kAhead < count) {
      const Pending& ahead = sorted_[inserted_ + kAhead];
      keyspace_.database(ahead.db).index.Prefetch(ahead.hash);
    }
    SF_RETURN_IF_ERROR(Insert(sorted_[inserted_]));
  }
  return Status();
}

// By parts of the table, so that consecutive insertions are near each other in memory. Entries of
// one key stay in their order: they are in the same part.
void BulkInsert::SortBatch() {
  std::array<size_t, kParts + 1> start{};
  for (const Pending& pending : inserting_) ++start[PartOf(pending) + 1];
  for (size_t part = 0; part < kParts; ++part) start[part + 1] += start[part];
  sorted_.resize(inserting_.size());
  for (const Pending& pending : inserting_) sorted_[start[PartOf(pending)]++] = pending;
}

size_t BulkInsert::PartOf(const Pending& pending) const {
  return keyspace_.database(pending.db).index.PartOf(pending.hash, kParts);
}

Status BulkInsert::Insert(const Pending& pending) {
  HashIndex& index = keyspace_.database(pending.db).index;
  // The entry is far from any cache by now: it is read only if there is one to compare it with.
  const bool exists = index.Find(pending.hash, [&](Handle handle) {
    return keyspace_.EntryAt(handle).key() == keyspace_.EntryAt(pending.handle).key();
  }) != nullptr;
  if (exists) return Status(StatusCode::kDuplicateKey, 0, pending.position);
  SF_RETURN_IF_ERROR(
      keyspace_.InsertNew(pending.db, pending.hash, pending.handle, pending.times));
  if (keyspace_.access().on()) keyspace_.access().Set(pending.handle, pending.access);
  return Status();
}

}  // namespace snapfork
