// bind_hyperloglog.cc - the engine's methods on HyperLogLogs.

#include <utility>

#include "addon/engine_object.h"
#include "keyspace/bitmap_ops.h"
#include "keyspace/hyperloglog.h"

namespace snapfork {
namespace {

// The HyperLogLog of a key, empty if there is none. kNotHyperLogLog.
Status ReadSketch(Keyspace& keyspace, uint32_t db, std::string_view key, std::string& sketch,
                  bool& found) {
  char scratch[kIntegerTextMax];
  std::string_view bytes;
  SF_RETURN_IF_ERROR(StringBytes(keyspace, db, key, scratch, bytes, found));
  if (found && !IsHyperLogLog(bytes)) return Status(StatusCode::kNotHyperLogLog);
  keyspace.CountLookup(found);
  if (!found) return Status();
  sketch.assign(bytes);
  return Status();
}

Status Damaged() { return Status(StatusCode::kBadHyperLogLog); }

// Writes a sketch back with the expiry its key has.
Status WriteSketch(Keyspace& keyspace, uint32_t db, std::string_view key,
                   const std::string& sketch) {
  const Found found = keyspace.Lookup(db, key);
  const int64_t expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  SF_RETURN_IF_ERROR(BitStore(keyspace, db, key, sketch, expiry));
  return Status();
}

// Adds elements from argument `first` on; true if the estimate may have changed.
napi_value SketchAdd(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) ||
      !call.ReadRange(2, first, count)) {
    return nullptr;
  }
  Keyspace& keyspace = call.engine().keyspace();
  std::string sketch;
  bool found;
  Status status = ReadSketch(keyspace, db, key, sketch, found);
  if (!status.ok()) return call.Throw(status);
  if (!found) sketch = EmptyHyperLogLog();
  bool any = !found;
  for (uint32_t i = 0; i < count; ++i) {
    bool changed;
    if (!HyperLogLogAdd(sketch, call.VectorArgument(first + i),
                        keyspace.limits().hll_sparse_max_bytes, changed)) {
      return call.Throw(Damaged());
    }
    any = any || changed;
  }
  if (any) {
    HyperLogLogInvalidate(sketch);
    status = WriteSketch(keyspace, db, key, sketch);
  }
  return call.Finish(status, call.Bool(any));
}

// `head`: the sketch of the first key, empty if there is none.
bool MergeKeys(Call& call, uint32_t db, uint32_t first, uint32_t count,
               HyperLogLogRegisters& registers, bool& any_dense, std::string& head) {
  registers.assign(kHyperLogLogRegisters, 0);
  any_dense = false;
  for (uint32_t i = 0; i < count; ++i) {
    std::string sketch;
    bool found;
    Status status = ReadSketch(call.engine().keyspace(), db, call.VectorArgument(first + i),
                               sketch, found);
    if (status.ok() && found) {
      any_dense = any_dense || !HyperLogLogIsSparse(sketch);
      if (!HyperLogLogMerge(sketch, registers)) status = Damaged();
    }
    if (!status.ok()) {
      call.Throw(status);
      return false;
    }
    if (i == 0) head = std::move(sketch);
  }
  return true;
}

napi_value SketchCount(Call& call) {
  uint32_t db;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadRange(1, first, count)) return nullptr;
  Keyspace& keyspace = call.engine().keyspace();
  if (count > 1) {
    HyperLogLogRegisters registers;
    bool any_dense;
    std::string head;
    if (!MergeKeys(call, db, first, count, registers, any_dense, head)) return nullptr;
    return call.Number(static_cast<double>(HyperLogLogEstimate(registers)));
  }
  const std::string_view key = call.VectorArgument(first);
  std::string sketch;
  bool found;
  Status status = ReadSketch(keyspace, db, key, sketch, found);
  if (!status.ok()) return call.Throw(status);
  if (!found) return call.Number(0);
  const std::string before = sketch;
  uint64_t estimate;
  if (!HyperLogLogCount(sketch, estimate)) return call.Throw(Damaged());
  // What was computed is kept, as Redis keeps it.
  if (sketch != before) status = WriteSketch(keyspace, db, key, sketch);
  return call.Finish(status, call.Number(static_cast<double>(estimate)));
}

// Merges the keys from argument `first` on into the first of them.
napi_value SketchMerge(Call& call) {
  uint32_t db;
  uint32_t first;
  uint32_t count;
  if (!call.ReadDatabase(0, db) || !call.ReadRange(1, first, count)) return nullptr;
  HyperLogLogRegisters registers;
  bool any_dense;
  std::string sketch;
  if (!MergeKeys(call, db, first, count, registers, any_dense, sketch)) return nullptr;
  Keyspace& keyspace = call.engine().keyspace();
  const std::string_view key = call.VectorArgument(first);
  if (sketch.empty()) sketch = EmptyHyperLogLog();
  if (any_dense || !HyperLogLogIsSparse(sketch)) {
    HyperLogLogStore(registers, sketch);
  } else if (!HyperLogLogSetSparse(registers, sketch, keyspace.limits().hll_sparse_max_bytes)) {
    return call.Throw(Damaged());
  }
  HyperLogLogInvalidate(sketch);
  const Status status = WriteSketch(keyspace, db, key, sketch);
  return call.Finish(status, call.Undefined());
}

}  // namespace

void AppendHyperLogLogMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"sketchAdd", Method<SketchAdd>},
                                    {"sketchCount", Method<SketchCount>},
                                    {"sketchMerge", Method<SketchMerge>},
                                });
}

}  // namespace snapfork
