// keyspace_test.cc - random commands against a model, freezes and real forks among them.

#include "keyspace/keyspace.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "keyspace_model.h"
#include "memory_probe.h"
#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

std::unique_ptr<Keyspace> OpenKeyspace(uint32_t databases = 4,
                                       Backing backing = Backing::kSmallPages) {
  auto keyspace = std::make_unique<Keyspace>();
  EXPECT_OK(keyspace->Open({.databases = databases, .backing = backing}));
  return keyspace;
}

TEST(Keyspace, AgreesWithTheModelOnRandomCommands) {  // (S1)
  for (Backing backing : {Backing::kSmallPages, Backing::kHugePages}) {
    const auto keyspace = OpenKeyspace(4, backing);
    sf::KeyspaceModel model(*keyspace, 170 + static_cast<uint64_t>(backing));
    for (int i = 0; i < 40000; ++i) {
      ASSERT_TRUE(model.Step());
      if (i % 4000 == 0) ASSERT_TRUE(model.Holds());
    }
    ASSERT_TRUE(model.Holds());
  }
}

TEST(Keyspace, AgreesWithTheModelWhileFreezesComeAndGo) {
  const auto keyspace = OpenKeyspace();
  sf::KeyspaceModel model(*keyspace, 172);
  sf::Random& random = model.random();
  Arena& arena = keyspace->arena();
  sf::PassedBits passed;
  for (int freeze = 0; freeze < 25; ++freeze) {
    for (uint64_t n = random.Below(2000); n > 0; --n) ASSERT_TRUE(model.Step());
    arena.PerformDeferred(SIZE_MAX);
    ASSERT_TRUE(model.Holds());
    arena.BeginFreeze(passed.Fresh());
    const uint32_t limit = arena.page_heap().chunk_limit();
    const bool ends_early = random.Below(3) == 0;
    for (uint32_t i = 0; i < (ends_early ? limit / 8 : limit); ++i) {
      for (uint64_t n = random.Below(60); n > 0; --n) ASSERT_TRUE(model.Step());
      passed.Pass(static_cast<uint32_t>(random.Below(limit)));
    }
    arena.EndFreeze();
    for (uint64_t n = random.Below(200); n > 0; --n) {
      ASSERT_TRUE(model.Step());
      arena.PerformDeferred(random.Below(5));
    }
  }
  arena.PerformDeferred(SIZE_MAX);
  ASSERT_TRUE(model.Holds());
  EXPECT_TRUE(keyspace->counters().moved_entries > 0);
}

