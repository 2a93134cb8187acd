// rdb_stream.cc - nodes and groups read, checked and made.

#include "persist/rdb_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "ds/id_tree.h"
#include "ds/record_tree.h"
#include "keyspace/stream_groups.h"
#include "keyspace/stream_node.h"
#include "persist/rdb_format.h"

namespace snapfork {
namespace {

constexpr size_t kIdBytes = 16;

Status BadValue() { return Status(StatusCode::kBadValue); }

StreamId IdAt(const void* bytes) {
  return {LoadBig64(bytes), LoadBig64(static_cast<const uint8_t*>(bytes) + 8)};
}

Status ReadIdLengths(RdbReader& reader, StreamId& id) {
  SF_RETURN_IF_ERROR(reader.ReadLength(id.ms));
  return reader.ReadLength(id.seq);
}

Status ReadRawId(RdbReader& reader, StreamId& id) {
  const uint8_t* bytes;
  SF_RETURN_IF_ERROR(reader.Take(kIdBytes, bytes));
  id = IdAt(bytes);
  return Status();
}

Status ReadTime(RdbReader& reader, int64_t& time) {
  const uint8_t* bytes;
  SF_RETURN_IF_ERROR(reader.Take(sizeof(time), bytes));
  time = LoadLittle<int64_t>(bytes);
  return Status();
}

}  // namespace

Status LoadedStream::Read(uint8_t type, RdbReader& reader, RdbString* keep, bool deep) {
  value_ = StreamValue();
  nodes_.clear();
  packs_bytes_ = 0;
  groups_.clear();
  SF_RETURN_IF_ERROR(ReadNodes(reader, keep));
  SF_RETURN_IF_ERROR(ReadCounts(type, reader));
  uint64_t groups = 0;
  SF_RETURN_IF_ERROR(reader.ReadLength(groups));
  for (uint64_t i = 0; i < groups; ++i) {
    Group group;
    SF_RETURN_IF_ERROR(ReadGroup(type, reader, keep, deep, group));
    const bool is_new = std::none_of(groups_.begin(), groups_.end(), [&](const Group& other) {
      return other.name == group.name;
    });
    if (!is_new) return BadValue();
    groups_.push_back(std::move(group));
  }
  return Status();
}

Status LoadedStream::ReadNodes(RdbReader& reader, RdbString* keep) {
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader.ReadLength(count));
  RdbString text;
  uint64_t live = 0;
  StreamId last;
  for (uint64_t i = 0; i < count; ++i) {
    SF_RETURN_IF_ERROR(reader.ReadString(text, keep));
    if (text.text().size() != kIdBytes) return BadValue();
    const StreamId id = IdAt(text.text().data());
    SF_RETURN_IF_ERROR(reader.ReadString(text, keep));
    const std::string_view blob = text.text();
    const auto* const bytes = reinterpret_cast<const uint8_t*>(blob.data());
    if (!ValidateListpack(bytes, blob.size(), PackCheck::kDeep)) return BadValue();
    const Listpack pack(bytes);
    StreamNodeFacts facts;
    if (pack.empty() || !ValidateStreamNode(pack, id, facts)) return BadValue();
    if (i > 0 && id <= last) return BadValue();
    last = facts.last;
    // A node of tombstones alone says nothing.
    if (facts.live == 0) continue;
    if (live == 0) value_.first_id = facts.first_live;
    live += facts.live;
    if (!Keep(blob)) return Status(StatusCode::kOutOfMemory);
    nodes_.push_back({id, facts.live, blob.size()});
  }
  uint64_t length = 0;
  SF_RETURN_IF_ERROR(reader.ReadLength(length));
  value_.length = length;
  value_.last_id = last;
  return length == live ? Status() : BadValue();
}

bool LoadedStream::Keep(std::string_view pack) {
  const size_t bytes = packs_bytes_ + pack.size();
  if (bytes > packs_.capacity() && !packs_.Reserve(std::max(bytes, packs_.capacity() * 2))) {
    return false;
  }
  std::memcpy(packs_.data() + packs_bytes_, pack.data(), pack.size());
  packs_bytes_ = bytes;
  return true;
}

Status LoadedStream::ReadCounts(uint8_t type, RdbReader& reader) {
  const StreamId last_entry = nodes_.empty() ? StreamId() : value_.last_id;
  SF_RETURN_IF_ERROR(ReadIdLengths(reader, value_.last_id));
  if (value_.last_id < last_entry) return BadValue();
  if (type == kRdbTypeStream) {
    value_.entries_added = value_.length;
    return Status();
  }
  // The first id is known from the data.
  StreamId ignored;
  SF_RETURN_IF_ERROR(ReadIdLengths(reader, ignored));
  SF_RETURN_IF_ERROR(ReadIdLengths(reader, value_.max_deleted_id));
  return reader.ReadLength(value_.entries_added);
}

