// bind_keys.cc - the engine's methods on keys, databases and the argument vector.

#include "addon/engine_object.h"
#include "base/number.h"
#include "keyspace/digest.h"
#include "keyspace/key_ops.h"

namespace snapfork {
namespace {

// Appends one element of setArguments' array: text, bytes, or a number as its decimal text.
bool AppendArgument(Call& call, napi_value value) {
  std::string& bytes = call.engine().argument_bytes;
  std::string_view text;
  if (!call.engine().texts[0].Read(call.env(), value, text) &&
      !ReadBytes(call.env(), value, text)) {
    napi_value string = nullptr;
    if (napi_coerce_to_string(call.env(), value, &string) != napi_ok) return false;
    call.engine().texts[0].Read(call.env(), string, text);
  }
  call.engine().argument_ranges.emplace_back(bytes.size(), text.size());
  bytes.append(text);
  return true;
}

napi_value SetArguments(Call& call) {
  constexpr size_t kBytesKept = 1u << 20;
  std::string& bytes = call.engine().argument_bytes;
  if (bytes.capacity() > kBytesKept) std::string().swap(bytes);
  bytes.clear();
  call.engine().argument_ranges.clear();
  uint32_t count = 0;
  if (napi_get_array_length(call.env(), call.argument(0), &count) != napi_ok) {
    ThrowType(call.env(), "Arguments must be an array.");
    return nullptr;
  }
  for (uint32_t i = 0; i < count; ++i) {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(call.env(), &scope);
    napi_value value = nullptr;
    const bool appended = napi_get_element(call.env(), call.argument(0), i, &value) == napi_ok &&
                          AppendArgument(call, value);
    napi_close_handle_scope(call.env(), scope);
    if (!appended) return nullptr;
  }
  return call.Number(count);
}

napi_value Argument(Call& call) {
  std::string_view bytes;
  BulkMode mode;
  if (!call.ReadOperand(0, bytes) || !call.ReadMode(1, mode)) return nullptr;
  return call.Bulk(bytes, mode);
}

napi_value ParseIntegerMethod(Call& call) {
  std::string_view text;
  if (!call.ReadOperand(0, text)) return nullptr;
  int64_t value = 0;
  return ParseInteger(text, value) ? call.Int64(value)
                                   : call.Throw(Status(StatusCode::kNotAnInteger));
}

napi_value KeyExistsMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  return call.Bool(KeyExists(call.engine().keyspace(), db, key));
}

napi_value KeyTouchMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  return call.Bool(KeyTouch(call.engine().keyspace(), db, key));
}

napi_value KeyRemoveMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  if (!call.MayWrite()) return nullptr;
  const bool removed = KeyRemove(call.engine().keyspace(), db, key);
  call.Log(db, {"DEL", key});
  return call.Bool(removed);
}

napi_value KeyTypeMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  return call.Number(static_cast<double>(KeyType(call.engine().keyspace(), db, key)));
}

napi_value KeyEncodingMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  const char* const name = KeyEncoding(call.engine().keyspace(), db, key);
  return name == nullptr ? call.Null() : Napi::String::New(call.env(), name);
}

napi_value KeyBytesMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  const uint64_t bytes = KeyBytes(call.engine().keyspace(), db, key);
  return bytes == 0 ? call.Null() : call.Number(static_cast<double>(bytes));
}

// 32 hexadecimal digits; none without the key.
napi_value ValueDigest(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  Keyspace& keyspace = call.engine().keyspace();
  const Found found = keyspace.Peek(db, key);
  if (!found.entry) return call.Bulk(std::string_view(), BulkMode::kLatin1);
  return call.Bulk(HexOf(DigestOfValue(keyspace, found.entry)), BulkMode::kLatin1);
}

napi_value KeyExpiryMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  return call.Int64(KeyExpiry(call.engine().keyspace(), db, key));
}

napi_value KeySetExpiryMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t expiry;
  uint32_t flags;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, expiry) ||
      !call.ReadUint32(3, flags)) {
    return nullptr;
  }
  ExpiryOutcome outcome = ExpiryOutcome::kNothing;
  const Status status =
      KeySetExpiry(call.engine().keyspace(), db, key, expiry, flags, outcome);
  return call.Finish(status, call.Number(static_cast<int>(outcome)));
}

