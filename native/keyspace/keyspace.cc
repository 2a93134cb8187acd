// keyspace.cc - entries, slots and expiry records kept in step.

#include "keyspace/keyspace.h"

#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"
#include "keyspace/field_expiry.h"
#include "keyspace/tree_values.h"

namespace snapfork {

Status Keyspace::Open(const KeyspaceOptions& options) {
  SF_CHECK(options.databases >= 1 && options.databases <= kDatabasesMax);
  hash_key_ = RandomHashKey();
  random_state_ = RandomHashKey().first | 1;
  SF_RETURN_IF_ERROR(arena_.Open(options.backing, options.databases));
  SF_RETURN_IF_ERROR(blocks_.Open(options.backing));
  for (uint32_t i = 0; i < options.databases; ++i) {
    databases_.push_back(std::make_unique<Database>(blocks_));
    databases_.back()->heap = static_cast<uint16_t>(i);
  }
  return keeper_.Start();
}

void Keyspace::Close() {
  keeper_.Stop();
  databases_.clear();
}

int64_t Keyspace::Now() const {
  return frozen_now_ms_ == kNoExpiry ? WallMillis() : frozen_now_ms_;
}

uint64_t Keyspace::Random() {
  // xorshift64*: for RANDOMKEY, not for secrets.
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  return random_state_ * 0x2545f4914f6cdd1dull;
}

Found Keyspace::Peek(uint32_t db, std::string_view key) {
  Found found;
  found.hash = HashOf(key);
  found.slot = databases_[db]->index.Find(
      found.hash, [&](Handle handle) {
        // What is written next is moved: what that reads comes while the key is waited for.
        if (arena_.freezing()) {
          Prefetch(arena_.At(handle));
          arena_.PrefetchFree(handle);
        }
        return EntryAt(handle).key() == key;
      });
  if (found.slot != nullptr) found.entry = EntryAt(found.handle());
  if (found.entry && found.entry.has_expiry() && found.entry.expiry() <= Now()) {
    if (watch_.is_active()) watch_.OnGone(db, found.hash, key, KeyChange::kExpired);
    Remove(db, found);
    if (expiry_observer_ != nullptr) expiry_observer_->OnKeyExpired(db, key);
    ++counters_.expired_keys;
    found.slot = nullptr;
    found.entry = EntryView();
  }
  if (watch_.is_active()) watch_.OnLookup(db, found.hash, key, found.slot != nullptr);
  return found;
}

void Keyspace::NoteUse(Handle handle) {
  // The timer of the upkeep sets the time too, but not while the event loop is held up.
  if (access_.IsTimeDue()) access_.SetNow(Now());
  access_.Touch(handle);
}

Status Keyspace::Put(uint32_t db, const Found& found, const EntryContent& content, Reuse reuse) {
  NoteWrite(db, found);
  Database& database = *databases_[db];
  const size_t bytes = content.TotalBytes();
  if (!found.entry) {
    const Handle handle = arena_.Allocate(database.heap, ObjectKind::kEntry, bytes);
    if (handle == 0) return Status(StatusCode::kOutOfMemory);
    content.WriteTo(arena_.At(handle));
    const Status status = InsertNew(db, found.hash, handle, TimesOf(content));
    if (!status.ok()) arena_.Free(handle);
    return status;
  }
  const Handle old_handle = found.handle();
  const EntryContent old = ContentOf(found.entry);
  const bool frozen = arena_.IsFrozen(old_handle);
  const size_t capacity = arena_.CapacityOf(old_handle);
  const bool fits = reuse == Reuse::kIfItFits && !frozen && bytes <= capacity;
  Handle handle = old_handle;
  if (!fits || capacity != Arena::CapacityFor(bytes)) {
    handle = arena_.Allocate(database.heap, ObjectKind::kEntry, bytes);
    // Without memory for its smaller place it stays where it is.
    if (handle == 0 && fits) handle = old_handle;
    if (handle == 0) return Status(StatusCode::kOutOfMemory);
  }
  const bool in_place = handle == old_handle;
  if (!MoveRecords(database, TimesOf(old), old_handle, TimesOf(content), handle)) {
    if (!in_place) arena_.Free(handle);
    return Status(StatusCode::kOutOfMemory);
  }
  // Before the old entry is written over: its roots are in it.
  if (!SharesValue(old, content)) FreeValue(db, old);
  content.WriteTo(arena_.At(handle));
  if (!in_place) {
    HashIndex::SetHandle(found.slot, handle);
    if (access_.on()) [[unlikely]] access_.Move(old_handle, handle);
    if (frozen) {
      ++counters_.moved_entries;
      counters_.moved_bytes += Arena::CapacityFor(bytes);
    }
    arena_.Free(old_handle);
  } else {
    arena_.NoteChange(handle);
  }
  return Status();
}

Status Keyspace::MakeWritable(uint32_t db, Found& found) {
  NoteWrite(db, found);
  if (!arena_.IsFrozen(found.handle())) return Status();
  SF_RETURN_IF_ERROR(Put(db, found, ContentOf(found.entry), Reuse::kNever));
  found.entry = EntryAt(found.handle());
  return Status();
}

Status Keyspace::InsertNew(uint32_t db, uint64_t hash, Handle handle, const Times& times) {
  Database& database = *databases_[db];
  if (!MoveRecords(database, Times(), 0, times, handle)) return Status(StatusCode::kOutOfMemory);
  if (!database.index.Insert(hash, handle)) {
    MoveRecords(database, times, handle, Times(), 0);
    return Status(StatusCode::kOutOfMemory);
  }
  if (access_.on()) [[unlikely]] access_.Begin(handle);
  return Status();
}

bool Keyspace::MoveRecord(ExpiryIndex& index, int64_t old_time, Handle old_handle, int64_t new_time,
                          Handle new_handle) {
  if (old_time == new_time && old_handle == new_handle) return true;
  if (new_time != kNoExpiry && !index.Insert(new_time, new_handle)) return false;
  if (old_time != kNoExpiry) index.Erase(old_time, old_handle);
  return true;
}

bool Keyspace::MoveRecords(Database& database, const Times& old_times, Handle old_handle,
                           const Times& new_times, Handle new_handle) {
  const bool same_handle = old_handle == new_handle;
  const bool new_field = new_times.field_expiry != kNoExpiry &&
                         !(same_handle && new_times.field_expiry == old_times.field_expiry);
  // What can fail goes first, and is undone if the other fails.
  if (new_field && !database.field_expiry.Insert(new_times.field_expiry, new_handle)) {
    return false;
  }
  if (!MoveRecord(database.expiry, old_times.expiry, old_handle, new_times.expiry, new_handle)) {
    if (new_field) database.field_expiry.Erase(new_times.field_expiry, new_handle);
    return false;
  }
  const bool old_field = old_times.field_expiry != kNoExpiry &&
                         !(same_handle && new_times.field_expiry == old_times.field_expiry);
  if (old_field) database.field_expiry.Erase(old_times.field_expiry, old_handle);
  return true;
}

Status Keyspace::ChangeExpiry(uint32_t db, const Found& found, int64_t expiry) {
  SF_DCHECK(found.entry.has_expiry() && expiry != kNoExpiry);
  NoteWrite(db, found);
  if (found.entry.expiry() == expiry) return Status();
  EntryContent content = ContentOf(found.entry);
  content.expiry = expiry;
  if (arena_.IsFrozen(found.handle())) return Put(db, found, content, Reuse::kNever);
  const Handle handle = found.handle();
  if (!MoveRecord(databases_[db]->expiry, found.entry.expiry(), handle, expiry, handle)) {
    return Status(StatusCode::kOutOfMemory);
  }
  found.entry.StoreExpiry(arena_.At(handle), expiry);
  arena_.NoteChange(handle);
  return Status();
}

Status Keyspace::UpdateFieldExpiry(uint32_t db, const Found& found, int64_t old_earliest) {
  const Handle handle = found.handle();
  const int64_t earliest = EarliestFieldExpiryOf(found.entry);
  const bool done =
      MoveRecord(databases_[db]->field_expiry, old_earliest, handle, earliest, handle);
  return done ? Status() : Status(StatusCode::kOutOfMemory);
}

int64_t Keyspace::FieldExpiryOf(const EntryContent& content) const {
  if (!content.field_expiry) return kNoExpiry;
  const auto* const bytes = IsExternal(content.encoding)
                                ? arena_.At(content.external.handle)
                                : reinterpret_cast<const uint8_t*>(content.bytes.data());
  return content.encoding == Encoding::kTree ? EarliestInRoot(bytes) : EarliestInPack(bytes);
}

void Keyspace::Remove(uint32_t db, const Found& found, ExternalValue external) {
  NoteWrite(db, found);
  Database& database = *databases_[db];
  const Handle handle = found.handle();
  const EntryContent content = ContentOf(found.entry);
  MoveRecords(database, TimesOf(content), handle, Times(), 0);
  if (external == ExternalValue::kFree) FreeValue(db, content);
  database.index.Erase(found.hash, found.slot);
  arena_.Free(handle);
}

void Keyspace::FreeValue(uint32_t db, const EntryContent& content) {
  if (IsExternal(content.encoding)) arena_.Free(content.external.handle);
  if (content.encoding != Encoding::kTree) return;
  constexpr size_t kNodesAtOnce = 64;
  std::vector<PackSlot>& unlinked = databases_[db]->unlinked;
  const PackTreeReader reader(arena_.At(0));
  VisitTreeRoots(reader, content.type, content.bytes.data(), [&](const PackSlot& root) {
    if (!root.empty()) unlinked.push_back(root);
  });
  FreePackNodes(arena_, unlinked, kNodesAtOnce);
}

size_t Keyspace::FreeUnlinked(size_t limit) {
  size_t freed = 0;
  for (const auto& database : databases_) {
    if (freed < limit) freed += FreePackNodes(arena_, database->unlinked, limit - freed);
  }
  return freed;
}

EntryContent Keyspace::ContentOf(EntryView entry) {
  EntryContent content;
  content.key = entry.key();
  content.type = entry.type();
  content.encoding = entry.encoding();
  content.raw = entry.raw();
  content.field_expiry = entry.has_field_expiry();
  content.expiry = entry.expiry();
  switch (content.encoding) {
    case Encoding::kInline:
    case Encoding::kIntset:
    case Encoding::kTree:
      content.bytes = entry.inline_value();
      break;
    case Encoding::kInteger:
      content.integer = entry.integer();
      break;
    case Encoding::kExternal:
    case Encoding::kExternalIntset:
      content.external = entry.external();
      break;
  }
  return content;
}

std::string_view Keyspace::StringOf(EntryView entry, char* scratch) const {
  if (entry.encoding() == Encoding::kInline) return entry.inline_value();
  if (entry.encoding() == Encoding::kInteger) {
    return {scratch, FormatInteger(entry.integer(), scratch)};
  }
  const External value = entry.external();
  return {reinterpret_cast<const char*>(arena_.At(value.handle)), value.bytes};
}

uint64_t Keyspace::StringBytesOf(EntryView entry) const {
  char scratch[kIntegerTextMax];
  return StringOf(entry, scratch).size();
}

bool Keyspace::IsThere(uint32_t db, std::string_view key) const {
  const auto is_key = [&](Handle handle) { return EntryAt(handle).key() == key; };
  return databases_[db]->index.Find(HashOf(key), is_key) != nullptr;
}

void Keyspace::EndWatchedCommand() {
  watch_.EndCommand(counters_.changes,
                    [&](const WatchedKey& one) { return IsThere(one.db, one.key); });
}

void Keyspace::Flush(uint32_t db) {
  watch_.OnDatabase(db, [&](std::string_view key) { return IsThere(db, key); });
  Database& database = *databases_[db];
  counters_.changes += database.index.size();
  database.index.Clear();
  database.expiry.Clear();
  database.field_expiry.Clear();
  database.unlinked.clear();
  arena_.FreeHeap(database.heap);
  if (arena_.used_bytes() == 0) access_.Forget();
}

void Keyspace::Swap(uint32_t a, uint32_t b) {
  for (const uint32_t db : {a, b}) {
    watch_.OnDatabase(db, [&](std::string_view key) { return IsThere(db, key); });
  }
  if (a != b) databases_[a].swap(databases_[b]);
  ++counters_.changes;
}

uint64_t Keyspace::ExpireDue(uint64_t limit) {
  uint64_t removed = 0;
  const int64_t now = Now();
  access_.SetNow(now);
  const uint32_t count = database_count();
  for (uint32_t i = 0; i < count && removed < limit; ++i) {
    const uint32_t db = (expire_first_ + i) % count;
    removed += ExpireDueIn(db, now, limit - removed);
    // A database with a backlog does not keep the others waiting.
    if (removed == limit) expire_first_ = (db + 1) % count;
  }
  counters_.expired_keys += removed;
  return removed;
}

uint64_t Keyspace::ExpireDueIn(uint32_t db, int64_t now, uint64_t limit) {
  Database& database = *databases_[db];
  uint64_t removed = 0;
  int64_t time_ms = 0;
  Handle handle = 0;
  while (removed < limit && database.expiry.First(time_ms, handle) && time_ms <= now) {
    Found found;
    found.entry = EntryAt(handle);
    found.hash = HashOf(found.entry.key());
    found.slot = database.index.Find(found.hash, [&](Handle other) { return other == handle; });
    SF_CHECK(found.slot != nullptr);  // (S1)
    if (expiry_observer_ != nullptr) expiry_observer_->OnKeyExpired(db, found.entry.key());
    if (watch_.is_active()) {
      watch_.OnGone(db, found.hash, found.entry.key(), KeyChange::kExpired);
    }
    Remove(db, found);
    ++removed;
  }
  return removed;
}

}  // namespace snapfork
