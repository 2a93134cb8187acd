// hash_ops_test.cc - hashes and the expiry of their fields against a model, in both forms.

#include "keyspace/hash_ops.h"

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "hash_model.h"
#include "keyspace/string_ops.h"
#include "memory_limit.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

std::unique_ptr<Keyspace> OpenKeyspace(uint64_t entries_max, uint64_t value_max = 64) {
  auto keyspace = std::make_unique<Keyspace>();
  EXPECT_OK(keyspace->Open({.databases = 2}));
  keyspace->limits().hash_max_listpack_entries = entries_max;
  keyspace->limits().hash_max_listpack_value = value_max;
  return keyspace;
}

// All that was used is free again.
void FlushAndCheck(Keyspace& keyspace) {
  keyspace.arena().PerformDeferred(SIZE_MAX);
  for (uint32_t db = 0; db < 2; ++db) keyspace.Flush(db);
  EXPECT_EQ(keyspace.arena().used_bytes(), 0);
}

TEST(HashOps, AgreeWithTheModelInEveryForm) {  // (S4)
  // Large at once, soon, hardly ever (packs beside their entries), never.
  for (const uint64_t entries_max : {0, 8, 150, 512}) {
    const auto keyspace = OpenKeyspace(entries_max, entries_max == 512 ? 5000 : 64);
    sf::HashModel model(*keyspace, 300 + entries_max);
    for (int i = 0; i < 30000; ++i) {
      ASSERT_TRUE(model.Step());
      if (i % 3000 == 0) ASSERT_TRUE(model.Holds());
    }
    ASSERT_TRUE(model.Holds());
    while (!model.hashes.empty()) {
      const auto [db, key] = model.hashes.begin()->first;
      model.hashes.erase(model.hashes.begin());
      EXPECT_TRUE(KeyRemove(*keyspace, db, key));
    }
    while (keyspace->FreeUnlinked(1000) > 0) continue;
    EXPECT_EQ(keyspace->arena().used_bytes(), 0);
    EXPECT_EQ(keyspace->database(0).field_expiry.size(), 0);
  }
}

// The fields of a hash that a freeze keeps as they are: not those in large objects, which are
// changed in place.
sf::ModelHash MovedFieldsOf(Keyspace& keyspace, EntryView entry) {
  sf::ModelHash fields;
  const auto add = [&](const PackElement& field, const FieldView& view) {
    char name[kIntegerTextMax];
    char value[kIntegerTextMax];
    fields[std::string(field.Text(name))] = {std::string(view.value.Text(value)), view.expiry};
    return true;
  };
  const auto is_moved = [&](Handle handle) {
    return keyspace.arena().CapacityOf(handle) <= kMovedBytesMax;
  };
  if (entry.encoding() == Encoding::kTree) {
    WalkPackTree(keyspace.trees(), RootOf(entry), [&](const PackSlot& slot, const Listpack& leaf) {
      return !is_moved(slot.handle()) || VisitPackFields(leaf, slot.mark(), add);
    });
  } else if (!IsExternal(entry.encoding()) || is_moved(entry.external().handle)) {
    VisitPackFields(Listpack(keyspace.PackOf(entry)), StrideOf(entry), add);
  }
  return fields;
}

TEST(HashOps, AgreeWithTheModelWhileFreezesComeAndGo) {  // (S2)
  for (const uint64_t entries_max : {8, 512}) {
    const auto keyspace = OpenKeyspace(entries_max);
    sf::HashModel model(*keyspace, 310 + entries_max);
    sf::PassedBits passed;
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 500; ++i) ASSERT_TRUE(model.Step());
      keyspace->arena().PerformDeferred(SIZE_MAX);
      std::vector<std::pair<EntryView, sf::ModelHash>> frozen;
      for (const auto& [name, fields] : model.hashes) {
        const EntryView entry = keyspace->Lookup(name.first, name.second).entry;
        frozen.emplace_back(entry, MovedFieldsOf(*keyspace, entry));
      }
      keyspace->arena().BeginFreeze(passed.Fresh());
      for (int i = 0; i < 700; ++i) ASSERT_TRUE(model.Step());
      ASSERT_TRUE(model.Holds());
      for (const auto& [entry, fields] : frozen) {
        ASSERT_TRUE(MovedFieldsOf(*keyspace, entry) == fields);
      }
      keyspace->arena().EndFreeze();
    }
    ASSERT_TRUE(model.Holds());
    FlushAndCheck(*keyspace);
  }
}

// Forks a child that compares all hashes, as they are now, with the model when the pipe is closed.
pid_t ForkReader(sf::HashModel& model, int& end) {
  Keyspace& keyspace = model.keyspace();
  std::vector<std::pair<EntryView, const sf::ModelHash*>> entries;
  for (const auto& [name, fields] : model.hashes) {
    entries.emplace_back(keyspace.Lookup(name.first, name.second).entry, &fields);
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
    for (const auto& [entry, fields] : entries) {
      if (sf::FieldsOf(keyspace, entry) != *fields) _exit(1);
    }
    _exit(0);
  }
  keyspace.arena().page_heap().SetForkable(false);
  keyspace.keeper().Resume();
  close(ends[0]);
  end = ends[1];
  return pid;
}

