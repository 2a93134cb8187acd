// log_object.h - the append-only log of an engine, as its methods use it.

#pragma once

#include <node_api.h>

#include <atomic>
#include <mutex>
#include <memory>

#include "persist/command_log.h"
#include "persist/log_thread.h"
#include "persist/log_signal.h"

namespace snapfork {

class LogObject {
 public:
  // Bytes that may wait for the disk before writes are refused.
  static constexpr uint64_t kWaitingBytesMax = 256u << 20;

  LogObject() : thread(&LogObject::OnProgress, this), commands(thread) {}
  ~LogObject();
  LogObject(const LogObject&) = delete;
  LogObject& operator=(const LogObject&) = delete;

  // What is called on the event loop after the next progress that was asked for.
  napi_status SetListener(napi_env env, napi_value listener);
  void AskForProgress() { asked_.store(true); }
  // Who is told how far the disk is.
  void SetSignal(std::shared_ptr<LogSignal> signal);

  // Whether what is on disk counts: a log that was switched on has no base at first.
  bool counts = false;

  // Whether writes are taken: the disk keeps up, and nothing is lost.
  bool accepts() const { return !failing_.load() && thread.waiting_bytes() < kWaitingBytesMax; }

  // From any thread.
  void StopThread();

  LogThread thread;
  CommandLog commands;
  // Changes of the keyspace that are logged.
  uint64_t seen_changes = 0;

 private:
  static void OnProgress(void* self);
  std::shared_ptr<LogSignal> Signal();
  static void OnEnvironmentEnd(void* self);
  void End();

  std::mutex stop_;
  napi_env env_ = nullptr;
  napi_threadsafe_function listener_ = nullptr;
  std::mutex signal_lock_;
  std::shared_ptr<LogSignal> signal_;
  std::atomic<bool> asked_{false};
  std::atomic<bool> failing_{false};
};

}  // namespace snapfork
