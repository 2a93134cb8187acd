// bulk_insert.h - many new entries, with their index buckets fetched ahead.
//
// A load is bound by one cache miss a key in the index. Here the bucket is prefetched when the
// entry is written, and the slot is inserted a few entries later. Entries inserted this way are
// not to be looked up before Finish().
//
// Runs in: the loader's thread, which owns the keyspace meanwhile.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "keyspace/keyspace.h"

namespace snapfork {

class BulkInsert {
 public:
  explicit BulkInsert(Keyspace& keyspace) : keyspace_(keyspace) {}

  // kDuplicateKey if an earlier entry of this bulk, or the keyspace, has a key of the same name:
  // found at this call or one of the next few, or at Finish(). Its offset is the `position` of the
  // entry that came second. After any error what is not in the index yet is given up, as by
  // Abandon().
  Status AddString(uint32_t db, std::string_view key, std::string_view value, int64_t expiry,
                   int64_t position = -1);
  Status AddInteger(uint32_t db, std::string_view key, int64_t value, int64_t expiry,
                    int64_t position = -1);
  Status Finish();
  // Drops the entries that are not in the index yet: a walk would find them.
  void Abandon();

 private:
  static constexpr size_t kAhead = 16;

  struct Pending {
    uint64_t hash;
    Handle handle;
    uint32_t db;
    int64_t expiry;
    int64_t position;
  };

  Status Add(uint32_t db, const EntryContent& content, int64_t position);
  Status InsertFirst();
  void Drop(Handle handle);

  Keyspace& keyspace_;
  std::array<Pending, kAhead> pending_;
  size_t added_ = 0;
  size_t inserted_ = 0;
};

}  // namespace snapfork
