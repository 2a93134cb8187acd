// stream_groups.cc - groups made and changed, entries delivered, acknowledged and claimed.

#include "keyspace/stream_groups.h"

#include <algorithm>

#include "base/check.h"

namespace snapfork {
namespace {

constexpr int64_t kNotKnown = -1;

bool RangeHasTombstones(const StreamValue& stream, StreamId from) {
  if (stream.length == 0 || stream.max_deleted_id.IsZero()) return false;
  // The latest one is in front of everything that is there.
  if (stream.first_id > stream.max_deleted_id) return false;
  return from <= stream.max_deleted_id;
}

// How many entries were ever added up to an id.
int64_t DistanceFromFirst(const StreamValue& stream, StreamId id) {
  const auto added = static_cast<int64_t>(stream.entries_added);
  const auto length = static_cast<int64_t>(stream.length);
  if (added == 0) return 0;
  if (length == 0 && id <= stream.last_id) return added;
  if (id == stream.last_id) return added;
  if (id > stream.last_id) return kNotKnown;
  if (stream.max_deleted_id.IsZero() || stream.max_deleted_id < stream.first_id) {
    if (id < stream.first_id) return added - length;
    if (id == stream.first_id) return added - length + 1;
  }
  return kNotKnown;
}

Status NoMemory() { return Status(StatusCode::kOutOfMemory); }

// The consumer, made if it is not there; its time is set.
bool TouchConsumer(GroupEditor& editor, std::string_view name, int64_t now_ms,
                   ConsumerRecord& consumer) {
  if (!editor.FindConsumer(name, consumer)) {
    consumer = ConsumerRecord();
    consumer.number = editor.group.next_consumer++;
  }
  consumer.seen_ms = now_ms;
  return editor.PutConsumer(name, consumer);
}

// Gives a pending entry to a consumer, taking it from the one that had it. All of it or nothing.
bool Assign(GroupEditor& editor, StreamId id, const PendingEntry& old, const PendingEntry& entry) {
  if (old.consumer == entry.consumer) return editor.PutPending(id, entry);
  if (old.consumer != 0 && !editor.OwnConsumerPending(old.consumer, id)) return false;
  if (!editor.ChangeConsumerPending(entry.consumer, id, true)) return false;
  if (!editor.PutPending(id, entry)) {
    SF_CHECK(editor.ChangeConsumerPending(entry.consumer, id, false));  // just inserted
    return false;
  }
  if (old.consumer != 0) SF_CHECK(editor.ChangeConsumerPending(old.consumer, id, false));
  return true;
}

void Advance(const StreamValue& stream, GroupRecord& group, StreamId id) {
  if (group.entries_read != kNotKnown && !RangeHasTombstones(stream, id)) {
    ++group.entries_read;
  } else if (stream.entries_added > 0) {
    group.entries_read = DistanceFromFirst(stream, id);
  }
  group.last_id = id;
}

// The consumer is made when it gets its first entry.
bool ClaimOne(GroupEditor& editor, StreamId id, const PendingEntry& old,
              std::string_view consumer, int64_t now_ms, const ClaimOptions& options) {
  ConsumerRecord record;
  if (!TouchConsumer(editor, consumer, now_ms, record)) return false;
  record.active_ms = now_ms;
  if (!editor.PutConsumer(consumer, record)) return false;
  PendingEntry entry = old;
  entry.consumer = record.number;
  entry.delivered_ms = options.delivered_ms;
  if (options.retry_count >= 0) {
    entry.deliveries = static_cast<uint64_t>(options.retry_count);
  } else if (!options.just_id) {
    ++entry.deliveries;
  }
  return Assign(editor, id, old, entry);
}

}  // namespace

Status GroupEditor::Open(std::string_view key, std::string_view group_name) {
  SF_RETURN_IF_ERROR(stream.Open(key));
  name_ = group_name;
  RecordTree<GroupRecord> groups(stream.keyspace().arena(), stream.heap(), stream.value.groups);
  if (stream.value.groups.empty() || !groups.Find(name_, group)) {
    return Status(StatusCode::kNoSuchGroup);
  }
  // Written once as it is: its place is then one that may be written, and Store() cannot fail.
  const bool owned = groups.Put(name_, group);
  stream.Store();
  return owned ? Status() : NoMemory();
}

void GroupEditor::Store() {
  RecordTree<GroupRecord> groups(stream.keyspace().arena(), stream.heap(), stream.value.groups);
  SF_CHECK(groups.Put(name_, group));
  stream.Store();
}

bool GroupEditor::FindConsumer(std::string_view name, ConsumerRecord& consumer) const {
  bool found = false;
  VisitRecords<ConsumerRecord>(stream.keyspace().trees(), group.consumers,
                               [&](std::string_view other, const ConsumerRecord& record) {
                                 found = other == name;
                                 if (found) consumer = record;
                                 return !found;
                               });
  return found;
}

bool GroupEditor::NameOfConsumer(uint64_t number, std::string& name,
                                 ConsumerRecord& consumer) const {
  bool found = false;
  VisitRecords<ConsumerRecord>(stream.keyspace().trees(), group.consumers,
                               [&](std::string_view other, const ConsumerRecord& record) {
                                 found = record.number == number;
                                 if (!found) return true;
                                 name = other;
                                 consumer = record;
                                 return false;
                               });
  return found;
}

bool GroupEditor::PutConsumer(std::string_view name, const ConsumerRecord& consumer) {
  return Consumers().Put(name, consumer);
}

bool GroupEditor::FindPending(StreamId id, PendingEntry& entry) {
  std::array<int64_t, 3> items;
  if (!GroupPending().Find(id.ms, id.seq, items)) return false;
  entry = {static_cast<uint64_t>(items[0]), items[1], static_cast<uint64_t>(items[2])};
  return true;
}

bool GroupEditor::PutPending(StreamId id, const PendingEntry& entry) {
  const std::array<int64_t, 3> items{static_cast<int64_t>(entry.consumer), entry.delivered_ms,
                                     static_cast<int64_t>(entry.deliveries)};
  return GroupPending().Put(id.ms, id.seq, items);
}

template <typename Change>
bool GroupEditor::EditConsumer(uint64_t number, Change&& change) {
  std::string name;
  ConsumerRecord consumer;
  if (!NameOfConsumer(number, name, consumer)) return true;
  // Written once as it is: its place is then one that may be written.
  if (!PutConsumer(name, consumer)) return false;
  IdTree pending = Pending(consumer.pending, kConsumerPendingStride);
  const bool done = change(pending);
  // A node may have moved even if that failed.
  SF_CHECK(PutConsumer(name, consumer));
  return done;
}

bool GroupEditor::OwnConsumerPending(uint64_t number, StreamId id) {
  return EditConsumer(number, [id](IdTree& pending) { return pending.Own(id.ms, id.seq); });
}

bool GroupEditor::ChangeConsumerPending(uint64_t number, StreamId id, bool add) {
  return EditConsumer(number, [id, add](IdTree& pending) {
    bool removed;
    return add ? pending.Put(id.ms, id.seq, {}) : pending.Remove(id.ms, id.seq, removed);
  });
}

bool GroupEditor::RemovePending(StreamId id, bool& removed) {
  PendingEntry entry;
  removed = FindPending(id, entry);
  if (!removed) return true;
  if (!GroupPending().Own(id.ms, id.seq)) return false;
  if (entry.consumer != 0 && !ChangeConsumerPending(entry.consumer, id, false)) return false;
  bool done;
  SF_CHECK(GroupPending().Remove(id.ms, id.seq, done));
  return true;
}

Status GroupCreate(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                   const StreamId* id, int64_t entries_read, bool makes_stream) {
  StreamEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(makes_stream ? editor.OpenOrMake(key) : editor.Open(key));
  RecordTree<GroupRecord> groups(keyspace.arena(), editor.heap(), editor.value.groups);
  GroupRecord record;
  if (!editor.value.groups.empty() && groups.Find(group, record)) {
    return Status(StatusCode::kGroupExists);
  }
  record = GroupRecord();
  record.last_id = id != nullptr ? *id : editor.value.last_id;
  record.entries_read = entries_read;
  const bool done = groups.Put(group, record);
  editor.Store();
  if (!done) return NoMemory();
  ++keyspace.counters().changes;
  return Status();
}

Status GroupSetId(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                  const StreamId* id, int64_t entries_read) {
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  editor.group.last_id = id != nullptr ? *id : editor.stream.value.last_id;
  editor.group.entries_read = entries_read;
  editor.Store();
  ++keyspace.counters().changes;
  return Status();
}

Status GroupDestroy(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                    bool& destroyed) {
  destroyed = false;
  StreamEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key));
  RecordTree<GroupRecord> groups(keyspace.arena(), editor.heap(), editor.value.groups);
  GroupRecord record;
  if (editor.value.groups.empty() || !groups.Find(group, record)) return Status();
  const bool done = groups.Remove(group);
  editor.Store();
  if (!done) return NoMemory();
  VisitRecords<ConsumerRecord>(keyspace.trees(), record.consumers,
                               [&](std::string_view, const ConsumerRecord& consumer) {
                                 FreePackTree(keyspace.arena(), consumer.pending);
                                 return true;
                               });
  FreePackTree(keyspace.arena(), record.consumers);
  FreePackTree(keyspace.arena(), record.pending);
  destroyed = true;
  ++keyspace.counters().changes;
  return Status();
}

