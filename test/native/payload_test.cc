// payload_test.cc - values of every type and form through DUMP and RESTORE, whole and damaged.
//
// Whatever the bytes: an error or a value that can be read in full and changed, no read out of
// bounds (under the sanitizers), and nothing left behind.

#include <string>
#include <string_view>
#include <vector>

#include "keyspace/digest.h"
#include "keyspace/key_ops.h"
#include "memory_limit.h"
#include "payloads.h"
#include "test.h"

namespace {

using namespace snapfork;
using sf::AllPayloads;
using sf::kPayloadFooterBytes;
using sf::kValueKeys;
using sf::MakeValues;
using sf::PayloadOf;
using sf::Seal;
using Fixture = sf::PayloadFixture;

// Runs a command or two of the value's type. It may contradict itself: a status is all that counts.
void Change(Keyspace& keyspace, ValueType type) {
  bool done;
  uint64_t count;
  std::string text;
  ZaddOutcome added;
  StreamId id;
  switch (type) {
    case ValueType::kList:
      static_cast<void>(ListPush(keyspace, 1, "try", "pushed", ListEnd::kLeft, false, count));
      static_cast<void>(ListPop(keyspace, 1, "try", ListEnd::kRight, text, done));
      break;
    case ValueType::kSet:
      static_cast<void>(SetAdd(keyspace, 1, "try", "added", done));
      static_cast<void>(SetRemove(keyspace, 1, "try", "element:2", done));
      break;
    case ValueType::kHash:
      static_cast<void>(HashSet(keyspace, 1, "try", "field", "value", 0, done));
      static_cast<void>(HashRemove(keyspace, 1, "try", "element:2", done));
      break;
    case ValueType::kSortedSet:
      static_cast<void>(ZsetAdd(keyspace, 1, "try", "member", 1.5, 0, added));
      static_cast<void>(ZsetRemove(keyspace, 1, "try", "element:2", done));
      break;
    case ValueType::kStream:
      static_cast<void>(StreamAdd(keyspace, 1, "try", {{}, true, true}, sf::kNow, {"f", "v"}, true,
                                  id, done));
      static_cast<void>(StreamDelete(keyspace, 1, "try", {{3, 5}}, count));
      break;
    default:
      break;
  }
}

// Restores a payload that may be anything; what is taken is read in full, written, copied, changed
// and removed.
bool TryPayload(Keyspace& keyspace, const std::string& payload, bool deep) {
  // A copy of its own size, so that a read behind it is seen.
  const std::vector<char> exact(payload.begin(), payload.end());
  const std::string_view view(exact.data(), exact.size());
  if (!RestoreValue(keyspace, 1, "try", view, {.replace = true, .deep = deep}).ok()) return false;
  DigestOf(keyspace);
  std::string again;
  EXPECT_OK(DumpValue(keyspace, keyspace.Lookup(1, "try").entry, again));
  bool copied;
  EXPECT_OK(KeyCopy(keyspace, 1, "try", 1, "copy", true, copied));
  Change(keyspace, keyspace.Lookup(1, "try").entry.type());
  keyspace.Remove(1, keyspace.Lookup(1, "copy"));
  if (const Found found = keyspace.Lookup(1, "try"); found.entry) keyspace.Remove(1, found);
  while (keyspace.FreeUnlinked(SIZE_MAX) > 0) continue;
  return true;
}

// Under both checks. What the deep one takes, the other one takes too.
bool TryPayload(Keyspace& keyspace, const std::string& payload) {
  const bool deep = TryPayload(keyspace, payload, true);
  const bool shallow = TryPayload(keyspace, payload, false);
  EXPECT_TRUE(shallow || !deep);
  return deep;
}

TEST(Payload, BringsEveryValueBack) {
  for (const int size : {1, 5, 60, 700}) {
    Fixture from;
    Fixture to;
    MakeValues(from.keyspace, size);
    for (const char* const key : kValueKeys) {
      const std::string payload = PayloadOf(from.keyspace, key);
      EXPECT_OK(RestoreValue(to.keyspace, 0, key, payload, {}));
      EXPECT_EQ(RestoreValue(to.keyspace, 0, key, payload, {}).code(), StatusCode::kKeyExists);
    }
    EXPECT_TRUE(DigestOf(from.keyspace) == DigestOf(to.keyspace));
  }
}

TEST(Payload, OfOldFilesIsTaken) {
  Fixture fixture;
  for (const std::string& payload : sf::OldPayloads()) {
    EXPECT_TRUE(TryPayload(fixture.keyspace, payload));
  }
}

TEST(Payload, IsRefusedWhereverItIsCut) {
  Fixture fixture;
  const std::vector<std::string> payloads = AllPayloads(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  for (const std::string& payload : payloads) {
    for (size_t length = 0; length < payload.size(); ++length) {
      std::string cut = payload.substr(0, length);
      EXPECT_EQ(RestoreValue(fixture.keyspace, 1, "try", cut, {.replace = true}).code(),
                StatusCode::kBadPayload);
      // With a footer of its own the value itself ends too early.
      cut.append(payload, payload.size() - kPayloadFooterBytes, 2);
      cut.append(8, '\0');
      Seal(cut);
      TryPayload(fixture.keyspace, cut);
    }
  }
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

TEST(Payload, SurvivesFlippedBits) {
  Fixture fixture;
  sf::Random random;
  const std::vector<std::string> payloads = AllPayloads(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  for (const std::string& payload : payloads) {
    int refused = 0;
    for (int turn = 0; turn < 2000; ++turn) {
      if (!TryPayload(fixture.keyspace, sf::WithFlippedBit(payload, random))) ++refused;
    }
    EXPECT_TRUE(refused > 0);
  }
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

TEST(Payload, SurvivesChangedStructure) {
  Fixture fixture;
  sf::Random random(1);
  const std::vector<std::string> payloads = AllPayloads(fixture.keyspace, 12);
  const uint64_t used = fixture.keyspace.arena().used_bytes();
  for (const std::string& payload : payloads) {
    for (int turn = 0; turn < 3000; ++turn) {
      TryPayload(fixture.keyspace, sf::WithChangedStructure(payload, random));
    }
  }
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
}

// The same with trees, and with compact values that become large as they are changed.
TEST(Payload, SurvivesDamageToLargeValues) {
  for (const uint64_t entries : {8, 512}) {
    Fixture fixture;
    sf::Random random(2 + entries);
    EncodingLimits& limits = fixture.keyspace.limits();
    const std::vector<std::string> payloads = AllPayloads(fixture.keyspace, 150);
    limits.set_max_listpack_entries = limits.set_max_intset_entries = entries;
    limits.hash_max_listpack_entries = limits.zset_max_listpack_entries = entries;
    limits.list_max_listpack_size = static_cast<int64_t>(entries);
    const uint64_t used = fixture.keyspace.arena().used_bytes();
    for (const std::string& payload : payloads) {
      for (int turn = 0; turn < 150; ++turn) {
        TryPayload(fixture.keyspace, sf::WithFlippedBit(payload, random));
        TryPayload(fixture.keyspace, sf::WithChangedStructure(payload, random));
      }
    }
    EXPECT_EQ(fixture.keyspace.arena().used_bytes(), used);
  }
}

// Every length of a value claims a terabyte. 0, or the line of what went wrong.
int TryHugeLengths() {
  Fixture fixture;
  bool done;
  // The regions have room for a value that is small after all.
  EXPECT_OK(SetAdd(fixture.keyspace, 0, "set", "member", done));
  const std::string huge("\x81\0\0\x01\0\0\0\0\0", 9);
  sf::Limit(RLIMIT_DATA, sf::ProcessBytes("VmData") + (16u << 20));
  for (int type = 0; type <= kRdbTypeLast; ++type) {
    const auto code = static_cast<uint8_t>(type);
    // As the first length and as the second, behind a date for the types that begin with one.
    for (const std::string& before : {std::string(), std::string("\x01"), std::string(8, '\1')}) {
      for (const std::string& behind : {std::string(), std::string(1000, '\1')}) {
        const std::string payload = sf::SealedPayload(code, before + huge + behind);
        const Status status =
            RestoreValue(fixture.keyspace, 0, "key", payload, {.replace = true});
        if (status.code() == StatusCode::kOutOfMemory) return __LINE__ % 256;
      }
    }
  }
  return 0;
}

TEST(Payload, AsksForNoMoreMemoryThanItsBytesNeed) {
  EXPECT_EQ(sf::InChild(TryHugeLengths), 0);
}

// A footer that is not its own.
TEST(Payload, RefusesAnotherVersionAndChecksum) {
  Fixture fixture;
  bool done;
  EXPECT_OK(SetAdd(fixture.keyspace, 0, "set", "a", done));
  std::string payload = PayloadOf(fixture.keyspace, "set");
  payload[payload.size() - kPayloadFooterBytes] = 99;
  Seal(payload);
  EXPECT_EQ(RestoreValue(fixture.keyspace, 0, "other", payload, {}).code(),
            StatusCode::kBadPayload);
  payload = PayloadOf(fixture.keyspace, "set");
  payload.back() = static_cast<char>(payload.back() ^ 1);
  EXPECT_EQ(RestoreValue(fixture.keyspace, 0, "other", payload, {}).code(),
            StatusCode::kBadPayload);
}

}  // namespace
