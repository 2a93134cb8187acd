// bind_hashes.cc - the engine's methods on hashes.

#include <utility>
#include <vector>

#include "addon/engine_object.h"
#include "base/glob.h"
#include "keyspace/collection_scan.h"
#include "keyspace/hash_edit.h"
#include "keyspace/hash_expiry.h"
#include "keyspace/hash_ops.h"
#include "keyspace/name_hasher.h"

namespace snapfork {
namespace {

// What a method of one field is called with: database, key, field.
bool ReadField(Call& call, uint32_t& db, std::string_view& key, std::string_view& field) {
  return call.ReadDatabase(0, db) && call.ReadOperand(1, key) && call.ReadOperand(2, field);
}

// A hash that is there, or an empty view.
bool ReadHash(Call& call, uint32_t db, std::string_view key, EntryView& hash) {
  Keyspace& keyspace = call.engine().keyspace();
  const Found found = keyspace.Lookup(db, key);
  if (const Status status = CheckType(found, ValueType::kHash); !status.ok()) {
    call.Throw(status);
    return false;
  }
  keyspace.CountLookup(static_cast<bool>(found.entry));
  hash = found.entry;
  return true;
}

napi_value HashGetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  BulkMode mode;
  if (!ReadField(call, db, key, field) || !call.ReadMode(3, mode)) return nullptr;
  FieldView view;
  const Status status = HashGet(call.engine().keyspace(), db, key, field, view);
  if (!status.ok()) return call.Throw(status);
  return view ? call.Bulk(view.value, mode) : call.Null();
}

napi_value HashHasMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  if (!ReadField(call, db, key, field)) return nullptr;
  FieldView view;
  const Status status = HashGet(call.engine().keyspace(), db, key, field, view);
  return call.Finish(status, call.Bool(static_cast<bool>(view)));
}

napi_value HashGetRangeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadRange(2, first, count) ||
      !call.ReadMode(4, mode)) {
    return nullptr;
  }
  EntryView hash;
  if (!ReadHash(call, db, key, hash)) return nullptr;
  const Keyspace& keyspace = call.engine().keyspace();
  const int64_t now = keyspace.Now();
  ReplyArray reply(call);
  for (uint32_t i = 0; i < count; ++i) {
    FieldView view;
    if (hash) view = FindField(keyspace, hash, call.VectorArgument(first + i));
    reply.Push(view && !IsDue(view, now) ? call.Bulk(view.value, mode) : call.Null());
  }
  return reply.value();
}

napi_value HashValueLengthMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  if (!ReadField(call, db, key, field)) return nullptr;
  FieldView view;
  const Status status = HashGet(call.engine().keyspace(), db, key, field, view);
  if (!status.ok()) return call.Throw(status);
  char scratch[kIntegerTextMax];
  return call.Number(view ? static_cast<double>(view.value.Text(scratch).size()) : 0);
}

napi_value HashSetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  std::string_view value;
  uint32_t flags;
  if (!ReadField(call, db, key, field) || !call.ReadOperand(3, value) ||
      !call.ReadUint32(4, flags)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  bool created = false;
  const Status status = HashSet(call.engine().keyspace(), db, key, field, value, flags, created);
  call.Log(db, {"HSET", key, field, value});
  return call.Finish(status, call.Bool(created));
}

napi_value HashSetRangeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadRange(2, first, count)) {
    return nullptr;
  }
  uint32_t created_fields = 0;
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    bool created = false;
    const Status status = HashSet(call.engine().keyspace(), db, key, call.VectorArgument(first + i),
                                  call.VectorArgument(first + i + 1), 0, created);
    if (!status.ok()) return call.Throw(status);
    if (created) ++created_fields;
  }
  return call.Number(created_fields);
}