Status ConsumerCreate(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, int64_t now_ms,
                      bool& created) {
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  ConsumerRecord record;
  created = !editor.FindConsumer(consumer, record);
  if (!created) return Status();
  const bool done = TouchConsumer(editor, consumer, now_ms, record);
  editor.Store();
  if (!done) return NoMemory();
  ++keyspace.counters().changes;
  return Status();
}

Status ConsumerDelete(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, uint64_t& pending) {
  pending = 0;
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  ConsumerRecord record;
  if (!editor.FindConsumer(consumer, record)) return Status();
  std::vector<StreamId> ids;
  VisitIds(keyspace.trees(), record.pending, kConsumerPendingStride, 0, 0,
           [&](uint64_t ms, uint64_t seq, const uint8_t*) {
             ids.push_back({ms, seq});
             return true;
           });
  bool done = true;
  for (const StreamId id : ids) {
    bool removed;
    done = done && editor.RemovePending(id, removed);
  }
  if (done) {
    RecordTree<ConsumerRecord> consumers(keyspace.arena(), editor.stream.heap(),
                                         editor.group.consumers);
    done = consumers.Remove(consumer);
  }
  editor.Store();
  if (!done) return NoMemory();
  pending = ids.size();
  ++keyspace.counters().changes;
  return Status();
}

