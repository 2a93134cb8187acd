// bind_dump.cc - the engine's methods on serialised values.

#include <algorithm>

#include "addon/engine_object.h"
#include "persist/dump.h"

namespace snapfork {
namespace {

napi_value Dump(Call& call) {
  uint32_t db;
  std::string_view key;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadMode(2, mode)) {
    return nullptr;
  }
  Keyspace& keyspace = call.engine().keyspace();
  const Found found = keyspace.Lookup(db, key);
  keyspace.CountLookup(static_cast<bool>(found.entry));
  if (!found.entry) return call.Null();
  std::string payload;
  const Status status = DumpValue(keyspace, found.entry, payload);
  return status.ok() ? call.Bulk(payload, mode) : call.Throw(status);
}

napi_value Restore(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view payload;
  RestoreOptions options;
  int64_t idle_seconds;
  int64_t frequency;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadOperand(2, payload) ||
      !call.ReadInt64(3, options.expiry) || !call.ReadBool(4, options.replace) ||
      !call.ReadBool(5, options.deep) || !call.ReadInt64(6, idle_seconds) ||
      !call.ReadInt64(7, frequency)) {
    return nullptr;
  }
  options.access = {
      .idle_seconds = static_cast<int32_t>(std::min<int64_t>(idle_seconds, INT32_MAX)),
      .frequency = static_cast<int32_t>(frequency)};
  const Status status = RestoreValue(call.engine().keyspace(), db, key, payload, options);
  return call.Finish(status, call.Undefined());
}

napi_value CheckPayloadMethod(Call& call) {
  std::string_view payload;
  if (!call.ReadOperand(0, payload)) return nullptr;
  return call.Finish(CheckPayload(payload), call.Undefined());
}

}  // namespace

void AppendDumpMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"dump", Method<Dump>},
                                    {"restore", Method<Restore>},
                                    {"checkPayload", Method<CheckPayloadMethod>},
                                });
}

}  // namespace snapfork
