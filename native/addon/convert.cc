// convert.cc - strings, bytes, options and errors.

#include "addon/convert.h"

namespace snapfork {
namespace {

constexpr size_t kBytesMin = 256;
constexpr size_t kBytesKept = 1u << 20;

}  // namespace

bool TextBuffer::Read(napi_env env, napi_value value, std::string_view& text) {
  if (bytes_.size() < kBytesMin || bytes_.size() > kBytesKept) {
    bytes_ = std::string(kBytesMin, '\0');
  }
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, bytes_.data(), bytes_.size(), &length) != napi_ok) {
    return false;
  }
  // A character of UTF-8 takes at most 4 bytes, and a 0 follows: the rest may have been cut off.
  if (length + 5 > bytes_.size()) {
    napi_get_value_string_utf8(env, value, nullptr, 0, &length);
    bytes_.resize(length + 5);
    napi_get_value_string_utf8(env, value, bytes_.data(), bytes_.size(), &length);
  }
  text = {bytes_.data(), length};
  return true;
}

bool ReadBytes(napi_env env, napi_value value, std::string_view& bytes) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return false;
  }
  bytes = {static_cast<const char*>(data), length};
  return true;
}

void ThrowType(napi_env env, const std::string& message) {
  napi_throw_type_error(env, "ERR_SNAPFORK_INVALID_ARG", message.c_str());
}

bool GetString(const Napi::Object& object, const char* name, std::string& to) {
  const Napi::Value value = object.Get(name);
  if (value.IsString()) {
    to = value.As<Napi::String>().Utf8Value();
    return true;
  }
  ThrowType(object.Env(), std::string(name) + " must be a string");
  return false;
}

bool GetBool(const Napi::Object& object, const char* name, bool& to) {
  const Napi::Value value = object.Get(name);
  if (value.IsBoolean()) {
    to = value.As<Napi::Boolean>().Value();
    return true;
  }
  ThrowType(object.Env(), std::string(name) + " must be a boolean");
  return false;
}

bool GetInt64(const Napi::Object& object, const char* name, int64_t& to) {
  const Napi::Value value = object.Get(name);
  if (value.IsNumber()) {
    to = value.As<Napi::Number>().Int64Value();
    return true;
  }
  ThrowType(object.Env(), std::string(name) + " must be a number");
  return false;
}

Napi::Value AddonData::MakeError(Napi::Env env, Status status) const {
  if (!make_error.IsEmpty()) {
    const Napi::Value error = make_error.Call(
        {Napi::Number::New(env, static_cast<double>(status.code())),
         Napi::Number::New(env, status.errno_value()),
         Napi::Number::New(env, static_cast<double>(status.offset()))});
    if (!env.IsExceptionPending()) return error;
    return env.GetAndClearPendingException().Value();
  }
  const int code = static_cast<int>(status.code());
  return Napi::Error::New(env, "native status " + std::to_string(code)).Value();
}

void AddonData::Throw(Napi::Env env, Status status) const {
  napi_throw(env, MakeError(env, status));
}

}  // namespace snapfork
