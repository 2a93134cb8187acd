// bulk_insert.h - many new entries: one thread makes them, another one finds them a place.
//
// A load is bound by the index: one cache and TLB miss a key. So entries are written at once, and
// their slots are inserted later, batch by batch, sorted by where they go, on a thread of its own.
// Entries inserted this way are not to be looked up, and the index is not to be used, before
// Finish() or Abandon().
//
//   caller's thread     hash, allocate, write the entry        (arena)
//   inserter's thread   sort a batch, look for duplicates, insert   (index, expiry)
//
// Invariants
//   (B1) While a batch is handed over, the caller's thread uses neither it nor any index.
//   (B2) After an error nothing is added to the index, and every entry that is not in it is freed.
//
// Runs in: the loader's thread, which owns the keyspace meanwhile. Where no other thread can be
// had, it does all the work.

#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"

namespace snapfork {

class BulkInsert {
 public:
  explicit BulkInsert(Keyspace& keyspace) : keyspace_(keyspace) {}
  ~BulkInsert();
  BulkInsert(const BulkInsert&) = delete;
  BulkInsert& operator=(const BulkInsert&) = delete;

  // kDuplicateKey if an earlier entry of this bulk, or the keyspace, has a key of the same name:
  // found at this call or a later one, by Finish() at the latest. Its offset is the `position` of
  // the entry that came second. After an error what is not in the index yet is dropped, and every
  // later call returns the error.
  Status AddString(uint32_t db, std::string_view key, std::string_view value, int64_t expiry,
                   int64_t position = -1);
  Status AddInteger(uint32_t db, std::string_view key, int64_t value, int64_t expiry,
                    int64_t position = -1);
  // Any other value: `content` as Put takes it. What is outside of the entry is
  // freed if the entry cannot be made.
  Status Add(uint32_t db, const EntryContent& content, int64_t position = -1);
  // Of the next entry.
  void NoteAccess(const EntryAccess& access) { access_ = access; }
  // Makes room in the index of a database; only the first call for each database counts.
  void Reserve(uint32_t db, uint64_t entries);
  Status Finish();
  // Drops the entries that are not in the index yet: a walk would find them.
  void Abandon();

 private:
  static constexpr size_t kBatchEntries = 1u << 13;
  static constexpr size_t kParts = 256;
  // How far ahead in a sorted batch the bucket of an entry is fetched.
  static constexpr size_t kAhead = 16;

  struct Pending {
    uint64_t hash;
    Handle handle;
    uint32_t db;
    Keyspace::Times times;
    int64_t position;
    EntryAccess access;
  };
  using Batch = std::vector<Pending>;

  Status Fail(Status status);
  void Drop(const Pending& pending);

  // Caller's side of the hand-over.
  Status HandOver();
  Status Wait();
  bool StartThread();

  // Inserter's side.
  void Run();
  Status InsertBatch();
  void SortBatch();
  Status Insert(const Pending& pending);
  size_t PartOf(const Pending& pending) const;

  Keyspace& keyspace_;
  Batch filling_;
  EntryAccess access_;
  std::vector<bool> reserved_;
  Status status_;  // (B2)

  // The inserter's while `busy_`.
  Batch inserting_;
  Batch sorted_;
  size_t inserted_ = 0;  // of sorted_

  pthread_t thread_{};
  bool started_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false;
  bool stopping_ = false;
  Status batch_status_;
};

}  // namespace snapfork
