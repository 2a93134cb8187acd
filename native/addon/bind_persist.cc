// bind_persist.cc - the engine's methods on files, forks and statistics.

#include "addon/background.h"
#include "addon/engine_object.h"
#include "keyspace/digest.h"

namespace snapfork {
namespace {

napi_value ToObject(Napi::Env env, const SnapshotResult& saved) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("keys", MakeNumber(env, saved.keys));
  result.Set("bytes", MakeNumber(env, saved.bytes));
  return result;
}

class LoadWork final : public Background {
 public:
  LoadWork(napi_env env, EngineObject& engine) : Background(env, engine, "snapfork.load") {}

 private:
  Status Work() override { return engine_.load->Run(); }
  void Settle(Status status) override {
    engine_.state = EngineObject::State::kOpen;
    if (status.ok()) return;
    engine_.load.reset();
  }
  napi_value Result() override {
    const KeyspaceLoad& load = *engine_.load;
    Napi::Object result = Napi::Object::New(env_);
    result.Set("keysLoaded", MakeNumber(env_, load.keys_loaded()));
    result.Set("keysExpired", MakeNumber(env_, load.keys_expired()));
    result.Set("version", load.version());
    result.Set("bytes", MakeNumber(env_, load.bytes()));
    result.Set("aux", Aux(load));
    engine_.load.reset();
    return result;
  }
  void Cancel() override { engine_.load->Cancel(); }

  Napi::Array Aux(const KeyspaceLoad& load) {
    Napi::Array list = Napi::Array::New(env_);
    for (const auto& [name, text] : load.aux()) {
      Napi::Array pair = Napi::Array::New(env_, 2);
      pair.Set(0u, name);
      pair.Set(1u, text);
      list.Set(list.Length(), pair);
    }
    return list;
  }
};

// Writes a file while nobody else has the engine: without a fork, and off the event loop.
class SaveWork final : public Background {
 public:
  SaveWork(napi_env env, EngineObject& engine, SnapshotRequest request)
      : Background(env, engine, "snapfork.save"), request_(std::move(request)) {}

 private:
  Status Work() override {
    return engine_.snapshots().Save(engine_.keyspace(), request_, saved_);
  }
  void Settle(Status) override { engine_.state = EngineObject::State::kOpen; }
  napi_value Result() override { return ToObject(env_, saved_); }

  const SnapshotRequest request_;
  SnapshotResult saved_;
};

// Gives all memory back to the kernel: seconds for a large keyspace.
class CloseWork final : public Background {
 public:
  CloseWork(napi_env env, EngineObject& engine)
      : Background(env, engine, "snapfork.close"), memory_(engine.TakeMemory()) {}

 private:
  Status Work() override {
    memory_.reset();
    return Status();
  }
  void Settle(Status) override {}
  napi_value Result() override { return Napi::Env(env_).Undefined(); }

