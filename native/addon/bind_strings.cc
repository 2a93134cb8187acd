// bind_strings.cc - the engine's methods on strings.

#include "addon/engine_object.h"
#include "base/limits.h"
#include "base/number.h"
#include "keyspace/string_lcs.h"
#include "keyspace/string_ops.h"

namespace snapfork {
namespace {

napi_value StringGetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadMode(2, mode)) {
    return nullptr;
  }
  StringResult result;
  const Status status = StringGet(call.engine().keyspace(), db, key, result);
  if (!status.ok()) return call.Throw(status);
  return result.found ? call.Bulk(result.text, mode) : call.Null();
}

void LogSet(Call& call, uint32_t db, std::string_view key, std::string_view value, uint32_t flags,
            int64_t expiry) {
  if ((flags & kSetKeepExpiry) != 0) {
    call.Log(db, {"SET", key, value, "KEEPTTL"});
  } else if (expiry == kNoExpiry) {
    call.Log(db, {"SET", key, value});
  } else {
    call.Log(db, {"SET", key, value, "PXAT", IntegerText(expiry)});
  }
}

napi_value StringSetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view value;
  uint32_t flags;
  int64_t expiry;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadOperand(2, value) ||
      !call.ReadUint32(3, flags) || !call.ReadInt64(4, expiry)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  bool done = false;
  const Status status =
      StringSet(call.engine().keyspace(), db, key, value, flags, expiry, done);
  if (done) LogSet(call, db, key, value, flags, expiry);
  return call.Finish(status, call.Bool(done));
}

napi_value StringAppendMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view value;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadOperand(2, value)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  uint64_t length = 0;
  const Status status = StringAppend(call.engine().keyspace(), db, key, value, length);
  call.Log(db, {"APPEND", key, value});
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

napi_value StringLengthMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  uint64_t length = 0;
  const Status status = StringLength(call.engine().keyspace(), db, key, length);
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

napi_value StringGetRangeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t start;
  int64_t end;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, start) ||
      !call.ReadInt64(3, end) || !call.ReadMode(4, mode)) {
    return nullptr;
  }
  StringResult result;
  const Status status = StringGetRange(call.engine().keyspace(), db, key, start, end, result);
  return status.ok() ? call.Bulk(result.text, mode) : call.Throw(status);
}

napi_value StringSetRangeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t offset;
  std::string_view value;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, offset) ||
      !call.ReadOperand(3, value)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  uint64_t length = 0;
  const Status status = StringSetRange(call.engine().keyspace(), db, key,
                                       static_cast<uint64_t>(offset), value, length);
  call.Log(db, {"SETRANGE", key, IntegerText(offset), value});
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

napi_value StringIncrementMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t delta;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, delta)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  int64_t value = 0;
  const Status status = StringIncrement(call.engine().keyspace(), db, key, delta, value);
  call.Log(db, {"INCRBY", key, IntegerText(delta)});
  return status.ok() ? call.Int64(value) : call.Throw(status);
}

napi_value StringIncrementFloatMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view delta;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadOperand(2, delta) ||
      !call.ReadMode(3, mode)) {
    return nullptr;
  }
  if (!call.MayGrow()) return nullptr;
  StringResult result;
  const Status status = StringIncrementFloat(call.engine().keyspace(), db, key, delta, result);
  if (status.ok()) call.Log(db, {"SET", key, result.text, "KEEPTTL"});
  return status.ok() ? call.Bulk(result.text, mode) : call.Throw(status);
}

}  // namespace

// Both values; absent ones are empty. False with an error pending.
bool ReadBoth(Call& call, StringResult& a, StringResult& b) {
  uint32_t db;
  std::string_view keys[2];
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, keys[0]) ||
      !call.ReadOperand(2, keys[1])) {
    return false;
  }
  Status status = StringGet(call.engine().keyspace(), db, keys[0], a);
  if (status.ok()) status = StringGet(call.engine().keyspace(), db, keys[1], b);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value StringLcsLength(Call& call) {
  StringResult a;
  StringResult b;
  if (!ReadBoth(call, a, b)) return nullptr;
  uint64_t length = 0;
  const Status status = LcsLength(a.text, b.text, length);
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

napi_value StringLcs(Call& call) {
  StringResult a;
  StringResult b;
  BulkMode mode;
  if (!ReadBoth(call, a, b) || !call.ReadMode(3, mode)) return nullptr;
  std::string text;
  std::vector<CommonRun> runs;
  const Status status = LongestCommonSubsequence(a.text, b.text, text, runs);
  if (!status.ok()) return call.Throw(status);
  ReplyArray numbers(call);
  for (const CommonRun& run : runs) {
    for (const uint64_t number : {run.a, run.b, run.length}) {
      numbers.Push(call.Number(static_cast<double>(number)));
    }
  }
  ReplyArray reply(call);
  reply.Push(call.Bulk(text, mode));
  reply.Push(numbers.value());
  return reply.value();
}

void AppendStringMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"stringGet", Method<StringGetMethod>},
                                    {"stringSet", Method<StringSetMethod>},
                                    {"stringAppend", Method<StringAppendMethod>},
                                    {"stringLength", Method<StringLengthMethod>},
                                    {"stringGetRange", Method<StringGetRangeMethod>},
                                    {"stringSetRange", Method<StringSetRangeMethod>},
                                    {"stringIncrement", Method<StringIncrementMethod>},
                                    {"stringIncrementFloat", Method<StringIncrementFloatMethod>},
                                    {"stringLcs", Method<StringLcs>},
                                    {"stringLcsLength", Method<StringLcsLength>},
                                });
}

}  // namespace snapfork
