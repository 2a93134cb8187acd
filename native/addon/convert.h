// convert.h - values between Node-API and C++.
//
// node-addon-api (napi.h) serves where a call is rare; what every command pays for is written
// against node_api.h directly.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "addon/node_addon_api.h"
#include "base/status.h"

namespace snapfork {

// Bytes from a string, grown as needed and given back when they were many.
class TextBuffer {
 public:
  // The string as UTF-8, valid until the next Read. False if `value` is no string.
  bool Read(napi_env env, napi_value value, std::string_view& text);

 private:
  std::string bytes_;
};

// The bytes of a Uint8Array. False if `value` is none.
bool ReadBytes(napi_env env, napi_value value, std::string_view& bytes);

inline Napi::Number MakeNumber(napi_env env, uint64_t number) {
  return Napi::Number::New(env, static_cast<double>(number));
}

// Properties of an options object. False, with a TypeError pending, for one of another type.
bool GetString(const Napi::Object& object, const char* name, std::string& to);
bool GetBool(const Napi::Object& object, const char* name, bool& to);
bool GetInt64(const Napi::Object& object, const char* name, int64_t& to);

void ThrowType(napi_env env, const std::string& message);

// What one environment (main thread or worker) has of the addon: what makes its errors.
struct AddonData {
  Napi::FunctionReference make_error;

  // The error for a status; a plain Error if no factory was registered or it failed.
  Napi::Value MakeError(Napi::Env env, Status status) const;
  void Throw(Napi::Env env, Status status) const;
};

inline AddonData& AddonDataOf(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }

}  // namespace snapfork