  std::unique_ptr<EngineObject::Memory> memory_;
};

// The one argument of the methods that take options. False, with a TypeError pending, if it is no
// object.
bool ReadOptionsObject(Call& call, Napi::Object& options) {
  const Napi::Value value(call.env(), call.argument(0));
  if (!value.IsObject()) {
    ThrowType(call.env(), "options must be an object");
    return false;
  }
  options = value.As<Napi::Object>();
  return true;
}

napi_value Load(Call& call) {
  Napi::Object options;
  std::string path;
  KeyspaceLoad::Options how;
  if (!ReadOptionsObject(call, options) || !GetString(options, "path", path) ||
      !GetBool(options, "checksum", how.checksum) || !GetBool(options, "deep", how.deep) ||
      !GetInt64(options, "nowMs", how.now_ms)) {
    return nullptr;
  }
  EngineObject& engine = call.engine();
  engine.load = std::make_unique<KeyspaceLoad>(engine.keyspace(), path, how);
  if (const Status status = engine.load->Open(); !status.ok()) {
    engine.load.reset();
    return call.Throw(status);
  }
  engine.BeginBusy();
  return (new LoadWork(call.env(), engine))->Start();
}

napi_value LoadProgress(Call& call) {
  const KeyspaceLoad* const load = call.engine().load.get();
  napi_env env = call.env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("bytes", MakeNumber(env, load == nullptr ? 0 : load->bytes()));
  result.Set("totalBytes", MakeNumber(env, load == nullptr ? 0 : load->total_bytes()));
  result.Set("keys", MakeNumber(env, load == nullptr ? 0 : load->keys_loaded()));
  return result;
}

// The promise of the load, if there is one, is then rejected.
napi_value LoadCancel(Call& call) {
  if (call.engine().load != nullptr) call.engine().load->Cancel();
  return call.Undefined();
}

bool ReadRequest(const Napi::Object& options, SnapshotRequest& request) {
  int64_t version = 0;
  bool as_commands = false;
  if (!GetString(options, "path", request.path) ||
      !GetString(options, "temporaryPath", request.temporary_path) ||
      !GetBool(options, "compression", request.writer.compression) ||
      !GetBool(options, "checksum", request.writer.checksum) ||
      !GetInt64(options, "version", version) ||
      !GetString(options, "serverVersion", request.server_version) ||
      !GetBool(options, "isBase", request.is_base) ||
      !GetBool(options, "asCommands", as_commands) ||
      !GetBool(options, "timestamp", request.timestamp) ||
      !GetInt64(options, "createdAtSeconds", request.created_at_seconds)) {
    return false;
  }
  if (as_commands) request.form = SnapshotForm::kCommands;
  request.writer.version = static_cast<int>(version);
  return true;
}

bool ReadForkRequest(const Napi::Object& options, SnapshotRequest& request) {
  int64_t nice = 0;
  int64_t oom_score_adj = 0;
  int64_t io_priority = 0;
  int64_t bytes_per_second = 0;
  request.sets_oom_score = !options.Get("oomScoreAdj").IsNull();
  if (!ReadRequest(options, request) || !GetInt64(options, "nice", nice) ||
      !GetInt64(options, "ioPriority", io_priority) ||
      !GetInt64(options, "bytesPerSecond", bytes_per_second) ||
      !GetBool(options, "dropsCache", request.drops_cache) ||
      (request.sets_oom_score && !GetInt64(options, "oomScoreAdj", oom_score_adj))) {
    return false;
  }
  request.nice = static_cast<int>(nice);
  request.io_priority = static_cast<IoPriority>(io_priority);
  request.bytes_per_second = static_cast<uint64_t>(bytes_per_second);
  request.oom_score_adj = static_cast<int>(oom_score_adj);
  return true;
}

napi_value Save(Call& call) {
  Napi::Object options;
  SnapshotRequest request;
  if (!ReadOptionsObject(call, options) || !ReadRequest(options, request)) return nullptr;
  SnapshotResult saved;
  EngineObject& engine = call.engine();
  const Status status = engine.snapshots().Save(engine.keyspace(), request, saved);
  if (!status.ok()) return call.Throw(status);
  return ToObject(call.env(), saved);
}

napi_value SaveInBackground(Call& call) {
  Napi::Object options;
  SnapshotRequest request;
  if (!ReadOptionsObject(call, options) || !ReadRequest(options, request)) return nullptr;
  EngineObject& engine = call.engine();
  engine.BeginBusy();
  return (new SaveWork(call.env(), engine, std::move(request)))->Start();
}

napi_value ForkSave(Call& call) {
  // A script that is paused has changed a part of what it will: no file may hold that alone.
  if (call.engine().scripts.suspended() != nullptr) {
    return call.Throw(Status(StatusCode::kChildActive));
  }
  Napi::Object options;
  SnapshotRequest request;
  if (!ReadOptionsObject(call, options) || !ReadForkRequest(options, request)) return nullptr;
  SnapshotStart start;
  EngineObject& engine = call.engine();
  const Status status = engine.snapshots().Start(engine.keyspace(), request, start);
  if (!status.ok()) return call.Throw(status);
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("pid", start.pid);
  result.Set("endFd", start.end_fd);
  result.Set("forkMicros", static_cast<double>(start.fork_micros));
  return result;
}

napi_value ChildProgress(Call& call) {
  const SnapshotFork& snapshots = call.engine().snapshots();
  if (!snapshots.child_alive()) return call.Null();
  const ControlPage& page = snapshots.control();
  constexpr int kFailed = 5;
  const bool failed = page.finished.load(std::memory_order_acquire) != 0 && !page.status.ok();
  napi_env env = call.env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("phase", failed ? kFailed : page.progress.phase.load());
  result.Set("keys", MakeNumber(env, page.progress.keys.load()));
  result.Set("bytes", MakeNumber(env, page.progress.bytes.load()));
  result.Set("beats", MakeNumber(env, page.progress.beats.load()));
  result.Set("totalKeys", MakeNumber(env, snapshots.total_keys()));
  result.Set("privateDirtyBytes", MakeNumber(env, page.private_dirty.load()));
  result.Set("privateDirtyPeakBytes", MakeNumber(env, page.private_dirty_peak.load()));
  return result;
}

napi_value ChildReap(Call& call) {
  EngineObject& engine = call.engine();
  ChildEnd end;
  if (!engine.snapshots().child_alive() || !engine.snapshots().Reap(engine.keyspace(), end)) {
    return call.Null();
  }
  Napi::Env env = call.env();
  const auto number_or_null = [&](bool present, int number) -> Napi::Value {
    return present ? Napi::Value(Napi::Number::New(env, number)) : env.Null();
  };
  const ControlPage& page = engine.snapshots().control();
  Napi::Object result = Napi::Object::New(env);
  result.Set("code", number_or_null(end.exit_code >= 0, end.exit_code));
  result.Set("signal", number_or_null(end.signal > 0, end.signal));
  result.Set("finished", end.finished);
  result.Set("status", static_cast<int>(end.status.code()));
  result.Set("errno", end.status.errno_value());
  result.Set("phase", static_cast<int>(end.phase));
  result.Set("keys", MakeNumber(env, end.result.keys));
  result.Set("bytes", MakeNumber(env, end.result.bytes));
  result.Set("privateDirtyPeakBytes", MakeNumber(env, page.private_dirty_peak.load()));
  return result;
}

napi_value ChildKill(Call& call) {
  uint32_t signal;
  if (!call.ReadUint32(0, signal)) return nullptr;
  call.engine().snapshots().Kill(static_cast<int>(signal));
  return call.Undefined();
}

napi_value Thaw(Call& call) {
  uint32_t limit;
  if (!call.ReadUint32(0, limit)) return nullptr;
  Arena& arena = call.engine().keyspace().arena();
  arena.PerformDeferred(limit);
  return call.Number(static_cast<double>(arena.deferred()));
}

napi_value LimitGrowth(Call& call) {
  int64_t bytes_per_second;
  if (!call.ReadInt64(0, bytes_per_second)) return nullptr;
  Arena& arena = call.engine().keyspace().arena();
  if (arena.freezing()) arena.LimitGrowth(static_cast<uint64_t>(bytes_per_second));
  return call.Undefined();
}

// Refuses typed methods that write, or takes them again.
napi_value RefuseWrites(Call& call) {
  bool refuses;
  if (!call.ReadBool(0, refuses)) return nullptr;
  call.engine().RefuseWrites(refuses);
  return call.Undefined();
}

napi_value SetHealPercent(Call& call) {
  uint32_t percent;
  if (!call.ReadUint32(0, percent)) return nullptr;
  call.engine().keyspace().keeper().SetHealPercent(percent);
  return call.Undefined();
}

napi_value Defragment(Call& call) {
  int64_t ignored_bytes;
  uint32_t threshold_percent;
  uint32_t micros;
  if (!call.ReadInt64(0, ignored_bytes) || !call.ReadUint32(1, threshold_percent) ||
      !call.ReadUint32(2, micros)) {
    return nullptr;
  }
  const DefragLimits limits{.ignored_bytes = static_cast<uint64_t>(ignored_bytes),
                            .threshold_percent = threshold_percent};
  const bool worked = call.engine().defragmenter().Step(limits, micros);
  return Napi::Boolean::New(call.env(), worked);
}

napi_value DigestMethod(Call& call) {
  return call.Bulk(HexOf(DigestOf(call.engine().keyspace())), BulkMode::kLatin1);
}

napi_value Stats(Call& call) {
  Napi::Object result = Napi::Object::New(call.env());
  for (const auto& [name, value] : call.engine().ReadStatistics()) {
    result.Set(name, MakeNumber(call.env(), value));
  }
  return result;
}

napi_value Close(Call& call) {
  EngineObject& engine = call.engine();
  if (engine.state != EngineObject::State::kOpen) {
    const bool busy = engine.state == EngineObject::State::kBusy;
    return call.Throw(Status(busy ? StatusCode::kBusy : StatusCode::kClosed));
  }
  engine.state = EngineObject::State::kClosed;
  engine.scripts.last = nullptr;
  engine.scripts.vms = {};
  return (new CloseWork(call.env(), engine))->Start();
}

}  // namespace

void AppendPersistMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"load", Method<Load>},
                                    {"loadProgress", AlwaysMethod<LoadProgress>},
                                    {"loadCancel", AlwaysMethod<LoadCancel>},
                                    {"save", Method<Save>},
                                    {"saveInBackground", Method<SaveInBackground>},
                                    {"forkSave", Method<ForkSave>},
                                    {"childProgress", Method<ChildProgress>},
                                    {"childReap", Method<ChildReap>},
                                    {"childKill", Method<ChildKill>},
                                    {"thaw", Method<Thaw>},
                                    {"limitGrowth", Method<LimitGrowth>},
                                    {"refuseWrites", Method<RefuseWrites>},
                                    {"setHealPercent", Method<SetHealPercent>},
                                    {"defragment", Method<Defragment>},
                                    {"digest", Method<DigestMethod>},
                                    {"stats", ApartMethod<Stats>},
                                    {"close", AlwaysMethod<Close>},
                                });
}

}  // namespace snapfork
