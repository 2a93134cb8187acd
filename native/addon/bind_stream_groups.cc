// bind_stream_groups.cc - the engine's methods on consumer groups, and what XINFO tells.

#include <algorithm>

#include "addon/engine_object.h"
#include "addon/stream_replies.h"
#include "base/check.h"
#include "keyspace/stream_groups.h"

namespace snapfork {
namespace {

struct GroupArguments {
  uint32_t db;
  std::string_view key;
  std::string_view group;

  // Database, key, group.
  bool Read(Call& call) {
    return call.ReadDatabase(0, db) && call.ReadOperand(1, key) && call.ReadOperand(2, group);
  }
};

// An id, or `$` for the stream's last one; SETID takes the ends of all ids too.
bool ReadGroupId(Call& call, size_t index, bool takes_ends, StreamId& id, bool& is_last) {
  std::string_view text;
  if (!call.ReadOperand(index, text)) return false;
  is_last = text == "$";
  if (is_last) return true;
  if (takes_ends && (text == "-" || text == "+")) {
    id = text == "-" ? StreamId() : kStreamIdMax;
    return true;
  }
  bool has_seq;
  if (!ParseStreamId(text, id, has_seq)) {
    call.Throw(Status(StatusCode::kNotAStreamId));
    return false;
  }
  if (!has_seq) id.seq = 0;
  return true;
}

napi_value GroupCreateMethod(Call& call) {
  GroupArguments names;
  StreamId id;
  bool is_last;
  int64_t entries_read;
  bool makes_stream;
  if (!names.Read(call) || !ReadGroupId(call, 3, false, id, is_last) ||
      !call.ReadInt64(4, entries_read) || !call.ReadBool(5, makes_stream)) {
    return nullptr;
  }
  const Status status = GroupCreate(call.engine().keyspace(), names.db, names.key, names.group,
                                    is_last ? nullptr : &id, entries_read, makes_stream);
  return call.Finish(status, call.Undefined());
}

napi_value GroupSetIdMethod(Call& call) {
  GroupArguments names;
  StreamId id;
  bool is_last;
  int64_t entries_read;
  if (!names.Read(call) || !ReadGroupId(call, 3, true, id, is_last) ||
      !call.ReadInt64(4, entries_read)) {
    return nullptr;
  }
  const Status status = GroupSetId(call.engine().keyspace(), names.db, names.key, names.group,
                                   is_last ? nullptr : &id, entries_read);
  return call.Finish(status, call.Undefined());
}

napi_value GroupDestroyMethod(Call& call) {
  GroupArguments names;
  if (!names.Read(call)) return nullptr;
  bool destroyed = false;
  const Status status =
      GroupDestroy(call.engine().keyspace(), names.db, names.key, names.group, destroyed);
  return call.Finish(status, call.Bool(destroyed));
}

napi_value GroupExists(Call& call) {
  GroupArguments names;
  if (!names.Read(call)) return nullptr;
  EntryView stream;
  const Status status = StreamLookup(call.engine().keyspace(), names.db, names.key, stream);
  GroupRecord record;
  return call.Finish(status, call.Bool(stream && FindGroup(call.engine().keyspace(), stream,
                                                           names.group, record)));
}

napi_value ConsumerCreateMethod(Call& call) {
  GroupArguments names;
  std::string_view consumer;
  int64_t now_ms;
  if (!names.Read(call) || !call.ReadOperand(3, consumer) || !call.ReadInt64(4, now_ms)) {
    return nullptr;
  }
  bool created = false;
  const Status status = ConsumerCreate(call.engine().keyspace(), names.db, names.key,
                                       names.group, consumer, now_ms, created);
  return call.Finish(status, call.Bool(created));
}

napi_value ConsumerDeleteMethod(Call& call) {
  GroupArguments names;
  std::string_view consumer;
  if (!names.Read(call) || !call.ReadOperand(3, consumer)) return nullptr;
  uint64_t pending = 0;
  const Status status = ConsumerDelete(call.engine().keyspace(), names.db, names.key,
                                       names.group, consumer, pending);
  return call.Finish(status, call.Number(static_cast<double>(pending)));
}

StreamValue LookupValue(Call& call, const GroupArguments& names) {
  const Found found = call.engine().keyspace().Lookup(names.db, names.key);
  return found.entry ? StreamValueOf(found.entry) : StreamValue();
}

// New entries (`>`) or pending ones behind an id.
napi_value GroupRead(Call& call) {
  GroupArguments names;
  std::string_view consumer;
  std::string_view text;
  int64_t count;
  bool no_ack;
  int64_t now_ms;
  BulkMode mode;
  if (!names.Read(call) || !call.ReadOperand(3, consumer) || !call.ReadOperand(4, text) ||
      !call.ReadInt64(5, count) || !call.ReadBool(6, no_ack) || !call.ReadInt64(7, now_ms) ||
      !call.ReadMode(8, mode)) {
    return nullptr;
  }
  std::vector<StreamId> ids;
  StreamId after = kStreamIdMax;
  if (text != ">" && !ReadStreamId(call, 4, 0, after)) return nullptr;
  // The highest id says the same as `>`.
  const bool is_new = after == kStreamIdMax;
  Keyspace& keyspace = call.engine().keyspace();
  const auto limit = static_cast<uint64_t>(count);
  const Status status =
      is_new ? GroupReadNew(keyspace, names.db, names.key, names.group, consumer, limit, no_ack,
                            now_ms, ids)
             : GroupReadPending(keyspace, names.db, names.key, names.group, consumer, after,
                                limit, now_ms, ids);
  if (!status.ok()) return call.Throw(status);
  if (is_new && ids.empty()) return call.Null();
  return StreamEntriesReply(call, LookupValue(call, names), ids, mode);
}

napi_value GroupAcknowledgeMethod(Call& call) {
  GroupArguments names;
  std::vector<StreamId> ids;
  if (!names.Read(call) || !ReadStreamIds(call, 3, ids)) return nullptr;
  uint64_t acknowledged = 0;
  const Status status = GroupAcknowledge(call.engine().keyspace(), names.db, names.key,
                                         names.group, ids, acknowledged);
  return call.Finish(status, call.Number(static_cast<double>(acknowledged)));
}

// A group to be read: kNoSuchGroup also without a stream.
bool ReadGroup(Call& call, const GroupArguments& names, EntryView& stream, GroupRecord& group) {
  Keyspace& keyspace = call.engine().keyspace();
  Status status = StreamLookup(keyspace, names.db, names.key, stream);
  if (status.ok() && (!stream || !FindGroup(keyspace, stream, names.group, group))) {
    status = Status(StatusCode::kNoSuchGroup);
  }
  if (!status.ok()) call.Throw(status);
  return status.ok();
}

template <typename Visit>
void VisitConsumers(Call& call, const GroupRecord& group, Visit&& visit) {
  VisitRecords<ConsumerRecord>(call.engine().keyspace().trees(), group.consumers,
                               [&](std::string_view name, const ConsumerRecord& consumer) {
                                 visit(name, consumer);
                                 return true;
                               });
}

// The first or last pending id.
StreamId PendingEdge(Call& call, const PackSlot& pending, bool last) {
  StreamId id;
  VisitIds(call.engine().keyspace().trees(), pending, kGroupPendingStride, 0, 0,
           [&](uint64_t ms, uint64_t seq, const uint8_t*) {
             id = {ms, seq};
             return last;
           });
  return id;
}

napi_value GroupPendingMethod(Call& call) {
  GroupArguments names;
  BulkMode mode;
  EntryView stream;
  GroupRecord group;
  if (!names.Read(call) || !call.ReadMode(3, mode) || !ReadGroup(call, names, stream, group)) {
    return nullptr;
  }
  ReplyArray reply(call);
  const uint64_t count = group.pending.weight;
  reply.Push(call.Number(static_cast<double>(count)));
  if (count == 0) {
    for (int i = 0; i < 3; ++i) reply.Push(call.Null());
    return reply.value();
  }
  reply.Push(StreamIdReply(call, PendingEdge(call, group.pending, false), mode));
  reply.Push(StreamIdReply(call, PendingEdge(call, group.pending, true), mode));
  ReplyArray consumers(call);
  VisitConsumers(call, group, [&](std::string_view name, const ConsumerRecord& consumer) {
    if (consumer.pending.empty()) return;
    ReplyArray pair(call);
    pair.Push(call.Bulk(name, mode));
    char scratch[kIntegerTextMax];
    const auto pending = static_cast<int64_t>(consumer.pending.weight);
    pair.Push(call.Bulk(std::string_view(scratch, FormatInteger(pending, scratch)), mode));
    consumers.Push(pair.value());
  });
  reply.Push(consumers.value());
  return reply.value();
}

// Names of consumers by their numbers.
std::vector<std::pair<uint64_t, std::string>> ConsumerNames(Call& call, const GroupRecord& group) {
  std::vector<std::pair<uint64_t, std::string>> names;
  VisitConsumers(call, group, [&](std::string_view name, const ConsumerRecord& consumer) {
    names.emplace_back(consumer.number, name);
  });
  return names;
}

std::string_view NameOf(const std::vector<std::pair<uint64_t, std::string>>& names,
                        int64_t number) {
  for (const auto& [other, name] : names) {
    if (other == static_cast<uint64_t>(number)) return name;
  }
  return {};
}

int64_t ItemAt(const uint8_t* at, unsigned index) {
  for (unsigned i = 0; i < index; ++i) at = Listpack::Next(at);
  return Listpack::Get(at).integer;
}

napi_value GroupPendingRange(Call& call) {
  GroupArguments names;
  StreamId start;
  StreamId end;
  int64_t count;
  std::string_view consumer;
  int64_t idle_min_ms;
  int64_t now_ms;
  BulkMode mode;
  napi_valuetype consumer_type;
  napi_typeof(call.env(), call.argument(6), &consumer_type);
  const bool has_consumer = consumer_type != napi_null;
  EntryView stream;
  GroupRecord group;
  if (!names.Read(call) || !ReadStreamBound(call, 3, true, start) ||
      !ReadStreamBound(call, 4, false, end) || !call.ReadInt64(5, count) ||
      (has_consumer && !call.ReadOperand(6, consumer)) || !call.ReadInt64(7, idle_min_ms) ||
      !call.ReadInt64(8, now_ms) || !call.ReadMode(9, mode) ||
      !ReadGroup(call, names, stream, group)) {
    return nullptr;
  }
  const auto consumers = ConsumerNames(call, group);
  ReplyArray reply(call);
  if (count <= 0 || start > end) return reply.value();
  VisitIds(call.engine().keyspace().trees(), group.pending, kGroupPendingStride, start.ms,
           start.seq, [&](uint64_t ms, uint64_t seq, const uint8_t* at) {
             const StreamId id{ms, seq};
             if (id > end) return false;
             const std::string_view owner = NameOf(consumers, ItemAt(at, 2));
             const int64_t idle = std::max<int64_t>(now_ms - ItemAt(at, 3), 0);
             if ((has_consumer && owner != consumer) || idle < idle_min_ms) return true;
             ReplyArray entry(call);
             entry.Push(StreamIdReply(call, id, mode));
             entry.Push(call.Bulk(owner, mode));
             entry.Push(call.Int64(idle));
             entry.Push(call.Int64(ItemAt(at, 4)));
             reply.Push(entry.value());
             return reply.length() < static_cast<uint64_t>(count);
           });
  return reply.value();
}

// [idle at least, delivered at, deliveries or -1, force, ids alone, consumer is seen]
bool ReadClaimOptions(Call& call, size_t index, ClaimOptions& options) {
  std::vector<double> numbers;
  if (!call.ReadDoubles(index, numbers)) return false;
  SF_CHECK(numbers.size() == 6);
  options.idle_min_ms = static_cast<int64_t>(numbers[0]);
  options.delivered_ms = static_cast<int64_t>(numbers[1]);
  options.retry_count = static_cast<int64_t>(numbers[2]);
  options.force = numbers[3] != 0;
  options.just_id = numbers[4] != 0;
  options.touches = numbers[5] != 0;
  return true;
}

napi_value ClaimedReply(Call& call, const GroupArguments& names, const ClaimOptions& options,
                        const std::vector<StreamId>& claimed, BulkMode mode) {
  if (options.just_id) return StreamIdsReply(call, claimed, mode);
  return StreamEntriesReply(call, LookupValue(call, names), claimed, mode);
}

napi_value GroupClaimMethod(Call& call) {
  GroupArguments names;
  std::string_view consumer;
  int64_t now_ms;
  ClaimOptions options;
  std::vector<StreamId> ids;
  BulkMode mode;
  if (!names.Read(call) || !call.ReadOperand(3, consumer) || !call.ReadInt64(4, now_ms) ||
      !ReadClaimOptions(call, 5, options) || !ReadStreamId(call, 6, 0, options.last_id) ||
      !ReadStreamIds(call, 7, ids) || !call.ReadMode(9, mode)) {
    return nullptr;
  }
  std::vector<StreamId> claimed;
  const Status status = GroupClaim(call.engine().keyspace(), names.db, names.key, names.group,
                                   consumer, ids, options, now_ms, claimed);
  if (!status.ok()) return call.Throw(status);
  return ClaimedReply(call, names, options, claimed, mode);
}

napi_value GroupAutoClaimMethod(Call& call) {
  GroupArguments names;
  std::string_view consumer;
  int64_t now_ms;
  ClaimOptions options;
  StreamId start;
  int64_t count;
  BulkMode mode;
  if (!names.Read(call) || !call.ReadOperand(3, consumer) || !call.ReadInt64(4, now_ms) ||
      !ReadClaimOptions(call, 5, options) || !ReadStreamBound(call, 6, true, start) ||
      !call.ReadInt64(7, count) || !call.ReadMode(8, mode)) {
    return nullptr;
  }
  StreamId next;
  std::vector<StreamId> claimed;
  std::vector<StreamId> gone;
  const Status status = GroupAutoClaim(
      call.engine().keyspace(), names.db, names.key, names.group, consumer, start,
      static_cast<uint64_t>(count), options, now_ms, next, claimed, gone);
  if (!status.ok()) return call.Throw(status);
  ReplyArray reply(call);
  reply.Push(StreamIdReply(call, next, mode));
  reply.Push(ClaimedReply(call, names, options, claimed, mode));
  reply.Push(StreamIdsReply(call, gone, mode));
  return reply.value();
}

// A row of names and values being made.
class InfoReply {
 public:
  InfoReply(Call& call, BulkMode mode) : call_(call), mode_(mode), reply_(call) {}

