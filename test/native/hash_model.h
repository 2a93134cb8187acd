// hash_model.h - random hash commands run against the keyspace and against std::map at once.

#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "keyspace/hash_edit.h"
#include "keyspace/hash_expiry.h"
#include "keyspace/hash_ops.h"
#include "keyspace/key_ops.h"
#include "test.h"

namespace sf {

struct ModelField {
  std::string value;
  int64_t expiry = snapfork::kNoExpiry;
  bool operator==(const ModelField&) const = default;
};
using ModelHash = std::map<std::string, ModelField>;
using ModelHashes = std::map<std::pair<uint32_t, std::string>, ModelHash>;

// Every field of a hash, those that are due included.
inline ModelHash FieldsOf(const snapfork::Keyspace& keyspace, snapfork::EntryView entry) {
  using namespace snapfork;
  ModelHash fields;
  VisitAllFields(keyspace, entry, [&](const PackElement& field, const FieldView& view) {
    char name[kIntegerTextMax];
    char value[kIntegerTextMax];
    const ModelField found{std::string(view.value.Text(value)), view.expiry};
    return fields.emplace(field.Text(name), found).second;
  });
  return fields;
}

class HashModel {
 public:
  HashModel(snapfork::Keyspace& keyspace, uint64_t stream) : keyspace_(keyspace), random_(stream) {
    keyspace.SetClock(now_);
  }

  // One random command on both. False, with the failure noted, if they differ. A command that has
  // no memory must have changed nothing, which Holds shows.
  bool Step() {
    if (random_.Below(20) == 0) keyspace_.SetClock(now_ += static_cast<int64_t>(random_.Below(30)));
    const auto db = static_cast<uint32_t>(random_.Below(2));
    const std::string key = Key();
    switch (random_.Below(24)) {
      case 0:
      case 1:
      case 2:
        return Remove(db, key);
      case 3:
      case 4:
      case 5:
      case 6:
        return Expire(db, key);
      case 7:
        return Persist(db, key);
      case 8:
        return Increment(db, key);
      case 9:
        return ExpireDue();
      case 10:
      case 11:
        return Read(db, key);
      case 12:
        return random_.Below(4) != 0 || CopyOrMove(db, key);
      case 13:
        return random_.Below(20) != 0 || RemoveKey(db, key);
      default:
        return Set(db, key);
    }
  }

  // Compares everything, the records of expiry too. (S4)
  bool Holds() {
    using namespace snapfork;
    for (uint32_t db = 0; db < 2; ++db) {
      size_t keys = 0;
      size_t expiring = 0;
      for (const auto& [name, fields] : hashes) {
        if (name.first != db) continue;
        const EntryView entry = keyspace_.Lookup(db, name.second).entry;
        if (!EXPECT_TRUE(static_cast<bool>(entry))) return false;
        if (!EXPECT_TRUE(FieldsOf(keyspace_, entry) == fields)) return false;
        if (!EXPECT_EQ(FieldCount(keyspace_, entry), fields.size())) return false;
        int64_t earliest = kNoExpiry;
        for (const auto& [field, held] : fields) {
          if (held.expiry == kNoExpiry) continue;
          earliest = earliest == kNoExpiry ? held.expiry : std::min(earliest, held.expiry);
        }
        if (!EXPECT_EQ(keyspace_.EarliestFieldExpiryOf(entry), earliest)) return false;
        ++keys;
        expiring += earliest != kNoExpiry;
      }
      const size_t others = db == 0 ? other_keys : 0;
      if (!EXPECT_EQ(keyspace_.database(db).index.size(), keys + others)) return false;
      if (!EXPECT_EQ(keyspace_.database(db).field_expiry.size(), expiring)) return false;
    }
    return true;
  }

  // By database and key; fields that are due until ExpireDue removes them.
  ModelHashes hashes;
  // Keys of database 0 that are not the model's.
  size_t other_keys = 0;
  uint64_t failed = 0;  // commands without memory

  snapfork::Keyspace& keyspace() { return keyspace_; }
  Random& random() { return random_; }

 private:
  std::string Key() { return "key:" + std::to_string(random_.Below(6)); }
  std::string Field() {
    if (random_.Below(3) == 0) return std::to_string(random_.Below(60));
    return "field:" + std::to_string(random_.Below(300));
  }
  std::string Value() {
    switch (random_.Below(8)) {
      case 0:
        return std::string(random_.Below(40), 'v');
      case 1:
        return random_.Below(20) == 0 ? std::string(random_.Below(4000), 'w') : "";
      default:
        return std::to_string(random_.Below(1000));
    }
  }
  bool IsDue(const ModelField& held) const {
    return held.expiry != snapfork::kNoExpiry && held.expiry <= now_;
  }
  // A field that is there and not due, or null.
  const ModelField* Live(uint32_t db, const std::string& key, const std::string& field) const {
    const auto hash = hashes.find({db, key});
    if (hash == hashes.end()) return nullptr;
    const auto at = hash->second.find(field);
    return at == hash->second.end() || IsDue(at->second) ? nullptr : &at->second;
  }
  void Drop(uint32_t db, const std::string& key, const std::string& field) {
    const auto hash = hashes.find({db, key});
    if (hash == hashes.end()) return;
    hash->second.erase(field);
    if (hash->second.empty()) hashes.erase(hash);
  }
  // Whether the command was done; false if it had no memory.
  bool Done(snapfork::Status status) {
    if (status.code() == snapfork::StatusCode::kOutOfMemory) {
      ++failed;
      return false;
    }
    return EXPECT_OK(status);
  }

