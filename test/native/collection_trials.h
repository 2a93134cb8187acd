// collection_trials.h - the trials that every collection has to pass, against a model of it.
//
// A model runs random commands on the keyspace and on containers of the standard library at once.

#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keyspace/key_ops.h"
#include "keyspace/string_ops.h"
#include "memory_limit.h"
#include "passed_bits.h"
#include "test.h"

namespace sf {

// What the models of all types have in common. `Value` is what a key holds.
template <typename Value>
class CollectionModel {
 public:
  CollectionModel(snapfork::Keyspace& keyspace, uint64_t stream)
      : keyspace_(keyspace), random_(stream) {
    keyspace.SetClock(1'000'000);
  }
  virtual ~CollectionModel() = default;

  // One random command on both. False, with the failure noted, if they differ.
  virtual bool Step() = 0;
  // Whether an entry holds a value and nothing else. Also in a forked child.
  virtual bool Same(snapfork::EntryView entry, const Value& value) const = 0;

  // Compares everything.
  bool Holds() {
    for (uint32_t db = 0; db < 2; ++db) {
      size_t keys = db == 0 ? other_keys : 0;
      for (const auto& [name, value] : values) {
        if (name.first != db) continue;
        const snapfork::EntryView entry = keyspace_.Lookup(db, name.second).entry;
        if (!EXPECT_TRUE(static_cast<bool>(entry))) return false;
        if (!EXPECT_TRUE(Same(entry, value))) return false;
        ++keys;
      }
      if (!EXPECT_EQ(keyspace_.database(db).index.size(), keys)) return false;
    }
    return true;
  }

  // By database and key.
  std::map<std::pair<uint32_t, std::string>, Value> values;
  // Keys of database 0 that are not the model's.
  size_t other_keys = 0;
  uint64_t failed = 0;  // commands without memory

  snapfork::Keyspace& keyspace() { return keyspace_; }

 protected:
  // Whether the command was done; false if it had no memory, and then has changed nothing.
  bool Done(snapfork::Status status) {
    if (status.code() == snapfork::StatusCode::kOutOfMemory) {
      ++failed;
      return false;
    }
    return EXPECT_OK(status);
  }

  std::string Key() { return "key:" + std::to_string(random_.Below(5)); }

  // Of every class: integers, short and empty texts, now and then one that is larger than a leaf.
  std::string Element(uint64_t kinds) {
    switch (random_.Below(8)) {
      case 0:
      case 1:
        return std::to_string(static_cast<int64_t>(random_.Below(kinds)) * 12345 - 600000);
      case 2:
        return std::string(random_.Below(70), 'e');
      case 3:
        return random_.Below(100) == 0 ? std::string(1 + random_.Below(5000), 'E') : "";
      default:
        return "element:" + std::to_string(random_.Below(kinds));
    }
  }

  // Copies, renames or removes a key.
  bool ChangeKey(uint32_t db, const std::string& key) {
    const auto held = values.find({db, key});
    const bool present = held != values.end();
    switch (random_.Below(3)) {
      case 0: {
        bool copied = false;
        const std::string to = Key();
        if (!Done(KeyCopy(keyspace_, db, key, 1 - db, to, true, copied))) return true;
        if (present) values[{1 - db, to}] = Value(held->second);
        return EXPECT_EQ(copied, present);
      }
      case 1: {
        const std::string to = Key();
        snapfork::RenameOutcome outcome;
        if (!Done(KeyRename(keyspace_, db, key, to, false, outcome))) return true;
        if (present && key != to) {
          Value value = std::move(held->second);
          values.erase(held);
          values[{db, to}] = std::move(value);
        }
        return EXPECT_EQ(outcome == snapfork::RenameOutcome::kRenamed, present);
      }
      default:
        if (present) values.erase(held);
        return EXPECT_EQ(KeyRemove(keyspace_, db, key), present);
    }
  }

