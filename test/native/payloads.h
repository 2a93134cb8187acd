// payloads.h - values of every type and form as DUMP gives them, of old files too, and damaged.

#pragma once

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/crc64.h"
#include "keyspace/hash_expiry.h"
#include "keyspace/hash_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/stream_groups.h"
#include "keyspace/zset_ops.h"
#include "persist/dump.h"
#include "persist/rdb_format.h"
#include "test.h"

namespace sf {

inline constexpr int64_t kNow = 1'750'000'000'000;

// An open keyspace of two databases with a frozen clock.
struct PayloadFixture {
  PayloadFixture() {
    EXPECT_OK(keyspace.Open({.databases = 2, .backing = snapfork::Backing::kSmallPages}));
    keyspace.SetClock(kNow);
  }
  snapfork::Keyspace keyspace;
};

inline std::string Name(const char* prefix, int i) { return prefix + std::to_string(i); }

// Some elements of every class: short, integers, long.
inline std::string Element(int i) {
  if (i % 3 == 1) return std::to_string(i * 1234567 - 99);
  return i % 7 == 0 ? std::string(70, static_cast<char>('a' + i % 26)) : Name("element:", i);
}

// A value of every type under the keys of kValueKeys.
inline void MakeValues(snapfork::Keyspace& keyspace, int size) {
  using namespace snapfork;
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
  StreamId id;
  std::vector<StreamId> ids;
  EXPECT_OK(GroupCreate(keyspace, 0, "stream", "group", &zero, -1, false));
  EXPECT_OK(GroupReadNew(keyspace, 0, "stream", "group", "alice", 3, false, kNow, ids));
  ids.clear();
  EXPECT_OK(GroupReadNew(keyspace, 0, "stream", "group", "bob", 2, false, kNow, ids));
  uint64_t deleted;
  EXPECT_OK(StreamDelete(keyspace, 0, "stream", {{2, 5}}, deleted));
  EXPECT_OK(StreamAdd(keyspace, 0, "emptied", {{1, 1}}, kNow, {"f", "v"}, true, id, done));
  EXPECT_OK(StreamDelete(keyspace, 0, "emptied", {{1, 1}}, deleted));
}

inline constexpr const char* kValueKeys[] = {"list",     "set",  "integers", "hash",
                                             "expiring", "zset", "stream",   "emptied"};

inline std::string PayloadOf(snapfork::Keyspace& keyspace, std::string_view key) {
  std::string payload;
  EXPECT_OK(DumpValue(keyspace, keyspace.Lookup(0, key).entry, payload));
  return payload;
}

// Version and checksum behind a value.
inline constexpr size_t kPayloadFooterBytes = 10;

// Gives a payload the checksum of what it now is.
inline void Seal(std::string& payload) {
  if (payload.size() < kPayloadFooterBytes) return;
  const uint64_t crc = snapfork::Crc64(0, payload.data(), payload.size() - 8);
  std::memcpy(payload.data() + payload.size() - 8, &crc, 8);
}

inline std::string SealedPayload(uint8_t type, std::string_view value) {
  std::string payload(1, static_cast<char>(type));
  payload.append(value);
  payload.append({10, 0});
  payload.append(8, '\0');
  Seal(payload);
  return payload;
}

// A string of up to 16383 bytes as files have it.
inline std::string FileString(std::string_view text) {
  std::string bytes;
  bytes.push_back(static_cast<char>(0x40 | text.size() >> 8));
  bytes.push_back(static_cast<char>(text.size()));
  bytes.append(text);
  return bytes;
}

// A ziplist of texts of up to 63 bytes and of integers, which are given as text too.
inline std::string Ziplist(const std::vector<std::string>& texts) {
  std::string list(10, '\0');
  size_t previous = 0;
  size_t last = list.size();
  for (const std::string& text : texts) {
    last = list.size();
    list.push_back(static_cast<char>(previous));
    int64_t integer;
    if (snapfork::ParseInteger(text, integer)) {
      list.push_back(static_cast<char>(0xe0));
      list.append(reinterpret_cast<const char*>(&integer), sizeof(integer));
    } else {
      list.push_back(static_cast<char>(text.size()));
      list.append(text);
    }
    previous = list.size() - last;
  }
  list.push_back(static_cast<char>(0xff));
  snapfork::StoreLittle(list.data(), static_cast<uint32_t>(list.size()));
  snapfork::StoreLittle(list.data() + 4, static_cast<uint32_t>(last));
  snapfork::StoreLittle(list.data() + 8, static_cast<uint16_t>(texts.size()));
  return list;
}

// A zipmap of short texts, with a byte unused behind every value.
inline std::string Zipmap(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string map(1, static_cast<char>(fields.size()));
  for (const auto& [field, value] : fields) {
    map.push_back(static_cast<char>(field.size()));
    map.append(field);
    map.push_back(static_cast<char>(value.size()));
    map.push_back(1);
    map.append(value);
    map.push_back('.');
  }
  map.push_back(static_cast<char>(0xff));
  return map;
}

// Values as only old versions have written them.
inline std::vector<std::string> OldPayloads() {
  using namespace snapfork;
  const std::string list = Ziplist({"a", "17", "element", "-1", "70000", std::string(60, 'z')});
  const std::string zset = Ziplist({"a", "-1", "b", "1.5", "c", "70000"});
  const std::string hash = Ziplist({"field", "17", "1", "value", "other", ""});
  const std::string map = Zipmap({{"field", "value"}, {"1", "17"}, {"empty", ""}});
  const std::string old_zset = "\x02\x01" "a\x03" "1.5\x01" "b\xfe";
  return {SealedPayload(kRdbTypeListZiplist, FileString(list)),
          SealedPayload(kRdbTypeZsetZiplist, FileString(zset)),
          SealedPayload(kRdbTypeHashZiplist, FileString(hash)),
          SealedPayload(kRdbTypeHashZipmap, FileString(map)),
          SealedPayload(kRdbTypeListQuicklist, "\x02" + FileString(list) + FileString(list)),
          SealedPayload(kRdbTypeZset, old_zset)};
}

// Payloads of every type: values of `size` elements, and those of old files.
inline std::vector<std::string> AllPayloads(snapfork::Keyspace& keyspace, int size) {
  MakeValues(keyspace, size);
  std::vector<std::string> payloads;
  for (const char* const key : kValueKeys) payloads.push_back(PayloadOf(keyspace, key));
  for (std::string& old : OldPayloads()) payloads.push_back(std::move(old));
  return payloads;
}

// One bit of the value is another; the checksum is right again.
inline std::string WithFlippedBit(const std::string& payload, Random& random) {
  std::string damaged = payload;
  const size_t at = random.Below(damaged.size() - kPayloadFooterBytes);
  damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
  Seal(damaged);
  return damaged;
}

// Changes that keep more of the structure: bytes set to values that mean something, pieces
// repeated, swapped or taken out, other types for the same bytes.
inline std::string WithChangedStructure(const std::string& payload, Random& random) {
  constexpr uint8_t kTelling[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3,
                                  0xdf, 0xe0, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xfe, 0xff};
  const size_t body = payload.size() - kPayloadFooterBytes;
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
  return changed;
}

}  // namespace sf