// A forked child that walks its view one chunk a byte of the pipe, as a snapshot does, and
// compares it to the model it inherited. Ends with 0 if they are equal.
class Child {
 public:
  Child(Keyspace& keyspace, const sf::KeyspaceModel& model) : keyspace_(keyspace), model_(model) {
    void* const page = mmap(nullptr, sizeof(sf::PassedBits), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    passed_ = new (page) sf::PassedBits();
    EXPECT_TRUE(pipe(step_) == 0 && pipe(done_) == 0);
    signal(SIGPIPE, SIG_IGN);  // Advance may find that the child has ended.
    PageHeap& pages = keyspace.arena().page_heap();
    keyspace.keeper().Pause();
    pages.SetForkable(true);
    pid_ = fork();
    if (pid_ == 0) _exit(Walk());
    pages.SetForkable(false);
    keyspace.keeper().Resume();
    close(step_[0]);
    close(done_[1]);
    keyspace.arena().BeginFreeze(passed_->Fresh());
  }
  ~Child() { munmap(passed_, sizeof(sf::PassedBits)); }

  // Lets the child pass one more chunk; false when it has ended.
  bool Advance() {
    char byte = 0;
    return write(step_[1], &byte, 1) == 1 && read(done_[0], &byte, 1) == 1;
  }
  // Lets it run to its end; its exit code.
  int End() {
    close(step_[1]);
    int status = 0;
    waitpid(pid_, &status, 0);
    close(done_[0]);
    keyspace_.arena().EndFreeze();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  int Walk() {
    close(step_[1]);
    close(done_[0]);
    const ChunkMap map = keyspace_.arena().page_heap().Map();
    size_t seen = 0;
    bool same = true;
    for (uint32_t chunk = 1; chunk < map.chunk_limit; ++chunk) {
      if (map.chunks[chunk].free_pages == ~0u) continue;
      for (uint32_t db = 0; db < keyspace_.database_count(); ++db) {
        const auto visit = [&](EntryView entry) {
          ++seen;
          same = same && model_.Matches(db, entry);
          return Status();
        };
        if (!WalkChunk(map, keyspace_.database(db).heap, chunk, visit).ok()) return 3;
      }
      passed_->Pass(chunk);
      char byte = 0;
      if (read(step_[0], &byte, 1) == 1) (void)!write(done_[1], &byte, 1);
    }
    if (!same) return 4;
    return seen == model_.size() ? 0 : 5;
  }

  Keyspace& keyspace_;
  const sf::KeyspaceModel& model_;
  sf::PassedBits* passed_;
  int step_[2];
  int done_[2];
  pid_t pid_ = 0;
};

TEST(Keyspace, ShowsAForkedChildTheInstantOfTheForkWhateverFollows) {  // (S2)
  const auto keyspace = OpenKeyspace();
  sf::KeyspaceModel model(*keyspace, 173);
  sf::Random& random = model.random();
  for (int round = 0; round < 8; ++round) {
    for (uint64_t n = 500 + random.Below(4000); n > 0; --n) ASSERT_TRUE(model.Step());
    keyspace->arena().PerformDeferred(SIZE_MAX);
    ASSERT_TRUE(model.Holds());
    Child child(*keyspace, model);
    for (uint64_t chunks = random.Below(100); chunks > 0; --chunks) {
      for (uint64_t n = random.Below(80); n > 0; --n) ASSERT_TRUE(model.Step());
      if (!child.Advance()) break;
    }
    for (uint64_t n = random.Below(500); n > 0; --n) ASSERT_TRUE(model.Step());
    ASSERT_EQ(child.End(), 0);
  }
  keyspace->arena().PerformDeferred(SIZE_MAX);
  ASSERT_TRUE(model.Holds());
}

bool Set(Keyspace& keyspace, std::string_view key, std::string_view value,
         int64_t expiry = kNoExpiry, uint32_t db = 0) {
  bool done = false;
  return EXPECT_OK(StringSet(keyspace, db, key, value, 0, expiry, done)) && EXPECT_TRUE(done);
}

TEST(Keyspace, MovesASmallEntryOutOfAFrozenChunkOnce) {  // (S2)
  const auto keyspace = OpenKeyspace();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Set(*keyspace, std::to_string(i), "some value"));
  sf::PassedBits passed;
  keyspace->arena().BeginFreeze(passed.Fresh());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Set(*keyspace, std::to_string(i), "other value"));
  EXPECT_EQ(keyspace->counters().moved_entries, 100u);
  EXPECT_EQ(keyspace->arena().deferred(), 100u);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Set(*keyspace, std::to_string(i), "third value"));
  EXPECT_EQ(keyspace->counters().moved_entries, 100u);
  keyspace->arena().EndFreeze();
  keyspace->arena().PerformDeferred(SIZE_MAX);
  EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
}

TEST(Keyspace, ChangesALargeValueInAFrozenChunkInPlace) {
  const auto keyspace = OpenKeyspace();
  ASSERT_TRUE(Set(*keyspace, "key", std::string(100000, 'a')));
  uint64_t length = 0;
  ASSERT_OK(StringSetRange(*keyspace, 0, "key", 5, "b", length));  // raw from now on
  const Handle value = keyspace->Lookup(0, "key").entry.external().handle;
  sf::PassedBits passed;
  keyspace->arena().BeginFreeze(passed.Fresh());
  ASSERT_OK(StringSetRange(*keyspace, 0, "key", 7, "c", length));
  EXPECT_EQ(keyspace->Lookup(0, "key").entry.external().handle, value);
  EXPECT_EQ(keyspace->arena().deferred(), 0u);
  keyspace->arena().EndFreeze();
}

