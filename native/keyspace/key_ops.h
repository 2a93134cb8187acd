// key_ops.h - what the generic key commands do to the keyspace; no parsing, no replies.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/glob.h"
#include "keyspace/keyspace.h"

namespace snapfork {

enum ExpiryFlags : uint32_t {
  kExpiryIfNone = 1,
  kExpiryIfSome = 2,
  kExpiryIfLater = 4,
  kExpiryIfEarlier = 8,
};

enum class ExpiryOutcome : int { kNothing = 0, kSet = 1, kRemoved = 2 };
enum class RenameOutcome : int { kNoSuchKey = 0, kRenamed = 1, kTargetExists = 2 };

bool KeyExists(Keyspace& keyspace, uint32_t db, std::string_view key);
// The same for a key that counts as used then.
bool KeyTouch(Keyspace& keyspace, uint32_t db, std::string_view key);
bool KeyRemove(Keyspace& keyspace, uint32_t db, std::string_view key);
ValueType KeyType(Keyspace& keyspace, uint32_t db, std::string_view key);

// What OBJECT ENCODING says, or null.
const char* KeyEncoding(Keyspace& keyspace, uint32_t db, std::string_view key);

// Bytes of memory that a key and its value take, rounding included; 0: no such key. Cost: a visit
// to every node of a large value.
uint64_t KeyBytes(Keyspace& keyspace, uint32_t db, std::string_view key);

constexpr int64_t kExpiryOfNoKey = -2;

// kExpiryOfNoKey, -1: no expiry, else Unix ms.
int64_t KeyExpiry(Keyspace& keyspace, uint32_t db, std::string_view key);

// A time that is not in the future removes the key.
Status KeySetExpiry(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t expiry,
                    uint32_t flags, ExpiryOutcome& outcome);
Status KeyPersist(Keyspace& keyspace, uint32_t db, std::string_view key, bool& done);

Status KeyRename(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view new_key,
                 bool only_if_absent, RenameOutcome& outcome);
// `done` is false if there is no such key, the target exists and not `replace`, or both are the
// same key.
Status KeyCopy(Keyspace& keyspace, uint32_t db, std::string_view key, uint32_t to_db,
               std::string_view to_key, bool replace, bool& done);
Status KeyMove(Keyspace& keyspace, uint32_t db, std::string_view key, uint32_t to_db, bool& done);

// A key that has not expired; empty if there is none.
EntryView KeyRandom(Keyspace& keyspace, uint32_t db);

// Visits the live entries of the buckets from `cursor` on whose keys match, until about `count`
// entries were looked at; returns the next cursor. Expired entries are passed over.
template <typename Visit>
uint64_t KeyScan(Keyspace& keyspace, uint32_t db, uint64_t cursor, uint64_t count,
                 std::string_view pattern, Visit&& visit) {
  const int64_t now = keyspace.Now();
  uint64_t seen = 0;
  do {
    cursor = keyspace.database(db).index.Scan(cursor, [&](Handle handle) {
      ++seen;
      const EntryView entry = keyspace.EntryAt(handle);
      if (entry.has_expiry() && entry.expiry() <= now) return;
      if (ScanMatch(pattern, entry.key())) visit(entry);
    });
  } while (cursor != 0 && seen < count);
  return cursor;
}

}  // namespace snapfork
