// keyspace_model.h - random commands run against the keyspace and against std::map at once.

#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "heap_walk.h"
#include "keyspace/key_ops.h"
#include "keyspace/keyspace.h"
#include "keyspace/string_ops.h"
#include "test.h"

namespace sf {

struct ModelEntry {
  std::string value;
  int64_t expiry = snapfork::kNoExpiry;
};
using ModelDatabase = std::map<std::string, ModelEntry, std::less<>>;

// (S1) and the arena's books: every live entry has a slot in its database and a record iff it
// expires, and all memory in use is theirs. REQUIRES: no deferred free. Returns what is wrong.
inline std::string CheckKeyspace(snapfork::Keyspace& keyspace) {
  using namespace snapfork;
  uint64_t used = 0;
  const ChunkMap map = keyspace.arena().page_heap().Map();
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) {
    Database& database = keyspace.database(db);
    uint64_t entries = 0;
    uint64_t with_expiry = 0;
    uint64_t without_slot = 0;
    const Status status = WalkHeap(
        map, database.heap,
        [&](EntryView entry) {
          const Handle handle = static_cast<Handle>(entry.address() - map.data) / kHandleUnit;
          const bool found = database.index.Find(keyspace.HashOf(entry.key()), [&](Handle other) {
            return other == handle;
          }) != nullptr;
          ++entries;
          without_slot += !found;
          with_expiry += entry.has_expiry();
          used += keyspace.arena().CapacityOf(handle);
          if (entry.encoding() == Encoding::kExternal) {
            used += keyspace.arena().CapacityOf(entry.external().handle);
          }
          return Status();
        },
        [](uint32_t) { return Status(); });
    if (!status.ok()) return "walk failed";
    if (without_slot > 0) return "entries without a slot";
    if (entries != database.index.size()) return "slots without an entry";
    if (with_expiry != database.expiry.size()) return "expiry records";
  }
  if (used != keyspace.arena().used_bytes()) return "memory that belongs to no entry";
  return "";
}

class KeyspaceModel {
 public:
  KeyspaceModel(snapfork::Keyspace& keyspace, uint64_t stream)
      : keyspace_(keyspace), random_(stream), databases_(keyspace.database_count()) {
    keyspace_.SetClock(now_);
  }

