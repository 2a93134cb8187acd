// background.h - work on a thread of libuv's pool that ends as a promise.

#pragma once

#include <node_api.h>

#include "addon/engine_object.h"
#include "base/status.h"

namespace snapfork {

// Deletes itself when done. The engine is held meanwhile.
class Background {
 public:
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Queues the work and returns its promise; null with an exception pending if that failed.
  napi_value Start();

 protected:
  Background(napi_env env, EngineObject& engine, const char* name)
      : env_(env), engine_(engine), name_(name) {}
  virtual ~Background() = default;

  // On the pool's thread.
  virtual Status Work() = 0;
  // On the event loop, whatever Work returned.
  virtual void Settle(Status status) = 0;
  // What the promise resolves with.
  virtual napi_value Result() = 0;
  // The environment is about to go: Work should return soon.
  virtual void Cancel() {}

  napi_env env_;
  EngineObject& engine_;

 private:
  static void OnEnvironmentEnd(void* self);
  void Complete(bool ran);

  const char* const name_;
  Status status_;
  napi_async_work work_ = nullptr;
  napi_deferred deferred_ = nullptr;
};

}  // namespace snapfork