TEST(HashOps, ShowAForkedChildTheInstantOfTheFork) {
  for (const uint64_t entries_max : {8, 512}) {
    const auto keyspace = OpenKeyspace(entries_max);
    sf::HashModel model(*keyspace, 320 + entries_max);
    sf::PassedBits passed;
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 1000; ++i) ASSERT_TRUE(model.Step());
      keyspace->arena().PerformDeferred(SIZE_MAX);
      int end = -1;
      const pid_t pid = ForkReader(model, end);
      keyspace->arena().BeginFreeze(passed.Fresh());
      for (int i = 0; i < 2000; ++i) ASSERT_TRUE(model.Step());
      close(end);
      int status = 0;
      waitpid(pid, &status, 0);
      EXPECT_EQ(status, 0);
      keyspace->arena().EndFreeze();
    }
    ASSERT_TRUE(model.Holds());
  }
}

// 0, or what went wrong.
int RunWithoutMemory(uint64_t entries_max) {
  const auto keyspace = OpenKeyspace(entries_max);
  sf::HashModel model(*keyspace, 330 + entries_max);
  sf::PassedBits passed;
  for (int i = 0; i < 3000; ++i) {
    if (!model.Step()) return 1;
  }
  // The regions cannot commit their next step, while the C++ heap still can grow.
  sf::Limit(RLIMIT_DATA, sf::ProcessBytes("VmData") + (60u << 20));
  const std::string filler(30000, 'f');
  size_t filled = 0;
  bool done = false;
  for (size_t size = filler.size(); size > 0; size /= 4) {
    while (StringSet(*keyspace, 0, "fill:" + std::to_string(filled), {filler.data(), size}, 0,
                     kNoExpiry, done)
               .ok()) {
      ++filled;
    }
  }
  model.other_keys = filled;
  if (filled == 0) return 2;
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
  return model.failed > 20 ? 0 : 5;
}

TEST(HashOps, ChangeNothingWhenMemoryRunsOut) {  // (S3)
  for (const uint64_t entries_max : {8, 512}) {
    EXPECT_EQ(sf::InChild([&] { return RunWithoutMemory(entries_max); }), 0);
  }
}

bool Set(Keyspace& keyspace, std::string_view field, std::string_view value) {
  bool created = false;
  return EXPECT_OK(HashSet(keyspace, 0, "key", field, value, 0, created));
}

int Expire(Keyspace& keyspace, std::string_view field, int64_t expiry) {
  FieldExpiryOutcome outcome;
  EXPECT_OK(HashSetExpiry(keyspace, 0, "key", field, expiry, 0, outcome));
  return static_cast<int>(outcome);
}

TEST(HashOps, BecomeLargeWhereRedisDoes) {
  const auto keyspace = OpenKeyspace(4, 10);
  const auto encoding = [&] { return std::string(KeyEncoding(*keyspace, 0, "key")); };
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Set(*keyspace, std::to_string(i), "0123456789"));
  EXPECT_EQ(encoding(), "listpack");
  ASSERT_TRUE(Set(*keyspace, "3", "other"));
  EXPECT_EQ(encoding(), "listpack");
  ASSERT_TRUE(Set(*keyspace, "4", "one too many"));
  EXPECT_EQ(encoding(), "hashtable");
  bool removed = false;
  for (int i = 1; i < 5; ++i) {
    ASSERT_OK(HashRemove(*keyspace, 0, "key", std::to_string(i), removed));
  }
  EXPECT_EQ(encoding(), "hashtable");
  EXPECT_TRUE(KeyRemove(*keyspace, 0, "key"));
  ASSERT_TRUE(Set(*keyspace, "field", "01234567890"));
  EXPECT_EQ(encoding(), "hashtable");
}

// As RDB type 25 and Redis's listpackex have them.
TEST(HashOps, KeepFieldsOfACompactHashByExpiry) {
  const auto keyspace = OpenKeyspace(512);
  keyspace->SetClock(1000);
  for (const char* field : {"a", "b", "c", "d"}) ASSERT_TRUE(Set(*keyspace, field, "1"));
  EXPECT_EQ(Expire(*keyspace, "c", 5000), 1);
  EXPECT_EQ(Expire(*keyspace, "d", 3000), 1);
  EXPECT_EQ(Expire(*keyspace, "a", 4000), 1);
  std::string order;
  VisitAllFields(*keyspace, keyspace->Lookup(0, "key").entry,
                 [&](const PackElement& field, const FieldView&) {
                   order += std::string_view(field.text, field.bytes);
                   return true;
                 });
  EXPECT_EQ(order, "dacb");
  EXPECT_EQ(std::string(KeyEncoding(*keyspace, 0, "key")), "listpackex");
}

