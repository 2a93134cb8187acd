// rdb_stream.h - a stream as a file has it, on its way to the keyspace.
//
// Runs in: one thread of the parent at a time.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/raw_bytes.h"
#include "base/status.h"
#include "keyspace/keyspace.h"
#include "keyspace/stream_layout.h"
#include "persist/rdb_reader.h"

namespace snapfork {

class LoadedStream {
 public:
  // Reads a value of type 15, 19 or 21. kBadValue for nodes that cannot be walked, ids that do not
  // ascend, counts that contradict each other, and consumers and pending entries that do.
  Status Read(uint8_t type, RdbReader& reader, RdbString* keep, bool deep);
  Status Build(Keyspace& keyspace, uint32_t db, EntryContent& content, std::string& storage) const;

 private:
  struct Node {
    StreamId id;
    uint64_t count;
    size_t bytes;
  };
  struct Pending {
    StreamId id;
    int64_t delivered_ms;
    uint64_t deliveries;
    uint64_t consumer;
  };
  struct Consumer {
    std::string name;
    int64_t seen_ms;
    int64_t active_ms;
    std::vector<StreamId> pending;
  };
  struct Group {
    std::string name;
    StreamId last_id;
    int64_t entries_read = -1;
    std::vector<Pending> pending;
    std::vector<Consumer> consumers;
  };

  Status ReadNodes(RdbReader& reader, RdbString* keep);
  bool Keep(std::string_view pack);
  Status ReadCounts(uint8_t type, RdbReader& reader);
  Status ReadGroup(uint8_t type, RdbReader& reader, RdbString* keep, bool deep, Group& group);
  Status ReadConsumer(uint8_t type, RdbReader& reader, RdbString* keep, Group& group);
  bool BuildGroup(Keyspace& keyspace, uint16_t heap, const Group& group,
                  PackSlot& groups, std::vector<PackSlot>& made) const;

  StreamValue value_;
  std::vector<Node> nodes_;
  // Those of the nodes, one behind the other.
  RawBytes packs_;
  size_t packs_bytes_ = 0;
  std::vector<Group> groups_;
};

}  // namespace snapfork
