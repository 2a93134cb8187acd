// background.cc - napi_async_work and a promise.

#include "addon/background.h"

namespace snapfork {

void Background::OnEnvironmentEnd(void* self) { static_cast<Background*>(self)->Cancel(); }

napi_value Background::Start() {
  napi_value promise = nullptr;
  if (napi_create_promise(env_, &deferred_, &promise) != napi_ok) return nullptr;
  auto execute = [](napi_env, void* data) {
    auto* const self = static_cast<Background*>(data);
    self->status_ = self->Work();
  };
  auto complete = [](napi_env, napi_status status, void* data) {
    static_cast<Background*>(data)->Complete(status == napi_ok);
  };
  if (napi_create_async_work(env_, nullptr, Napi::String::New(env_, name_), execute, complete, this,
                             &work_) != napi_ok ||
      napi_queue_async_work(env_, work_) != napi_ok) {
    return nullptr;
  }
  engine_.Hold(env_);
  napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  return promise;
}

void Background::Complete(bool ran) {
  napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  if (!ran) status_ = Status(StatusCode::kClosed);
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  Settle(status_);
  if (status_.ok()) {
    napi_resolve_deferred(env_, deferred_, Result());
  } else {
    napi_reject_deferred(env_, deferred_, engine_.addon.MakeError(env_, status_));
  }
  napi_close_handle_scope(env_, scope);
  engine_.Release(env_);
  napi_delete_async_work(env_, work_);
  delete this;
}

}  // namespace snapfork