  void Add(std::string_view name, napi_value value) {
    reply_.Push(call_.Bulk(name, mode_));
    reply_.Push(value);
  }
  void Add(std::string_view name, uint64_t number) {
    Add(name, call_.Int64(static_cast<int64_t>(number)));
  }
  void Add(std::string_view name, StreamId id) { Add(name, StreamIdReply(call_, id, mode_)); }
  // What a group knows of how far it has read.
  void AddProgress(const StreamValue& stream, const GroupRecord& group) {
    const bool known = group.entries_read >= 0;
    Add("entries-read", known ? call_.Int64(group.entries_read) : call_.Null());
    int64_t lag;
    Add("lag", GroupLag(stream, group, lag) ? call_.Int64(lag) : call_.Null());
  }
  napi_value value() const { return reply_.value(); }

 private:
  Call& call_;
  const BulkMode mode_;
  ReplyArray reply_;
};

uint64_t CountNodes(const PackTreeReader& trees, const PackSlot& entries) {
  uint64_t nodes = 0;
  WalkPackTree(trees, entries, [&](const PackSlot&, const Listpack&) {
    ++nodes;
    return true;
  });
  return nodes;
}

void AddStreamHead(Call& call, InfoReply& info, const StreamValue& stream) {
  const uint64_t nodes = CountNodes(call.engine().keyspace().trees(), stream.entries);
  info.Add("length", stream.length);
  info.Add("radix-tree-keys", nodes);
  // Redis counts the inner nodes of its radix tree too; there is one root here at least.
  info.Add("radix-tree-nodes", nodes + 1);
  info.Add("last-generated-id", stream.last_id);
  info.Add("max-deleted-entry-id", stream.max_deleted_id);
  info.Add("entries-added", stream.entries_added);
  info.Add("recorded-first-entry-id", stream.first_id);
}

napi_value EdgeReply(Call& call, const StreamValue& stream, bool last, BulkMode mode) {
  napi_value reply = call.Null();
  VisitStream(call.engine().keyspace().trees(), stream.entries, StreamId(), kStreamIdMax, last,
              [&](const StreamNode& node, const StreamEntry& entry) {
                reply = StreamEntryReply(call, node, entry, mode);
                return false;
              });
  return reply;
}

// A stream that must be there; its database and key are the first two arguments.
bool ReadInfoStream(Call& call, StreamValue& stream) {
  uint32_t db;
  std::string_view key;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key)) return false;
  EntryView entry;
  Status status = StreamLookup(call.engine().keyspace(), db, key, entry);
  if (status.ok() && !entry) status = Status(StatusCode::kNoSuchKey);
  if (!status.ok()) {
    call.Throw(status);
    return false;
  }
  stream = StreamValueOf(entry);
  return true;
}

