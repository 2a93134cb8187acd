// key_ops.cc - existence, expiry, and entries that change name or database.

#include "keyspace/key_ops.h"

#include "keyspace/tree_values.h"
#include "keyspace/value_copy.h"

namespace snapfork {
namespace {

// Longest string OBJECT ENCODING calls embstr.
constexpr uint64_t kEmbstrBytesMax = 44;

bool ConditionHolds(EntryView entry, int64_t expiry, uint32_t flags) {
  const bool has = entry.has_expiry();
  if ((flags & kExpiryIfNone) != 0 && has) return false;
  if ((flags & kExpiryIfSome) != 0 && !has) return false;
  // Without an expiry a key lives for ever: nothing is later than that.
  if ((flags & kExpiryIfLater) != 0 && (!has || expiry <= entry.expiry())) return false;
  if ((flags & kExpiryIfEarlier) != 0 && has && expiry >= entry.expiry()) return false;
  return true;
}

// Redis's names: those of its own structures, for what is one's equal here.
const char* CollectionEncoding(EntryView entry) {
  const Encoding encoding = entry.encoding();
  if (encoding == Encoding::kIntset || encoding == Encoding::kExternalIntset) return "intset";
  switch (entry.type()) {
    case ValueType::kStream:
      return "stream";
    case ValueType::kList:
      return encoding == Encoding::kTree ? "quicklist" : "listpack";
    case ValueType::kSortedSet:
      return encoding == Encoding::kTree ? "skiplist" : "listpack";
    case ValueType::kHash:
      if (encoding == Encoding::kTree) return "hashtable";
      return entry.has_field_expiry() ? "listpackex" : "listpack";
    default:
      return encoding == Encoding::kTree ? "hashtable" : "listpack";
  }
}

// Counts a look-up; whether it found the key.
bool Count(Keyspace& keyspace, const Found& found) {
  const bool exists = static_cast<bool>(found.entry);
  keyspace.CountLookup(exists);
  return exists;
}

// What was noted of a key's use goes with it to `to_key`.
void MoveAccess(Keyspace& keyspace, Handle from, uint32_t to_db, std::string_view to_key) {
  if (keyspace.access().on()) keyspace.access().Move(from, keyspace.Peek(to_db, to_key).handle());
}

// Stores a copy of `entry` at `target`, a result of Lookup for `to_key`.
Status PutCopy(Keyspace& keyspace, EntryView entry, uint32_t to_db, std::string_view to_key,
               const Found& target) {
  EntryContent content = Keyspace::ContentOf(entry);
  content.key = to_key;
  std::string roots;
  SF_RETURN_IF_ERROR(CloneValue(keyspace, to_db, content, roots));
  const Status status = keyspace.Put(to_db, target, content, Keyspace::Reuse::kNever);
  if (!status.ok()) keyspace.FreeValue(to_db, content);
  return status;
}

}  // namespace

bool KeyExists(Keyspace& keyspace, uint32_t db, std::string_view key) {
  return Count(keyspace, keyspace.Peek(db, key));
}

bool KeyTouch(Keyspace& keyspace, uint32_t db, std::string_view key) {
  return Count(keyspace, keyspace.Lookup(db, key));
}

bool KeyRemove(Keyspace& keyspace, uint32_t db, std::string_view key) {
  const Found found = keyspace.Peek(db, key);
  if (!found.entry) return false;
  keyspace.Remove(db, found);
  ++keyspace.counters().changes;
  return true;
}

ValueType KeyType(Keyspace& keyspace, uint32_t db, std::string_view key) {
  const Found found = keyspace.Peek(db, key);
  return found.entry ? found.entry.type() : ValueType::kNone;
}

const char* KeyEncoding(Keyspace& keyspace, uint32_t db, std::string_view key) {
  const Found found = keyspace.Peek(db, key);
  if (!found.entry) return nullptr;
  if (found.entry.type() != ValueType::kString) return CollectionEncoding(found.entry);
  if (found.entry.encoding() == Encoding::kInteger) return "int";
  const bool embedded =
      !found.entry.raw() && keyspace.StringBytesOf(found.entry) <= kEmbstrBytesMax;
  return embedded ? "embstr" : "raw";
}

uint64_t KeyBytes(Keyspace& keyspace, uint32_t db, std::string_view key) {
  const Found found = keyspace.Peek(db, key);
  if (!found.entry) return 0;
  const Arena& arena = keyspace.arena();
  uint64_t bytes = arena.CapacityOf(found.handle());
  if (IsExternal(found.entry.encoding())) {
    bytes += arena.CapacityOf(found.entry.external().handle);
  } else if (found.entry.encoding() == Encoding::kTree) {
    const PackTreeReader trees = keyspace.trees();
    VisitTreeRoots(trees, found.entry.type(), found.entry.inline_value().data(),
                   [&](const PackSlot& root) {
                     VisitPackNodes(trees, root, [&](Handle node) {
                       bytes += arena.CapacityOf(node);
                     });
                   });
  }
  return bytes;
}

int64_t KeyExpiry(Keyspace& keyspace, uint32_t db, std::string_view key) {
  const Found found = keyspace.Peek(db, key);
  return found.entry ? found.entry.expiry() : kExpiryOfNoKey;
}

Status KeySetExpiry(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t expiry,
                    uint32_t flags, ExpiryOutcome& outcome) {
  outcome = ExpiryOutcome::kNothing;
  const Found found = keyspace.Lookup(db, key);
  if (!found.entry || !ConditionHolds(found.entry, expiry, flags)) return Status();
  if (expiry <= keyspace.Now()) {
    keyspace.Remove(db, found);
    outcome = ExpiryOutcome::kRemoved;
  } else {
    if (found.entry.has_expiry()) {
      SF_RETURN_IF_ERROR(keyspace.ChangeExpiry(db, found, expiry));
    } else {
      EntryContent content = Keyspace::ContentOf(found.entry);
      content.expiry = expiry;
      SF_RETURN_IF_ERROR(keyspace.Put(db, found, content, Keyspace::Reuse::kNever));
    }
    outcome = ExpiryOutcome::kSet;
  }
  ++keyspace.counters().changes;
  return Status();
}

Status KeyPersist(Keyspace& keyspace, uint32_t db, std::string_view key, bool& done) {
  const Found found = keyspace.Lookup(db, key);
  done = found.entry && found.entry.has_expiry();
  if (!done) return Status();
  EntryContent content = Keyspace::ContentOf(found.entry);
  content.expiry = kNoExpiry;
  SF_RETURN_IF_ERROR(keyspace.Put(db, found, content, Keyspace::Reuse::kNever));
  ++keyspace.counters().changes;
  return Status();
}

Status KeyRename(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view new_key,
                 bool only_if_absent, RenameOutcome& outcome) {
  outcome = RenameOutcome::kNoSuchKey;
  Found source = keyspace.Lookup(db, key);
  if (!source.entry) return Status();
  const bool exists = static_cast<bool>(keyspace.Peek(db, new_key).entry);
  if (exists && only_if_absent) {
    outcome = RenameOutcome::kTargetExists;
    return Status();
  }
  outcome = RenameOutcome::kRenamed;
  if (key == new_key) return Status();
  // Looking the target up may have removed it and moved slots.
  source = keyspace.Peek(db, key);
  if (!source.entry) {
    outcome = RenameOutcome::kNoSuchKey;
    return Status();
  }
  const Handle from = source.handle();
  // An external value changes hands: it is not copied.
  EntryContent content = Keyspace::ContentOf(source.entry);
  content.key = new_key;
  const Found target = keyspace.Peek(db, new_key);
  SF_RETURN_IF_ERROR(keyspace.Put(db, target, content, Keyspace::Reuse::kNever));
  MoveAccess(keyspace, from, db, new_key);
  source.slot = keyspace.database(db).index.Find(source.hash, [&](Handle handle) {
    return keyspace.EntryAt(handle).address() == source.entry.address();
  });
  keyspace.Remove(db, source, Keyspace::ExternalValue::kKeep);
  ++keyspace.counters().changes;
  return Status();
}

Status KeyCopy(Keyspace& keyspace, uint32_t db, std::string_view key, uint32_t to_db,
               std::string_view to_key, bool replace, bool& done) {
  done = false;
  // The source first: looking the target up may remove it and move slots, but no entry.
  const EntryView source = keyspace.Lookup(db, key).entry;
  keyspace.CountLookup(static_cast<bool>(source));
  if (!source || (db == to_db && key == to_key)) return Status();
  const Found target = keyspace.Peek(to_db, to_key);
  if (target.entry && !replace) return Status();
  SF_RETURN_IF_ERROR(PutCopy(keyspace, source, to_db, to_key, target));
  done = true;
  ++keyspace.counters().changes;
  return Status();
}

Status KeyMove(Keyspace& keyspace, uint32_t db, std::string_view key, uint32_t to_db, bool& done) {
  done = false;
  if (db == to_db) return Status();
  const Found target = keyspace.Peek(to_db, key);
  const Found source = keyspace.Lookup(db, key);  // its slot is in another index than the target's
  if (!source.entry || target.entry) return Status();
  SF_RETURN_IF_ERROR(PutCopy(keyspace, source.entry, to_db, key, target));
  MoveAccess(keyspace, source.handle(), to_db, key);
  keyspace.Remove(db, source);
  done = true;
  ++keyspace.counters().changes;
  return Status();
}

EntryView KeyRandom(Keyspace& keyspace, uint32_t db) {
  // An expired entry is removed and another drawn.
  while (true) {
    const Handle handle = keyspace.database(db).index.Sample(keyspace.Random());
    if (handle == 0) return EntryView();
    const EntryView entry = keyspace.EntryAt(handle);
    if (!entry.has_expiry() || entry.expiry() > keyspace.Now()) return entry;
    keyspace.scratch().assign(entry.key());
    (void)keyspace.Peek(db, keyspace.scratch());
  }
}

}  // namespace snapfork
