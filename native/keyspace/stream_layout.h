// stream_layout.h - what the entry of a stream holds.
//
//   entries   a tree of stream nodes (stream_node.h) by id; weight: live entries
//   groups    a tree of records (record_tree.h) by name: GroupRecord, of which each leads to
//     pending     a tree of (ms, seq, consumer, delivery time, delivery count) by id
//     consumers   a tree of records by name: ConsumerRecord, of which each leads to
//       pending     a tree of (ms, seq) by id
//
// A consumer is known to the pending entries by a number, unique in its group.
//
// Runs in: parent and child (reading).

#pragma once

#include <compare>
#include <cstdint>
#include <cstring>

#include "ds/pack_tree.h"
#include "keyspace/entry.h"

namespace snapfork {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  auto operator<=>(const StreamId&) const = default;
  bool IsZero() const { return ms == 0 && seq == 0; }
};
inline constexpr StreamId kStreamIdMax{UINT64_MAX, UINT64_MAX};

// As `ms-seq`. `to` has kStreamIdTextMax bytes; returns the length.
SF_CHILD_SAFE size_t FormatStreamId(StreamId id, char* to);
inline constexpr size_t kStreamIdTextMax = 2 * 20 + 1;

struct StreamValue {
  PackSlot entries;
  PackSlot groups;
  uint64_t length = 0;
  StreamId last_id;
  StreamId first_id;  // of a live entry; 0-0 if there is none
  StreamId max_deleted_id;
  uint64_t entries_added = 0;
};

struct GroupRecord {
  StreamId last_id;
  int64_t entries_read = -1;  // -1: not known
  uint64_t next_consumer = 1;
  PackSlot pending;
  PackSlot consumers;
};

struct ConsumerRecord {
  uint64_t number = 0;
  int64_t seen_ms = 0;
  int64_t active_ms = -1;  // -1: never
  PackSlot pending;
};

// Items of a pending entry.
inline constexpr unsigned kGroupPendingStride = 5;
inline constexpr unsigned kConsumerPendingStride = 2;

SF_CHILD_SAFE inline StreamValue StreamValueOf(EntryView stream) {
  return LoadLittle<StreamValue>(stream.inline_value().data());
}

}  // namespace snapfork