TEST(Keyspace, ExpiresDueEntriesEarliestFirstWithinTheLimit) {
  const auto keyspace = OpenKeyspace();
  keyspace->SetClock(1000);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Set(*keyspace, std::to_string(i), "v", 2000 + i % 25));
  EXPECT_EQ(keyspace->ExpireDue(100), 0u);
  keyspace->SetClock(2009);
  EXPECT_EQ(keyspace->ExpireDue(5), 5u);
  EXPECT_EQ(keyspace->ExpireDue(100), 15u);
  EXPECT_EQ(keyspace->ExpireDue(100), 0u);
  EXPECT_EQ(keyspace->counters().expired_keys, 20u);
  EXPECT_EQ(keyspace->database(0).index.size(), 30u);
  keyspace->SetClock(2010);
  EXPECT_FALSE(KeyExists(*keyspace, 0, "10"));  // looked up before ExpireDue came to it
  EXPECT_EQ(keyspace->counters().expired_keys, 21u);
}

TEST(Keyspace, LetsNoDatabaseWaitForTheBacklogOfAnother) {
  const auto keyspace = OpenKeyspace(3);
  keyspace->SetClock(1000);
  bool done = false;
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK(StringSet(*keyspace, 0, std::to_string(i), "v", 0, 2000, done));
  }
  ASSERT_OK(StringSet(*keyspace, 2, "other", "v", 0, 3000, done));
  keyspace->SetClock(5000);
  EXPECT_EQ(keyspace->ExpireDue(10), 10u);
  EXPECT_EQ(keyspace->ExpireDue(10), 10u);
  EXPECT_EQ(keyspace->database(2).index.size(), 0u);
  EXPECT_EQ(keyspace->database(0).index.size(), 81u);
}

TEST(Keyspace, KeepsTimesOutOfRangeOfTheExpiryIndex) {
  const auto keyspace = OpenKeyspace();
  for (int64_t expiry :
       {INT64_MAX, INT64_MAX - 1, ExpiryIndex::kTimeMax, ExpiryIndex::kTimeMax + 1}) {
    ASSERT_TRUE(Set(*keyspace, "key", "value", expiry));
    EXPECT_EQ(KeyExpiry(*keyspace, 0, "key"), expiry);
    ExpiryOutcome outcome;
    ASSERT_OK(KeySetExpiry(*keyspace, 0, "key", expiry - 1, 0, outcome));
    EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
  }
  EXPECT_TRUE(KeyRemove(*keyspace, 0, "key"));
  EXPECT_EQ(keyspace->database(0).expiry.size(), 0u);
}

TEST(Keyspace, KeepsSwappedDatabasesInTheirHeaps) {
  const auto keyspace = OpenKeyspace();
  ASSERT_TRUE(Set(*keyspace, "a", std::string(3000, 'x'), kNoExpiry, 0));
  ASSERT_TRUE(Set(*keyspace, "b", "y", kNoExpiry, 1));
  keyspace->Swap(0, 1);
  ASSERT_TRUE(Set(*keyspace, "c", "z", kNoExpiry, 0));
  EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
  keyspace->Flush(0);
  EXPECT_FALSE(KeyExists(*keyspace, 0, "b"));
  EXPECT_TRUE(KeyExists(*keyspace, 1, "a"));
  EXPECT_EQ(sf::CheckKeyspace(*keyspace), std::string());
}

TEST(Keyspace, GivesTheMemoryOfAFlushedDatabaseBack) {
  const auto keyspace = OpenKeyspace();
  for (int i = 0; i < 200000; ++i) {
    ASSERT_TRUE(Set(*keyspace, std::to_string(i), "a value of some length", 1LL << 45));
  }
  keyspace->Flush(0);
  EXPECT_EQ(keyspace->arena().used_bytes(), 0u);
  EXPECT_TRUE(sf::WaitFor([&] {
    return keyspace->arena().page_heap().backed_bytes() <= 8 * kChunkBytes &&
           keyspace->blocks().backed_bytes() <= kChunkBytes;
  }));
}

TEST(Keyspace, OpensAndClosesManyTimes) {
  for (int i = 0; i < 30; ++i) {
    const auto keyspace = OpenKeyspace(i % 2 == 0 ? 1 : 65536);
    ASSERT_TRUE(Set(*keyspace, "key", "value", kNoExpiry, keyspace->database_count() - 1));
    keyspace->Close();
  }
}

}  // namespace