napi_value StreamInfo(Call& call) {
  StreamValue stream;
  BulkMode mode;
  if (!ReadInfoStream(call, stream) || !call.ReadMode(2, mode)) return nullptr;
  InfoReply info(call, mode);
  AddStreamHead(call, info, stream);
  info.Add("groups", stream.groups.weight);
  info.Add("first-entry", EdgeReply(call, stream, false, mode));
  info.Add("last-entry", EdgeReply(call, stream, true, mode));
  return info.value();
}

// Pending entries with the consumer's name, unless it is the consumer's own list.
napi_value PendingReply(Call& call, const GroupRecord& group, uint64_t number, int64_t count,
                        BulkMode mode) {
  const auto consumers = ConsumerNames(call, group);
  ReplyArray reply(call);
  VisitIds(call.engine().keyspace().trees(), group.pending, kGroupPendingStride, 0, 0,
           [&](uint64_t ms, uint64_t seq, const uint8_t* at) {
             const int64_t owner = ItemAt(at, 2);
             if (number != 0 && static_cast<uint64_t>(owner) != number) return true;
             ReplyArray entry(call);
             entry.Push(StreamIdReply(call, {ms, seq}, mode));
             if (number == 0) entry.Push(call.Bulk(NameOf(consumers, owner), mode));
             entry.Push(call.Int64(ItemAt(at, 3)));
             entry.Push(call.Int64(ItemAt(at, 4)));
             reply.Push(entry.value());
             return count == 0 || reply.length() < static_cast<uint64_t>(count);
           });
  return reply.value();
}

