// bind_eviction.cc - the engine's methods on its limit of memory, and on what keys were used for.

#include "addon/engine_object.h"

namespace snapfork {
namespace {

// Bytes, policy, samples, LFU's factor and decay in minutes.
napi_value LimitMemory(Call& call) {
  int64_t max_bytes;
  uint32_t policy;
  EvictionSettings settings;
  if (!call.ReadInt64(0, max_bytes) || !call.ReadUint32(1, policy) ||
      !call.ReadUint32(2, settings.samples) || !call.ReadUint32(3, settings.lfu_log_factor) ||
      !call.ReadUint32(4, settings.lfu_decay_minutes)) {
    return nullptr;
  }
  if (policy >= kEvictionPolicies) return call.Throw(Status(StatusCode::kInvalidArgument));
  settings.max_bytes = static_cast<uint64_t>(max_bytes);
  settings.policy = static_cast<EvictionPolicy>(policy);
  call.engine().LimitMemory(settings);
  return call.Undefined();
}

napi_value MakeRoom(Call& call) { return call.Bool(call.engine().evictor().MakeRoom()); }

napi_value EvictSome(Call& call) {
  uint32_t limit;
  if (!call.ReadUint32(0, limit)) return nullptr;
  return call.Number(static_cast<double>(call.engine().evictor().EvictSome(limit)));
}

napi_value AccessKindMethod(Call& call) {
  return call.Number(static_cast<double>(call.engine().keyspace().access().kind()));
}

// What is known of a key's use, by `read`; null if there is no such key.
template <typename Read>
napi_value ReadAccess(Call& call, AccessKind kind, Read&& read) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  Keyspace& keyspace = call.engine().keyspace();
  if (keyspace.access().kind() != kind) return call.Throw(Status(StatusCode::kInvalidArgument));
  const Found found = keyspace.Peek(db, key);
  if (!found.entry) return call.Null();
  keyspace.access().SetNow(keyspace.Now());
  return call.Number(static_cast<double>(read(keyspace.access(), found.handle())));
}

napi_value KeyIdleSeconds(Call& call) {
  return ReadAccess(call, AccessKind::kTime, [](const AccessInfo& access, Handle handle) {
    return access.IdleSeconds(handle);
  });
}

napi_value KeyFrequency(Call& call) {
  return ReadAccess(call, AccessKind::kFrequency, [](const AccessInfo& access, Handle handle) {
    return access.Frequency(handle);
  });
}

}  // namespace

void AppendEvictionMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"limitMemory", Method<LimitMemory>},
                                    {"makeRoom", Method<MakeRoom>},
                                    {"evictSome", Method<EvictSome>},
                                    {"accessKind", Method<AccessKindMethod>},
                                    {"keyIdleSeconds", Method<KeyIdleSeconds>},
                                    {"keyFrequency", Method<KeyFrequency>},
                                });
}

}  // namespace snapfork