napi_value KeyPersistMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return nullptr;
  if (!call.MayWrite()) return nullptr;
  bool done = false;
  const Status status = KeyPersist(call.engine().keyspace(), db, key, done);
  call.Log(db, {"PERSIST", key});
  return call.Finish(status, call.Bool(done));
}

napi_value KeyRenameMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  std::string_view new_key;
  bool only_if_absent;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadOperand(2, new_key) ||
      !call.ReadBool(3, only_if_absent)) {
    return nullptr;
  }
  RenameOutcome outcome = RenameOutcome::kNoSuchKey;
  const Status status =
      KeyRename(call.engine().keyspace(), db, key, new_key, only_if_absent, outcome);
  return call.Finish(status, call.Number(static_cast<int>(outcome)));
}

napi_value KeyCopyMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t to_db;
  std::string_view to_key;
  bool replace;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadDatabase(2, to_db) ||
      !call.ReadOperand(3, to_key) || !call.ReadBool(4, replace)) {
    return nullptr;
  }
  bool done = false;
  const Status status =
      KeyCopy(call.engine().keyspace(), db, key, to_db, to_key, replace, done);
  return call.Finish(status, call.Bool(done));
}

napi_value KeyMoveMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t to_db;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadDatabase(2, to_db)) {
    return nullptr;
  }
  bool done = false;
  const Status status = KeyMove(call.engine().keyspace(), db, key, to_db, done);
  return call.Finish(status, call.Bool(done));
}

napi_value KeyRandomMethod(Call& call) {
  uint32_t db;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadMode(1, mode)) return nullptr;
  const EntryView entry = KeyRandom(call.engine().keyspace(), db);
  return entry ? call.Bulk(entry.key(), mode) : call.Null();
}

// A JavaScript array of keys.
class KeyList {
 public:
  KeyList(Call& call, BulkMode mode) : call_(call), mode_(mode) {
    napi_create_array(call.env(), &array_);
  }

  void Append(EntryView entry) {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(call_.env(), &scope);
    const napi_value key = call_.Bulk(entry.key(), mode_);
    if (key != nullptr) napi_set_element(call_.env(), array_, count_++, key);
    napi_close_handle_scope(call_.env(), scope);
  }
  napi_value array() const { return array_; }

 private:
  Call& call_;
  const BulkMode mode_;
  napi_value array_ = nullptr;
  uint32_t count_ = 0;
};

napi_value Scan(Call& call) {
  uint32_t db;
  uint64_t cursor = 0;
  int64_t count;
  std::string_view pattern = "*";
  uint32_t type;
  BulkMode mode;
  napi_valuetype pattern_type;
  napi_typeof(call.env(), call.argument(3), &pattern_type);
  if (!call.ReadDatabase(0, db) || !call.ReadCursor(1, cursor) || !call.ReadInt64(2, count) ||
      (pattern_type != napi_null && !call.ReadOperand(3, pattern)) || !call.ReadUint32(4, type) ||
      !call.ReadMode(5, mode)) {
    return nullptr;
  }
  KeyList keys(call, mode);
  const uint64_t next = KeyScan(call.engine().keyspace(), db, cursor,
                                static_cast<uint64_t>(count), pattern, [&](EntryView entry) {
                                  // To learn its type is to read it.
                                  if (type != 0) call.engine().keyspace().CountLookup(true);
                                  const bool fits =
                                      type == 0 || static_cast<uint32_t>(entry.type()) == type;
                                  if (fits) keys.Append(entry);
                                });
  napi_value result = nullptr;
  napi_value next_value = nullptr;
  napi_create_array_with_length(call.env(), 2, &result);
  napi_create_bigint_uint64(call.env(), next, &next_value);
  napi_set_element(call.env(), result, 0, next_value);
  napi_set_element(call.env(), result, 1, keys.array());
  return result;
}

