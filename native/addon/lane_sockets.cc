// lane_sockets.cc - from the event loop to JavaScript.

#include "addon/lane_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include "addon/engine_object.h"

namespace snapfork {
namespace {

// As lib/native/lanes.ts numbers it, behind the outcomes.
constexpr size_t kEventKind = 7;

}  // namespace

LaneSockets::LaneSockets(napi_env env, EngineObject& engine)
    : env_(env), engine_(&engine), set_(engine.lanes().shared(), *this) {}

LaneSockets* LaneSockets::Make(napi_env env, EngineObject& engine, Status& status) {
  auto sockets = std::unique_ptr<LaneSockets>(new LaneSockets(env, engine));
  status = sockets->set_.Open();
  if (!status.ok()) return nullptr;
  uv_loop_t* loop = nullptr;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "snapfork.sockets", NAPI_AUTO_LENGTH, &name);
  if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
      napi_async_init(env, nullptr, name, &sockets->context_) != napi_ok ||
      uv_poll_init(loop, &sockets->poll_, sockets->set_.fd()) != 0) {
    status = Status(StatusCode::kOutOfMemory);
    return nullptr;
  }
  sockets->poll_.data = sockets.get();
  napi_add_async_cleanup_hook(env, OnEnvironmentEnd, sockets.get(), &sockets->cleanup_);
  return sockets.release();
}

void LaneSockets::Dispose() {
  for (uint32_t id = 0; id < callbacks_.size(); ++id) Detach(id);
  engine_ = nullptr;
  napi_async_destroy(env_, context_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* const self = static_cast<LaneSockets*>(handle->data);
    const napi_async_cleanup_hook_handle cleanup = self->cleanup_;
    delete self;
    napi_remove_async_cleanup_hook(cleanup);
  });
}

void LaneSockets::OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* self) {
  auto* const sockets = static_cast<LaneSockets*>(self);
  if (sockets->engine_ != nullptr) sockets->engine_->DropSockets();
}

int LaneSockets::Attach(uint32_t lane_id, int fd, ExpressLane& lane, napi_value callback) {
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return -1;
  if (!set_.Add(lane_id, own, lane).ok()) {
    close(own);
    return -1;
  }
  if (callbacks_.size() <= lane_id) callbacks_.resize(lane_id + 1);
  napi_create_reference(env_, callback, 1, &callbacks_[lane_id]);
  if (set_.size() == 1) {
    engine_->Hold(env_);
    uv_poll_start(&poll_, UV_READABLE, OnReadable);
  }
  return own;
}

void LaneSockets::Detach(uint32_t lane_id) {
  if (!set_.Contains(lane_id)) return;
  set_.Remove(lane_id);
  napi_delete_reference(env_, callbacks_[lane_id]);
  callbacks_[lane_id] = nullptr;
  if (set_.size() > 0) return;
  uv_poll_stop(&poll_);
  engine_->Release(env_);
}

void LaneSockets::OnReadable(uv_poll_t* poll, int, int) {
  static_cast<LaneSockets*>(poll->data)->Serve();
}

size_t LaneSockets::Send(uint32_t lane_id, ExpressLane& lane, size_t held_bytes) {
  size_t left = 0;
  if (held_bytes > 0) {
    left = set_.SendHeld(lane_id, held_bytes);
  } else if (!set_.HoldBehind(lane_id)) {
    lane.Clear(0);
    left = set_.Send(lane_id);
  }
  AskForHeld();
  return left;
}

void LaneSockets::Serve() {
  const ServeMode mode = Mode();
  LogObject* const log = mode == ServeMode::kHold ? engine_->log() : nullptr;
  if (log != nullptr) log->thread.BeginGather();
  set_.Serve(mode);
  if (log != nullptr && HasLog(log)) log->thread.EndGather();
  AskForHeld();
  if (scope_ != nullptr) napi_close_callback_scope(env_, scope_);
  if (handles_ != nullptr) napi_close_handle_scope(env_, handles_);
  scope_ = nullptr;
  handles_ = nullptr;
}

// Behind `always` replies wait for the disk, and without an engine there are none.
ServeMode LaneSockets::Mode() const {
  if (engine_->state == EngineObject::State::kClosed) return ServeMode::kTell;
  const LogObject* const log = engine_->log();
  if (log == nullptr || log->thread.sync() != LogSync::kAlways) return ServeMode::kRun;
  return log->counts ? ServeMode::kHold : ServeMode::kTell;
}

// The log's thread may have been done before anything was held, and told nobody. Without a log it
// is about to end, and OnLogEnd follows.
void LaneSockets::AskForHeld() {
  if (set_.held().empty() || engine_ == nullptr || engine_->log() == nullptr) return;
  LogObject& log = *engine_->log();
  set_.held().Release(log.thread.synced());
  if (set_.held().empty()) return;
  if (!log.accepts() || log.thread.sync() != LogSync::kAlways) log.thread.RequestSync();
}

bool LaneSockets::HasLog(const LogObject* log) const {
  return engine_ != nullptr && engine_->log() == log;
}

// One for all calls of a Serve: what they leave to be done behind them is done at its end.
bool LaneSockets::OpenScope() {
  if (scope_ != nullptr) return true;
  napi_value resource = nullptr;
  return napi_open_handle_scope(env_, &handles_) == napi_ok &&
         napi_create_object(env_, &resource) == napi_ok &&
         napi_open_callback_scope(env_, resource, context_, &scope_) == napi_ok;
}

void LaneSockets::Tell(uint32_t id, double what) {
  if (!OpenScope()) return;
  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  napi_value callback = nullptr;
  napi_value receiver = nullptr;
  napi_value argument = nullptr;
  napi_get_reference_value(env_, callbacks_[id], &callback);
  napi_get_undefined(env_, &receiver);
  napi_create_double(env_, what, &argument);
  napi_value result = nullptr;
  if (napi_call_function(env_, receiver, callback, 1, &argument, &result) ==
      napi_pending_exception) {
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env_, &error);
    napi_fatal_exception(env_, error);
  }
  napi_close_handle_scope(env_, handles);
}

void LaneSockets::OnOutcome(uint32_t id, ExpressLane& lane, ExpressLane::Outcome outcome) {
  Tell(id, engine_->lanes().HandOver(lane, outcome));
}

void LaneSockets::OnEvent(uint32_t id, SocketEvent event) {
  Tell(id, LaneTable::Encode(static_cast<size_t>(event), kEventKind));
}

}  // namespace snapfork
