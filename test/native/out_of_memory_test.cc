// out_of_memory_test.cc - when memory runs out an operation says so and has changed nothing (S3).
//
// Fault method: a forked child lowers RLIMIT_DATA, so that a region cannot commit its next 64 MiB
// while the C++ heap still can grow, or opens the keyspace under RLIMIT_AS, so that the data
// region is small. Then it fills the keyspace up and runs every kind of command.

#include <sys/resource.h>

#include <memory>
#include <string>

#include "keyspace/bulk_insert.h"
#include "keyspace_model.h"
#include "memory_limit.h"
#include "test.h"

namespace {

using namespace snapfork;
using sf::InChild;
using sf::Limit;
using sf::ProcessBytes;

// Changes with any key, expiry and length, and with the ends of any value.
uint64_t Fingerprint(Keyspace& keyspace) {
  uint64_t sum = 0;
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) {
    uint64_t cursor = 0;
    do {
      cursor = keyspace.database(db).index.Scan(cursor, [&](Handle handle) {
        const EntryView entry = keyspace.EntryAt(handle);
        char digits[kIntegerTextMax];
        const std::string_view value = keyspace.StringOf(entry, digits);
        const size_t end = value.size() < 64 ? value.size() : 64;
        const HashKey key{db + value.size() * 65537, static_cast<uint64_t>(entry.expiry())};
        sum += SipHash13(key, entry.key()) * 3 + SipHash13(key, value.substr(0, end)) * 5 +
               SipHash13(key, value.substr(value.size() - end));
      });
    } while (cursor != 0);
  }
  return sum;
}

// One random command. Its status.
Status RandomCommand(Keyspace& keyspace, sf::Random& random, const std::string& bytes) {
  const auto db = static_cast<uint32_t>(random.Below(2));
  const std::string key = "key:" + std::to_string(random.Below(40));
  const std::string_view value(bytes.data(), 1 + random.Below(bytes.size()));
  bool done;
  uint64_t length;
  int64_t integer;
  StringResult result;
  ExpiryOutcome expired;
  RenameOutcome renamed;
  switch (random.Below(9)) {
    case 0:
      return StringSet(keyspace, db, key, value, 0, random.Below(2) == 0 ? kNoExpiry : 1 << 30,
                       done);
    case 1:
      return StringAppend(keyspace, db, key, value, length);
    case 2:
      return StringSetRange(keyspace, db, key, random.Below(200000), value, length);
    case 3:
      return StringIncrement(keyspace, db, key + " number", 1, integer);
    case 4:
      return StringIncrementFloat(keyspace, db, key + " float", "1e4000", result);
    case 5:
      return KeySetExpiry(keyspace, db, key, 1 << 29, 0, expired);
    case 6:
      return KeyRename(keyspace, db, key, key + " renamed", false, renamed);
    case 7:
      return KeyCopy(keyspace, db, key, 1 - db, key + " copy", true, done);
    default:
      return KeyMove(keyspace, db, key, 1 - db, done);
  }
}

// Fills up, then runs commands that succeed or fail whole. 0, or what went wrong.
int FillAndRun(Keyspace& keyspace, size_t fill_bytes, uint64_t stream) {
  sf::Random random(stream);
  keyspace.SetClock(1000);
  // One random draw for all values: the C++ heap stays small.
  const std::string bytes = random.Bytes(fill_bytes);
  uint64_t filled = 0;
  bool done = false;
  for (size_t size = fill_bytes; size > 0; size = size > 16 ? size / 8 : 0) {
    while (StringSet(keyspace, 0, "fill:" + std::to_string(filled), {bytes.data(), size}, 0,
                     filled % 2 == 0 ? kNoExpiry : 1 << 30, done)
               .ok()) {
      ++filled;
    }
  }
  if (filled < 5) return 1;
  if (!sf::CheckKeyspace(keyspace).empty()) return 2;
  int failed = 0;
  int succeeded = 0;
  for (int i = 0; i < 200; ++i) {
    const uint64_t before = Fingerprint(keyspace);
    const Status status = RandomCommand(keyspace, random, bytes);
    if (status.ok()) {
      ++succeeded;
    } else if (status.code() == StatusCode::kOutOfMemory) {
      ++failed;
      if (Fingerprint(keyspace) != before) return 3;  // (S3)
    }
    if (!sf::CheckKeyspace(keyspace).empty()) return 4;
    // Now and then room for something.
    if (i % 4 == 3) KeyRemove(keyspace, 0, "fill:" + std::to_string(random.Below(filled)));
  }
  if (failed == 0) return 5;
  BulkInsert bulk(keyspace);
  Status status;
  for (int i = 0; status.ok(); ++i) {
    status = bulk.AddString(1, "bulk:" + std::to_string(i), {bytes.data(), fill_bytes}, 1 << 30);
  }
  if (status.code() != StatusCode::kOutOfMemory || !sf::CheckKeyspace(keyspace).empty()) return 6;
  keyspace.Flush(0);
  keyspace.Flush(1);
  if (keyspace.arena().used_bytes() != 0) return 7;
  return StringSet(keyspace, 0, "key", {bytes.data(), fill_bytes}, 0, kNoExpiry, done).ok() ? 0 : 8;
}