  bool Set(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const std::string value = Value();
    const bool if_absent = random_.Below(4) == 0;
    const bool present = Live(db, key, field) != nullptr;
    bool created = false;
    const uint32_t flags = if_absent ? uint32_t{snapfork::kHashIfAbsent} : 0;
    if (!Done(HashSet(keyspace_, db, key, field, value, flags, created))) return true;
    if (!present || !if_absent) hashes[{db, key}][field] = {value};
    return EXPECT_EQ(created, !present);
  }

  bool Remove(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const bool present = Live(db, key, field) != nullptr;
    bool removed = false;
    if (!Done(HashRemove(keyspace_, db, key, field, removed))) return true;
    Drop(db, key, field);
    return EXPECT_EQ(removed, present);
  }

  bool Expire(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const int64_t expiry = now_ - 20 + static_cast<int64_t>(random_.Below(400));
    constexpr uint32_t kFlags[] = {0, 0, 1, 2, 4, 8};
    const uint32_t flags = kFlags[random_.Below(6)];
    const ModelField* const live = Live(db, key, field);
    int expected = -2;
    if (live != nullptr) {
      const bool has = live->expiry != snapfork::kNoExpiry;
      const bool holds = flags == 0 || (flags == 1 && !has) || (flags == 2 && has) ||
                         (flags == 4 && has && expiry > live->expiry) ||
                         (flags == 8 && (!has || expiry < live->expiry));
      expected = !holds ? 0 : expiry <= now_ ? 2 : 1;
    }
    snapfork::FieldExpiryOutcome outcome;
    if (!Done(HashSetExpiry(keyspace_, db, key, field, expiry, flags, outcome))) return true;
    if (expected == 1) hashes[{db, key}][field].expiry = expiry;
    if (expected == 2) Drop(db, key, field);
    return EXPECT_EQ(static_cast<int>(outcome), expected);
  }

  bool Persist(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const ModelField* const live = Live(db, key, field);
    const int expected = live == nullptr ? -2 : live->expiry == snapfork::kNoExpiry ? -1 : 1;
    int outcome = 0;
    if (!Done(HashPersist(keyspace_, db, key, field, outcome))) return true;
    if (expected == 1) hashes[{db, key}][field].expiry = snapfork::kNoExpiry;
    return EXPECT_EQ(outcome, expected);
  }

  bool Increment(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const ModelField held =
        Live(db, key, field) == nullptr ? ModelField{"0"} : *Live(db, key, field);
    const bool is_integer = !held.value.empty() && held.value[0] <= '9';
    int64_t value = 0;
    const snapfork::Status status = HashIncrement(keyspace_, db, key, field, -7, value);
    if (!is_integer) {
      return EXPECT_EQ(status, snapfork::Status(snapfork::StatusCode::kHashValueNotAnInteger));
    }
    if (!Done(status)) return true;
    hashes[{db, key}][field] = {std::to_string(value), held.expiry};
    return EXPECT_EQ(value, std::stoll(held.value) - 7);
  }

  bool ExpireDue() {
    size_t due = 0;
    for (const auto& [name, fields] : hashes) {
      due += static_cast<size_t>(std::count_if(fields.begin(), fields.end(),
                                               [&](const auto& f) { return IsDue(f.second); }));
    }
    // Without memory to take a field out it is tried again later: then nothing more can be told.
    const size_t limit = due / 2;
    if (other_keys > 0) return true;
    if (!EXPECT_EQ(HashExpireDueFields(keyspace_, limit), limit)) return false;
    if (!EXPECT_EQ(HashExpireDueFields(keyspace_, 1u << 30), due - limit)) return false;
    for (auto hash = hashes.begin(); hash != hashes.end();) {
      std::erase_if(hash->second, [&](const auto& f) { return IsDue(f.second); });
      hash = hash->second.empty() ? hashes.erase(hash) : std::next(hash);
    }
    return true;
  }

  bool Read(uint32_t db, const std::string& key) {
    const std::string field = Field();
    const ModelField* const live = Live(db, key, field);
    snapfork::FieldView view;
    if (!EXPECT_OK(HashGet(keyspace_, db, key, field, view))) return false;
    if (!EXPECT_EQ(static_cast<bool>(view), live != nullptr)) return false;
    char scratch[snapfork::kIntegerTextMax];
    if (live != nullptr && !EXPECT_EQ(view.value.Text(scratch), live->value)) return false;
    int64_t expiry = 0;
    if (!EXPECT_OK(HashFieldExpiry(keyspace_, db, key, field, expiry))) return false;
    return EXPECT_EQ(expiry, live == nullptr ? -2 : live->expiry);
  }

  bool CopyOrMove(uint32_t db, const std::string& key) {
    const std::string to = Key();
    const bool present = hashes.contains({db, key});
    bool done = false;
    if (random_.Below(2) == 0) {
      if (!Done(KeyCopy(keyspace_, db, key, 1 - db, to, true, done))) return true;
      if (present) hashes[{1 - db, to}] = hashes[{db, key}];
      return EXPECT_EQ(done, present);
    }
    snapfork::RenameOutcome outcome;
    if (!Done(KeyRename(keyspace_, db, key, to, false, outcome))) return true;
    if (present && key != to) {
      hashes[{db, to}] = hashes[{db, key}];
      hashes.erase({db, key});
    }
    return EXPECT_EQ(outcome == snapfork::RenameOutcome::kRenamed, present);
  }

  bool RemoveKey(uint32_t db, const std::string& key) {
    const bool present = hashes.erase({db, key}) > 0;
    return EXPECT_EQ(KeyRemove(keyspace_, db, key), present);
  }

  snapfork::Keyspace& keyspace_;
  Random random_;
  int64_t now_ = 1'000'000;
};

}  // namespace sf
