// stream_node.h - one node of a stream: Redis's stream listpack, byte for byte.
//
//   count | deleted | F | field 1 .. F | 0                               the master entry
//   flags | ms delta | seq delta | [n | field, value ...] or [value ...] | lp-count     an entry
//
// flags 1: deleted; 2: the fields of the master entry. Deltas count from the node's id.
//
// Runs in: parent and child (reading).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ds/listpack.h"
#include "keyspace/stream_layout.h"

namespace snapfork {

inline constexpr int64_t kStreamEntryDeleted = 1;
inline constexpr int64_t kStreamSameFields = 2;

// An entry of a node; the pointers are into the node.
struct StreamEntry {
  StreamId id;
  bool deleted = false;
  bool same_fields = false;
  uint64_t fields = 0;               // pairs of field and value
  const uint8_t* flags = nullptr;    // the element that holds them
  const uint8_t* content = nullptr;  // the first field, or value if the fields are the master's
};

struct StreamNode {
  StreamId id;
  int64_t count = 0;
  int64_t deleted = 0;
  uint64_t master_fields = 0;
  const uint8_t* first_field = nullptr;
  const uint8_t* first_entry = nullptr;
  const uint8_t* end = nullptr;
};

SF_CHILD_SAFE StreamNode OpenStreamNode(const Listpack& pack, StreamId id);
// The entry at a place of the node, and the place behind it.
SF_CHILD_SAFE StreamEntry StreamEntryAt(const StreamNode& node, const uint8_t* at,
                                        const uint8_t*& next);
// All entries, deleted ones included.
std::vector<StreamEntry> StreamEntriesOf(const StreamNode& node);

// Calls `visit(PackElement field, PackElement value)` for the pairs of an entry.
template <typename Visit>
SF_CHILD_SAFE void VisitStreamFields(const StreamNode& node, const StreamEntry& entry,
                                     Visit&& visit) {
  const uint8_t* field = node.first_field;
  const uint8_t* at = entry.content;
  for (uint64_t i = 0; i < entry.fields; ++i) {
    if (entry.same_fields) {
      visit(Listpack::Get(field), Listpack::Get(at));
      field = Listpack::Next(field);
    } else {
      const PackElement name = Listpack::Get(at);
      at = Listpack::Next(at);
      visit(name, Listpack::Get(at));
    }
    at = Listpack::Next(at);
  }
}

// Fields and values in turn.
using StreamFields = std::vector<std::string_view>;

// A new node of one entry, whose id is the node's.
void MakeStreamNode(const StreamFields& fields, std::string& pack);
// A node with an entry more; returns the bytes it has then.
size_t StreamNodeBytesWith(const Listpack& pack, const StreamNode& node, StreamId id,
                           const StreamFields& fields);
void AppendStreamEntry(const Listpack& old, const StreamNode& node, StreamId id,
                       const StreamFields& fields, std::string& pack);
// A node in which the entries of the places (of `flags`, ascending) are deleted.
void MarkStreamEntries(const Listpack& old, const StreamNode& node,
                       const std::vector<const uint8_t*>& flags, std::string& pack);

// What a check finds out by the way.
struct StreamNodeFacts {
  uint64_t live = 0;
  StreamId first_live;  // if there is one
  StreamId last;        // deleted or not; the node's own id if there is none
};
// Whether a node from a file can be walked as above: counts, deltas, lp-counts, ascending ids.
// REQUIRES: a valid listpack.
bool ValidateStreamNode(const Listpack& pack, StreamId id, StreamNodeFacts& facts);

}  // namespace snapfork
