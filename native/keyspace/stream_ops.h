// stream_ops.h - what the stream commands do to the entries of a stream; no parsing, no replies.
//
// Each function returns kWrongType for a key that holds no stream, kOutOfMemory with nothing
// changed, and what is named at it. Groups: stream_groups.h.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "keyspace/collection.h"
#include "keyspace/keyspace.h"
#include "keyspace/stream_layout.h"
#include "keyspace/stream_node.h"
#include "keyspace/stream_walk.h"

namespace snapfork {

// What XADD asks for: an id, or parts of one that are made.
struct StreamIdRequest {
  StreamId id;
  bool makes_ms = false;   // `*`
  bool makes_seq = false;  // `ms-*`, and with `*`
};

// An id as text: `ms-seq`, or `ms` alone, which leaves `seq` as it was and `has_seq` false.
bool ParseStreamId(std::string_view text, StreamId& id, bool& has_seq);
// The next and the one before; false if there is none.
bool NextStreamId(StreamId& id);
bool PreviousStreamId(StreamId& id);

// A stream being changed: its value in a local copy. Store() puts it back; the entry was made
// writable before, so it cannot fail.
class StreamEditor {
 public:
  StreamEditor(Keyspace& keyspace, uint32_t db) : keyspace_(keyspace), db_(db) {}

  // A stream that is there; kNoSuchKey.
  Status Open(std::string_view key);
  // Makes an empty one if there is none.
  Status OpenOrMake(std::string_view key);
  void Store();

  StreamValue value;
  Keyspace& keyspace() const { return keyspace_; }
  uint16_t heap() const { return keyspace_.database(db_).heap; }

 private:
  Keyspace& keyspace_;
  const uint32_t db_;
  Found found_;
};

// kStreamIdTooSmall, kStreamIdZero, kStreamExhausted. `added` is false if there is no stream and
// none is to be made.
Status StreamAdd(Keyspace& keyspace, uint32_t db, std::string_view key,
                 const StreamIdRequest& request, int64_t now_ms, const StreamFields& fields,
                 bool makes_stream, StreamId& id, bool& added);
Status StreamDelete(Keyspace& keyspace, uint32_t db, std::string_view key,
                    const std::vector<StreamId>& ids, uint64_t& deleted);

struct StreamTrimming {
  bool by_id = false;
  bool approximate = false;
  uint64_t length_max = 0;
  StreamId id_min;
  uint64_t limit = 0;  // entries removed at most; 0: any number
};
Status StreamTrim(Keyspace& keyspace, uint32_t db, std::string_view key,
                  const StreamTrimming& trimming, uint64_t& deleted);

// kNoSuchKey, kStreamIdBelowTop, kStreamAddedBelowLength.
// `entries_added` and `max_deleted` may be null.
Status StreamSetId(Keyspace& keyspace, uint32_t db, std::string_view key, StreamId id,
                   const uint64_t* entries_added, const StreamId* max_deleted);

// A stream to be read; an empty view if there is none. Counts as a hit or a miss.
Status StreamLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& stream);

// Calls `visit(const StreamNode&, const StreamEntry&)` for the live entries of a range, forwards or
// backwards, until it returns false.
template <typename Visit>
void VisitStream(const PackTreeReader& reader, PackSlot root, StreamId start, StreamId end,
                 bool backwards, Visit&& visit) {
  if (!backwards) return VisitStreamForwards(reader, root, start, end, visit);
  if (root.empty() || start > end) return;
  PackPath path;
  reader.SeekKey(root, path, end.ms, end.seq);
  do {
    const StreamNode node = OpenStreamNode(reader.Leaf(path.leaf()), NodeIdOf(path.leaf()));
    const std::vector<StreamEntry> entries = StreamEntriesOf(node);
    for (size_t i = entries.size(); i-- > 0;) {
      const StreamEntry& entry = entries[i];
      if (entry.id < start) return;
      if (entry.id <= end && !entry.deleted && !visit(node, entry)) return;
    }
  } while (reader.Previous(path));
}

// The first or last live entry; false if there is none.
bool StreamEdge(const PackTreeReader& reader, const PackSlot& entries, bool last, StreamId& id);

}  // namespace snapfork