napi_value HashRemoveRangeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadRange(2, first, count)) {
    return nullptr;
  }
  uint32_t removed_fields = 0;
  for (uint32_t i = 0; i < count; ++i) {
    bool removed = false;
    const Status status =
        HashRemove(call.engine().keyspace(), db, key, call.VectorArgument(first + i), removed);
    if (!status.ok()) return call.Throw(status);
    if (removed) ++removed_fields;
  }
  return call.Number(removed_fields);
}

napi_value HashLengthMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  uint64_t length = 0;
  const Status status = HashLength(call.engine().keyspace(), db, key, length);
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

// Which of a field and its value a reply holds.
constexpr uint32_t kFields = 1;
constexpr uint32_t kValues = 2;

void PushField(Call& call, ReplyArray& reply, uint32_t parts, BulkMode mode,
               const PackElement& field, const PackElement& value) {
  if ((parts & kFields) != 0) reply.Push(call.Bulk(field, mode));
  if ((parts & kValues) != 0) reply.Push(call.Bulk(value, mode));
}

napi_value HashAllMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t parts;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadUint32(2, parts) ||
      !call.ReadMode(3, mode)) {
    return nullptr;
  }
  EntryView hash;
  if (!ReadHash(call, db, key, hash)) return nullptr;
  ReplyArray reply(call);
  if (!hash) return reply.value();
  VisitFields(call.engine().keyspace(), hash, [&](const PackElement& field, const FieldView& view) {
    PushField(call, reply, parts, mode, field, view.value);
  });
  return reply.value();
}

napi_value HashScanMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint64_t cursor;
  uint32_t count;
  std::string_view pattern;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadCursor(2, cursor) ||
      !call.ReadUint32(3, count) || !call.ReadOperand(4, pattern) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  EntryView hash;
  if (!ReadHash(call, db, key, hash)) return nullptr;
  ReplyArray reply(call);
  uint64_t next = 0;
  if (hash) {
    const Keyspace& keyspace = call.engine().keyspace();
    const int64_t now = keyspace.Now();
    const auto visit = [&](const uint8_t* at, unsigned stride) {
      const PackElement field = Listpack::Get(at);
      const FieldView view = FieldAt(at, stride);
      char scratch[kIntegerTextMax];
      if (IsDue(view, now) || !ScanMatch(pattern, field.Text(scratch))) return;
      PushField(call, reply, kFields | kValues, mode, field, view.value);
    };
    if (hash.encoding() == Encoding::kTree) {
      next =
          ScanHashTree(keyspace.trees(), RootOf(hash), NameHasher(keyspace), cursor, count, visit);
    } else {
      const Listpack pack(keyspace.PackOf(hash));
      const unsigned stride = StrideOf(hash);
      for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, stride)) {
        visit(at, stride);
      }
    }
  }
  return call.ScanReply(next, reply);
}

napi_value HashRandomMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t count;
  bool distinct;
  uint32_t parts;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, count) ||
      !call.ReadBool(3, distinct) || !call.ReadUint32(4, parts) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  EntryView hash;
  if (!ReadHash(call, db, key, hash)) return nullptr;
  ReplyArray reply(call);
  if (!hash) return reply.value();
  Keyspace& keyspace = call.engine().keyspace();
  // Ranks count the fields that are due. Where there are some, or the way to a rank is a walk
  // through a pack, all the others are listed first.
  const int64_t earliest = keyspace.EarliestFieldExpiryOf(hash);
  const bool some_due = earliest != kNoExpiry && earliest <= keyspace.Now();
  const bool is_listed = some_due || (hash.encoding() != Encoding::kTree && count > 1);
  std::vector<std::pair<PackElement, PackElement>> listed;
  if (is_listed) {
    VisitFields(keyspace, hash, [&](const PackElement& field, const FieldView& view) {
      listed.emplace_back(field, view.value);
    });
  }
  const uint64_t size = is_listed ? listed.size() : FieldCount(keyspace, hash);
  std::vector<uint64_t> ranks;
  const Status drawn = DrawRanks(keyspace, size, static_cast<uint64_t>(count), distinct, ranks);
  if (!drawn.ok()) return call.Throw(drawn);
  for (const uint64_t rank : ranks) {
    if (is_listed) {
      PushField(call, reply, parts, mode, listed[rank].first, listed[rank].second);
      continue;
    }
    const RankedElement element = ElementAtRank(keyspace, hash, StrideOf(hash), rank);
    PushField(call, reply, parts, mode, Listpack::Get(element.at),
              FieldAt(element.at, element.stride).value);
  }
  return reply.value();
}

