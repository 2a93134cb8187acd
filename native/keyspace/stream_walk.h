// stream_walk.h - the live entries of a stream in order.
//
// Runs in: parent and child (reading).

#pragma once

#include "base/child_safe.h"
#include "ds/pack_tree.h"
#include "keyspace/stream_layout.h"
#include "keyspace/stream_node.h"

namespace snapfork {

SF_CHILD_SAFE inline StreamId NodeIdOf(const PackSlot& slot) { return {slot.first, slot.second}; }

// Calls `visit(const StreamNode&, const StreamEntry&)` for the live entries of a range, until it
// returns false.
template <typename Visit>
SF_CHILD_SAFE void VisitStreamForwards(const PackTreeReader& reader, PackSlot root, StreamId start,
                                       StreamId end, Visit&& visit) {
  if (root.empty() || start > end) return;
  PackPath path;
  reader.SeekKey(root, path, start.ms, start.seq);
  do {
    const StreamNode node = OpenStreamNode(reader.Leaf(path.leaf()), NodeIdOf(path.leaf()));
    for (const uint8_t* at = node.first_entry; at != node.end;) {
      const StreamEntry entry = StreamEntryAt(node, at, at);
      if (entry.id > end) return;
      if (entry.id >= start && !entry.deleted && !visit(node, entry)) return;
    }
  } while (reader.Next(path));
}

SF_CHILD_SAFE inline bool StreamHas(const PackTreeReader& reader, const PackSlot& entries,
                                    StreamId id) {
  bool found = false;
  VisitStreamForwards(reader, entries, id, id, [&](const StreamNode&, const StreamEntry&) {
    found = true;
    return false;
  });
  return found;
}

}  // namespace snapfork
