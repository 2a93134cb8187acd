// addon.cc - the module: constructors and functions of one environment.
//
// Context-aware: nothing is static but code, so the addon may be loaded by any number of worker
// threads.

#include "addon/convert.h"
#include "addon/engine_object.h"
#include "addon/lock_object.h"
#include "addon/node_addon_api.h"
#include "base/crc64.h"

namespace snapfork {
namespace {

// Bumped whenever lib/native/engine.ts changes; lib/native/addon.ts refuses another number.
constexpr int kAbiVersion = 4;

Napi::Value ComputeCrc64(const Napi::CallbackInfo& info) {
  std::string_view bytes;
  if (!ReadBytes(info.Env(), info[0], bytes)) {
    ThrowType(info.Env(), "bytes must be a Uint8Array");
    return info.Env().Undefined();
  }
  return Napi::BigInt::New(info.Env(), Crc64(0, bytes.data(), bytes.size()));
}

void SetErrorFactory(const Napi::CallbackInfo& info) {
  AddonDataOf(info.Env()).make_error = Napi::Persistent(info[0].As<Napi::Function>());
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData());
  napi_value engine = nullptr;
  napi_create_function(env, "Engine", NAPI_AUTO_LENGTH, EngineObject::Construct, nullptr, &engine);
  exports.Set("abiVersion", kAbiVersion);
  exports.Set("Engine", engine);
  exports.Set("lockFile", Napi::Function::New<&LockObject::Acquire>(env, "lockFile"));
  exports.Set("crc64", Napi::Function::New<&ComputeCrc64>(env, "crc64"));
  exports.Set("setErrorFactory", Napi::Function::New<&SetErrorFactory>(env, "setErrorFactory"));
  return exports;
}

}  // namespace
}  // namespace snapfork

Napi::Object SnapforkInit(Napi::Env env, Napi::Object exports) {
  return snapfork::Init(env, exports);
}

NODE_API_MODULE(snapfork, SnapforkInit)
