// stream_ops.cc - entries added, deleted and trimmed.

#include "keyspace/stream_ops.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace snapfork {
namespace {

bool ParseUnsigned(std::string_view text, uint64_t& value) {
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  return !text.empty() && error == std::errc() && parsed == end;
}

// The id that a request makes behind the last one.
Status MakeId(const StreamIdRequest& request, const StreamValue& value, int64_t now_ms,
              StreamId& id) {
  const StreamId last = value.last_id;
  if (request.makes_ms) {
    id = {static_cast<uint64_t>(now_ms), 0};
    if (id <= last) {
      id = last;
      if (!NextStreamId(id)) return Status(StatusCode::kStreamExhausted);
    }
    return Status();
  }
  if (last == kStreamIdMax) return Status(StatusCode::kStreamExhausted);
  id = request.id;
  if (request.makes_seq) {
    if (id.ms < last.ms) return Status(StatusCode::kStreamIdTooSmall);
    if (id.ms == last.ms) {
      if (last.seq == UINT64_MAX) return Status(StatusCode::kStreamIdTooSmall);
      id.seq = last.seq + 1;
    } else {
      id.seq = 0;
    }
    return Status();
  }
  if (id.IsZero()) return Status(StatusCode::kStreamIdZero);
  return id > last ? Status() : Status(StatusCode::kStreamIdTooSmall);
}

bool AppendEntry(StreamEditor& editor, StreamId id, const StreamFields& fields) {
  Keyspace& keyspace = editor.keyspace();
  StreamValue& value = editor.value;
  PackTree tree(keyspace.arena(), editor.heap(), value.entries);
  std::string pack;
  PackSlot key;
  key.weight = 1;
  key.first = id.ms;
  key.second = id.seq;
  if (value.entries.empty()) {
    MakeStreamNode(fields, pack);
    return tree.Start(pack, key);
  }
  PackPath path;
  tree.reader().SeekLast(value.entries, path);
  if (!tree.Own(path)) return false;
  const Listpack leaf = tree.reader().Leaf(path.leaf());
  const StreamNode node = OpenStreamNode(leaf, NodeIdOf(path.leaf()));
  const EncodingLimits& limits = keyspace.limits();
  const bool full_by_bytes = limits.stream_node_max_bytes != 0 &&
                             StreamNodeBytesWith(leaf, node, id, fields) >=
                                 limits.stream_node_max_bytes;
  const bool full_by_count =
      limits.stream_node_max_entries != 0 &&
      static_cast<uint64_t>(node.count + node.deleted) >= limits.stream_node_max_entries;
  if (full_by_bytes || full_by_count) {
    MakeStreamNode(fields, pack);
    return tree.InsertAfter(path, pack, key);
  }
  AppendStreamEntry(leaf, node, id, fields, pack);
  return tree.Replace(path, pack, path.leaf().weight + 1);
}

void UpdateFirstId(StreamEditor& editor) {
  StreamId first;
  const PackTreeReader trees = editor.keyspace().trees();
  editor.value.first_id =
      StreamEdge(trees, editor.value.entries, false, first) ? first : StreamId();
}

// Marks one entry deleted; `deleted` is false if it is not there.
bool DeleteEntry(StreamEditor& editor, StreamId id, bool& deleted) {
  deleted = false;
  StreamValue& value = editor.value;
  if (value.entries.empty()) return true;
  PackTree tree(editor.keyspace().arena(), editor.heap(), value.entries);
  PackPath path;
  tree.reader().SeekKey(value.entries, path, id.ms, id.seq);
  if (!tree.Own(path)) return false;
  const Listpack leaf = tree.reader().Leaf(path.leaf());
  const StreamNode node = OpenStreamNode(leaf, NodeIdOf(path.leaf()));
  for (const uint8_t* at = node.first_entry; at != node.end;) {
    const StreamEntry entry = StreamEntryAt(node, at, at);
    if (entry.id != id || entry.deleted) continue;
    if (node.count == 1) {
      tree.Remove(path);
    } else {
      std::string pack;
      MarkStreamEntries(leaf, node, {entry.flags}, pack);
      if (!tree.Replace(path, pack, path.leaf().weight - 1)) return false;
    }
    deleted = true;
    --value.length;
    return true;
  }
  return true;
}

// The entries of the first node that are to go when the node stays.
std::vector<const uint8_t*> TrimmedEntries(const StreamNode& node, const StreamTrimming& trimming,
                                           uint64_t length) {
  std::vector<const uint8_t*> flags;
  for (const uint8_t* at = node.first_entry; at != node.end;) {
    const StreamEntry entry = StreamEntryAt(node, at, at);
    const bool done = trimming.by_id ? entry.id >= trimming.id_min
                                     : length - flags.size() <= trimming.length_max;
    if (done) break;
    if (!entry.deleted) flags.push_back(entry.flags);
  }
  return flags;
}

// Whether all of a node goes.
bool GoesAsAWhole(const StreamNode& node, const StreamTrimming& trimming, uint64_t length) {
  if (!trimming.by_id) return length - static_cast<uint64_t>(node.count) >= trimming.length_max;
  return StreamEntriesOf(node).back().id < trimming.id_min;
}

}  // namespace

