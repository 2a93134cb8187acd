// engine_object.cc - construction and lifetime.

#include "addon/engine_object.h"

#include "base/limits.h"

namespace snapfork {

EngineObject::~EngineObject() {
  DropSockets();
  if (log_ != nullptr && memory_ != nullptr) memory_->keyspace.set_expiry_observer(nullptr);
  // (O2) is in the order of Memory's members.
  memory_.reset();
}

Status EngineObject::Open(const KeyspaceOptions& options) {
  memory_ = std::make_unique<Memory>();
  SF_RETURN_IF_ERROR(memory_->keyspace.Open(options));
  return memory_->snapshots.Open();
}

void EngineObject::LogDirect(uint32_t db, std::initializer_list<std::string_view> words) {
  const uint64_t changes = keyspace().counters().changes;
  if (changes != log_->seen_changes) log_->commands.Add(db, words);
  log_->seen_changes = changes;
  log_->commands.Commit(true);
}

LaneTable& EngineObject::lanes() {
  if (lanes_ == nullptr) lanes_ = std::make_unique<LaneTable>(*this);
  return *lanes_;
}

Status EngineObject::MakeSockets(napi_env env) {
  Status status;
  if (sockets_ != nullptr) return status;
  sockets_ = LaneSockets::Make(env, *this, status);
  if (sockets_ != nullptr && log_ != nullptr) log_->SetSignal(sockets_->set().held().signal());
  return status;
}

void EngineObject::DropSockets() {
  LaneSockets* const sockets = sockets_;
  sockets_ = nullptr;
  if (sockets != nullptr) sockets->Dispose();
}

void EngineObject::SetArguments(const std::vector<std::string_view>& words) {
  argument_bytes.clear();
  argument_ranges.clear();
  for (const std::string_view word : words) {
    argument_ranges.emplace_back(argument_bytes.size(), word.size());
    argument_bytes.append(word);
  }
}

void EngineObject::SetLog(std::unique_ptr<LogObject> log) {
  log_ = std::move(log);
  JudgeGuards();
  if (sockets_ != nullptr) log_->SetSignal(sockets_->set().held().signal());
}

std::unique_ptr<LogObject> EngineObject::TakeLog() {
  std::unique_ptr<LogObject> log = std::move(log_);
  JudgeGuards();
  return log;
}

void EngineObject::RefuseWrites(bool refuses) {
  refuses_writes_ = refuses;
  JudgeGuards();
}

void EngineObject::LimitMemory(const EvictionSettings& settings) {
  evictor().Configure(settings);
  JudgeGuards();
}

void EngineObject::JudgeGuards() {
  const bool has_limit = memory_ != nullptr && evictor().has_limit();
  guards_writes_ = refuses_writes_ || log_ != nullptr || has_limit;
}

Status EngineObject::WriteRefusal() const {
  if (refuses_writes_) return Status(StatusCode::kWritesRefused);
  if (log_ != nullptr && !log_->accepts()) return Status(StatusCode::kLogRefuses);
  return Status();
}

void EngineObject::BeginBusy() {
  statistics_before_ = Measure(*this);
  state = State::kBusy;
}

Statistics EngineObject::ReadStatistics() {
  return state == State::kBusy ? statistics_before_ : Measure(*this);
}

bool EngineObject::ReadOptions(const Napi::Object& object, KeyspaceOptions& options) {
  int64_t databases = 0;
  bool huge_pages = false;
  if (!GetInt64(object, "databases", databases)) return false;
  if (!GetBool(object, "hugePages", huge_pages)) return false;
  if (databases < 1 || databases > int64_t{kDatabasesMax}) {
    ThrowType(object.Env(), "databases must be 1 to 65536");
    return false;
  }
  options.databases = static_cast<uint32_t>(databases);
  options.backing = huge_pages ? Backing::kHugePages : Backing::kSmallPages;
  return true;
}

// The counts of look-ups in memory of JavaScript's, as the property `lookups`: hits, then misses.
// It can be neither changed nor deleted, so the memory lives as long as the engine's object.
bool EngineObject::ShareLookups(napi_env env, napi_value instance) {
  void* counts = nullptr;
  napi_value buffer = nullptr;
  napi_value lookups = nullptr;
  if (napi_create_arraybuffer(env, sizeof(LookupCounts), &counts, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, sizeof(LookupCounts) / sizeof(double), buffer,
                             0, &lookups) != napi_ok) {
    return false;
  }
  const napi_property_descriptor property = {.utf8name = "lookups",
                                             .name = nullptr,
                                             .method = nullptr,
                                             .getter = nullptr,
                                             .setter = nullptr,
                                             .value = lookups,
                                             .attributes = napi_default,
                                             .data = nullptr};
  if (napi_define_properties(env, instance, 1, &property) != napi_ok) return false;
  keyspace().ShareLookups(static_cast<LookupCounts*>(counts));
  return true;
}

// Makes a class whose only instance is this engine, so that each method carries a pointer to it and
// is found on a prototype, where V8 looks methods up fastest.
napi_value EngineObject::Construct(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value options_value = nullptr;
  napi_get_cb_info(env, info, &count, &options_value, nullptr, nullptr);
  KeyspaceOptions options;
  const Napi::Value value(env, options_value);
  if (!value.IsObject()) {
    ThrowType(env, "options must be an object");
    return nullptr;
  }
  if (!ReadOptions(value.As<Napi::Object>(), options)) return nullptr;
  AddonData& addon = AddonDataOf(env);
  auto engine = std::unique_ptr<EngineObject>(new EngineObject(addon));
  if (const Status status = engine->Open(options); !status.ok()) {
    addon.Throw(env, status);
    return nullptr;
  }
  std::vector<MethodEntry> methods;
  AppendKeyMethods(methods);
  AppendStringMethods(methods);
  AppendLimitMethods(methods);
  AppendEvictionMethods(methods);
  AppendBitmapMethods(methods);
  AppendHyperLogLogMethods(methods);
  AppendHashMethods(methods);
  AppendListMethods(methods);
  AppendSetMethods(methods);
  AppendSortedSetMethods(methods);
  AppendStreamMethods(methods);
  AppendStreamGroupMethods(methods);
  AppendGeoMethods(methods);
  AppendDumpMethods(methods);
  AppendMemoryMethods(methods);
  AppendPersistMethods(methods);
  AppendLogMethods(methods);
  AppendReplayMethods(methods);
  AppendLaneMethods(methods);
  AppendScriptMethods(methods);
  std::vector<napi_property_descriptor> properties;
  for (const MethodEntry& method : methods) {
    properties.push_back({.utf8name = method.name,
                          .name = nullptr,
                          .method = method.callback,
                          .getter = nullptr,
                          .setter = nullptr,
                          .value = nullptr,
                          .attributes = napi_default_method,
                          .data = engine.get()});
  }
  auto construct = [](napi_env callback_env, napi_callback_info callback_info) {
    napi_value self = nullptr;
    napi_get_cb_info(callback_env, callback_info, nullptr, nullptr, &self, nullptr);
    return self;
  };
  napi_value constructor = nullptr;
  napi_value instance = nullptr;
  if (napi_define_class(env, "Engine", NAPI_AUTO_LENGTH, construct, nullptr, properties.size(),
                        properties.data(), &constructor) != napi_ok ||
      napi_new_instance(env, constructor, 0, nullptr, &instance) != napi_ok ||
      !engine->ShareLookups(env, instance)) {
    return nullptr;
  }
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<EngineObject*>(data); };
  if (napi_wrap(env, instance, engine.get(), finalize, nullptr, &engine->self_) != napi_ok) {
    return nullptr;
  }
  engine.release();  // (O1)
  return instance;
}

void EngineObject::Hold(napi_env env) { napi_reference_ref(env, self_, nullptr); }

void EngineObject::Release(napi_env env) { napi_reference_unref(env, self_, nullptr); }

}  // namespace snapfork
