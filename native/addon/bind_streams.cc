// bind_streams.cc - the engine's methods on the entries of streams.

#include "addon/engine_object.h"
#include "addon/stream_replies.h"
#include "keyspace/stream_ops.h"

namespace snapfork {
namespace {

bool ReadKey(Call& call, uint32_t& db, std::string_view& key) {
  return call.ReadDatabase(0, db) && call.ReadOperand(1, key);
}

// A stream to be read. False: an exception is pending.
bool ReadStream(Call& call, EntryView& stream) {
  uint32_t db;
  std::string_view key;
  if (!ReadKey(call, db, key)) return false;
  const Status status = StreamLookup(call.engine().keyspace(), db, key, stream);
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

// `*`, `ms-*` or an id.
bool ReadIdRequest(Call& call, size_t index, StreamIdRequest& request) {
  std::string_view text;
  if (!call.ReadOperand(index, text)) return false;
  if (text == "*") {
    request.makes_ms = true;
    request.makes_seq = true;
    return true;
  }
  request.makes_seq = text.size() > 2 && text.substr(text.size() - 2) == "-*";
  if (request.makes_seq) text.remove_suffix(2);
  bool has_seq;
  if (!ParseStreamId(text, request.id, has_seq) || (request.makes_seq && has_seq)) {
    call.Throw(Status(StatusCode::kNotAStreamId));
    return false;
  }
  if (!has_seq) request.id.seq = 0;
  return true;
}

napi_value CheckStreamId(Call& call) {
  StreamId id;
  return ReadStreamId(call, 0, 0, id) ? call.Undefined() : nullptr;
}

napi_value CheckStreamRange(Call& call) {
  StreamId start;
  StreamId end;
  const bool valid = ReadStreamBound(call, 0, true, start) && ReadStreamBound(call, 1, false, end);
  return valid ? call.Undefined() : nullptr;
}

napi_value CheckStreamIdRequest(Call& call) {
  StreamIdRequest request;
  if (!ReadIdRequest(call, 0, request)) return nullptr;
  bool refuses_zero;
  if (!call.ReadBool(1, refuses_zero)) return nullptr;
  const bool zero = refuses_zero && request.id.IsZero() && !request.makes_seq;
  return zero ? call.Throw(Status(StatusCode::kStreamIdZero)) : call.Undefined();
}

napi_value StreamAddMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  StreamIdRequest request;
  int64_t now_ms;
  bool makes_stream;
  uint32_t first;
  uint32_t count;
  BulkMode mode;
  if (!ReadKey(call, db, key) || !ReadIdRequest(call, 2, request) ||
      !call.ReadInt64(3, now_ms) || !call.ReadBool(4, makes_stream) ||
      !call.ReadRange(5, first, count) || !call.ReadMode(7, mode)) {
    return nullptr;
  }
  StreamFields fields;
  for (uint32_t i = 0; i < count; ++i) fields.push_back(call.VectorArgument(first + i));
  StreamId id;
  bool added = false;
  const Status status = StreamAdd(call.engine().keyspace(), db, key, request, now_ms, fields,
                                  makes_stream, id, added);
  if (!status.ok()) return call.Throw(status);
  return added ? StreamIdReply(call, id, mode) : call.Null();
}

napi_value StreamTrimMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  StreamTrimming trimming;
  int64_t limit;
  int64_t length_max = 0;
  if (!ReadKey(call, db, key) || !call.ReadBool(2, trimming.by_id) ||
      !call.ReadBool(3, trimming.approximate) || !call.ReadInt64(5, limit)) {
    return nullptr;
  }
  if (trimming.by_id ? !ReadStreamId(call, 4, 0, trimming.id_min)
                     : !call.ReadInt64(4, length_max)) {
    return nullptr;
  }
  trimming.length_max = static_cast<uint64_t>(length_max);
  trimming.limit = static_cast<uint64_t>(limit);
  uint64_t deleted = 0;
  const Status status = StreamTrim(call.engine().keyspace(), db, key, trimming, deleted);
  return call.Finish(status, call.Number(static_cast<double>(deleted)));
}

napi_value StreamDeleteRange(Call& call) {
  uint32_t db;
  std::string_view key;
  std::vector<StreamId> ids;
  if (!ReadKey(call, db, key) || !ReadStreamIds(call, 2, ids)) return nullptr;
  uint64_t deleted = 0;
  const Status status = StreamDelete(call.engine().keyspace(), db, key, ids, deleted);
  return call.Finish(status, call.Number(static_cast<double>(deleted)));
}

napi_value StreamLength(Call& call) {
  EntryView stream;
  if (!ReadStream(call, stream)) return nullptr;
  return call.Number(stream ? static_cast<double>(StreamValueOf(stream).length) : 0);
}

napi_value StreamLastId(Call& call) {
  EntryView stream;
  BulkMode mode;
  if (!ReadStream(call, stream) || !call.ReadMode(2, mode)) return nullptr;
  return StreamIdReply(call, stream ? StreamValueOf(stream).last_id : StreamId(), mode);
}

napi_value RangeReply(Call& call, const PackSlot& entries, StreamId start, StreamId end,
                      bool backwards, int64_t count, BulkMode mode) {
  ReplyArray reply(call);
  VisitStream(call.engine().keyspace().trees(), entries, start, end, backwards,
              [&](const StreamNode& node, const StreamEntry& entry) {
                reply.Push(StreamEntryReply(call, node, entry, mode));
                return count == 0 || reply.length() < static_cast<uint64_t>(count);
              });
  return reply.value();
}

// `count` 0: all.
napi_value StreamRange(Call& call) {
  EntryView stream;
  StreamId start;
  StreamId end;
  int64_t count;
  bool backwards;
  BulkMode mode;
  // The bounds are looked at before the key.
  if (!ReadStreamBound(call, 2, true, start) || !ReadStreamBound(call, 3, false, end) ||
      !call.ReadInt64(4, count) || !call.ReadBool(5, backwards) || !call.ReadMode(6, mode) ||
      !ReadStream(call, stream)) {
    return nullptr;
  }
  const PackSlot entries = stream ? StreamValueOf(stream).entries : PackSlot();
  return RangeReply(call, entries, start, end, backwards, count, mode);
}

// Entries behind an id; null if there is none.
napi_value StreamRead(Call& call) {
  EntryView stream;
  StreamId after;
  int64_t count;
  BulkMode mode;
  if (!ReadStream(call, stream) || !ReadStreamId(call, 2, 0, after) ||
      !call.ReadInt64(3, count) || !call.ReadMode(4, mode)) {
    return nullptr;
  }
  if (!stream || !NextStreamId(after)) return call.Null();
  const StreamValue value = StreamValueOf(stream);
  StreamId last;
  const PackTreeReader trees = call.engine().keyspace().trees();
  if (!StreamEdge(trees, value.entries, true, last) || last < after) return call.Null();
  return RangeReply(call, value.entries, after, kStreamIdMax, false, count, mode);
}

bool ReadOptional(Call& call, size_t index, bool& given) {
  napi_valuetype type;
  napi_typeof(call.env(), call.argument(index), &type);
  given = type != napi_null;
  return true;
}

napi_value StreamSetIdMethod(Call& call) {
  uint32_t db;
  std::string_view key;
  StreamId id;
  bool has_added;
  bool has_deleted;
  int64_t added = 0;
  StreamId deleted;
  if (!ReadKey(call, db, key) || !ReadStreamId(call, 2, 0, id) ||
      !ReadOptional(call, 3, has_added) || !ReadOptional(call, 4, has_deleted) ||
      (has_added && !call.ReadInt64(3, added)) ||
      (has_deleted && !ReadStreamId(call, 4, 0, deleted))) {
    return nullptr;
  }
  const auto entries_added = static_cast<uint64_t>(added);
  const Status status =
      StreamSetId(call.engine().keyspace(), db, key, id, has_added ? &entries_added : nullptr,
                  has_deleted ? &deleted : nullptr);
  return call.Finish(status, call.Undefined());
}

}  // namespace

void AppendStreamMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"checkStreamId", Method<CheckStreamId>},
                                    {"checkStreamRange", Method<CheckStreamRange>},
                                    {"checkStreamIdRequest", Method<CheckStreamIdRequest>},
                                    {"streamAdd", Method<StreamAddMethod>},
                                    {"streamTrim", Method<StreamTrimMethod>},
                                    {"streamDeleteRange", Method<StreamDeleteRange>},
                                    {"streamLength", Method<StreamLength>},
                                    {"streamLastId", Method<StreamLastId>},
                                    {"streamRange", Method<StreamRange>},
                                    {"streamRead", Method<StreamRead>},
                                    {"streamSetId", Method<StreamSetIdMethod>},
                                });
}

}  // namespace snapfork
