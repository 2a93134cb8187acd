// log_object.cc - from the log's thread to the event loop.

#include "addon/log_object.h"

#include <utility>

namespace snapfork {

LogObject::~LogObject() {
  if (listener_ != nullptr) napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  End();
}

void LogObject::StopThread() {
  const std::lock_guard<std::mutex> lock(stop_);
  thread.Stop();
}

void LogObject::End() {
  StopThread();
  if (listener_ != nullptr) napi_release_threadsafe_function(listener_, napi_tsfn_abort);
  listener_ = nullptr;
}

// The listener does not outlive the environment, which the engine may do for a while.
void LogObject::OnEnvironmentEnd(void* self) { static_cast<LogObject*>(self)->End(); }

napi_status LogObject::SetListener(napi_env env, napi_value listener) {
  napi_value name = nullptr;
  napi_create_string_utf8(env, "snapfork.log", NAPI_AUTO_LENGTH, &name);
  const napi_status status =
      napi_create_threadsafe_function(env, listener, nullptr, name, 0, 1, nullptr, nullptr,
                                      nullptr, nullptr, &listener_);
  // Whoever waits holds the process alive; the log does not.
  if (status != napi_ok) return status;
  napi_unref_threadsafe_function(env, listener_);
  env_ = env;
  return napi_add_env_cleanup_hook(env, OnEnvironmentEnd, this);
}

void LogObject::SetSignal(std::shared_ptr<LogSignal> signal) {
  const std::lock_guard<std::mutex> lock(signal_lock_);
  signal_ = std::move(signal);
}

std::shared_ptr<LogSignal> LogObject::Signal() {
  const std::lock_guard<std::mutex> lock(signal_lock_);
  return signal_;
}

void LogObject::OnProgress(void* self) {
  auto* const log = static_cast<LogObject*>(self);
  const LogProgress progress = log->thread.progress();
  const bool failing = progress.write_errno != 0 || progress.sync_errno != 0;
  if (const auto signal = log->Signal(); signal != nullptr) {
    failing ? signal->TellLost() : signal->Tell(progress.synced);
  }
  const bool changed = log->failing_.exchange(failing) != failing;
  if (!changed && !log->asked_.exchange(false)) return;
  napi_call_threadsafe_function(log->listener_, nullptr, napi_tsfn_nonblocking);
}

}  // namespace snapfork
