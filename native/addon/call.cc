// call.cc - arguments and results of the hot methods.

#include "addon/call.h"

#include "addon/engine_object.h"
#include "base/check.h"

namespace snapfork {
namespace {

constexpr int64_t kSafeIntegerMax = (int64_t{1} << 53) - 1;

}  // namespace

Call::Call(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kArgumentsMax;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments_, nullptr, &data);
  engine_ = static_cast<EngineObject*>(data);
}

bool Call::Refuse() {
  ThrowType(env_, "An argument of a native method has a wrong type.");
  return false;
}

bool Call::ReadDatabase(size_t index, uint32_t& db) {
  if (napi_get_value_uint32(env_, arguments_[index], &db) != napi_ok) return Refuse();
  if (db < engine_->keyspace().database_count()) return true;
  Throw(Status(StatusCode::kDatabaseOutOfRange));
  return false;
}

bool Call::ReadOperand(size_t index, std::string_view& bytes) {
  const napi_value value = arguments_[index];
  if (engine_->texts[operands_].Read(env_, value, bytes)) {
    ++operands_;
    is_direct_ = true;
    return true;
  }
  uint32_t position = 0;
  if (napi_get_value_uint32(env_, value, &position) == napi_ok) {
    return engine_->ArgumentAt(position, bytes) || Refuse();
  }
  is_direct_ = true;
  return ReadBytes(env_, value, bytes) || Refuse();
}

bool Call::MayWrite() {
  if (!is_direct_ || !engine_->guards_writes()) return true;
  const Status refusal = engine_->WriteRefusal();
  if (!refusal.ok()) Throw(refusal);
  return refusal.ok();
}

bool Call::MayGrow() {
  if (!is_direct_ || !engine_->guards_writes()) return true;
  if (!engine_->evictor().MakeRoom()) {
    Throw(Status(StatusCode::kMaxMemory));
    return false;
  }
  return MayWrite();
}

void Call::Log(uint32_t db, std::initializer_list<std::string_view> words) {
  if (is_direct_ && engine_->log() != nullptr) engine_->LogDirect(db, words);
}

bool Call::ReadRange(size_t index, uint32_t& first, uint32_t& count) {
  if (!ReadUint32(index, first) || !ReadUint32(index + 1, count)) return false;
  return uint64_t{first} + count <= engine_->argument_ranges.size() || Refuse();
}

std::string_view Call::VectorArgument(uint32_t position) const {
  std::string_view bytes;
  SF_CHECK(engine_->ArgumentAt(position, bytes));
  return bytes;
}

bool Call::ReadDouble(size_t index, double& value) {
  return napi_get_value_double(env_, arguments_[index], &value) == napi_ok || Refuse();
}

bool Call::ReadCursor(size_t index, uint64_t& cursor) {
  bool lossless = false;
  return napi_get_value_bigint_uint64(env_, arguments_[index], &cursor, &lossless) == napi_ok ||
         Refuse();
}

bool Call::ReadDoubles(size_t index, std::vector<double>& values) {
  napi_valuetype type;
  napi_typeof(env_, arguments_[index], &type);
  if (type == napi_null) return true;
  uint32_t length = 0;
  if (napi_get_array_length(env_, arguments_[index], &length) != napi_ok) return Refuse();
  values.resize(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env_, arguments_[index], i, &element) != napi_ok ||
        napi_get_value_double(env_, element, &values[i]) != napi_ok) {
      return Refuse();
    }
  }
  return true;
}

bool Call::ReadElement(size_t index, uint32_t element, std::string_view& bytes) {
  napi_value value = nullptr;
  return (napi_get_element(env_, arguments_[index], element, &value) == napi_ok &&
          ReadBytes(env_, value, bytes)) ||
         Refuse();
}

bool Call::ReadInt64(size_t index, int64_t& value) {
  if (napi_get_value_int64(env_, arguments_[index], &value) == napi_ok) return true;
  bool lossless = false;
  return napi_get_value_bigint_int64(env_, arguments_[index], &value, &lossless) == napi_ok ||
         Refuse();
}

bool Call::ReadUint32(size_t index, uint32_t& value) {
  return napi_get_value_uint32(env_, arguments_[index], &value) == napi_ok || Refuse();
}

bool Call::ReadBool(size_t index, bool& value) {
  return napi_get_value_bool(env_, arguments_[index], &value) == napi_ok || Refuse();
}

bool Call::ReadMode(size_t index, BulkMode& mode) {
  uint32_t number = 0;
  if (!ReadUint32(index, number)) return false;
  mode = static_cast<BulkMode>(number);
  return number <= static_cast<uint32_t>(BulkMode::kLatin1) || Refuse();
}

napi_value Call::Undefined() const {
  napi_value value = nullptr;
  napi_get_undefined(env_, &value);
  return value;
}

napi_value Call::Null() const {
  napi_value value = nullptr;
  napi_get_null(env_, &value);
  return value;
}

napi_value Call::Bool(bool boolean) const {
  napi_value value = nullptr;
  napi_get_boolean(env_, boolean, &value);
  return value;
}

napi_value Call::Number(double number) const {
  napi_value value = nullptr;
  napi_create_double(env_, number, &value);
  return value;
}

napi_value Call::Int64(int64_t number) const {
  napi_value value = nullptr;
  if (number >= -kSafeIntegerMax && number <= kSafeIntegerMax) {
    napi_create_int64(env_, number, &value);
  } else {
    napi_create_bigint_int64(env_, number, &value);
  }
  return value;
}

napi_value Call::Bulk(std::string_view bytes, BulkMode mode) {
  napi_value value = nullptr;
  napi_status status = napi_ok;
  switch (mode) {
    case BulkMode::kUtf8:
      status = napi_create_string_utf8(env_, bytes.data(), bytes.size(), &value);
      break;
    case BulkMode::kLatin1:
      status = napi_create_string_latin1(env_, bytes.data(), bytes.size(), &value);
      break;
    case BulkMode::kBuffer:
      status = napi_create_buffer_copy(env_, bytes.size(), bytes.data(), nullptr, &value);
      break;
  }
  if (status == napi_ok) return value;
  // Longer than V8 makes strings; a Buffer may still hold it.
  bool pending = false;
  napi_is_exception_pending(env_, &pending);
  if (!pending) {
    napi_throw_range_error(env_, "ERR_SNAPFORK_INVALID_ARG",
                           "The value is too long for a string: read it as a Buffer.");
  }
  return nullptr;
}

napi_value Call::Bulk(const PackElement& element, BulkMode mode) {
  char scratch[kIntegerTextMax];
  return Bulk(element.Text(scratch), mode);
}

napi_value Call::ScanReply(uint64_t next, const ReplyArray& elements) const {
  napi_value cursor = nullptr;
  napi_create_bigint_uint64(env_, next, &cursor);
  ReplyArray reply(*this);
  reply.Push(cursor);
  reply.Push(elements.value());
  return reply.value();
}

napi_value Call::Throw(Status status) {
  engine_->addon.Throw(env_, status);
  return nullptr;
}

}  // namespace snapfork
