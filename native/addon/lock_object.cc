// lock_object.cc - lockFile(path).

#include "addon/lock_object.h"

#include "addon/convert.h"

namespace snapfork {

LockObject::LockObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LockObject>(info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const Status status = lock_.Acquire(path.c_str());
  if (!status.ok()) AddonDataOf(info.Env()).Throw(info.Env(), status);
}

Napi::Value LockObject::Acquire(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) {
    ThrowType(info.Env(), "path must be a string");
    return info.Env().Undefined();
  }
  const Napi::Function constructor =
      DefineClass(info.Env(), "Lock", {InstanceMethod<&LockObject::Release>("release")});
  return constructor.New({info[0]});
}

void LockObject::Release(const Napi::CallbackInfo&) { lock_.Release(); }

}  // namespace snapfork