bool ParseStreamId(std::string_view text, StreamId& id, bool& has_seq) {
  const size_t dash = text.find('-');
  has_seq = dash != std::string_view::npos;
  if (!ParseUnsigned(text.substr(0, dash), id.ms)) return false;
  return !has_seq || ParseUnsigned(text.substr(dash + 1), id.seq);
}

bool NextStreamId(StreamId& id) {
  if (id == kStreamIdMax) return false;
  if (++id.seq == 0) ++id.ms;
  return true;
}

bool PreviousStreamId(StreamId& id) {
  if (id.IsZero()) return false;
  if (id.seq-- == 0) --id.ms;
  return true;
}

Status StreamEditor::Open(std::string_view key) {
  found_ = keyspace_.Lookup(db_, key);
  if (!found_.entry) return Status(StatusCode::kNoSuchKey);
  SF_RETURN_IF_ERROR(CheckType(found_, ValueType::kStream));
  SF_RETURN_IF_ERROR(keyspace_.MakeWritable(db_, found_));
  value = StreamValueOf(found_.entry);
  return Status();
}

Status StreamEditor::OpenOrMake(std::string_view key) {
  const Status status = Open(key);
  if (status.code() != StatusCode::kNoSuchKey) return status;
  EntryContent content;
  content.key = key;
  content.type = ValueType::kStream;
  content.encoding = Encoding::kTree;
  const StreamValue empty;
  content.bytes = {reinterpret_cast<const char*>(&empty), sizeof(empty)};
  SF_RETURN_IF_ERROR(keyspace_.Put(db_, found_, content));
  return Open(key);
}

void StreamEditor::Store() {
  std::memcpy(keyspace_.WritableValue(found_), &value, sizeof(value));
}

Status StreamAdd(Keyspace& keyspace, uint32_t db, std::string_view key,
                 const StreamIdRequest& request, int64_t now_ms, const StreamFields& fields,
                 bool makes_stream, StreamId& id, bool& added) {
  added = false;
  // An id that cannot be must not leave an empty stream behind.
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kStream));
  if (!found.entry && !makes_stream) return Status();
  const StreamValue old = found.entry ? StreamValueOf(found.entry) : StreamValue();
  SF_RETURN_IF_ERROR(MakeId(request, old, now_ms, id));
  StreamEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.OpenOrMake(key));
  if (!AppendEntry(editor, id, fields)) {
    // A node may have moved.
    editor.Store();
    if (!found.entry) keyspace.Remove(db, keyspace.Lookup(db, key));
    return Status(StatusCode::kOutOfMemory);
  }
  StreamValue& value = editor.value;
  if (value.length == 0) value.first_id = id;
  ++value.length;
  ++value.entries_added;
  value.last_id = id;
  editor.Store();
  added = true;
  ++keyspace.counters().changes;
  return Status();
}

