// stream_groups.h - consumer groups: who got which entry, and has not acknowledged it.
//
// Each function returns kWrongType, kNoSuchKey without a stream, kNoSuchGroup without the group,
// kOutOfMemory, and what is named at it.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ds/id_tree.h"
#include "ds/record_tree.h"
#include "keyspace/stream_ops.h"

namespace snapfork {

// What the group knows of a pending entry.
struct PendingEntry {
  uint64_t consumer = 0;  // 0: none yet
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
};

// A group being changed, with its stream: local copies, put back by Store().
class GroupEditor {
 public:
  GroupEditor(Keyspace& keyspace, uint32_t db) : stream(keyspace, db) {}

  Status Open(std::string_view key, std::string_view group_name);
  // After Open it has memory for what Open found.
  void Store();

  // A consumer, made if it is not there and `now_ms` is not negative. False: not there, or no
  // memory.
  bool FindConsumer(std::string_view name, ConsumerRecord& consumer) const;
  bool PutConsumer(std::string_view name, const ConsumerRecord& consumer);
  bool NameOfConsumer(uint64_t number, std::string& name, ConsumerRecord& consumer) const;

  IdTree GroupPending() { return Pending(group.pending, kGroupPendingStride); }
  bool FindPending(StreamId id, PendingEntry& entry);
  bool PutPending(StreamId id, const PendingEntry& entry);
  // Takes an entry out of the group's and its consumer's pending entries: out of both or of none.
  bool RemovePending(StreamId id, bool& removed);
  bool ChangeConsumerPending(uint64_t number, StreamId id, bool add);
  // After it an id that is there can be taken out without memory.
  bool OwnConsumerPending(uint64_t number, StreamId id);

  StreamEditor stream;
  GroupRecord group;

 private:
  IdTree Pending(PackSlot& root, unsigned stride) {
    return IdTree(stream.keyspace().arena(), stream.heap(), root, stride);
  }
  // `change(IdTree&)` gets the pending entries of a consumer; false if it, or memory, fails.
  template <typename Change>
  bool EditConsumer(uint64_t number, Change&& change);
  RecordTree<ConsumerRecord> Consumers() {
    return RecordTree<ConsumerRecord>(stream.keyspace().arena(), stream.heap(), group.consumers);
  }

  std::string name_;
};

// Groups of a stream. `id` of kStreamIdMax stands for its last one. kGroupExists.
Status GroupCreate(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                   const StreamId* id, int64_t entries_read, bool makes_stream);
Status GroupSetId(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                  const StreamId* id, int64_t entries_read);
Status GroupDestroy(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                    bool& destroyed);
Status ConsumerCreate(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, int64_t now_ms,
                      bool& created);
// `pending` is how many entries the consumer had not acknowledged.
Status ConsumerDelete(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, uint64_t& pending);
bool FindGroup(const Keyspace& keyspace, EntryView stream, std::string_view name,
               GroupRecord& group);

// New entries for a consumer, up to `count` unless it is 0: their ids. They are pending then,
// unless `no_ack`.
Status GroupReadNew(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                    std::string_view consumer, uint64_t count, bool no_ack, int64_t now_ms,
                    std::vector<StreamId>& ids);
// Pending entries of a consumer behind `after`: delivered once more, if they are still there.
Status GroupReadPending(Keyspace& keyspace, uint32_t db, std::string_view key,
                        std::string_view group, std::string_view consumer, StreamId after,
                        uint64_t count, int64_t now_ms, std::vector<StreamId>& ids);
Status GroupAcknowledge(Keyspace& keyspace, uint32_t db, std::string_view key,
                        std::string_view group, const std::vector<StreamId>& ids,
                        uint64_t& acknowledged);

struct ClaimOptions {
  int64_t idle_min_ms = 0;
  int64_t delivered_ms = 0;
  int64_t retry_count = -1;  // -1: one more, unless `just_id`
  bool force = false;
  bool just_id = false;
  // The consumer counts as seen, and is made, even if it gets nothing.
  bool touches = false;
  StreamId last_id;
};
// The ids that the consumer has then.
Status GroupClaim(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view group,
                  std::string_view consumer, const std::vector<StreamId>& ids,
                  const ClaimOptions& options, int64_t now_ms, std::vector<StreamId>& claimed);
// Claims what it finds from `start` on; `next` is where to go on (0-0: at the end), `gone` are
// entries that were pending and are no longer in the stream.
Status GroupAutoClaim(Keyspace& keyspace, uint32_t db, std::string_view key,
                      std::string_view group, std::string_view consumer, StreamId start,
                      uint64_t count, const ClaimOptions& options, int64_t now_ms, StreamId& next,
                      std::vector<StreamId>& claimed, std::vector<StreamId>& gone);

// Entries added after the last one the group read; false if that is not known. A group whose
// count was set by hand may be ahead.
bool GroupLag(const StreamValue& stream, const GroupRecord& group, int64_t& lag);

}  // namespace snapfork