  snapfork::Keyspace& keyspace_;
  Random random_;
};

inline std::unique_ptr<snapfork::Keyspace> OpenWith(const snapfork::EncodingLimits& limits) {
  auto keyspace = std::make_unique<snapfork::Keyspace>();
  EXPECT_OK(keyspace->Open({.databases = 2}));
  keyspace->limits() = limits;
  return keyspace;
}

// All that was used is free again.
inline void FlushAndCheck(snapfork::Keyspace& keyspace) {
  keyspace.arena().PerformDeferred(SIZE_MAX);
  for (uint32_t db = 0; db < 2; ++db) keyspace.Flush(db);
  EXPECT_EQ(keyspace.arena().used_bytes(), 0);
}

template <typename Model>
void AgreesWithTheModel(const snapfork::EncodingLimits& limits, uint64_t stream) {
  const auto keyspace = OpenWith(limits);
  Model model(*keyspace, stream);
  for (int i = 0; i < 20000; ++i) {
    ASSERT_TRUE(model.Step());
    if (i % 2000 == 0) ASSERT_TRUE(model.Holds());
  }
  ASSERT_TRUE(model.Holds());
  while (!model.values.empty()) {
    const auto [db, key] = model.values.begin()->first;
    model.values.erase(model.values.begin());
    EXPECT_TRUE(KeyRemove(*keyspace, db, key));
  }
  while (keyspace->FreeUnlinked(100) > 0) continue;
  EXPECT_EQ(keyspace->arena().used_bytes(), 0);
}

// Forks a child that compares everything, as it is now, with the model once the pipe is closed.
template <typename Model>
pid_t ForkReader(Model& model, int& end) {
  snapfork::Keyspace& keyspace = model.keyspace();
  // The child has no index.
  std::vector<snapfork::EntryView> entries;
  for (const auto& [name, value] : model.values) {
    entries.push_back(keyspace.Lookup(name.first, name.second).entry);
  }
  int ends[2];
  EXPECT_TRUE(pipe(ends) == 0);
  keyspace.keeper().Pause();
  keyspace.arena().page_heap().SetForkable(true);
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[1]);
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
    size_t at = 0;
    for (const auto& [name, value] : model.values) {
      if (!model.Same(entries[at++], value)) _exit(1);
    }
    _exit(0);
  }
  keyspace.arena().page_heap().SetForkable(false);
  keyspace.keeper().Resume();
  close(ends[0]);
  end = ends[1];
  return pid;
}

template <typename Model>
void ShowsAForkedChildTheInstantOfTheFork(const snapfork::EncodingLimits& limits,
                                          uint64_t stream) {
  const auto keyspace = OpenWith(limits);
  Model model(*keyspace, stream);
  PassedBits passed;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(model.Step());
    keyspace->arena().PerformDeferred(SIZE_MAX);
    int end = -1;
    const pid_t pid = ForkReader(model, end);
    keyspace->arena().BeginFreeze(passed.Fresh());
    for (int i = 0; i < 1500; ++i) ASSERT_TRUE(model.Step());
    close(end);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    keyspace->arena().EndFreeze();
  }
  ASSERT_TRUE(model.Holds());
  FlushAndCheck(*keyspace);
}

// 0, or what went wrong.
template <typename Model>
int RunWithoutMemory(const snapfork::EncodingLimits& limits, uint64_t stream) {
  const auto keyspace = OpenWith(limits);
  Model model(*keyspace, stream);
  PassedBits passed;
  for (int i = 0; i < 2000; ++i) {
    if (!model.Step()) return 1;
  }
  // The regions cannot commit their next step, while the C++ heap still can grow.
  Limit(RLIMIT_DATA, ProcessBytes("VmData") + (60u << 20));
  const std::string filler(30000, 'f');
  size_t filled = 0;
  bool done = false;
  for (size_t size = filler.size(); size > 0; size /= 4) {
    while (StringSet(*keyspace, 0, "fill:" + std::to_string(filled), {filler.data(), size}, 0,
                     snapfork::kNoExpiry, done)
               .ok()) {
      ++filled;
    }
  }
  model.other_keys = filled;
  if (filled == 0) return 2;
  // Every change has to be made in memory that is not there.
  keyspace->arena().BeginFreeze(passed.Fresh());
  for (int i = 0; i < 1500; ++i) {
    if (!model.Step()) return 3;
    if (i % 20 == 0 && !model.Holds()) return 4;
    if (i % 300 == 299) {  // room for something
      KeyRemove(*keyspace, 0, "fill:" + std::to_string(--filled));
      --model.other_keys;
      keyspace->arena().EndFreeze();
      keyspace->arena().PerformDeferred(SIZE_MAX);
      if (i < 900) keyspace->arena().BeginFreeze(passed.Fresh());
    }
  }
  if (keyspace->arena().freezing()) keyspace->arena().EndFreeze();
  if (!model.Holds()) return 5;
  return model.failed > 20 ? 0 : 6;
}

template <typename Model>
void ChangesNothingWithoutMemory(const snapfork::EncodingLimits& limits, uint64_t stream) {
  EXPECT_EQ(InChild([&] { return RunWithoutMemory<Model>(limits, stream); }), 0);
}

}  // namespace sf