Status StreamDelete(Keyspace& keyspace, uint32_t db, std::string_view key,
                    const std::vector<StreamId>& ids, uint64_t& deleted) {
  deleted = 0;
  StreamEditor editor(keyspace, db);
  const Status opened = editor.Open(key);
  if (opened.code() == StatusCode::kNoSuchKey) return Status();
  SF_RETURN_IF_ERROR(opened);
  StreamValue& value = editor.value;
  bool first_is_gone = false;
  Status status;
  for (const StreamId id : ids) {
    bool done;
    if (!DeleteEntry(editor, id, done)) {
      status = Status(StatusCode::kOutOfMemory);
      break;
    }
    if (!done) continue;
    ++deleted;
    first_is_gone = first_is_gone || id == value.first_id;
    value.max_deleted_id = std::max(value.max_deleted_id, id);
  }
  if (first_is_gone) UpdateFirstId(editor);
  editor.Store();
  keyspace.counters().changes += deleted;
  return status;
}

Status StreamTrim(Keyspace& keyspace, uint32_t db, std::string_view key,
                  const StreamTrimming& trimming, uint64_t& deleted) {
  deleted = 0;
  StreamEditor editor(keyspace, db);
  const Status opened = editor.Open(key);
  if (opened.code() == StatusCode::kNoSuchKey) return Status();
  SF_RETURN_IF_ERROR(opened);
  StreamValue& value = editor.value;
  PackTree tree(keyspace.arena(), editor.heap(), value.entries);
  Status status;
  while (!value.entries.empty()) {
    if (!trimming.by_id && value.length <= trimming.length_max) break;
    PackPath path;
    tree.reader().SeekFirst(value.entries, path);
    const Listpack leaf = tree.reader().Leaf(path.leaf());
    const StreamNode node = OpenStreamNode(leaf, NodeIdOf(path.leaf()));
    const auto count = static_cast<uint64_t>(node.count);
    if (trimming.limit != 0 && deleted + count > trimming.limit) break;
    const bool whole = GoesAsAWhole(node, trimming, value.length);
    if (!whole && trimming.approximate) break;
    const std::vector<const uint8_t*> flags =
        whole ? std::vector<const uint8_t*>() : TrimmedEntries(node, trimming, value.length);
    if (!whole && flags.empty()) break;
    const uint64_t gone = whole ? count : flags.size();
    std::string pack;
    if (gone < count) MarkStreamEntries(leaf, node, flags, pack);
    const bool owned = tree.Own(path);
    if (owned && gone == count) tree.Remove(path);
    if (!owned || (gone < count && !tree.Replace(path, pack, count - gone))) {
      status = Status(StatusCode::kOutOfMemory);
      break;
    }
    value.length -= gone;
    deleted += gone;
    if (!whole) break;
  }
  if (deleted > 0) UpdateFirstId(editor);
  editor.Store();
  keyspace.counters().changes += deleted;
  return status;
}

Status StreamSetId(Keyspace& keyspace, uint32_t db, std::string_view key, StreamId id,
                   const uint64_t* entries_added, const StreamId* max_deleted) {
  StreamEditor editor(keyspace, db);
  SF_RETURN_IF_ERROR(editor.Open(key));
  StreamValue& value = editor.value;
  if (value.length > 0) {
    StreamId last;
    StreamEdge(keyspace.trees(), value.entries, true, last);
    if (id < last) return Status(StatusCode::kStreamIdBelowTop);
    if (entries_added != nullptr && value.length > *entries_added) {
      return Status(StatusCode::kStreamAddedBelowLength);
    }
  }
  value.last_id = id;
  if (entries_added != nullptr) value.entries_added = *entries_added;
  if (max_deleted != nullptr && !max_deleted->IsZero()) value.max_deleted_id = *max_deleted;
  editor.Store();
  ++keyspace.counters().changes;
  return Status();
}

Status StreamLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& stream) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kStream));
  keyspace.CountLookup(static_cast<bool>(found.entry));
  stream = found.entry;
  return Status();
}

bool StreamEdge(const PackTreeReader& reader, const PackSlot& entries, bool last, StreamId& id) {
  bool found = false;
  VisitStream(reader, entries, StreamId(), kStreamIdMax, last,
              [&](const StreamNode&, const StreamEntry& entry) {
                id = entry.id;
                found = true;
                return false;
              });
  return found;
}

}  // namespace snapfork