napi_value HashIncrementMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  int64_t delta;
  if (!ReadField(call, db, key, field) || !call.ReadInt64(3, delta)) return nullptr;
  if (!call.MayGrow()) return nullptr;
  int64_t value = 0;
  const Status status = HashIncrement(call.engine().keyspace(), db, key, field, delta, value);
  call.Log(db, {"HINCRBY", key, field, IntegerText(delta)});
  return status.ok() ? call.Int64(value) : call.Throw(status);
}

napi_value HashIncrementFloatMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  std::string_view delta;
  BulkMode mode;
  if (!ReadField(call, db, key, field) || !call.ReadOperand(3, delta) || !call.ReadMode(4, mode)) {
    return nullptr;
  }
  std::string text;
  const Status status = HashIncrementFloat(call.engine().keyspace(), db, key, field, delta, text);
  return status.ok() ? call.Bulk(text, mode) : call.Throw(status);
}

napi_value HashSetExpiryMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  int64_t expiry;
  uint32_t flags;
  if (!ReadField(call, db, key, field) || !call.ReadInt64(3, expiry) ||
      !call.ReadUint32(4, flags)) {
    return nullptr;
  }
  FieldExpiryOutcome outcome;
  const Status status =
      HashSetExpiry(call.engine().keyspace(), db, key, field, expiry, flags, outcome);
  return call.Finish(status, call.Number(static_cast<int>(outcome)));
}

napi_value HashFieldExpiryMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  if (!ReadField(call, db, key, field)) return nullptr;
  int64_t expiry = 0;
  const Status status = HashFieldExpiry(call.engine().keyspace(), db, key, field, expiry);
  return status.ok() ? call.Int64(expiry) : call.Throw(status);
}

napi_value HashPersistMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view field;
  if (!ReadField(call, db, key, field)) return nullptr;
  int outcome = 0;
  const Status status = HashPersist(call.engine().keyspace(), db, key, field, outcome);
  return call.Finish(status, call.Number(outcome));
}

napi_value ExpireDueFields(Call& call) {
  uint32_t limit;
  if (!call.ReadUint32(0, limit)) return nullptr;
  return call.Number(static_cast<double>(HashExpireDueFields(call.engine().keyspace(), limit)));
}

}  // namespace

void AppendHashMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"hashGet", Method<HashGetMethod>},
                                    {"hashHas", Method<HashHasMethod>},
                                    {"hashGetRange", Method<HashGetRangeMethod>},
                                    {"hashSet", Method<HashSetMethod>},
                                    {"hashSetRange", Method<HashSetRangeMethod>},
                                    {"hashRemoveRange", Method<HashRemoveRangeMethod>},
                                    {"hashValueLength", Method<HashValueLengthMethod>},
                                    {"hashLength", Method<HashLengthMethod>},
                                    {"hashAll", Method<HashAllMethod>},
                                    {"hashScan", Method<HashScanMethod>},
                                    {"hashRandom", Method<HashRandomMethod>},
                                    {"hashIncrement", Method<HashIncrementMethod>},
                                    {"hashIncrementFloat", Method<HashIncrementFloatMethod>},
                                    {"hashSetExpiry", Method<HashSetExpiryMethod>},
                                    {"hashFieldExpiry", Method<HashFieldExpiryMethod>},
                                    {"hashPersist", Method<HashPersistMethod>},
                                    {"expireDueFields", Method<ExpireDueFields>},
                                });
}

}  // namespace snapfork
