// bind_sets.cc - the engine's methods on sets.

#include "addon/engine_object.h"
#include "base/glob.h"
#include "keyspace/collection_scan.h"
#include "keyspace/name_hasher.h"
#include "keyspace/set_ops.h"

namespace snapfork {
namespace {

// Database, key and a range of members; calls `change` for each and counts what is true.
template <typename Change>
napi_value ForEachMember(Call& call, Change&& change) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) ||
      !call.ReadRange(2, first, count)) {
    return nullptr;
  }
  uint32_t done = 0;
  for (uint32_t i = 0; i < count; ++i) {
    bool changed = false;
    const Status status =
        change(call.engine().keyspace(), db, key, call.VectorArgument(first + i), changed);
    if (!status.ok()) return call.Throw(status);
    if (changed) ++done;
  }
  return call.Number(done);
}

napi_value SetAddRange(Call& call) { return ForEachMember(call, SetAdd); }
napi_value SetRemoveRange(Call& call) { return ForEachMember(call, SetRemove); }

// A set to be read. False: an exception is pending.
bool ReadSet(Call& call, uint32_t& db, EntryView& set) {
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return false;
  const Status status = SetLookup(call.engine().keyspace(), db, key, set);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value SetLengthMethod(Call& call) {
  uint32_t db;
  EntryView set;
  if (!ReadSet(call, db, set)) return nullptr;
  return call.Number(set ? static_cast<double>(SetSize(call.engine().keyspace(), set)) : 0);
}

napi_value SetContainsMethod(Call& call) {
  uint32_t db;
  EntryView set;
  std::string_view member;
  if (!ReadSet(call, db, set) || !call.ReadOperand(2, member)) return nullptr;
  return call.Bool(set && SetContains(call.engine().keyspace(), set, member));
}

napi_value SetMembers(Call& call) {
  uint32_t db;
  EntryView set;
  BulkMode mode;
  if (!ReadSet(call, db, set) || !call.ReadMode(2, mode)) return nullptr;
  ReplyArray reply(call);
  if (set) {
    VisitMembers(call.engine().keyspace(), set, [&](const PackElement& member) {
      reply.Push(call.Bulk(member, mode));
      return true;
    });
  }
  return reply.value();
}

napi_value SetScan(Call& call) {
  uint32_t db;
  EntryView set;
  uint64_t cursor;
  uint32_t count;
  std::string_view pattern;
  BulkMode mode;
  if (!ReadSet(call, db, set) || !call.ReadCursor(2, cursor) || !call.ReadUint32(3, count) ||
      !call.ReadOperand(4, pattern) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  uint64_t next = 0;
  const auto push = [&](const PackElement& member) {
    char scratch[kIntegerTextMax];
    if (ScanMatch(pattern, member.Text(scratch))) reply.Push(call.Bulk(member, mode));
    return true;
  };
  const Keyspace& keyspace = call.engine().keyspace();
  if (set && set.encoding() == Encoding::kTree) {
    next = ScanHashTree(keyspace.trees(), RootOf(set), NameHasher(keyspace), cursor, count,
                        [&](const uint8_t* at, unsigned) { push(Listpack::Get(at)); });
  } else if (set) {
    VisitMembers(keyspace, set, push);
  }
  return call.ScanReply(next, reply);
}

napi_value SetRandom(Call& call) {
  uint32_t db;
  EntryView set;
  int64_t count;
  bool distinct;
  BulkMode mode;
  if (!ReadSet(call, db, set) || !call.ReadInt64(2, count) || !call.ReadBool(3, distinct) ||
      !call.ReadMode(4, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!set) return reply.value();
  Keyspace& keyspace = call.engine().keyspace();
  const uint64_t size = SetSize(keyspace, set);
  std::vector<uint64_t> ranks;
  const Status drawn = DrawRanks(keyspace, size, static_cast<uint64_t>(count), distinct, ranks);
  if (!drawn.ok()) return call.Throw(drawn);
  for (const uint64_t rank : ranks) {
    reply.Push(call.Bulk(SetMemberAtRank(keyspace, set, rank), mode));
  }
  return reply.value();
}

// Draws as SetRandom, and removes what it drew.
napi_value SetPop(Call& call) {
  uint32_t db;
  EntryView set;
  int64_t count;
  BulkMode mode;
  if (!ReadSet(call, db, set) || !call.ReadInt64(2, count) || !call.ReadMode(3, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!set) return reply.value();
  Keyspace& keyspace = call.engine().keyspace();
  const std::string key(set.key());
  const uint64_t size = SetSize(keyspace, set);
  std::vector<std::string> members;
  std::vector<uint64_t> ranks;
  const Status drawn = DrawRanks(keyspace, size, static_cast<uint64_t>(count), true, ranks);
  if (!drawn.ok()) return call.Throw(drawn);
  for (const uint64_t rank : ranks) {
    char scratch[kIntegerTextMax];
    members.emplace_back(SetMemberAtRank(keyspace, set, rank).Text(scratch));
  }
  for (const std::string& member : members) {
    bool removed = false;
    const Status status = SetRemove(keyspace, db, key, member, removed);
    if (!status.ok()) return call.Throw(status);
    reply.Push(call.Bulk(member, mode));
  }
  return reply.value();
}

napi_value SetMoveMethod(Call& call) {
  uint32_t db;
  std::string_view from;
  std::string_view to;
  std::string_view member;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, from) || !call.ReadOperand(2, to) ||
      !call.ReadOperand(3, member)) {
    return nullptr;
  }
  bool moved = false;
  const Status status = SetMove(call.engine().keyspace(), db, from, to, member, moved);
  return call.Finish(status, call.Bool(moved));
}

// Database, operation, range of keys, limit: the result into `members`.
bool Combine(Call& call, uint32_t& db, PackBuilder& members) {
  uint32_t operation;
  uint32_t first;
  uint32_t count;
  int64_t limit;
  if (!call.ReadDatabase(0, db) || !call.ReadUint32(1, operation) ||
      !call.ReadRange(2, first, count) || !call.ReadInt64(4, limit)) {
    return false;
  }
  std::vector<std::string_view> keys;
  for (uint32_t i = 0; i < count; ++i) keys.push_back(call.VectorArgument(first + i));
  const Status status =
      SetCombine(call.engine().keyspace(), db, static_cast<SetOperation>(operation), keys,
                 static_cast<uint64_t>(limit), members);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value SetCombineMethod(Call& call) {
  uint32_t db;
  BulkMode mode;
  PackBuilder members;
  if (!Combine(call, db, members) || !call.ReadMode(5, mode)) return nullptr;
  ReplyArray reply(call);
  const PackRange range = members.range();
  for (const uint8_t* at = range.begin; at != range.end; at = Listpack::Next(at)) {
    reply.Push(call.Bulk(Listpack::Get(at), mode));
  }
  return reply.value();
}

napi_value SetCombineCount(Call& call) {
  uint32_t db;
  PackBuilder members;
  if (!Combine(call, db, members)) return nullptr;
  return call.Number(static_cast<double>(members.count()));
}

napi_value SetCombineStore(Call& call) {
  uint32_t db;
  std::string_view to;
  PackBuilder members;
  if (!Combine(call, db, members) || !call.ReadOperand(5, to)) return nullptr;
  const Status status = SetStore(call.engine().keyspace(), db, to, members.range());
  return call.Finish(status, call.Number(static_cast<double>(members.count())));
}

}  // namespace

void AppendSetMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"setAddRange", Method<SetAddRange>},
                                    {"setRemoveRange", Method<SetRemoveRange>},
                                    {"setLength", Method<SetLengthMethod>},
                                    {"setContains", Method<SetContainsMethod>},
                                    {"setMembers", Method<SetMembers>},
                                    {"setScan", Method<SetScan>},
                                    {"setRandom", Method<SetRandom>},
                                    {"setPop", Method<SetPop>},
                                    {"setMove", Method<SetMoveMethod>},
                                    {"setCombine", Method<SetCombineMethod>},
                                    {"setCombineCount", Method<SetCombineCount>},
                                    {"setCombineStore", Method<SetCombineStore>},
                                });
}

}  // namespace snapfork
