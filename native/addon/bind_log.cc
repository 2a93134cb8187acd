// bind_log.cc - the engine's methods on its append-only log.

#include "addon/background.h"
#include "addon/engine_object.h"

namespace snapfork {
namespace {

// Writes and syncs what there is, and ends the log's thread.
class StopWork final : public Background {
 public:
  StopWork(napi_env env, EngineObject& engine)
      : Background(env, engine, "snapfork.log"), log_(engine.TakeLog()) {}

 private:
  Status Work() override {
    if (log_ == nullptr) return Status();
    log_->StopThread();
    const LogProgress progress = log_->thread.progress();
    const int error = progress.sync_errno != 0 ? progress.sync_errno : progress.write_errno;
    return error == 0 ? Status() : Status::FromErrno(error);
  }
  void Settle(Status status) override {
    if (LaneSockets* const sockets = engine_.sockets()) sockets->OnLogEnd(status.ok());
    log_.reset();
  }
  napi_value Result() override { return Napi::Env(env_).Undefined(); }

  std::unique_ptr<LogObject> log_;
};

// Descriptor, bytes of the file so far, policy, timestamps, whether what is on disk counts,
// listener.
napi_value LogStart(Call& call) {
  uint32_t fd;
  int64_t bytes;
  uint32_t sync;
  bool timestamps;
  bool counts;
  if (!call.ReadUint32(0, fd) || !call.ReadInt64(1, bytes) || !call.ReadUint32(2, sync) ||
      !call.ReadBool(3, timestamps) || !call.ReadBool(4, counts)) {
    return nullptr;
  }
  EngineObject& engine = call.engine();
  auto log = std::make_unique<LogObject>();
  if (log->SetListener(call.env(), call.argument(5)) != napi_ok) return nullptr;
  log->counts = counts;
  const Status status = log->thread.Start(static_cast<int>(fd), static_cast<uint64_t>(bytes),
                                          static_cast<LogSync>(sync));
  if (!status.ok()) return call.Throw(status);
  log->commands.set_timestamps(timestamps);
  log->seen_changes = engine.keyspace().counters().changes;
  engine.keyspace().set_expiry_observer(&log->commands);
  engine.SetLog(std::move(log));
  return call.Undefined();
}

// The command in the argument vector, if it changed something or is logged in any case, ends the
// unit. Whether more writes are taken.
napi_value LogCommand(Call& call) {
  uint32_t db;
  bool always;
  bool atomic;
  if (!call.ReadDatabase(0, db) || !call.ReadBool(1, always) || !call.ReadBool(2, atomic)) {
    return nullptr;
  }
  EngineObject& engine = call.engine();
  LogObject& log = *engine.log();
  const uint64_t changes = engine.keyspace().counters().changes;
  if (always || changes != log.seen_changes) {
    std::vector<std::string_view> words;
    words.reserve(engine.argument_ranges.size());
    for (uint32_t i = 0; i < engine.argument_ranges.size(); ++i) {
      words.push_back(call.VectorArgument(i));
    }
    log.commands.Add(db, words);
  }
  log.seen_changes = changes;
  log.commands.Commit(atomic);
  return call.Bool(log.accepts());
}

// Another command instead: words of text or bytes. It belongs to the unit that ends with
// logCommand or logCommit.
napi_value LogWords(Call& call) {
  uint32_t db;
  uint32_t length = 0;
  if (!call.ReadDatabase(0, db)) return nullptr;
  napi_get_array_length(call.env(), call.argument(1), &length);
  std::vector<TextBuffer> texts(length);
  std::vector<std::string_view> words(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value word = nullptr;
    napi_get_element(call.env(), call.argument(1), i, &word);
    if (!texts[i].Read(call.env(), word, words[i]) && !ReadBytes(call.env(), word, words[i])) {
      return call.Throw(Status(StatusCode::kInvalidArgument));
    }
  }
  call.engine().log()->commands.Add(db, words);
  return call.Undefined();
}

napi_value LogCommit(Call& call) {
  bool atomic;
  if (!call.ReadBool(0, atomic)) return nullptr;
  LogObject& log = *call.engine().log();
  log.commands.Commit(atomic);
  log.seen_changes = call.engine().keyspace().counters().changes;
  return call.Bool(log.accepts());
}

napi_value LogHold(Call& call) {
  call.engine().log()->commands.Hold();
  return call.Undefined();
}

// Ends the unit, unless it is held by others. Whether more writes are taken.
napi_value LogRelease(Call& call) {
  LogObject& log = *call.engine().log();
  log.commands.Release();
  log.commands.Commit(true);
  log.seen_changes = call.engine().keyspace().counters().changes;
  return call.Bool(log.accepts());
}

napi_value LogIsBehind(Call& call) {
  const EngineObject& engine = call.engine();
  return call.Bool(call.engine().keyspace().counters().changes != engine.log()->seen_changes);
}

napi_value LogRotate(Call& call) {
  uint32_t fd;
  if (!call.ReadUint32(0, fd)) return nullptr;
  LogObject& log = *call.engine().log();
  log.commands.Commit(false);
  log.commands.StartFile();
  log.thread.Rotate(static_cast<int>(fd));
  return call.Undefined();
}

napi_value LogCount(Call& call) {
  call.engine().log()->counts = true;
  return call.Undefined();
}

napi_value LogForgive(Call& call) {
  call.engine().log()->thread.Forgive();
  return call.Undefined();
}

napi_value LogRequestSync(Call& call) {
  LogObject& log = *call.engine().log();
  log.AskForProgress();
  log.thread.RequestSync();
  return call.Undefined();
}

napi_value LogConfigure(Call& call) {
  uint32_t sync;
  bool timestamps;
  if (!call.ReadUint32(0, sync) || !call.ReadBool(1, timestamps)) return nullptr;
  LogObject& log = *call.engine().log();
  log.thread.SetSync(static_cast<LogSync>(sync));
  log.commands.set_timestamps(timestamps);
  return call.Undefined();
}

napi_value LogProgressMethod(Call& call) {
  const LogObject& log = *call.engine().log();
  const LogProgress progress = log.thread.progress();
  Napi::Object result = Napi::Object::New(call.env());
  const auto set = [&](const char* name, uint64_t value) {
    result.Set(name, MakeNumber(call.env(), value));
  };
  set("appended", progress.appended);
  set("written", progress.written);
  set("synced", progress.synced);
  set("headBytes", progress.head_bytes);
  set("writeErrno", static_cast<uint64_t>(progress.write_errno));
  set("syncErrno", static_cast<uint64_t>(progress.sync_errno));
  result.Set("accepts", log.accepts());
  return result;
}

napi_value LogAppended(Call& call) {
  return call.Number(static_cast<double>(call.engine().log()->thread.appended()));
}

napi_value LogStop(Call& call) {
  call.engine().keyspace().set_expiry_observer(nullptr);
  return (new StopWork(call.env(), call.engine()))->Start();
}

// Everything but logStart needs a log.
template <MethodBody kBody>
napi_value WithLog(Call& call) {
  if (call.engine().log() == nullptr) return call.Throw(Status(StatusCode::kInvalidArgument));
  return kBody(call);
}

}  // namespace

void AppendLogMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"logStart", Method<LogStart>},
                                    {"logCommand", Method<WithLog<LogCommand>>},
                                    {"logWords", Method<WithLog<LogWords>>},
                                    {"logCommit", Method<WithLog<LogCommit>>},
                                    {"logHold", Method<WithLog<LogHold>>},
                                    {"logRelease", Method<WithLog<LogRelease>>},
                                    {"logIsBehind", Method<WithLog<LogIsBehind>>},
                                    {"logRotate", Method<WithLog<LogRotate>>},
                                    {"logCount", Method<WithLog<LogCount>>},
                                    {"logForgive", Method<WithLog<LogForgive>>},
                                    {"logRequestSync", Method<WithLog<LogRequestSync>>},
                                    {"logConfigure", Method<WithLog<LogConfigure>>},
                                    {"logProgress", Method<WithLog<LogProgressMethod>>},
                                    {"logAppended", Method<WithLog<LogAppended>>},
                                    {"logStop", Method<LogStop>},
                                });
}

}  // namespace snapfork