Status LoadedStream::ReadGroup(uint8_t type, RdbReader& reader, RdbString* keep, bool deep,
                               Group& group) {
  RdbString text;
  SF_RETURN_IF_ERROR(reader.ReadString(text, keep));
  group.name = text.text();
  SF_RETURN_IF_ERROR(ReadIdLengths(reader, group.last_id));
  if (type != kRdbTypeStream) {
    uint64_t entries_read = 0;
    SF_RETURN_IF_ERROR(reader.ReadLength(entries_read));
    group.entries_read = static_cast<int64_t>(entries_read);
  }
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader.ReadLength(count));
  for (uint64_t i = 0; i < count; ++i) {
    Pending pending{};
    SF_RETURN_IF_ERROR(ReadRawId(reader, pending.id));
    SF_RETURN_IF_ERROR(ReadTime(reader, pending.delivered_ms));
    SF_RETURN_IF_ERROR(reader.ReadLength(pending.deliveries));
    if (i > 0 && pending.id <= group.pending.back().id) return BadValue();
    group.pending.push_back(pending);
  }
  SF_RETURN_IF_ERROR(reader.ReadLength(count));
  for (uint64_t i = 0; i < count; ++i) {
    SF_RETURN_IF_ERROR(ReadConsumer(type, reader, keep, group));
  }
  const bool orphan = std::any_of(group.pending.begin(), group.pending.end(),
                                  [](const Pending& one) { return one.consumer == 0; });
  return deep && orphan ? BadValue() : Status();
}

Status LoadedStream::ReadConsumer(uint8_t type, RdbReader& reader, RdbString* keep,
                                  Group& group) {
  Consumer consumer;
  RdbString text;
  SF_RETURN_IF_ERROR(reader.ReadString(text, keep));
  consumer.name = text.text();
  SF_RETURN_IF_ERROR(ReadTime(reader, consumer.seen_ms));
  consumer.active_ms = consumer.seen_ms;
  if (type == kRdbTypeStream3) SF_RETURN_IF_ERROR(ReadTime(reader, consumer.active_ms));
  const bool is_new = std::none_of(
      group.consumers.begin(), group.consumers.end(),
      [&](const Consumer& other) { return other.name == consumer.name; });
  if (!is_new) return BadValue();
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader.ReadLength(count));
  const uint64_t number = group.consumers.size() + 1;
  for (uint64_t i = 0; i < count; ++i) {
    StreamId id;
    SF_RETURN_IF_ERROR(ReadRawId(reader, id));
    const auto place =
        std::lower_bound(group.pending.begin(), group.pending.end(), id,
                         [](const Pending& one, StreamId other) { return one.id < other; });
    // Each in the group's list, and with one consumer.
    const bool fits = place != group.pending.end() && place->id == id && place->consumer == 0;
    if (!fits) return BadValue();
    place->consumer = number;
    consumer.pending.push_back(id);
  }
  group.consumers.push_back(std::move(consumer));
  return Status();
}

bool LoadedStream::BuildGroup(Keyspace& keyspace, uint16_t heap, const Group& group,
                              PackSlot& groups, std::vector<PackSlot>& made) const {
  Arena& arena = keyspace.arena();
  GroupRecord record;
  record.last_id = group.last_id;
  record.entries_read = group.entries_read;
  record.next_consumer = group.consumers.size() + 1;
  bool done = true;
  {
    IdTree pending(arena, heap, record.pending, kGroupPendingStride);
    for (const Pending& one : group.pending) {
      const std::array<int64_t, 3> items{static_cast<int64_t>(one.consumer), one.delivered_ms,
                                         static_cast<int64_t>(one.deliveries)};
      done = done && pending.Put(one.id.ms, one.id.seq, items);
    }
  }
  RecordTree<ConsumerRecord> consumers(arena, heap, record.consumers);
  uint64_t number = 0;
  for (const Consumer& one : group.consumers) {
    ConsumerRecord consumer;
    consumer.number = ++number;
    consumer.seen_ms = one.seen_ms;
    consumer.active_ms = one.active_ms;
    IdTree pending(arena, heap, consumer.pending, kConsumerPendingStride);
    for (const StreamId id : one.pending) done = done && pending.Put(id.ms, id.seq, {});
    if (!consumer.pending.empty()) made.push_back(consumer.pending);
    done = done && consumers.Put(one.name, consumer);
  }
  if (!record.pending.empty()) made.push_back(record.pending);
  if (!record.consumers.empty()) made.push_back(record.consumers);
  RecordTree<GroupRecord> all(arena, heap, groups);
  return done && all.Put(group.name, record);
}

Status LoadedStream::Build(Keyspace& keyspace, uint32_t db, EntryContent& content,
                           std::string& storage) const {
  const uint16_t heap = keyspace.database(db).heap;
  StreamValue value = value_;
  PackTree entries(keyspace.arena(), heap, value.entries);
  std::vector<PackSlot> made;
  bool done = true;
  const char* pack = packs_.data();
  for (const Node& node : nodes_) {
    PackSlot key;
    key.weight = node.count;
    key.first = node.id.ms;
    key.second = node.id.seq;
    done = done && entries.Append({pack, node.bytes}, key);
    pack += node.bytes;
  }
  for (const Group& group : groups_) {
    done = done && BuildGroup(keyspace, heap, group, value.groups, made);
  }
  if (!done) {
    if (!value.entries.empty()) made.push_back(value.entries);
    if (!value.groups.empty()) made.push_back(value.groups);
    FreePackNodes(keyspace.arena(), made, SIZE_MAX);
    return Status(StatusCode::kOutOfMemory);
  }
  storage.assign(reinterpret_cast<const char*>(&value), sizeof(value));
  content.type = ValueType::kStream;
  content.encoding = Encoding::kTree;
  content.bytes = storage;
  return Status();
}

}  // namespace snapfork