napi_value StreamInfoFull(Call& call) {
  StreamValue stream;
  int64_t count;
  BulkMode mode;
  if (!ReadInfoStream(call, stream) || !call.ReadInt64(2, count) || !call.ReadMode(3, mode)) {
    return nullptr;
  }
  const PackTreeReader trees = call.engine().keyspace().trees();
  InfoReply info(call, mode);
  AddStreamHead(call, info, stream);
  ReplyArray entries(call);
  VisitStream(trees, stream.entries, StreamId(), kStreamIdMax, false,
              [&](const StreamNode& node, const StreamEntry& entry) {
                entries.Push(StreamEntryReply(call, node, entry, mode));
                return count == 0 || entries.length() < static_cast<uint64_t>(count);
              });
  info.Add("entries", entries.value());
  ReplyArray groups(call);
  VisitRecords<GroupRecord>(trees, stream.groups, [&](std::string_view name,
                                                      const GroupRecord& group) {
    InfoReply row(call, mode);
    row.Add("name", call.Bulk(name, mode));
    row.Add("last-delivered-id", group.last_id);
    row.AddProgress(stream, group);
    row.Add("pel-count", group.pending.weight);
    row.Add("pending", PendingReply(call, group, 0, count, mode));
    ReplyArray consumers(call);
    VisitConsumers(call, group, [&](std::string_view consumer_name, const ConsumerRecord& one) {
      InfoReply consumer(call, mode);
      consumer.Add("name", call.Bulk(consumer_name, mode));
      consumer.Add("seen-time", static_cast<uint64_t>(one.seen_ms));
      consumer.Add("pel-count", one.pending.weight);
      consumer.Add("pending", PendingReply(call, group, one.number, count, mode));
      consumers.Push(consumer.value());
    });
    row.Add("consumers", consumers.value());
    groups.Push(row.value());
    return true;
  });
  info.Add("groups", groups.value());
  return info.value();
}

