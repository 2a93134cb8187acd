// stream_replies.cc - ids and entries of streams, to and from JavaScript.

#include "addon/stream_replies.h"

#include "addon/engine_object.h"

namespace snapfork {

bool ReadStreamId(Call& call, size_t index, uint64_t missing_seq, StreamId& id) {
  std::string_view text;
  if (!call.ReadOperand(index, text)) return false;
  bool has_seq;
  if (!ParseStreamId(text, id, has_seq)) {
    call.Throw(Status(StatusCode::kNotAStreamId));
    return false;
  }
  if (!has_seq) id.seq = missing_seq;
  return true;
}

bool ReadStreamIds(Call& call, size_t index, std::vector<StreamId>& ids) {
  uint32_t first;
  uint32_t count;
  if (!call.ReadRange(index, first, count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    StreamId id;
    bool has_seq;
    if (!ParseStreamId(call.VectorArgument(first + i), id, has_seq)) {
      call.Throw(Status(StatusCode::kNotAStreamId));
      return false;
    }
    if (!has_seq) id.seq = 0;
    ids.push_back(id);
  }
  return true;
}

bool ReadStreamBound(Call& call, size_t index, bool is_start, StreamId& id) {
  std::string_view text;
  if (!call.ReadOperand(index, text)) return false;
  const bool exclusive = text.size() > 1 && text[0] == '(';
  if (exclusive) text.remove_prefix(1);
  bool has_seq = true;
  if (!exclusive && (text == "-" || text == "+")) {
    id = text == "-" ? StreamId() : kStreamIdMax;
  } else if (!ParseStreamId(text, id, has_seq)) {
    call.Throw(Status(StatusCode::kNotAStreamId));
    return false;
  }
  if (!has_seq) id.seq = is_start ? 0 : UINT64_MAX;
  if (!exclusive || (is_start ? NextStreamId(id) : PreviousStreamId(id))) return true;
  call.Throw(Status(is_start ? StatusCode::kBadStartId : StatusCode::kBadEndId));
  return false;
}

napi_value StreamIdReply(Call& call, StreamId id, BulkMode mode) {
  char text[kStreamIdTextMax];
  return call.Bulk(std::string_view(text, FormatStreamId(id, text)), mode);
}

napi_value StreamEntryReply(Call& call, const StreamNode& node, const StreamEntry& entry,
                            BulkMode mode) {
  ReplyArray fields(call);
  VisitStreamFields(node, entry, [&](const PackElement& field, const PackElement& value) {
    fields.Push(call.Bulk(field, mode));
    fields.Push(call.Bulk(value, mode));
  });
  ReplyArray reply(call);
  reply.Push(StreamIdReply(call, entry.id, mode));
  reply.Push(fields.value());
  return reply.value();
}

napi_value StreamEntriesReply(Call& call, const StreamValue& stream,
                              const std::vector<StreamId>& ids, BulkMode mode) {
  ReplyArray reply(call);
  for (const StreamId id : ids) {
    napi_value entry_value = nullptr;
    VisitStream(call.engine().keyspace().trees(), stream.entries, id, id, false,
                [&](const StreamNode& node, const StreamEntry& entry) {
                  entry_value = StreamEntryReply(call, node, entry, mode);
                  return false;
                });
    if (entry_value == nullptr) {
      ReplyArray gone(call);
      gone.Push(StreamIdReply(call, id, mode));
      gone.Push(call.Null());
      entry_value = gone.value();
    }
    reply.Push(entry_value);
  }
  return reply.value();
}

napi_value StreamIdsReply(Call& call, const std::vector<StreamId>& ids, BulkMode mode) {
  ReplyArray reply(call);
  for (const StreamId id : ids) reply.Push(StreamIdReply(call, id, mode));
  return reply.value();
}

}  // namespace snapfork
