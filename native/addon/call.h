// call.h - one call of an engine's method: its arguments to C++, its result to JavaScript.
//
// The functions of an engine carry a pointer to it, so that a call costs no unwrapping. Readers
// return false, and makers null, when an exception is pending; the method then returns at once.
//
// Runs in: the thread of the environment.

#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "ds/listpack.h"

namespace snapfork {

class EngineObject;
class ReplyArray;

// How a bulk string comes back: as lib/native/engine.ts numbers it.
enum class BulkMode : uint32_t { kUtf8, kBuffer, kLatin1 };

class Call {
 public:
  static constexpr size_t kArgumentsMax = 10;

  Call(napi_env env, napi_callback_info info);

  napi_env env() const { return env_; }
  EngineObject& engine() const { return *engine_; }
  napi_value argument(size_t index) const { return arguments_[index]; }

  // A database that exists.
  bool ReadDatabase(size_t index, uint32_t& db);
  // The bytes of an operand: of the argument vector, a string (as UTF-8) or a Uint8Array. Valid
  // until the method returns.
  bool ReadOperand(size_t index, std::string_view& bytes);
  // Whether operands came as themselves, not as places of the argument vector: a typed method's
  // call, which logs for itself.
  bool is_direct() const { return is_direct_; }
  // False, with the error pending, for such a call while no writes are taken.
  bool MayWrite();
  // The same for one that takes memory: makes room for it first.
  bool MayGrow();
  // Logs what such a call has done.
  void Log(uint32_t db, std::initializer_list<std::string_view> words);
  // A range of the argument vector: index of the first and number.
  bool ReadRange(size_t index, uint32_t& first, uint32_t& count);
  // An argument of the vector, in a range that was read.
  std::string_view VectorArgument(uint32_t position) const;
  // A bigint of 64 bits.
  bool ReadCursor(size_t index, uint64_t& cursor);
  bool ReadInt64(size_t index, int64_t& value);
  bool ReadUint32(size_t index, uint32_t& value);
  bool ReadDouble(size_t index, double& value);
  // An array of numbers; null is an empty one.
  bool ReadDoubles(size_t index, std::vector<double>& values);
  // The bytes of an element of an array of Uint8Arrays.
  bool ReadElement(size_t index, uint32_t element, std::string_view& bytes);
  bool ReadBool(size_t index, bool& value);
  bool ReadMode(size_t index, BulkMode& mode);

  napi_value Undefined() const;
  napi_value Null() const;
  napi_value Bool(bool value) const;
  napi_value Number(double value) const;
  // A number where it is safe, else a bigint.
  napi_value Int64(int64_t value) const;
  napi_value Bulk(std::string_view bytes, BulkMode mode);
  napi_value Bulk(const PackElement& element, BulkMode mode);

  // [bigint, array]: where a scan goes on, and what it found.
  napi_value ScanReply(uint64_t next, const ReplyArray& elements) const;

  // Throws what the error factory makes of the status; returns null.
  napi_value Throw(Status status);
  // The status as an exception, or `value` if it is ok.
  napi_value Finish(Status status, napi_value value) { return status.ok() ? value : Throw(status); }

 private:
  bool Refuse();

  napi_env env_;
  EngineObject* engine_ = nullptr;
  napi_value arguments_[kArgumentsMax];
  size_t operands_ = 0;
  bool is_direct_ = false;
};

// An array being made.
class ReplyArray {
 public:
  explicit ReplyArray(const Call& call) : env_(call.env()) { napi_create_array(env_, &array_); }

  void Push(napi_value value) { napi_set_element(env_, array_, length_++, value); }
  uint32_t length() const { return length_; }
  napi_value value() const { return array_; }

 private:
  napi_env env_;
  napi_value array_ = nullptr;
  uint32_t length_ = 0;
};

// A method of the engine as Node-API calls it, refused while the engine loads or is closed.
using MethodBody = napi_value (*)(Call& call);
template <MethodBody kBody>
napi_value Method(napi_env env, napi_callback_info info);

struct MethodEntry {
  const char* name;
  napi_callback callback;
};

}  // namespace snapfork