TEST(HashOps, ExpireFieldsEarliestFirstWithinTheLimit) {
  for (const uint64_t entries_max : {2, 512}) {
    const auto keyspace = OpenKeyspace(entries_max);
    keyspace->SetClock(1000);
    for (int i = 0; i < 100; ++i) {
      const std::string field = std::to_string(i);
      ASSERT_TRUE(Set(*keyspace, field, "value"));
      if (i % 2 == 0) EXPECT_EQ(Expire(*keyspace, field, 2000 + i), 1);
    }
    EXPECT_EQ(HashExpireDueFields(*keyspace, 100), 0);
    keyspace->SetClock(2049);
    uint64_t length = 0;
    ASSERT_OK(HashLength(*keyspace, 0, "key", length));
    EXPECT_EQ(length, 100);  // those that are due count until they are removed
    EXPECT_EQ(HashExpireDueFields(*keyspace, 10), 10);
    EXPECT_EQ(keyspace->EarliestFieldExpiryOf(keyspace->Lookup(0, "key").entry), 2020);
    EXPECT_EQ(HashExpireDueFields(*keyspace, 100), 15);
    EXPECT_EQ(keyspace->counters().expired_fields, 25);
    ASSERT_OK(HashLength(*keyspace, 0, "key", length));
    EXPECT_EQ(length, 75);
  }
}

TEST(HashOps, RemoveTheKeyWithItsLastField) {
  for (const uint64_t entries_max : {0, 512}) {
    const auto keyspace = OpenKeyspace(entries_max);
    keyspace->SetClock(1000);
    ASSERT_TRUE(Set(*keyspace, "expires", "value"));
    EXPECT_EQ(Expire(*keyspace, "expires", 2000), 1);
    keyspace->SetClock(2000);
    EXPECT_TRUE(KeyExists(*keyspace, 0, "key"));
    EXPECT_EQ(HashExpireDueFields(*keyspace, 100), 1);
    EXPECT_FALSE(KeyExists(*keyspace, 0, "key"));
    ASSERT_TRUE(Set(*keyspace, "past", "value"));
    EXPECT_EQ(Expire(*keyspace, "past", 2000), 2);
    EXPECT_FALSE(KeyExists(*keyspace, 0, "key"));
    EXPECT_EQ(keyspace->database(0).field_expiry.size(), 0);
    FlushAndCheck(*keyspace);
  }
}

TEST(HashOps, KeepTheExpiryOfAFieldThatIsIncrementedAndDropThatOfOneThatIsSet) {
  for (const uint64_t entries_max : {0, 512}) {
    const auto keyspace = OpenKeyspace(entries_max);
    keyspace->SetClock(1000);
    int64_t value = 0;
    int64_t expiry = 0;
    std::string text;
    ASSERT_TRUE(Set(*keyspace, "n", "5"));
    EXPECT_EQ(Expire(*keyspace, "n", 9000), 1);
    ASSERT_OK(HashIncrement(*keyspace, 0, "key", "n", 3, value));
    ASSERT_OK(HashIncrementFloat(*keyspace, 0, "key", "n", "0.5", text));
    EXPECT_EQ(text, "8.5");
    ASSERT_OK(HashFieldExpiry(*keyspace, 0, "key", "n", expiry));
    EXPECT_EQ(expiry, 9000);
    ASSERT_TRUE(Set(*keyspace, "n", "8.5"));
    ASSERT_OK(HashFieldExpiry(*keyspace, 0, "key", "n", expiry));
    EXPECT_EQ(expiry, kNoExpiry);
    EXPECT_EQ(keyspace->database(0).field_expiry.size(), 0);
  }
}

TEST(HashOps, RefuseAKeyOfAnotherType) {
  const auto keyspace = OpenKeyspace(512);
  bool done = false;
  uint64_t length = 0;
  int64_t number = 0;
  int outcome = 0;
  std::string text;
  FieldView view;
  FieldExpiryOutcome expired;
  const Status wrong(StatusCode::kWrongType);
  ASSERT_OK(StringSet(*keyspace, 0, "key", "value", 0, kNoExpiry, done));
  EXPECT_EQ(HashGet(*keyspace, 0, "key", "f", view), wrong);
  EXPECT_EQ(HashSet(*keyspace, 0, "key", "f", "v", 0, done), wrong);
  EXPECT_EQ(HashRemove(*keyspace, 0, "key", "f", done), wrong);
  EXPECT_EQ(HashLength(*keyspace, 0, "key", length), wrong);
  EXPECT_EQ(HashIncrement(*keyspace, 0, "key", "f", 1, number), wrong);
  EXPECT_EQ(HashIncrementFloat(*keyspace, 0, "key", "f", "1", text), wrong);
  EXPECT_EQ(HashSetExpiry(*keyspace, 0, "key", "f", 1, 0, expired), wrong);
  EXPECT_EQ(HashFieldExpiry(*keyspace, 0, "key", "f", number), wrong);
  EXPECT_EQ(HashPersist(*keyspace, 0, "key", "f", outcome), wrong);
}

}  // namespace
