// bind_bitmaps.cc - the engine's methods on strings as rows of bits.

#include <algorithm>

#include "addon/engine_object.h"
#include "keyspace/bitmap_ops.h"
#include "keyspace/string_ops.h"

namespace snapfork {
namespace {

// The string of a key, for the time of a call.
struct StringArgument {
  uint32_t db;
  std::string_view key;
  std::string_view bytes;
  bool found = false;
  char scratch[kIntegerTextMax];

  // False: an exception is pending.
  bool Read(Call& call) {
    if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return false;
    const Status status =
        StringBytes(call.engine().keyspace(), db, key, scratch, bytes, found);
    if (!status.ok()) {
      call.Throw(status);
      return false;
    }
    call.engine().keyspace().CountLookup(found);
    return true;
  }
};

napi_value BitSetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t offset;
  bool bit;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, offset) ||
      !call.ReadBool(3, bit)) {
    return nullptr;
  }
  bool old = false;
  const Status status =
      BitSet(call.engine().keyspace(), db, key, static_cast<uint64_t>(offset), bit, old);
  return call.Finish(status, call.Number(old ? 1 : 0));
}

napi_value BitGetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t offset;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadInt64(2, offset)) {
    return nullptr;
  }
  bool bit = false;
  const Status status =
      BitGet(call.engine().keyspace(), db, key, static_cast<uint64_t>(offset), bit);
  return call.Finish(status, call.Number(bit ? 1 : 0));
}

// Bits from `first` to `last`, which lie inside.
napi_value BitCountMethod(Call& call) {
  StringArgument string;
  int64_t first;
  int64_t last;
  if (!string.Read(call) || !call.ReadInt64(2, first) || !call.ReadInt64(3, last)) return nullptr;
  return call.Number(static_cast<double>(CountBitRange(
      string.bytes, static_cast<uint64_t>(first), static_cast<uint64_t>(last))));
}

napi_value BitFind(Call& call) {
  StringArgument string;
  bool bit;
  int64_t first;
  int64_t last;
  if (!string.Read(call) || !call.ReadBool(2, bit) || !call.ReadInt64(3, first) ||
      !call.ReadInt64(4, last)) {
    return nullptr;
  }
  return call.Number(static_cast<double>(FindBit(string.bytes, bit, static_cast<uint64_t>(first),
                                                 static_cast<uint64_t>(last))));
}

// Stores the combination of keys under another; returns its length.
napi_value BitCombineStore(Call& call) {
  uint32_t db;
  uint32_t operation;
  uint32_t first;
  uint32_t count;
  std::string_view to;
  if (!call.ReadDatabase(0, db) || !call.ReadUint32(1, operation) ||
      !call.ReadRange(2, first, count) || !call.ReadOperand(4, to)) {
    return nullptr;
  }
  std::vector<std::string_view> keys;
  for (uint32_t i = 0; i < count; ++i) keys.push_back(call.VectorArgument(first + i));
  Keyspace& keyspace = call.engine().keyspace();
  std::string result;
  Status status =
      BitCombine(keyspace, db, static_cast<BitOperation>(operation), keys, result);
  if (!status.ok()) return call.Throw(status);
  status = BitStore(keyspace, db, to, result);
  return call.Finish(status, call.Number(static_cast<double>(result.size())));
}

// An integer of a string's bits, as an unsigned bigint.
napi_value BitsRead(Call& call) {
  StringArgument string;
  int64_t offset;
  uint32_t bits;
  if (!string.Read(call) || !call.ReadInt64(2, offset) || !call.ReadUint32(3, bits)) {
    return nullptr;
  }
  napi_value value = nullptr;
  napi_create_bigint_uint64(call.env(),
                            ReadBits(string.bytes, static_cast<uint64_t>(offset), bits), &value);
  return value;
}

napi_value BitsWrite(Call& call) {
  StringArgument string;
  int64_t offset;
  uint32_t bits;
  uint64_t value;
  if (!string.Read(call) || !call.ReadInt64(2, offset) || !call.ReadUint32(3, bits) ||
      !call.ReadCursor(4, value)) {
    return nullptr;
  }
  // The bytes that hold the integer, written as one range.
  const auto at = static_cast<uint64_t>(offset);
  const uint64_t first = at / 8;
  std::string part(string.bytes.substr(std::min<size_t>(first, string.bytes.size()), 9));
  WriteBits(part, at % 8, bits, value);
  part.resize((at % 8 + bits + 7) / 8);
  uint64_t length;
  const Status status = StringSetRange(call.engine().keyspace(), string.db, string.key, first,
                                       part, length);
  return call.Finish(status, call.Undefined());
}

}  // namespace

void AppendBitmapMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"bitSet", Method<BitSetMethod>},
                                    {"bitGet", Method<BitGetMethod>},
                                    {"bitCount", Method<BitCountMethod>},
                                    {"bitFind", Method<BitFind>},
                                    {"bitCombineStore", Method<BitCombineStore>},
                                    {"bitsRead", Method<BitsRead>},
                                    {"bitsWrite", Method<BitsWrite>},
                                });
}

}  // namespace snapfork
