// keyspace.h - the numbered databases: where entries are found, made, replaced and removed.
//
// Command semantics live in string_ops and key_ops; this class keeps entry, index slot and expiry
// record in step.
//
// Invariants
//   (S1) Every live entry object has exactly one slot, in the index of the database whose heap it
//        was allocated from, and a record in that database's expiry index iff it has an expiry.
//   (S2) A change to a small entry in a frozen chunk moves it: the old copy stays for the child.
//   (S3) When memory runs out an operation returns kOutOfMemory and has changed nothing; one of
//        several elements keeps those before the one it had no memory for.
//   (S4) A hash has a record in its database's field expiry index iff a field has an expiry: of
//        the earliest.
//
// Runs in: the owner's thread (the main thread, or the loader's while it loads).

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/prefetch.h"
#include "ds/expiry_index.h"
#include "ds/hash_index.h"
#include "ds/pack_tree.h"
#include "keyspace/access_info.h"
#include "keyspace/encoding_limits.h"
#include "keyspace/entry.h"
#include "keyspace/expiry_observer.h"
#include "keyspace/key_watch.h"
#include "mem/arena.h"

namespace snapfork {

struct KeyspaceOptions {
  uint32_t databases = 16;
  Backing backing = Backing::kSmallPages;
};

struct KeyspaceCounters {
  uint64_t changes = 0;
  uint64_t expired_keys = 0;
  uint64_t expired_fields = 0;
  uint64_t evicted_keys = 0;
  uint64_t moved_entries = 0;
  uint64_t moved_bytes = 0;
};

// Keys that were looked for to be read, and were there or not. Doubles, as JavaScript has numbers:
// it sets right what its commands have counted.
struct LookupCounts {
  double hits = 0;
  double misses = 0;
};

struct Database {
  explicit Database(BlockPool& blocks) : index(blocks), expiry(blocks), field_expiry(blocks) {}

  HashIndex index;
  ExpiryIndex expiry;
  ExpiryIndex field_expiry;
  uint16_t heap = 0;
  // Trees of removed keys whose nodes are freed a few at a time.
  std::vector<PackSlot> unlinked;
};

// A key looked up. `entry` is empty if the key is not there.
struct Found {
  uint64_t hash = 0;
  HashIndex::Slot* slot = nullptr;
  EntryView entry;

  Handle handle() const { return HashIndex::HandleOf(*slot); }
};

class Keyspace {
 public:
  Keyspace() : arena_(keeper_), blocks_(keeper_), access_(arena_.page_heap()) {}

  Status Open(const KeyspaceOptions& options);
  // Stops the keeper; frees everything. Called by the destructor too.
  void Close();
  ~Keyspace() { Close(); }

  uint32_t database_count() const { return static_cast<uint32_t>(databases_.size()); }
  Database& database(uint32_t db) { return *databases_[db]; }
  const Database& database(uint32_t db) const { return *databases_[db]; }

  // Is told of what expires; null for nobody.
  void set_expiry_observer(ExpiryObserver* observer) { expiry_observer_ = observer; }
  ExpiryObserver* expiry_observer() const { return expiry_observer_; }

  KeyWatch& watch() { return watch_; }
  // To be called when a command has ended, while keys are watched.
  void EndWatchedCommand();

  // Looks a key up; an entry whose time has come is removed first. The key counts as used.
  Found Lookup(uint32_t db, std::string_view key) {
    const Found found = Peek(db, key);
    if (access_.on() && found.entry) [[unlikely]] NoteUse(found.handle());
    return found;
  }
  // The same where only what is known of the key is asked for: it does not count as used.
  Found Peek(uint32_t db, std::string_view key);

  // Load what a lookup of the key will read into the cache: first the bucket, and some time later,
  // when it is there, the entry. Nothing is changed.
  uint64_t PrefetchBucket(uint32_t db, std::string_view key) const {
    const uint64_t hash = HashOf(key);
    databases_[db]->index.Prefetch(hash);
    return hash;
  }
  void PrefetchEntry(uint32_t db, uint64_t hash) const {
    databases_[db]->index.VisitLikely(hash, [&](Handle handle) {
      const uint8_t* const entry = arena_.At(handle);
      Prefetch(entry);
      Prefetch(entry + kCacheLineBytes);
    });
  }

  // The value of a key that was looked up is about to change where it is, by none of the functions
  // below, or counts as changed. All of those call it.
  void NoteWrite(uint32_t db, const Found& found) {
    if (watch_.is_active()) [[unlikely]] watch_.OnWrite(db, found.hash);
  }

  // Makes `content` the entry of `found` (a result of Lookup for content.key,
  // nothing changed since). Frees the old value outside of the entry unless it
  // is the new one's: the same external object, or a tree whose roots are
  // borrowed from the old entry. With Reuse::kNever the content may refer to
  // bytes of the old entry.
  enum class Reuse { kIfItFits, kNever };
  Status Put(uint32_t db, const Found& found, const EntryContent& content,
             Reuse reuse = Reuse::kIfItFits);
  // Changes an expiry that is there into another; moves the entry if it is frozen.
  Status ChangeExpiry(uint32_t db, const Found& found, int64_t expiry);
  // Moves the entry out of a frozen chunk, with its record of expiry, so that
  // what is at WritableValue() may be written.
  Status MakeWritable(uint32_t db, Found& found);
  uint8_t* WritableValue(const Found& found) {
    return arena_.At(found.handle()) + (found.entry.inline_value().data() -
                                        reinterpret_cast<const char*>(found.entry.address()));
  }
  // To be called when the earliest expiry of a hash's fields was changed where
  // it is.
  Status UpdateFieldExpiry(uint32_t db, const Found& found, int64_t old_earliest);
  enum class ExternalValue { kFree, kKeep };
  void Remove(uint32_t db, const Found& found, ExternalValue external = ExternalValue::kFree);

