// bind_lists.cc - the engine's methods on lists.

#include "addon/engine_object.h"
#include "keyspace/list_ops.h"

namespace snapfork {
namespace {

bool ReadKey(Call& call, uint32_t& db, std::string_view& key) {
  return call.ReadDatabase(0, db) && call.ReadOperand(1, key);
}

bool ReadEnd(Call& call, size_t index, ListEnd& end) {
  bool right;
  if (!call.ReadBool(index, right)) return false;
  end = right ? ListEnd::kRight : ListEnd::kLeft;
  return true;
}

// A list to be read. False: an exception is pending.
bool ReadList(Call& call, EntryView& list) {
  uint32_t db;
  std::string_view key;
  if (!ReadKey(call, db, key)) return false;
  const Status status = ListLookup(call.engine().keyspace(), db, key, list);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

napi_value ListPushRange(Call& call) {
  uint32_t db;
  std::string_view key;
  ListEnd end;
  bool only_if_there;
  uint32_t first;
  uint32_t count;
  if (!ReadKey(call, db, key) || !ReadEnd(call, 2, end) || !call.ReadBool(3, only_if_there) ||
      !call.ReadRange(4, first, count)) {
    return nullptr;
  }
  uint64_t length = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Status status = ListPush(call.engine().keyspace(), db, key,
                                   call.VectorArgument(first + i), end, only_if_there, length);
    if (!status.ok()) return call.Throw(status);
  }
  return call.Number(static_cast<double>(length));
}

// The same for an array of bytes, at the right end.
napi_value ListPushAll(Call& call) {
  uint32_t db;
  std::string_view key;
  uint32_t count = 0;
  if (!ReadKey(call, db, key) ||
      napi_get_array_length(call.env(), call.argument(2), &count) != napi_ok) {
    return nullptr;
  }
  uint64_t length = 0;
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view element;
    if (!call.ReadElement(2, i, element)) return nullptr;
    const Status status =
        ListPush(call.engine().keyspace(), db, key, element, ListEnd::kRight, false, length);
    if (!status.ok()) return call.Throw(status);
  }
  return call.Number(static_cast<double>(length));
}

// An array of up to `count` elements; null if there is no list.
napi_value ListPopMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  ListEnd end;
  int64_t count;
  BulkMode mode;
  if (!ReadKey(call, db, key) || !ReadEnd(call, 2, end) || !call.ReadInt64(3, count) ||
      !call.ReadMode(4, mode)) {
    return nullptr;
  }
  Keyspace& keyspace = call.engine().keyspace();
  const Found found = keyspace.Lookup(db, key);
  if (const Status status = CheckType(found, ValueType::kList); !status.ok()) {
    return call.Throw(status);
  }
  if (!found.entry) return call.Null();
  ReplyArray reply(call);
  std::string element;
  bool popped = true;
  for (int64_t i = 0; i < count; ++i) {
    const Status status = ListPop(keyspace, db, key, end, element, popped);
    if (!status.ok()) return call.Throw(status);
    if (!popped) break;
    reply.Push(call.Bulk(element, mode));
  }
  return reply.value();
}

napi_value ListMoveMethod(Call& call) {
  uint32_t db;
  std::string_view from;
  ListEnd from_end;
  std::string_view to;
  ListEnd to_end;
  BulkMode mode;
  if (!ReadKey(call, db, from) || !ReadEnd(call, 2, from_end) || !call.ReadOperand(3, to) ||
      !ReadEnd(call, 4, to_end) || !call.ReadMode(5, mode)) {
    return nullptr;
  }
  std::string element;
  bool moved = false;
  const Status status =
      ListMove(call.engine().keyspace(), db, from, from_end, to, to_end, element, moved);
  if (!status.ok()) return call.Throw(status);
  return moved ? call.Bulk(element, mode) : call.Null();
}

napi_value ListLengthMethod(Call& call) {
  EntryView list;
  if (!ReadList(call, list)) return nullptr;
  return call.Number(list ? static_cast<double>(ListLength(call.engine().keyspace(), list)) : 0);
}