napi_value KeysMatching(Call& call) {
  uint32_t db;
  std::string_view pattern;
  BulkMode mode;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, pattern) || !call.ReadMode(2, mode)) {
    return nullptr;
  }
  KeyList keys(call, mode);
  KeyScan(call.engine().keyspace(), db, 0, UINT64_MAX, pattern,
          [&](EntryView entry) { keys.Append(entry); });
  return keys.array();
}

napi_value DatabaseSize(Call& call) {
  uint32_t db;
  if (!call.ReadDatabase(0, db)) return nullptr;
  return call.Number(static_cast<double>(call.engine().keyspace().database(db).index.size()));
}

napi_value DatabaseExpirySize(Call& call) {
  uint32_t db;
  if (!call.ReadDatabase(0, db)) return nullptr;
  return call.Number(static_cast<double>(call.engine().keyspace().database(db).expiry.size()));
}

napi_value DatabaseFlush(Call& call) {
  uint32_t db;
  if (!call.ReadDatabase(0, db)) return nullptr;
  call.engine().keyspace().Flush(db);
  return call.Undefined();
}

napi_value DatabaseFlushAll(Call& call) {
  Keyspace& keyspace = call.engine().keyspace();
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) keyspace.Flush(db);
  return call.Undefined();
}

napi_value DatabaseSwap(Call& call) {
  uint32_t a;
  uint32_t b;
  if (!call.ReadDatabase(0, a) || !call.ReadDatabase(1, b)) return nullptr;
  call.engine().keyspace().Swap(a, b);
  return call.Undefined();
}

napi_value ExpireDue(Call& call) {
  uint32_t limit;
  if (!call.ReadUint32(0, limit)) return nullptr;
  return call.Number(static_cast<double>(call.engine().keyspace().ExpireDue(limit)));
}

napi_value FreeRemoved(Call& call) {
  uint32_t limit;
  if (!call.ReadUint32(0, limit)) return nullptr;
  return call.Number(static_cast<double>(call.engine().keyspace().FreeUnlinked(limit)));
}

napi_value SetClock(Call& call) {
  napi_valuetype type;
  napi_typeof(call.env(), call.argument(0), &type);
  int64_t now_ms = kNoExpiry;
  if (type != napi_null && !call.ReadInt64(0, now_ms)) return nullptr;
  call.engine().keyspace().SetClock(now_ms);
  return call.Undefined();
}

}  // namespace

void AppendKeyMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"setArguments", ApartMethod<SetArguments>},
                                    {"argument", ApartMethod<Argument>},
                                    {"parseInteger", ApartMethod<ParseIntegerMethod>},
                                    {"keyExists", Method<KeyExistsMethod>},
                                    {"keyTouch", Method<KeyTouchMethod>},
                                    {"keyRemove", Method<KeyRemoveMethod>},
                                    {"keyType", Method<KeyTypeMethod>},
                                    {"keyEncoding", Method<KeyEncodingMethod>},
                                    {"keyBytes", Method<KeyBytesMethod>},
                                    {"valueDigest", Method<ValueDigest>},
                                    {"keyExpiry", Method<KeyExpiryMethod>},
                                    {"keySetExpiry", Method<KeySetExpiryMethod>},
                                    {"keyPersist", Method<KeyPersistMethod>},
                                    {"keyRename", Method<KeyRenameMethod>},
                                    {"keyCopy", Method<KeyCopyMethod>},
                                    {"keyMove", Method<KeyMoveMethod>},
                                    {"keyRandom", Method<KeyRandomMethod>},
                                    {"scan", Method<Scan>},
                                    {"keysMatching", Method<KeysMatching>},
                                    {"databaseSize", Method<DatabaseSize>},
                                    {"databaseExpirySize", Method<DatabaseExpirySize>},
                                    {"databaseFlush", Method<DatabaseFlush>},
                                    {"databaseFlushAll", Method<DatabaseFlushAll>},
                                    {"databaseSwap", Method<DatabaseSwap>},
                                    {"expireDue", Method<ExpireDue>},
                                    {"freeRemoved", Method<FreeRemoved>},
                                    {"setClock", Method<SetClock>},
                                });
}

}  // namespace snapfork