bool FindGroup(const Keyspace& keyspace, EntryView stream, std::string_view name,
               GroupRecord& group) {
  bool found = false;
  VisitRecords<GroupRecord>(keyspace.trees(), StreamValueOf(stream).groups,
                            [&](std::string_view other, const GroupRecord& record) {
                              found = other == name;
                              if (found) group = record;
                              return !found;
                            });
  return found;
}

Status GroupReadNew(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                    std::string_view consumer, uint64_t count, bool no_ack, int64_t now_ms,
                    std::vector<StreamId>& ids) {
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  StreamId start = editor.group.last_id;
  if (NextStreamId(start)) {
    VisitStream(keyspace.trees(), editor.stream.value.entries, start, kStreamIdMax, false,
                [&](const StreamNode&, const StreamEntry& entry) {
                  ids.push_back(entry.id);
                  return count == 0 || ids.size() < count;
                });
  }
  // As in Redis 7.0 a consumer is made when there is something to read.
  if (ids.empty()) return Status();
  ConsumerRecord record;
  bool done = TouchConsumer(editor, consumer, now_ms, record);
  size_t delivered = 0;
  for (; done && delivered < ids.size(); ++delivered) {
    const StreamId id = ids[delivered];
    if (!no_ack) {
      PendingEntry old;
      editor.FindPending(id, old);
      done = Assign(editor, id, old, {record.number, now_ms, 1});
      if (!done) break;
    }
    Advance(editor.stream.value, editor.group, id);
  }
  ids.resize(delivered);
  if (done && !ids.empty()) {
    // The consumer's pending entries are new: it is looked up again.
    done = editor.FindConsumer(consumer, record);
    record.active_ms = now_ms;
    done = done && editor.PutConsumer(consumer, record);
  }
  editor.Store();
  if (!done && ids.empty()) return NoMemory();
  keyspace.counters().changes += ids.size();
  return Status();
}

Status GroupReadPending(Keyspace& keyspace, uint32_t db, std::string_view key,
                        std::string_view group, std::string_view consumer, StreamId after,
                        uint64_t count, int64_t now_ms, std::vector<StreamId>& ids) {
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  ConsumerRecord record;
  bool done = TouchConsumer(editor, consumer, now_ms, record);
  StreamId start = after;
  if (done && NextStreamId(start)) {
    VisitIds(keyspace.trees(), record.pending, kConsumerPendingStride, start.ms, start.seq,
             [&](uint64_t ms, uint64_t seq, const uint8_t*) {
               ids.push_back({ms, seq});
               return count == 0 || ids.size() < count;
             });
  }
  for (const StreamId id : ids) {
    PendingEntry entry;
    if (!StreamHas(keyspace.trees(), editor.stream.value.entries, id)) continue;
    if (!editor.FindPending(id, entry)) continue;
    entry.delivered_ms = now_ms;
    ++entry.deliveries;
    done = done && editor.PutPending(id, entry);
  }
  editor.Store();
  return done ? Status() : NoMemory();
}

