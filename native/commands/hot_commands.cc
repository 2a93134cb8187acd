// hot_commands.cc - the table, and how a name is found in it.

#include "commands/hot_commands.h"

#include <array>
#include <cstring>

#include "base/check.h"

namespace snapfork {
namespace {

constexpr bool kRead = false;
constexpr bool kWrite = true;
constexpr uint8_t kNone = 0;
constexpr uint8_t kSecond = 2;
constexpr uint8_t kThird = 3;

constexpr HotCommand kCommands[] = {
    {"PING", -1, kRead, false, kNone, HotPing},
    {"GET", 2, kRead, false, kNone, HotGet},
    {"SET", -3, kWrite, true, kNone, HotSet},
    {"SETNX", 3, kWrite, true, kNone, HotSetIfAbsent},
    {"SETEX", 4, kWrite, true, kNone, HotSetForSeconds},
    {"PSETEX", 4, kWrite, true, kNone, HotSetForMillis},
    {"INCR", 2, kWrite, true, kNone, HotIncrement},
    {"DECR", 2, kWrite, true, kNone, HotDecrement},
    {"INCRBY", 3, kWrite, true, kNone, HotIncrementBy},
    {"DECRBY", 3, kWrite, true, kNone, HotDecrementBy},
    {"APPEND", 3, kWrite, true, kNone, HotAppend},
    {"STRLEN", 2, kRead, false, kNone, HotStringLength},
    {"MGET", -2, kRead, false, kNone, HotGetMany},
    {"MSET", -3, kWrite, true, kNone, HotSetMany},
    {"DEL", -2, kWrite, false, kNone, HotRemoveKeys},
    {"UNLINK", -2, kWrite, false, kNone, HotRemoveKeys},
    {"EXISTS", -2, kRead, false, kNone, HotExists},
    {"TTL", 2, kRead, false, kNone, HotSecondsToLive},
    {"PTTL", 2, kRead, false, kNone, HotMillisToLive},
    {"EXPIRE", 3, kWrite, false, kNone, HotExpireSeconds},
    {"PEXPIRE", 3, kWrite, false, kNone, HotExpireMillis},
    {"PEXPIREAT", 3, kWrite, false, kNone, HotExpireAtMillis},
    {"LPUSH", -3, kWrite, true, kNone, HotPushLeft},
    {"RPUSH", -3, kWrite, true, kNone, HotPushRight},
    {"LPOP", 2, kWrite, false, kNone, HotPopLeft},
    {"RPOP", 2, kWrite, false, kNone, HotPopRight},
    {"LLEN", 2, kRead, false, kNone, HotListLength},
    {"LRANGE", 4, kRead, false, kNone, HotListRange},
    {"HSET", -4, kWrite, true, kSecond, HotHashSet},
    {"HMSET", -4, kWrite, true, kSecond, HotHashSetOk},
    {"HGET", 3, kRead, false, kSecond, HotHashGet},
    {"HMGET", -3, kRead, false, kSecond, HotHashGetMany},
    {"HGETALL", 2, kRead, false, kNone, HotHashGetAll},
    {"HDEL", -3, kWrite, false, kSecond, HotHashRemove},
    {"HEXISTS", 3, kRead, false, kSecond, HotHashExists},
    {"HLEN", 2, kRead, false, kNone, HotHashLength},
    {"HINCRBY", 4, kWrite, true, kSecond, HotHashIncrement},
    {"SADD", -3, kWrite, true, kSecond, HotSetAdd},
    {"SREM", -3, kWrite, false, kSecond, HotSetRemove},
    {"SISMEMBER", 3, kRead, false, kSecond, HotSetContains},
    {"SCARD", 2, kRead, false, kNone, HotSetSize},
    {"SMEMBERS", 2, kRead, false, kNone, HotSetMembers},
    {"SPOP", 2, kWrite, false, kNone, HotSetPop},
    {"ZADD", -4, kWrite, true, kThird, HotZsetAdd},
    {"ZINCRBY", 4, kWrite, true, kThird, HotZsetIncrement},
    {"ZREM", -3, kWrite, false, kSecond, HotZsetRemove},
    {"ZSCORE", 3, kRead, false, kSecond, HotZsetScore},
    {"ZCARD", 2, kRead, false, kNone, HotZsetSize},
    {"ZRANGE", -4, kRead, false, kNone, HotZsetRange},
    {"ZPOPMIN", 2, kWrite, false, kNone, HotZsetPopLowest},
    {"ZPOPMAX", 2, kWrite, false, kNone, HotZsetPopHighest},
};
static_assert(std::size(kCommands) <= kHotCommandsMax);

constexpr size_t kNameBytesMax = 9;
constexpr size_t kSlots = 256;

// The first eight bytes of a name in upper case, which tell all of them apart together with the
// length. Other bytes than letters become something else, but no letters.
constexpr uint64_t Packed(std::string_view name) {
  uint64_t packed = 0;
  for (size_t i = 0; i < name.size() && i < 8; ++i) {
    const auto c = static_cast<uint8_t>(name[i]);
    packed |= uint64_t{c >= 'a' && c <= 'z' ? static_cast<uint8_t>(c - 'a' + 'A') : c} << (8 * i);
  }
  return packed;
}

constexpr size_t SlotOf(uint64_t packed, size_t length) {
  return ((packed ^ length) * 0x9e3779b97f4a7c15ull) >> 56;
}

struct NameTable {
  std::array<uint64_t, kSlots> names{};
  std::array<uint8_t, kSlots> places{};  // in kCommands, from 1 on
};

constexpr NameTable MakeTable() {
  NameTable table;
  uint8_t place = 0;
  for (const HotCommand& command : kCommands) {
    const uint64_t packed = Packed(command.name);
    size_t slot = SlotOf(packed, command.name.size());
    while (table.places[slot] != 0) slot = (slot + 1) % kSlots;
    table.names[slot] = packed;
    table.places[slot] = ++place;
  }
  return table;
}

constexpr NameTable kTable = MakeTable();

}  // namespace

std::span<const HotCommand> HotCommands() { return kCommands; }

const HotCommand* FindHotCommand(std::string_view name, size_t words) {
  if (name.size() > kNameBytesMax) return nullptr;
  const uint64_t packed = Packed(name);
  for (size_t slot = SlotOf(packed, name.size()); kTable.places[slot] != 0;
       slot = (slot + 1) % kSlots) {
    if (kTable.names[slot] != packed) continue;
    const HotCommand& command = kCommands[kTable.places[slot] - 1];
    if (!IsWord(name, command.name)) continue;
    const auto arity = static_cast<size_t>(command.arity < 0 ? -command.arity : command.arity);
    const bool fits = command.arity < 0 ? words >= arity : words == arity;
    return fits ? &command : nullptr;
  }
  return nullptr;
}

void HotEffect::Set(std::initializer_list<std::string_view> words) {
  size_t total = 0;
  for (const std::string_view word : words) total += word.size();
  bytes_.clear();
  bytes_.reserve(total);
  words_.clear();
  for (const std::string_view word : words) {
    const size_t at = bytes_.size();
    bytes_.append(word);
    words_.emplace_back(bytes_.data() + at, word.size());
  }
}

bool IsWord(std::string_view word, std::string_view name) {
  if (word.size() != name.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != name[i]) return false;
  }
  return true;
}

bool ExpiryAfter(const HotCall& call, int64_t amount, int64_t unit_ms, int64_t& at) {
  return !__builtin_mul_overflow(amount, unit_ms, &at) &&
         !__builtin_add_overflow(at, call.keyspace.Now(), &at);
}

HotOutcome HotPing(HotCall& call) {
  if (call.count() > 2) return HotOutcome::kNotHot;
  if (call.count() == 2) {
    call.reply.Bulk(call.words[1]);
  } else {
    call.reply.Raw("+PONG\r\n");
  }
  return HotOutcome::kDone;
}

}  // namespace snapfork
