// payload_test.cc - values of every type and form through DUMP and RESTORE, whole and damaged.
//
// Whatever the bytes: an error or a value that can be read in full, no read out of bounds (under
// the sanitizers), and nothing left behind.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/crc64.h"
#include "keyspace/digest.h"
#include "keyspace/hash_expiry.h"
#include "keyspace/hash_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/stream_groups.h"
#include "keyspace/zset_ops.h"
#include "persist/dump.h"
#include "test.h"

namespace {

using namespace snapfork;

constexpr int64_t kNow = 1'750'000'000'000;

struct Fixture {
  Fixture() {
    EXPECT_OK(keyspace.Open({.databases = 2, .backing = Backing::kSmallPages}));
    keyspace.SetClock(kNow);
  }
  Keyspace keyspace;
};

std::string Name(const char* prefix, int i) { return prefix + std::to_string(i); }

// Some elements of every class: short, integers, long.
std::string Element(int i) {
  if (i % 3 == 1) return std::to_string(i * 1234567 - 99);
  return i % 7 == 0 ? std::string(70, static_cast<char>('a' + i % 26)) : Name("element:", i);
}

void MakeValues(Keyspace& keyspace, int size) {
  bool done;
  uint64_t length;
  for (int i = 0; i < size; ++i) {
    EXPECT_OK(ListPush(keyspace, 0, "list", Element(i), ListEnd::kRight, false, length));
    EXPECT_OK(SetAdd(keyspace, 0, "set", Element(i), done));
    EXPECT_OK(SetAdd(keyspace, 0, "integers", std::to_string(i * 77777), done));
    EXPECT_OK(HashSet(keyspace, 0, "hash", Element(i), Element(i + 1), 0, done));
    EXPECT_OK(HashSet(keyspace, 0, "expiring", Name("f", i), Element(i), 0, done));
    FieldExpiryOutcome outcome;
    if (i % 2 == 0) {
      EXPECT_OK(HashSetExpiry(keyspace, 0, "expiring", Name("f", i), kNow + 1000 + i, 0, outcome));
    }
    ZaddOutcome added;
    EXPECT_OK(ZsetAdd(keyspace, 0, "zset", Element(i), i * 0.75 - 3, 0, added));
    StreamId id;
    const std::string value = Element(i);
    EXPECT_OK(StreamAdd(keyspace, 0, "stream", {{static_cast<uint64_t>(i + 1), 5}}, kNow,
                        {"field", value, "other", "x"}, true, id, done));
  }
  const StreamId zero;
  std::vector<StreamId> ids;
  EXPECT_OK(GroupCreate(keyspace, 0, "stream", "group", &zero, -1, false));
  EXPECT_OK(GroupReadNew(keyspace, 0, "stream", "group", "alice", 3, false, kNow, ids));
  ids.clear();
  EXPECT_OK(GroupReadNew(keyspace, 0, "stream", "group", "bob", 2, false, kNow, ids));
  uint64_t deleted;
  EXPECT_OK(StreamDelete(keyspace, 0, "stream", {{2, 5}}, deleted));
}

const char* const kKeys[] = {"list", "set", "integers", "hash", "expiring", "zset", "stream"};

std::string PayloadOf(Keyspace& keyspace, std::string_view key) {
  std::string payload;
  EXPECT_OK(DumpValue(keyspace, keyspace.Lookup(0, key).entry, payload));
  return payload;
}

// With the checksum of what it now is.
void Seal(std::string& payload) {
  if (payload.size() < 10) return;
  const uint64_t crc = Crc64(0, payload.data(), payload.size() - 8);
  std::memcpy(payload.data() + payload.size() - 8, &crc, 8);
}

// Restores a payload that may be anything; what is taken is read in full, written and removed.
bool TryPayload(Keyspace& keyspace, const std::string& payload) {
  // A copy of its own size, so that a read behind it is seen.
  const std::vector<char> exact(payload.begin(), payload.end());
  const std::string_view view(exact.data(), exact.size());
  if (!RestoreValue(keyspace, 1, "try", view, {.replace = true}).ok()) return false;
  DigestOf(keyspace);
  std::string again;
  EXPECT_OK(DumpValue(keyspace, keyspace.Lookup(1, "try").entry, again));
  keyspace.Remove(1, keyspace.Lookup(1, "try"));
  return true;
}

void FreeAll(Keyspace& keyspace) {
  while (keyspace.FreeUnlinked(SIZE_MAX) > 0) continue;
}

TEST(Payload, BringsEveryValueBack) {
  for (const int size : {1, 5, 60, 700}) {
    Fixture from;
    Fixture to;
    MakeValues(from.keyspace, size);
    for (const char* const key : kKeys) {
      const std::string payload = PayloadOf(from.keyspace, key);
      EXPECT_OK(RestoreValue(to.keyspace, 0, key, payload, {}));
      EXPECT_EQ(RestoreValue(to.keyspace, 0, key, payload, {}).code(),
                StatusCode::kKeyExists);
    }
    EXPECT_TRUE(DigestOf(from.keyspace) == DigestOf(to.keyspace));
  }
}

TEST(Payload, IsRefusedWhereverItIsCut) {
  Fixture fixture;
  MakeValues(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  for (const char* const key : kKeys) {
    const std::string payload = PayloadOf(fixture.keyspace, key);
    for (size_t length = 0; length < payload.size(); ++length) {
      std::string cut = payload.substr(0, length);
      EXPECT_EQ(RestoreValue(fixture.keyspace, 1, "try", cut, {.replace = true}).code(),
                StatusCode::kBadPayload);
      // With a footer of its own the value itself ends too early.
      cut.append(payload, payload.size() - 10, 2);
      cut.append(8, '\0');
      Seal(cut);
      TryPayload(fixture.keyspace, cut);
    }
  }
  FreeAll(fixture.keyspace);
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

TEST(Payload, SurvivesFlippedBits) {
  Fixture fixture;
  sf::Random random;
  MakeValues(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  for (const char* const key : kKeys) {
    const std::string payload = PayloadOf(fixture.keyspace, key);
    int refused = 0;
    for (int turn = 0; turn < 2000; ++turn) {
      std::string damaged = payload;
      const size_t at = random.Below(damaged.size() - 10);
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
      Seal(damaged);
      if (!TryPayload(fixture.keyspace, damaged)) ++refused;
    }
    EXPECT_TRUE(refused > 0);
  }
  FreeAll(fixture.keyspace);
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

// Changes that keep more of the structure: bytes set to values that mean something, pieces
// repeated, swapped or taken out, other types for the same bytes.
TEST(Payload, SurvivesChangedStructure) {
  Fixture fixture;
  sf::Random random(1);
  MakeValues(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  constexpr uint8_t kTelling[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3,
                                  0xdf, 0xe0, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xfe, 0xff};
  for (const char* const key : kKeys) {
    const std::string payload = PayloadOf(fixture.keyspace, key);
    const size_t body = payload.size() - 10;
    for (int turn = 0; turn < 3000; ++turn) {
      std::string changed = payload;
      const size_t at = random.Below(body);
      const size_t count = 1 + random.Below(std::min<size_t>(body - at, 12));
      switch (random.Below(5)) {
        case 0:
          changed[at] = static_cast<char>(kTelling[random.Below(sizeof(kTelling))]);
          break;
        case 1:
          changed.erase(at, count);
          break;
        case 2:
          changed.insert(at, changed, at, count);
          break;
        case 3:
          std::swap_ranges(changed.begin() + static_cast<long>(at),
                           changed.begin() + static_cast<long>(at + count),
                           changed.begin() + static_cast<long>(random.Below(body - count + 1)));
          break;
        default:
          changed[0] = static_cast<char>(random.Below(28));
          break;
      }
      Seal(changed);
      TryPayload(fixture.keyspace, changed);
    }
  }
  FreeAll(fixture.keyspace);
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

// A footer that is not its own.
TEST(Payload, RefusesAnotherVersionAndChecksum) {
  Fixture fixture;
  bool done;
  EXPECT_OK(SetAdd(fixture.keyspace, 0, "set", "a", done));
  std::string payload = PayloadOf(fixture.keyspace, "set");
  payload[payload.size() - 10] = 99;
  Seal(payload);
  EXPECT_EQ(RestoreValue(fixture.keyspace, 0, "other", payload, {}).code(),
            StatusCode::kBadPayload);
  payload = PayloadOf(fixture.keyspace, "set");
  payload.back() = static_cast<char>(payload.back() ^ 1);
  EXPECT_EQ(RestoreValue(fixture.keyspace, 0, "other", payload, {}).code(),
            StatusCode::kBadPayload);
}

}  // namespace