TEST(OutOfMemory, LeavesEverythingAsItWasWhenNoMoreCanBeCommitted) {
  const int failed_check = InChild([] {
    auto keyspace = std::make_unique<Keyspace>();
    if (!keyspace->Open({.databases = 2}).ok()) return 90;
    bool done = false;
    // Every region has its first step.
    if (!StringSet(*keyspace, 0, "first", "value", 0, 1LL << 40, done).ok()) return 91;
    Limit(RLIMIT_DATA, ProcessBytes("VmData") + (60u << 20));
    return FillAndRun(*keyspace, 200000, 200);
  });
  EXPECT_EQ(failed_check, 0);
}

TEST(OutOfMemory, LeavesEverythingAsItWasWhenTheDataRegionIsUsedUp) {
  const int failed_check = InChild([] {
    const size_t before = ProcessBytes("VmSize");
    rlimit old;
    getrlimit(RLIMIT_AS, &old);
    Limit(RLIMIT_AS, before + (size_t{2} << 30));
    auto keyspace = std::make_unique<Keyspace>();
    if (!keyspace->Open({.databases = 2}).ok()) return 92;
    setrlimit(RLIMIT_AS, &old);
    if (keyspace->arena().page_heap().data_region().reserved() > size_t{4} << 30) return 93;
    return FillAndRun(*keyspace, 40u << 20, 201);
  });
  EXPECT_EQ(failed_check, 0);
}

TEST(OutOfMemory, IsReportedByOpenWhenThereIsNoAddressSpace) {
  const int failed_check = InChild([] {
    Limit(RLIMIT_AS, ProcessBytes("VmSize") + (64u << 20));
    auto keyspace = std::make_unique<Keyspace>();
    return keyspace->Open({.databases = 2}).code() == StatusCode::kOutOfMemory ? 0 : 94;
  });
  EXPECT_EQ(failed_check, 0);
}

// The index alone runs dry: entries fit into slabs, but no bucket or expiry node can be had.
TEST(OutOfMemory, TakesBackAnEntryThatFindsNoSlot) {
  const int failed_check = InChild([] {
    auto keyspace = std::make_unique<Keyspace>();
    if (!keyspace->Open({.databases = 2}).ok()) return 90;
    keyspace->SetClock(1000);
    bool done = false;
    if (!StringSet(*keyspace, 0, "first", "value", 0, 1LL << 40, done).ok()) return 91;
    // Buckets split already, and there are overflow lines.
    for (int i = 0; i < 8000; ++i) {
      if (!StringSet(*keyspace, 0, "n" + std::to_string(i), "v", 0, kNoExpiry, done).ok())
        return 92;
    }
    std::vector<uint32_t> blocks;
    Limit(RLIMIT_DATA, ProcessBytes("VmData") + (60u << 20));
    while (const uint32_t block = keyspace->blocks().Allocate()) blocks.push_back(block);
    int set = 0;
    while (StringSet(*keyspace, 0, std::to_string(set), "v", 0, 1LL << 40, done).ok()) ++set;
    // The first expiry block holds 63 nodes: no more than these can be full.
    if (set == 0 || set > 64 * 84) return 95;
    if (!sf::CheckKeyspace(*keyspace).empty()) return 96;
    ExpiryOutcome outcome;
    if (KeySetExpiry(*keyspace, 0, "n0", 1LL << 41, 0, outcome).ok()) return 98;
    if (KeyExpiry(*keyspace, 0, "n0") != -1) return 99;
    // Without an expiry they go on until a chain needs a line.
    int more = 0;
    while (more < 200000 &&
           StringSet(*keyspace, 0, "more" + std::to_string(more), "v", 0, kNoExpiry, done).ok()) {
      ++more;
    }
    if (more == 200000 || !sf::CheckKeyspace(*keyspace).empty()) return 97;
    for (uint32_t block : blocks) keyspace->blocks().Free(block);
    if (!KeySetExpiry(*keyspace, 0, "n0", 1LL << 41, 0, outcome).ok()) return 100;
    return sf::CheckKeyspace(*keyspace).empty() ? 0 : 101;
  });
  EXPECT_EQ(failed_check, 0);
}

}  // namespace