  // One random command on both. False, with the failure noted, if they differ.
  bool Step() {
    if (random_.Below(8) == 0) keyspace_.SetClock(now_ += static_cast<int64_t>(random_.Below(40)));
    const auto db = static_cast<uint32_t>(random_.Below(databases_.size()));
    const std::string key = Key();
    switch (random_.Below(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return Set(db, key);
      case 6:
      case 7:
        return Append(db, key);
      case 8:
      case 9:
        return SetRange(db, key);
      case 10:
        return Increment(db, key);
      case 11:
        return IncrementFloat(db, key);
      case 12:
      case 13:
        return Remove(db, key);
      case 14:
      case 15:
        return Expire(db, key);
      case 16:
        return Persist(db, key);
      case 17:
        return Rename(db, key);
      case 18:
        return Copy(db, key);
      case 19:
        return Move(db, key);
      case 20:
        return random_.Below(60) == 0 ? Flush(db) : Swap(db);
      case 21:
        return ExpireSome();
      default:
        return Read(db, key);
    }
  }

  // Removes what has expired on both sides and compares everything.
  bool Holds() {
    PurgeExpired();
    for (uint32_t db = 0; db < databases_.size(); ++db) {
      if (!EXPECT_EQ(keyspace_.database(db).index.size(), databases_[db].size())) return false;
      size_t seen = 0;
      uint64_t cursor = 0;
      bool same = true;
      do {
        cursor = snapfork::KeyScan(keyspace_, db, cursor, 50, "*", [&](snapfork::EntryView entry) {
          ++seen;
          same = same && Matches(db, entry);
        });
      } while (cursor != 0);
      if (!EXPECT_TRUE(same) || !EXPECT_EQ(seen, databases_[db].size())) return false;
    }
    return keyspace_.arena().deferred() > 0 || EXPECT_EQ(CheckKeyspace(keyspace_), std::string());
  }

  void PurgeExpired() {
    while (keyspace_.ExpireDue(100) > 0) {
    }
    for (ModelDatabase& database : databases_) {
      std::erase_if(database, [&](const auto& one) { return Expired(one.second); });
    }
  }

  // True if the model has exactly this entry. Safe in a forked child of a test.
  bool Matches(uint32_t db, snapfork::EntryView entry) const {
    const auto at = databases_[db].find(entry.key());
    char scratch[snapfork::kIntegerTextMax];
    return at != databases_[db].end() && at->second.expiry == entry.expiry() &&
           at->second.value == keyspace_.StringOf(entry, scratch);
  }

  size_t size() const {
    size_t count = 0;
    for (const ModelDatabase& database : databases_) count += database.size();
    return count;
  }
  Random& random() { return random_; }

 private:
  bool Expired(const ModelEntry& entry) const {
    return entry.expiry != snapfork::kNoExpiry && entry.expiry <= now_;
  }
  ModelEntry* Find(uint32_t db, std::string_view key) {
    const auto at = databases_[db].find(key);
    if (at == databases_[db].end()) return nullptr;
    if (!Expired(at->second)) return &at->second;
    databases_[db].erase(at);
    return nullptr;
  }

  std::string Key() {
    const uint64_t number = random_.Below(1500);
    std::string key = "key:" + std::to_string(number);
    if (number % 50 == 0) key += std::string(100 + number % 400, '\0');  // around 255: wide
    if (number == 77) key += std::string(140000, 'k');                   // a large entry
    if (number == 78) key.clear();
    return key;
  }

  std::string Value() {
    switch (random_.Below(16)) {
      case 0:
      case 1:
        return std::to_string(static_cast<int64_t>(random_.Next()) >> random_.Below(64));
      case 2:
        return random_.Bytes(250 + random_.Below(12));
      case 3:
        return random_.Bytes(2040 + random_.Below(20));
      case 4:
        return random_.Bytes(2049 + random_.Below(5000));
      case 5:
        return random_.Below(60) != 0 ? "x"
                                      : random_.Bytes(1) + std::string(random_.Below(5 << 20), 'L');
      case 6:
        return random_.Below(20) != 0 ? "" : std::string(130000 + random_.Below(3000), 'm');
      default:
        return random_.Bytes(random_.Below(120));
    }
  }

  int64_t SomeExpiry() { return now_ + 1 + static_cast<int64_t>(random_.Below(3000)); }

  bool Set(uint32_t db, const std::string& key) {
    const std::string value = Value();
    const auto flags = static_cast<uint32_t>(random_.Below(3) == 0 ? random_.Below(8) : 0);
    const int64_t expiry = random_.Below(3) == 0 ? SomeExpiry() : snapfork::kNoExpiry;
    bool done = false;
    if (!EXPECT_OK(snapfork::StringSet(keyspace_, db, key, value, flags, expiry, done)))
      return false;
    ModelEntry* const old = Find(db, key);
    const bool expected =
        !((flags & 1) != 0 && old != nullptr) && !((flags & 2) != 0 && old == nullptr);
    if (!EXPECT_EQ(done, expected)) return false;
    if (!done) return true;
    const int64_t kept = (flags & 4) != 0 && old != nullptr ? old->expiry : expiry;
    databases_[db][key] = {value, kept};
    return true;
  }

  bool Append(uint32_t db, const std::string& key) {
    const std::string value = Value();
    uint64_t length = 0;
    if (!EXPECT_OK(snapfork::StringAppend(keyspace_, db, key, value, length))) return false;
    ModelEntry* entry = Find(db, key);
    if (entry == nullptr) entry = &databases_[db][key];
    entry->value += value;
    const bool same = EXPECT_EQ(length, entry->value.size());
    if (entry->value.size() > 6u << 20) return Remove(db, key);
    return same;
  }

  bool SetRange(uint32_t db, const std::string& key) {
    const std::string value = Value();
    const uint64_t offset = random_.Below(random_.Below(30) == 0 ? 300000 : 300);
    uint64_t length = 0;
    if (!EXPECT_OK(snapfork::StringSetRange(keyspace_, db, key, offset, value, length)))
      return false;
    ModelEntry* entry = Find(db, key);
    if (!value.empty()) {
      if (entry == nullptr) entry = &databases_[db][key];
      if (entry->value.size() < offset + value.size()) entry->value.resize(offset + value.size());
      entry->value.replace(offset, value.size(), value);
    }
    return EXPECT_EQ(length, entry == nullptr ? 0 : entry->value.size());
  }

  bool Increment(uint32_t db, const std::string& key) {
    const int64_t delta = static_cast<int64_t>(random_.Next()) >> random_.Below(64);
    int64_t value = 0;
    const auto status = snapfork::StringIncrement(keyspace_, db, key, delta, value);
    ModelEntry* entry = Find(db, key);
    int64_t old = 0;
    int64_t sum = 0;
    if (entry != nullptr && !snapfork::ParseInteger(entry->value, old)) {
      return EXPECT_EQ(status.code(), snapfork::StatusCode::kNotAnInteger);
    }
    if (__builtin_add_overflow(old, delta, &sum)) {
      return EXPECT_EQ(status.code(), snapfork::StatusCode::kIncrementOverflow);
    }
    if (entry == nullptr) entry = &databases_[db][key];
    entry->value = std::to_string(sum);
    return EXPECT_OK(status) && EXPECT_EQ(value, sum);
  }

  bool IncrementFloat(uint32_t db, const std::string& key) {
    // Quarters are exact; what the key holds is set to be a short number first, now and then.
    const int64_t quarters = static_cast<int64_t>(random_.Below(4000)) - 2000;
    ModelEntry* entry = Find(db, key);
    int64_t old = 0;
    const bool number =
        entry == nullptr || (snapfork::ParseInteger(entry->value, old) && entry->value.size() < 10);
    if (!number) return true;
    snapfork::StringResult result;
    const std::string delta = std::to_string(static_cast<double>(quarters) / 4);
    if (!EXPECT_OK(snapfork::StringIncrementFloat(keyspace_, db, key, delta, result))) return false;
    const int64_t sum = old * 4 + quarters;
    std::string text = std::to_string(sum / 4);
    if (sum < 0 && sum > -4) text = "-0";
    constexpr const char* kFractions[] = {"", ".25", ".5", ".75"};
    text += kFractions[(sum < 0 ? -sum : sum) % 4];
    if (entry == nullptr) entry = &databases_[db][key];
    entry->value = text;
    return EXPECT_EQ(result.text, std::string_view(text));
  }

  bool Remove(uint32_t db, const std::string& key) {
    const bool removed = snapfork::KeyRemove(keyspace_, db, key);
    const bool expected = Find(db, key) != nullptr;
    databases_[db].erase(key);
    return EXPECT_EQ(removed, expected);
  }

  bool Expire(uint32_t db, const std::string& key) {
    const int64_t expiry = random_.Below(20) == 0 ? now_ - 5 : SomeExpiry();
    const auto flags = static_cast<uint32_t>(random_.Below(2) == 0 ? 0 : 1u << random_.Below(4));
    snapfork::ExpiryOutcome outcome;
    if (!EXPECT_OK(snapfork::KeySetExpiry(keyspace_, db, key, expiry, flags, outcome)))
      return false;
    ModelEntry* const entry = Find(db, key);
    if (entry == nullptr) return EXPECT_EQ(outcome, snapfork::ExpiryOutcome::kNothing);
    const bool has = entry->expiry != snapfork::kNoExpiry;
    const bool refused = ((flags & 1) != 0 && has) || ((flags & 2) != 0 && !has) ||
                         ((flags & 4) != 0 && (!has || expiry <= entry->expiry)) ||
                         ((flags & 8) != 0 && has && expiry >= entry->expiry);
    if (refused) return EXPECT_EQ(outcome, snapfork::ExpiryOutcome::kNothing);
    if (expiry <= now_) {
      databases_[db].erase(key);
      return EXPECT_EQ(outcome, snapfork::ExpiryOutcome::kRemoved);
    }
    entry->expiry = expiry;
    return EXPECT_EQ(outcome, snapfork::ExpiryOutcome::kSet) &&
           EXPECT_EQ(snapfork::KeyExpiry(keyspace_, db, key), expiry);
  }

  bool Persist(uint32_t db, const std::string& key) {
    bool done = false;
    if (!EXPECT_OK(snapfork::KeyPersist(keyspace_, db, key, done))) return false;
    ModelEntry* const entry = Find(db, key);
    const bool expected = entry != nullptr && entry->expiry != snapfork::kNoExpiry;
    if (expected) entry->expiry = snapfork::kNoExpiry;
    return EXPECT_EQ(done, expected);
  }

  bool Rename(uint32_t db, const std::string& key) {
    const std::string new_key = random_.Below(10) == 0 ? key : Key();
    const bool only_if_absent = random_.Below(2) == 0;
    snapfork::RenameOutcome outcome;
    if (!EXPECT_OK(snapfork::KeyRename(keyspace_, db, key, new_key, only_if_absent, outcome))) {
      return false;
    }
    ModelEntry* const source = Find(db, key);
    if (source == nullptr) return EXPECT_EQ(outcome, snapfork::RenameOutcome::kNoSuchKey);
    if (only_if_absent && Find(db, new_key) != nullptr) {
      return EXPECT_EQ(outcome, snapfork::RenameOutcome::kTargetExists);
    }
    if (key != new_key) {
      databases_[db][new_key] = *source;
      databases_[db].erase(key);
    }
    return EXPECT_EQ(outcome, snapfork::RenameOutcome::kRenamed);
  }

  bool Copy(uint32_t db, const std::string& key) {
    const auto to_db = static_cast<uint32_t>(random_.Below(databases_.size()));
    const std::string to_key = random_.Below(3) == 0 ? key : Key();
    const bool replace = random_.Below(2) == 0;
    bool done = false;
    if (!EXPECT_OK(snapfork::KeyCopy(keyspace_, db, key, to_db, to_key, replace, done)))
      return false;
    const ModelEntry* const source = Find(db, key);
    const bool expected = source != nullptr && !(db == to_db && key == to_key) &&
                          (replace || Find(to_db, to_key) == nullptr);
    if (expected) {
      const ModelEntry copy = *source;
      databases_[to_db][to_key] = copy;
    }
    return EXPECT_EQ(done, expected);
  }

  bool Move(uint32_t db, const std::string& key) {
    const auto to_db = static_cast<uint32_t>(random_.Below(databases_.size()));
    bool done = false;
    if (!EXPECT_OK(snapfork::KeyMove(keyspace_, db, key, to_db, done))) return false;
    const ModelEntry* const source = Find(db, key);
    const bool expected = source != nullptr && db != to_db && Find(to_db, key) == nullptr;
    if (expected) {
      databases_[to_db][key] = *source;
      databases_[db].erase(key);
    }
    return EXPECT_EQ(done, expected);
  }

  bool Flush(uint32_t db) {
    keyspace_.Flush(db);
    databases_[db].clear();
    return EXPECT_EQ(keyspace_.database(db).index.size(), 0u);
  }

  bool Swap(uint32_t db) {
    const auto other = static_cast<uint32_t>(random_.Below(databases_.size()));
    keyspace_.Swap(db, other);
    if (db != other) databases_[db].swap(databases_[other]);
    return true;
  }

  bool ExpireSome() {
    keyspace_.ExpireDue(random_.Below(5));
    return true;
  }

  bool Read(uint32_t db, const std::string& key) {
    const ModelEntry* const entry = Find(db, key);
    snapfork::StringResult result;
    const auto length = static_cast<int64_t>(entry == nullptr ? 0 : entry->value.size());
    const int64_t start = static_cast<int64_t>(random_.Below(20)) - 10;
    const int64_t end = static_cast<int64_t>(random_.Below(3000)) - 10;
    if (!EXPECT_OK(snapfork::StringGet(keyspace_, db, key, result)) ||
        !EXPECT_EQ(result.found, entry != nullptr) ||
        !EXPECT_TRUE(result.text == (entry == nullptr ? "" : entry->value)) ||
        !EXPECT_OK(snapfork::StringGetRange(keyspace_, db, key, start, end, result))) {
      return false;
    }
    const int64_t first = std::max<int64_t>(0, start < 0 ? length + start : start);
    const int64_t last = std::min(length - 1, end < 0 ? std::max<int64_t>(0, length + end) : end);
    const bool reversed = start < 0 && end < 0 && start > end;
    std::string expected;
    if (!reversed && first <= last) {
      expected =
          entry->value.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
    }
    uint64_t bytes = 0;
    return EXPECT_TRUE(result.text == expected) &&
           EXPECT_OK(snapfork::StringLength(keyspace_, db, key, bytes)) &&
           EXPECT_EQ(bytes, length) &&
           EXPECT_EQ(snapfork::KeyExists(keyspace_, db, key), entry != nullptr) &&
           EXPECT_EQ(snapfork::KeyExpiry(keyspace_, db, key),
                     entry == nullptr ? -2 : entry->expiry);
  }

  snapfork::Keyspace& keyspace_;
  Random random_;
  std::vector<ModelDatabase> databases_;
  int64_t now_ = 1'000'000;
};

}  // namespace sf