napi_value ListAt(Call& call) {
  EntryView list;
  int64_t index;
  BulkMode mode;
  if (!ReadList(call, list) || !call.ReadInt64(2, index) || !call.ReadMode(3, mode)) {
    return nullptr;
  }
  PackElement element;
  const bool there = list && ListElementAt(call.engine().keyspace(), list, index, element);
  return there ? call.Bulk(element, mode) : call.Null();
}

napi_value ListRange(Call& call) {
  EntryView list;
  int64_t start;
  int64_t stop;
  BulkMode mode;
  if (!ReadList(call, list) || !call.ReadInt64(2, start) || !call.ReadInt64(3, stop) ||
      !call.ReadMode(4, mode)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!list) return reply.value();
  const Keyspace& keyspace = call.engine().keyspace();
  uint64_t first = 0;
  uint64_t count = 0;
  if (ClampRange(ListLength(keyspace, list), start, stop, first, count)) {
    VisitElements(keyspace, list, first, count,
                  [&](const PackElement& element) { reply.Push(call.Bulk(element, mode)); });
  }
  return reply.value();
}

napi_value ListSetMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t index;
  std::string_view element;
  if (!ReadKey(call, db, key) || !call.ReadInt64(2, index) || !call.ReadOperand(3, element)) {
    return nullptr;
  }
  const Status status = ListSet(call.engine().keyspace(), db, key, index, element);
  return call.Finish(status, call.Undefined());
}

napi_value ListInsertMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  bool before;
  std::string_view pivot;
  std::string_view element;
  if (!ReadKey(call, db, key) || !call.ReadBool(2, before) || !call.ReadOperand(3, pivot) ||
      !call.ReadOperand(4, element)) {
    return nullptr;
  }
  int64_t length = 0;
  const Status status =
      ListInsert(call.engine().keyspace(), db, key, before, pivot, element, length);
  return call.Finish(status, call.Number(static_cast<double>(length)));
}

napi_value ListRemoveMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t count;
  std::string_view element;
  if (!ReadKey(call, db, key) || !call.ReadInt64(2, count) || !call.ReadOperand(3, element)) {
    return nullptr;
  }
  uint64_t removed = 0;
  const Status status = ListRemove(call.engine().keyspace(), db, key, count, element, removed);
  return call.Finish(status, call.Number(static_cast<double>(removed)));
}

napi_value ListTrimMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  int64_t start;
  int64_t stop;
  if (!ReadKey(call, db, key) || !call.ReadInt64(2, start) || !call.ReadInt64(3, stop)) {
    return nullptr;
  }
  const Status status = ListTrim(call.engine().keyspace(), db, key, start, stop);
  return call.Finish(status, call.Undefined());
}

napi_value ListPositionsMethod(Call& call) {
  EntryView list;
  std::string_view element;
  int64_t rank;
  int64_t count;
  int64_t compared_max;
  if (!ReadList(call, list) || !call.ReadOperand(2, element) || !call.ReadInt64(3, rank) ||
      !call.ReadInt64(4, count) || !call.ReadInt64(5, compared_max)) {
    return nullptr;
  }
  ReplyArray reply(call);
  if (!list) return reply.value();
  for (const uint64_t index :
       ListPositions(call.engine().keyspace(), list, element, rank,
                     static_cast<uint64_t>(count), static_cast<uint64_t>(compared_max))) {
    reply.Push(call.Number(static_cast<double>(index)));
  }
  return reply.value();
}

}  // namespace

void AppendListMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"listPushRange", Method<ListPushRange>},
                                    {"listPushAll", Method<ListPushAll>},
                                    {"listPop", Method<ListPopMethod>},
                                    {"listMove", Method<ListMoveMethod>},
                                    {"listLength", Method<ListLengthMethod>},
                                    {"listAt", Method<ListAt>},
                                    {"listRange", Method<ListRange>},
                                    {"listSet", Method<ListSetMethod>},
                                    {"listInsert", Method<ListInsertMethod>},
                                    {"listRemove", Method<ListRemoveMethod>},
                                    {"listTrim", Method<ListTrimMethod>},
                                    {"listPositions", Method<ListPositionsMethod>},
                                });
}

}  // namespace snapfork