napi_value GroupsInfo(Call& call) {
  StreamValue stream;
  BulkMode mode;
  if (!ReadInfoStream(call, stream) || !call.ReadMode(2, mode)) return nullptr;
  ReplyArray groups(call);
  VisitRecords<GroupRecord>(call.engine().keyspace().trees(), stream.groups,
                            [&](std::string_view name, const GroupRecord& group) {
                              InfoReply row(call, mode);
                              row.Add("name", call.Bulk(name, mode));
                              row.Add("consumers", group.consumers.weight);
                              row.Add("pending", group.pending.weight);
                              row.Add("last-delivered-id", group.last_id);
                              row.AddProgress(stream, group);
                              groups.Push(row.value());
                              return true;
                            });
  return groups.value();
}

napi_value ConsumersInfo(Call& call) {
  GroupArguments names;
  int64_t now_ms;
  BulkMode mode;
  EntryView stream;
  GroupRecord group;
  if (!names.Read(call) || !call.ReadInt64(3, now_ms) || !call.ReadMode(4, mode) ||
      !ReadGroup(call, names, stream, group)) {
    return nullptr;
  }
  ReplyArray consumers(call);
  VisitConsumers(call, group, [&](std::string_view name, const ConsumerRecord& consumer) {
    InfoReply row(call, mode);
    row.Add("name", call.Bulk(name, mode));
    row.Add("pending", consumer.pending.weight);
    row.Add("idle", static_cast<uint64_t>(std::max<int64_t>(now_ms - consumer.seen_ms, 0)));
    consumers.Push(row.value());
  });
  return consumers.value();
}

}  // namespace

void AppendStreamGroupMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"groupCreate", Method<GroupCreateMethod>},
                                    {"groupSetId", Method<GroupSetIdMethod>},
                                    {"groupDestroy", Method<GroupDestroyMethod>},
                                    {"groupExists", Method<GroupExists>},
                                    {"consumerCreate", Method<ConsumerCreateMethod>},
                                    {"consumerDelete", Method<ConsumerDeleteMethod>},
                                    {"groupRead", Method<GroupRead>},
                                    {"groupAcknowledge", Method<GroupAcknowledgeMethod>},
                                    {"groupPending", Method<GroupPendingMethod>},
                                    {"groupPendingRange", Method<GroupPendingRange>},
                                    {"groupClaim", Method<GroupClaimMethod>},
                                    {"groupAutoClaim", Method<GroupAutoClaimMethod>},
                                    {"streamInfo", Method<StreamInfo>},
                                    {"streamInfoFull", Method<StreamInfoFull>},
                                    {"groupsInfo", Method<GroupsInfo>},
                                    {"consumersInfo", Method<ConsumersInfo>},
                                });
}

}  // namespace snapfork
