// bind_limits.cc - the limits up to which collections stay compact.

#include "addon/engine_object.h"

namespace snapfork {
namespace {

struct Limit {
  const char* name;
  uint64_t EncodingLimits::* member;
};

constexpr Limit kLimits[] = {
    {"hashMaxListpackEntries", &EncodingLimits::hash_max_listpack_entries},
    {"hashMaxListpackValue", &EncodingLimits::hash_max_listpack_value},
    {"setMaxIntsetEntries", &EncodingLimits::set_max_intset_entries},
    {"setMaxListpackEntries", &EncodingLimits::set_max_listpack_entries},
    {"setMaxListpackValue", &EncodingLimits::set_max_listpack_value},
    {"zsetMaxListpackEntries", &EncodingLimits::zset_max_listpack_entries},
    {"zsetMaxListpackValue", &EncodingLimits::zset_max_listpack_value},
    {"streamNodeMaxBytes", &EncodingLimits::stream_node_max_bytes},
    {"streamNodeMaxEntries", &EncodingLimits::stream_node_max_entries},
    {"hllSparseMaxBytes", &EncodingLimits::hll_sparse_max_bytes},
};

// False if there is no such member.
bool ReadMember(Call& call, const char* name, int64_t& number) {
  napi_value value = nullptr;
  bool has = false;
  napi_has_named_property(call.env(), call.argument(0), name, &has);
  return has && napi_get_named_property(call.env(), call.argument(0), name, &value) == napi_ok &&
         napi_get_value_int64(call.env(), value, &number) == napi_ok;
}

napi_value SetLimits(Call& call) {
  EncodingLimits& limits = call.engine().keyspace().limits();
  int64_t number = 0;
  for (const Limit& limit : kLimits) {
    if (ReadMember(call, limit.name, number)) limits.*limit.member = static_cast<uint64_t>(number);
  }
  if (ReadMember(call, "listMaxListpackSize", number)) limits.list_max_listpack_size = number;
  return call.Undefined();
}

}  // namespace

void AppendLimitMethods(std::vector<MethodEntry>& methods) {
  methods.push_back({"setLimits", Method<SetLimits>});
}

}  // namespace snapfork