  // What the entry holds, borrowed from it.
  static EntryContent ContentOf(EntryView entry);
  // The string's bytes; an integer is formatted into `scratch` (kIntegerTextMax bytes).
  std::string_view StringOf(EntryView entry, char* scratch) const;
  uint64_t StringBytesOf(EntryView entry) const;

  // The listpack or intset of a compact value.
  const uint8_t* PackOf(EntryView entry) const {
    return IsExternal(entry.encoding())
               ? arena_.At(entry.external().handle)
               : reinterpret_cast<const uint8_t*>(entry.inline_value().data());
  }
  // Earliest expiry of a hash's fields, kNoExpiry if none has one.
  int64_t EarliestFieldExpiryOf(EntryView entry) const { return FieldExpiryOf(ContentOf(entry)); }
  PackTreeReader trees() const { return PackTreeReader(arena_.At(0)); }

  // Frees a value that has no entry yet, or no more. A large tree goes a few
  // nodes at a time.
  void FreeValue(uint32_t db, const EntryContent& content);
  // Frees up to about `limit` nodes of removed trees; returns how many.
  size_t FreeUnlinked(size_t limit);

  void Flush(uint32_t db);
  void Swap(uint32_t a, uint32_t b);
  // Removes up to `limit` entries whose time has come, in each database earliest first, and returns
  // how many.
  uint64_t ExpireDue(uint64_t limit);

  uint64_t HashOf(std::string_view key) const { return SipHash13(hash_key_, key); }
  EntryView EntryAt(Handle handle) const { return EntryView(arena_.At(handle)); }
  uint64_t Random();

  int64_t Now() const;
  // Freezes the clock at a time, or frees it again with kNoExpiry.
  void SetClock(int64_t now_ms) {
    frozen_now_ms_ = now_ms;
    access_.SetNow(Now());
  }
  // What SetClock was given last.
  int64_t frozen_clock() const { return frozen_now_ms_; }

  // What a limit of memory counts: live objects but those whose free only waits for a child, what
  // finds them, and what is known of them. O(1).
  uint64_t MemoryBytes() const {
    return arena_.used_bytes() - arena_.deferred_bytes() + blocks_.used_bytes() +
           arena_.page_heap().HeldMetaBytes() + access_.bytes();
  }
  // When, or how often, keys were used, where that is noted.
  AccessInfo& access() { return access_; }
  const AccessInfo& access() const { return access_; }

  Arena& arena() { return arena_; }
  const Arena& arena() const { return arena_; }
  BlockPool& blocks() { return blocks_; }
  Keeper& keeper() { return keeper_; }
  KeyspaceCounters& counters() { return counters_; }
  // Counts a key that was looked for to be read. One of another type than was asked for counts
  // where the error is made: a hot command hands it over to be run once more.
  void CountLookup(bool found) { ++(found ? lookups_->hits : lookups_->misses); }
  const LookupCounts& lookups() const { return *lookups_; }
  // Counts in memory that others see; it outlives the keyspace's use.
  void ShareLookups(LookupCounts* counts) { lookups_ = counts; }
  // Bytes put together here before they go to an entry.
  std::string& scratch() { return scratch_; }
  // The pack that a PackEditor works on.
  std::string& edit_buffer() { return edit_buffer_; }
  // Libraries of functions of a file that was loaded: written back as they are.
  std::vector<std::string>& functions() { return functions_; }
  const std::vector<std::string>& functions() const { return functions_; }
  EncodingLimits& limits() { return limits_; }
  const EncodingLimits& limits() const { return limits_; }

  // When an entry expires, and the first field of a hash: what the two expiry
  // indexes know.
  struct Times {
    int64_t expiry = kNoExpiry;
    int64_t field_expiry = kNoExpiry;
  };
  Times TimesOf(const EntryContent& content) const {
    return {content.expiry, FieldExpiryOf(content)};
  }
  // Inserts what the caller put together, without looking for an older entry of the name.
  Status InsertNew(uint32_t db, uint64_t hash, Handle handle, const Times& times);

 private:
  bool IsThere(uint32_t db, std::string_view key) const;
  void NoteUse(Handle handle);
  uint64_t ExpireDueIn(uint32_t db, int64_t now, uint64_t limit);
  int64_t FieldExpiryOf(const EntryContent& content) const;
  static bool MoveRecord(ExpiryIndex& index, int64_t old_time, Handle old_handle, int64_t new_time,
                         Handle new_handle);
  bool MoveRecords(Database& database, const Times& old_times, Handle old_handle,
                   const Times& new_times, Handle new_handle);

  // The keeper's thread works on the regions: it must be stopped before they go.
  Keeper keeper_;
  Arena arena_;
  BlockPool blocks_;
  AccessInfo access_;
  std::vector<std::unique_ptr<Database>> databases_;
  HashKey hash_key_{};
  uint64_t random_state_ = 0;
  int64_t frozen_now_ms_ = kNoExpiry;
  ExpiryObserver* expiry_observer_ = nullptr;
  KeyWatch watch_;
  uint32_t expire_first_ = 0;  // the database ExpireDue begins with
  KeyspaceCounters counters_;
  LookupCounts own_lookups_;
  LookupCounts* lookups_ = &own_lookups_;
  EncodingLimits limits_;
  std::string scratch_;
  std::string edit_buffer_;
  std::vector<std::string> functions_;
};

}  // namespace snapfork
