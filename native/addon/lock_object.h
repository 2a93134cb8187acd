// lock_object.h - a directory's lock as JavaScript holds it.

#pragma once

#include "addon/node_addon_api.h"
#include "fork/directory_lock.h"

namespace snapfork {

// Released by release(), or with the object.
class LockObject final : public Napi::ObjectWrap<LockObject> {
 public:
  // `lockFile(path)`: throws the status kLocked if somebody else holds it.
  static Napi::Value Acquire(const Napi::CallbackInfo& info);

  explicit LockObject(const Napi::CallbackInfo& info);

 private:
  void Release(const Napi::CallbackInfo& info);

  DirectoryLock lock_;
};

}  // namespace snapfork
