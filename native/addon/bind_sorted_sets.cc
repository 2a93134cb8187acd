// bind_sorted_sets.cc - the engine's methods on sorted sets.

#include "addon/engine_object.h"
#include "base/glob.h"
#include "keyspace/name_hasher.h"
#include "keyspace/zset_ops.h"

namespace snapfork {
namespace {

bool ReadKey(Call& call, uint32_t& db, std::string_view& key) {
  return call.ReadDatabase(0, db) && call.ReadOperand(1, key);
}

// A sorted set to be read. False: an exception is pending.
bool ReadZset(Call& call, EntryView& zset) {
  uint32_t db;
  std::string_view key;
  if (!ReadKey(call, db, key)) return false;
  const Status status = ZsetLookup(call.engine().keyspace(), db, key, zset);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value ScoreText(Call& call, double score, BulkMode mode) {
  char text[kDoubleTextMax];
  return call.Bulk(std::string_view(text, FormatScore(score, text)), mode);
}

// The number of an argument, as ZADD takes it.
napi_value ParseFloat(Call& call) {
  std::string_view text;
  double number;
  if (!call.ReadOperand(0, text)) return nullptr;
  if (!ParseScore(text, number)) return call.Throw(Status(StatusCode::kNotAFloat));
  return call.Number(number);
}

// [score, whether it is exclusive] of a bound, or null for what is none.
napi_value ParseBound(Call& call) {
  std::string_view text;
  if (!call.ReadOperand(0, text)) return nullptr;
  double score;
  bool exclusive;
  if (!ParseScoreBound(text, score, exclusive)) return call.Null();
  ReplyArray reply(call);
  reply.Push(call.Number(score));
  reply.Push(call.Bool(exclusive));
  return reply.value();
}

napi_value FormatFloat(Call& call) {
  double number;
  BulkMode mode;
  if (!call.ReadDouble(0, number) || !call.ReadMode(1, mode)) return nullptr;
  return ScoreText(call, number, mode);
}

// [added, updated, refused, score of the last] for scores and members from `first` on.
napi_value ZsetAddRange(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t flags;
  uint32_t first;
  uint32_t count;
  BulkMode mode;
  if (!ReadKey(call, db, key) || !call.ReadUint32(2, flags) ||
      !call.ReadRange(3, first, count) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  // All of them before the first is used.
  std::vector<double> scores(count / 2);
  for (uint32_t i = 0; i < scores.size(); ++i) {
    if (!ParseScore(call.VectorArgument(first + 2 * i), scores[i])) {
      return call.Throw(Status(StatusCode::kNotAFloat));
    }
  }
  uint32_t added = 0;
  uint32_t updated = 0;
  ZaddOutcome outcome;
  for (uint32_t i = 0; i < scores.size(); ++i) {
    const Status status =
        ZsetAdd(call.engine().keyspace(), db, key, call.VectorArgument(first + 2 * i + 1),
                scores[i], flags, outcome);
    if (!status.ok()) return call.Throw(status);
    if (outcome.added) ++added;
    if (outcome.updated) ++updated;
  }
  ReplyArray reply(call);
  reply.Push(call.Number(added));
  reply.Push(call.Number(updated));
  reply.Push(outcome.refused ? call.Null() : ScoreText(call, outcome.score, mode));
  return reply.value();
}

// The same for an array of scores and one of members (bytes).
napi_value ZsetAddAll(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t flags;
  std::vector<double> scores;
  if (!ReadKey(call, db, key) || !call.ReadUint32(2, flags) || !call.ReadDoubles(3, scores)) {
    return nullptr;
  }
  uint32_t added = 0;
  uint32_t updated = 0;
  for (uint32_t i = 0; i < scores.size(); ++i) {
    std::string_view member;
    if (!call.ReadElement(4, i, member)) return nullptr;
    ZaddOutcome outcome;
    const Status status =
        ZsetAdd(call.engine().keyspace(), db, key, member, scores[i], flags, outcome);
    if (!status.ok()) return call.Throw(status);
    if (outcome.added) ++added;
    if (outcome.updated) ++updated;
  }
  ReplyArray reply(call);
  reply.Push(call.Number(added));
  reply.Push(call.Number(updated));
  return reply.value();
}

napi_value ZsetRemoveRange(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  if (!ReadKey(call, db, key) || !call.ReadRange(2, first, count)) return nullptr;
  uint32_t removed_members = 0;
  for (uint32_t i = 0; i < count; ++i) {
    bool removed = false;
    const Status status = ZsetRemove(call.engine().keyspace(), db, key,
                                     call.VectorArgument(first + i), removed);
    if (!status.ok()) return call.Throw(status);
    if (removed) ++removed_members;
  }
  return call.Number(removed_members);
}

napi_value ZsetLength(Call& call) {
  EntryView zset;
  if (!ReadZset(call, zset)) return nullptr;
  return call.Number(zset ? static_cast<double>(ZsetSize(call.engine().keyspace(), zset)) : 0);
}

napi_value ZsetScoreMethod(Call& call) {
  EntryView zset;
  std::string_view member;
  BulkMode mode;
  if (!ReadZset(call, zset) || !call.ReadOperand(2, member) || !call.ReadMode(3, mode)) {
    return nullptr;
  }
  double score;
  const bool there = zset && ZsetScore(call.engine().keyspace(), zset, member, score);
  return there ? ScoreText(call, score, mode) : call.Null();
}

napi_value ZsetScoreNumber(Call& call) {
  EntryView zset;
  std::string_view member;
  if (!ReadZset(call, zset) || !call.ReadOperand(2, member)) return nullptr;
  double score;
  const bool there = zset && ZsetScore(call.engine().keyspace(), zset, member, score);
  return there ? call.Number(score) : call.Null();
}

napi_value ZsetRankMethod(Call& call) {
  EntryView zset;
  std::string_view member;
  if (!ReadZset(call, zset) || !call.ReadOperand(2, member)) return nullptr;
  uint64_t rank;
  const bool there = zset && ZsetRank(call.engine().keyspace(), zset, member, rank);
  return there ? call.Number(static_cast<double>(rank)) : call.Null();
}

napi_value RangeReply(Call& call, const RankRange& range) {
  ReplyArray reply(call);
  reply.Push(call.Number(static_cast<double>(range.first)));
  reply.Push(call.Number(static_cast<double>(range.count)));
  return reply.value();
}

// [first rank, count] of the scores between two bounds.
napi_value ZsetRanksByScore(Call& call) {
  EntryView zset;
  ScoreBound min;
  ScoreBound max;
  if (!ReadZset(call, zset) || !call.ReadDouble(2, min.score) ||
      !call.ReadBool(3, min.exclusive) || !call.ReadDouble(4, max.score) ||
      !call.ReadBool(5, max.exclusive)) {
    return nullptr;
  }
  if (!zset) return RangeReply(call, RankRange());
  return RangeReply(call, RanksByScore(call.engine().keyspace(), zset, min, max));
}

// A bound as ZRANGEBYLEX writes it.
bool ReadLexBound(Call& call, size_t index, LexBound& bound) {
  std::string_view text;
  if (!call.ReadOperand(index, text)) return false;
  if (text == "-" || text == "+") {
    bound = {text == "-" ? LexBound::Kind::kMin : LexBound::Kind::kMax, {}, false};
    return true;
  }
  if (text.empty() || (text[0] != '[' && text[0] != '(')) {
    call.Throw(Status(StatusCode::kNotALexRange));
    return false;
  }
  bound = {LexBound::Kind::kMember, text.substr(1), text[0] == '('};
  return true;
}

napi_value ZsetRanksByLex(Call& call) {
  EntryView zset;
  LexBound min;
  LexBound max;
  // The bounds are looked at before the key.
  if (!ReadLexBound(call, 2, min) || !ReadLexBound(call, 3, max) || !ReadZset(call, zset)) {
    return nullptr;
  }
  if (!zset) return RangeReply(call, RankRange());
  return RangeReply(call, RanksByLex(call.engine().keyspace(), zset, min, max));
}

void PushElement(Call& call, ReplyArray& reply, const PackElement& member, double score,
                 bool with_scores, BulkMode mode) {
  reply.Push(call.Bulk(member, mode));
  if (with_scores) reply.Push(ScoreText(call, score, mode));
}

napi_value ZsetRange(Call& call) {
  EntryView zset;
  int64_t first;
  int64_t count;
  bool downwards;
  bool with_scores;
  BulkMode mode;
  if (!ReadZset(call, zset) || !call.ReadInt64(2, first) || !call.ReadInt64(3, count) ||
      !call.ReadBool(4, downwards) || !call.ReadBool(5, with_scores) || !call.ReadMode(6, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!zset) return reply.value();
  VisitRanks(call.engine().keyspace(), zset, static_cast<uint64_t>(first),
             static_cast<uint64_t>(count), downwards,
             [&](const PackElement& member, double score) {
               PushElement(call, reply, member, score, with_scores, mode);
             });
  return reply.value();
}

napi_value ZsetRemoveRanksMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t first;
  int64_t count;
  if (!ReadKey(call, db, key) || !call.ReadInt64(2, first) || !call.ReadInt64(3, count)) {
    return nullptr;
  }
  const Status status =
      ZsetRemoveRanks(call.engine().keyspace(), db, key, static_cast<uint64_t>(first),
                      static_cast<uint64_t>(count));
  return call.Finish(status, call.Undefined());
}

napi_value ZsetScan(Call& call) {
  EntryView zset;
  uint64_t cursor;
  uint32_t count;
  std::string_view pattern;
  BulkMode mode;
  if (!ReadZset(call, zset) || !call.ReadCursor(2, cursor) || !call.ReadUint32(3, count) ||
      !call.ReadOperand(4, pattern) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  uint64_t next = 0;
  const Keyspace& keyspace = call.engine().keyspace();
  const bool large = zset && zset.encoding() == Encoding::kTree;
  // As Redis scans a compact set: an integer has no exponent, whatever its size.
  const auto push = [&](const PackElement& member, double score) {
    char scratch[kIntegerTextMax];
    if (!ScanMatch(pattern, member.Text(scratch))) return;
    reply.Push(call.Bulk(member, mode));
    PackElement integer;
    const bool is_integer = !large && IntegerOfScore(score, integer.integer);
    reply.Push(is_integer ? call.Bulk(integer, mode) : ScoreText(call, score, mode));
  };
  if (large) {
    next = ScanHashTree(keyspace.trees(), ZsetRootsOf(zset).by_member, NameHasher(keyspace),
                        cursor, count, [&](const uint8_t* at, unsigned) {
                          push(Listpack::Get(at), ScoreOfBytes(Listpack::Get(Listpack::Next(at))));
                        });
  } else if (zset) {
    VisitRanks(keyspace, zset, 0, ZsetSize(keyspace, zset), false, push);
  }
  return call.ScanReply(next, reply);
}

napi_value ZsetRandom(Call& call) {
  EntryView zset;
  int64_t count;
  bool distinct;
  bool with_scores;
  BulkMode mode;
  if (!ReadZset(call, zset) || !call.ReadInt64(2, count) || !call.ReadBool(3, distinct) ||
      !call.ReadBool(4, with_scores) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!zset) return reply.value();
  Keyspace& keyspace = call.engine().keyspace();
  const uint64_t size = ZsetSize(keyspace, zset);
  std::vector<uint64_t> ranks;
  const Status drawn = DrawRanks(keyspace, size, static_cast<uint64_t>(count), distinct, ranks);
  if (!drawn.ok()) return call.Throw(drawn);
  for (const uint64_t rank : ranks) {
    VisitRanks(keyspace, zset, rank, 1, false, [&](const PackElement& member, double score) {
      PushElement(call, reply, member, score, with_scores, mode);
    });
  }
  return reply.value();
}

// Database, operation, range of keys, weights (an array or null), aggregate.
bool Combine(Call& call, uint32_t& db, ScoredMembers& result) {
  uint32_t operation;
  uint32_t first;
  uint32_t count;
  uint32_t aggregate;
  if (!call.ReadDatabase(0, db) || !call.ReadUint32(1, operation) ||
      !call.ReadRange(2, first, count) || !call.ReadUint32(5, aggregate)) {
    return false;
  }
  std::vector<std::string_view> keys;
  for (uint32_t i = 0; i < count; ++i) keys.push_back(call.VectorArgument(first + i));
  std::vector<double> weights;
  if (!call.ReadDoubles(4, weights)) return false;
  const Status status = ZsetCombine(
      call.engine().keyspace(), db, static_cast<ZsetOperation>(operation), keys,
      weights.size() == keys.size() ? weights : std::vector<double>(),
      static_cast<Aggregate>(aggregate), result);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value ZsetCombineMethod(Call& call) {
  uint32_t db;
  bool with_scores;
  BulkMode mode;
  ScoredMembers result;
  if (!Combine(call, db, result) || !call.ReadBool(6, with_scores) || !call.ReadMode(7, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  for (const auto& [score, member] : result) {
    reply.Push(call.Bulk(member, mode));
    if (with_scores) reply.Push(ScoreText(call, score, mode));
  }
  return reply.value();
}

napi_value ZsetCombineStore(Call& call) {
  uint32_t db;
  std::string_view to;
  ScoredMembers result;
  if (!Combine(call, db, result) || !call.ReadOperand(6, to)) return nullptr;
  const Status status = ZsetStore(call.engine().keyspace(), db, to, result);
  return call.Finish(status, call.Number(static_cast<double>(result.size())));
}

napi_value ZsetIntersectionCount(Call& call) {
  uint32_t db;
  uint32_t first;
  uint32_t count;
  int64_t limit;
  if (!call.ReadDatabase(0, db) || !call.ReadRange(1, first, count) || !call.ReadInt64(3, limit)) {
    return nullptr;
  }
  std::vector<std::string_view> keys;
  for (uint32_t i = 0; i < count; ++i) keys.push_back(call.VectorArgument(first + i));
  uint64_t size = 0;
  const Status status = ZsetIntersectionSize(call.engine().keyspace(), db, keys,
                                             static_cast<uint64_t>(limit), size);
  return call.Finish(status, call.Number(static_cast<double>(size)));
}

// Stores elements of another set by rank, upwards or downwards: ZRANGESTORE.
napi_value ZsetStoreRange(Call& call) {
  EntryView zset;
  uint32_t db;
  int64_t first;
  int64_t count;
  std::string_view to;
  if (!call.ReadDatabase(0, db) || !ReadZset(call, zset) || !call.ReadInt64(2, first) ||
      !call.ReadInt64(3, count) || !call.ReadOperand(4, to)) {
    return nullptr;
  }
  ScoredMembers members;
  if (zset) {
    VisitRanks(call.engine().keyspace(), zset, static_cast<uint64_t>(first),
               static_cast<uint64_t>(count), false,
               [&](const PackElement& member, double score) {
                 char scratch[kIntegerTextMax];
                 members.emplace_back(score, member.Text(scratch));
               });
  }
  const Status status = ZsetStore(call.engine().keyspace(), db, to, members);
  return call.Finish(status, call.Number(static_cast<double>(members.size())));
}

}  // namespace

void AppendSortedSetMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"parseFloat", Method<ParseFloat>},
                                    {"parseScoreBound", Method<ParseBound>},
                                    {"formatFloat", Method<FormatFloat>},
                                    {"zsetAddRange", Method<ZsetAddRange>},
                                    {"zsetAddAll", Method<ZsetAddAll>},
                                    {"zsetRemoveRange", Method<ZsetRemoveRange>},
                                    {"zsetLength", Method<ZsetLength>},
                                    {"zsetScore", Method<ZsetScoreMethod>},
                                    {"zsetScoreNumber", Method<ZsetScoreNumber>},
                                    {"zsetRank", Method<ZsetRankMethod>},
                                    {"zsetRanksByScore", Method<ZsetRanksByScore>},
                                    {"zsetRanksByLex", Method<ZsetRanksByLex>},
                                    {"zsetRange", Method<ZsetRange>},
                                    {"zsetRemoveRanks", Method<ZsetRemoveRanksMethod>},
                                    {"zsetScan", Method<ZsetScan>},
                                    {"zsetRandom", Method<ZsetRandom>},
                                    {"zsetCombine", Method<ZsetCombineMethod>},
                                    {"zsetCombineStore", Method<ZsetCombineStore>},
                                    {"zsetIntersectionCount", Method<ZsetIntersectionCount>},
                                    {"zsetStoreRange", Method<ZsetStoreRange>},
                                });
}

}  // namespace snapfork