Status GroupAcknowledge(Keyspace& keyspace, uint32_t db, std::string_view key,
                        std::string_view group, const std::vector<StreamId>& ids,
                        uint64_t& acknowledged) {
  acknowledged = 0;
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  bool done = true;
  for (const StreamId id : ids) {
    bool removed;
    done = editor.RemovePending(id, removed);
    if (!done) break;
    if (removed) ++acknowledged;
  }
  editor.Store();
  keyspace.counters().changes += acknowledged;
  return done ? Status() : NoMemory();
}

Status GroupClaim(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                  std::string_view consumer, const std::vector<StreamId>& ids,
                  const ClaimOptions& options, int64_t now_ms, std::vector<StreamId>& claimed) {
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  if (options.last_id > editor.group.last_id) {
    editor.group.last_id = options.last_id;
    ++keyspace.counters().changes;
  }
  ConsumerRecord consumer_record;
  bool done = !options.touches || TouchConsumer(editor, consumer, now_ms, consumer_record);
  for (const StreamId id : ids) {
    if (!done) break;
    PendingEntry old;
    const bool pending = editor.FindPending(id, old);
    if (!StreamHas(keyspace.trees(), editor.stream.value.entries, id)) {
      bool removed;
      done = !pending || editor.RemovePending(id, removed);
      continue;
    }
    if (!pending) {
      if (!options.force) continue;
      // As if it had been delivered before.
      old.deliveries = 1;
    }
    if (old.consumer != 0 && now_ms - old.delivered_ms < options.idle_min_ms) continue;
    done = ClaimOne(editor, id, old, consumer, now_ms, options);
    if (done) claimed.push_back(id);
  }
  editor.Store();
  keyspace.counters().changes += claimed.size();
  return done ? Status() : NoMemory();
}

Status GroupAutoClaim(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, StreamId start,
                      uint64_t count, const ClaimOptions& options, int64_t now_ms, StreamId& next,
                      std::vector<StreamId>& claimed, std::vector<StreamId>& gone) {
  constexpr uint64_t kAttemptsPerEntry = 10;
  GroupEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key, group));
  bool done = true;
  // One more than may be looked at: where to go on.
  std::vector<StreamId> ids;
  const uint64_t attempts = count > UINT64_MAX / kAttemptsPerEntry ? UINT64_MAX
                                                                   : count * kAttemptsPerEntry;
  VisitIds(keyspace.trees(), editor.group.pending, kGroupPendingStride, start.ms, start.seq,
           [&](uint64_t ms, uint64_t seq, const uint8_t*) {
             ids.push_back({ms, seq});
             return ids.size() <= attempts;
           });
  size_t at = 0;
  for (; done && at < ids.size() && at < attempts && count > 0; ++at) {
    const StreamId id = ids[at];
    PendingEntry old;
    editor.FindPending(id, old);
    if (!StreamHas(keyspace.trees(), editor.stream.value.entries, id)) {
      bool removed;
      done = editor.RemovePending(id, removed);
      gone.push_back(id);
      --count;
      continue;
    }
    if (now_ms - old.delivered_ms < options.idle_min_ms) continue;
    done = ClaimOne(editor, id, old, consumer, now_ms, options);
    if (done) claimed.push_back(id);
    --count;
  }
  next = at < ids.size() ? ids[at] : StreamId();
  editor.Store();
  keyspace.counters().changes += claimed.size() + gone.size();
  return done ? Status() : NoMemory();
}

bool GroupLag(const StreamValue& stream, const GroupRecord& group, int64_t& lag) {
  lag = 0;
  if (stream.entries_added == 0) return true;
  int64_t read = group.entries_read;
  if (read == kNotKnown || RangeHasTombstones(stream, group.last_id)) {
    read = DistanceFromFirst(stream, group.last_id);
  }
  lag = static_cast<int64_t>(stream.entries_added) - read;
  return read != kNotKnown;
}

}  // namespace snapfork
