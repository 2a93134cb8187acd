// command_values.cc - packs and trees walked, commands counted out.

#include "persist/command_values.h"

#include <algorithm>

#include "ds/id_tree.h"
#include "ds/record_tree.h"
#include "keyspace/hash_fields.h"
#include "keyspace/packed_value.h"
#include "keyspace/stream_walk.h"
#include "keyspace/zset_score.h"

namespace snapfork {
namespace {

Status AppendElement(CommandWriter& writer, const PackElement& element) {
  char scratch[kIntegerTextMax];
  return writer.AppendWord(element.Text(scratch));
}

// The commands of one collection, each with as many elements as one may have.
class ElementCommands {
 public:
  // An element has so many words.
  ElementCommands(CommandWriter& writer, std::string_view name, std::string_view key,
                  uint64_t elements, unsigned words)
      : writer_(writer), name_(name), key_(key), words_(words), left_(elements) {}

  // Before every element.
  Status Next() {
    if (in_command_ == 0) {
      in_command_ = std::min(left_, CommandWriter::kElementsMax);
      left_ -= in_command_;
      SF_RETURN_IF_ERROR(writer_.BeginCommand(2 + in_command_ * words_));
      SF_RETURN_IF_ERROR(writer_.AppendWord(name_));
      SF_RETURN_IF_ERROR(writer_.AppendWord(key_));
    }
    --in_command_;
    return Status();
  }

 private:
  CommandWriter& writer_;
  const std::string_view name_;
  const std::string_view key_;
  const unsigned words_;
  uint64_t left_;
  uint64_t in_command_ = 0;
};

// One list, set, sorted set or hash being written.
class CollectionCommands {
 public:
  CollectionCommands(CommandWriter& writer, const uint8_t* data, EntryView entry)
      : writer_(writer), value_(data, entry), key_(entry.key()) {}

  // Lists and sets: elements of one word.
  Status WriteElements(std::string_view name) {
    ElementCommands commands(writer_, name, key_, value_.CountElements(1), 1);
    if (value_.is_intset()) {
      const Intset ints = value_.intset();
      for (uint32_t i = 0; i < ints.count(); ++i) {
        SF_RETURN_IF_ERROR(commands.Next());
        SF_RETURN_IF_ERROR(writer_.AppendInteger(ints.At(i)));
      }
      return Status();
    }
    return value_.ForEachPack(1, [&](const Listpack& leaf, unsigned) {
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = Listpack::Next(at)) {
        SF_RETURN_IF_ERROR(commands.Next());
        SF_RETURN_IF_ERROR(AppendElement(writer_, Listpack::Get(at)));
      }
      return Status();
    });
  }

  Status WriteScores() {
    ElementCommands commands(writer_, "ZADD", key_, value_.CountElements(2), 2);
    return value_.ForEachPack(2, [&](const Listpack& leaf, unsigned) {
      for (const uint8_t* at = leaf.begin(); at != leaf.end();) {
        const PackElement member = Listpack::Get(at);
        at = Listpack::Next(at);
        SF_RETURN_IF_ERROR(commands.Next());
        SF_RETURN_IF_ERROR(AppendScore(Listpack::Get(at)));
        SF_RETURN_IF_ERROR(AppendElement(writer_, member));
        at = Listpack::Next(at);
      }
      return Status();
    });
  }

  Status WriteFields() {
    if (value_.EarliestFieldExpiry() != kNoExpiry) return WriteExpiringFields();
    const unsigned compact_stride = StrideOf(value_.entry());
    ElementCommands commands(writer_, "HMSET", key_, value_.CountElements(compact_stride), 2);
    return value_.ForEachPack(compact_stride, [&](const Listpack& leaf, unsigned stride) {
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride)) {
        SF_RETURN_IF_ERROR(commands.Next());
        SF_RETURN_IF_ERROR(AppendElement(writer_, Listpack::Get(at)));
        SF_RETURN_IF_ERROR(AppendElement(writer_, FieldAt(at, stride).value));
      }
      return Status();
    });
  }

 private:
  // As Redis 7.0 prints it. A compact set may have it as a text that is no plain number, such as
  // a hexadecimal one: that is what ZADD takes too.
  Status AppendScore(const PackElement& item) {
    double score = 0;
    if (!value_.is_compact()) {
      score = ScoreOfBytes(item);
    } else if (item.is_integer()) {
      score = static_cast<double>(item.integer);
    } else if (!ParsePlainScore({item.text, item.bytes}, score)) {
      return writer_.AppendWord({item.text, item.bytes});
    }
    char text[kDoubleTextMax];
    return writer_.AppendWord({text, FormatScore(score, text)});
  }

  Status WriteExpiringFields() {
    return value_.ForEachPack(3, [&](const Listpack& leaf, unsigned stride) {
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride)) {
        const FieldView field = FieldAt(at, stride);
        char name_scratch[kIntegerTextMax];
        char value_scratch[kIntegerTextMax];
        const std::string_view name = Listpack::Get(at).Text(name_scratch);
        SF_RETURN_IF_ERROR(
            writer_.WriteCommand({"HMSET", key_, name, field.value.Text(value_scratch)}));
        if (field.expiry == kNoExpiry) continue;
        SF_RETURN_IF_ERROR(writer_.WriteCommand(
            {"HPEXPIREAT", key_, IntegerText(field.expiry), "FIELDS", "1", name}));
      }
      return Status();
    });
  }

  CommandWriter& writer_;
  const PackedValue value_;
  const std::string_view key_;
};

// An id as text, as long as this lives.
class IdText {
 public:
  explicit IdText(StreamId id) : bytes_(FormatStreamId(id, text_)) {}
  operator std::string_view() const { return {text_, bytes_}; }

 private:
  char text_[kStreamIdTextMax];
  size_t bytes_;
};

// A stream being written.
class StreamCommands {
 public:
  StreamCommands(CommandWriter& writer, const uint8_t* data, EntryView entry)
      : writer_(writer), trees_(data), key_(entry.key()), stream_(StreamValueOf(entry)) {}

  Status Write() {
    const bool has_gone = HasGone();
    if (has_gone) SF_RETURN_IF_ERROR(WriteGone());
    SF_RETURN_IF_ERROR(WriteEntries());
    // What a file said of these may be out of the range that XSETID takes.
    const uint64_t added = std::max(stream_.entries_added, stream_.length);
    const StreamId deleted = std::min(stream_.max_deleted_id, stream_.last_id);
    SF_RETURN_IF_ERROR(writer_.WriteCommand({"XSETID", key_, IdText(stream_.last_id),
                                             "ENTRIESADDED", IntegerText(int64_t(added)),
                                             "MAXDELETEDID", IdText(deleted)}));
    return ForEachGroup([&](std::string_view name, const GroupRecord& group) {
      if (!has_gone) SF_RETURN_IF_ERROR(WriteGroup(name, group, false));
      return ForEachConsumer(group, [&](std::string_view consumer, const ConsumerRecord& record) {
        return WriteConsumer({name, group, consumer, record});
      });
    });
  }

 private:
  // A consumer and where it is.
  struct Owner {
    std::string_view group_name;
    const GroupRecord& group;
    std::string_view name;
    const ConsumerRecord& record;
  };
  struct Delivery {
    int64_t time = 0;
    int64_t count = 0;
  };

  // Calls `visit`, which returns a Status, until it is not ok.
  template <typename Visit>
  Status ForEachGroup(Visit&& visit) const {
    Status status;
    VisitRecords<GroupRecord>(trees_, stream_.groups,
                              [&](std::string_view name, const GroupRecord& group) {
                                status = visit(name, group);
                                return status.ok();
                              });
    return status;
  }
  template <typename Visit>
  Status ForEachConsumer(const GroupRecord& group, Visit&& visit) const {
    Status status;
    VisitRecords<ConsumerRecord>(trees_, group.consumers,
                                 [&](std::string_view name, const ConsumerRecord& record) {
                                   status = visit(name, record);
                                   return status.ok();
                                 });
    return status;
  }
  template <typename Visit>
  Status ForEachPending(const Owner& owner, Visit&& visit) const {
    Status status;
    VisitIds(trees_, owner.record.pending, kConsumerPendingStride, 0, 0,
             [&](uint64_t ms, uint64_t seq, const uint8_t*) {
               status = visit(StreamId{ms, seq});
               return status.ok();
             });
    return status;
  }

  // Whether an entry that is pending is no longer there.
  bool IsGone(StreamId id) const {
    return id < stream_.first_id || !StreamHas(trees_, stream_.entries, id);
  }
  bool HasGone() const {
    return !VisitRecords<GroupRecord>(
        trees_, stream_.groups, [&](std::string_view, const GroupRecord& group) {
          bool found = false;
          VisitIds(trees_, group.pending, kGroupPendingStride, 0, 0,
                   [&](uint64_t ms, uint64_t seq, const uint8_t*) {
                     found = IsGone({ms, seq});
                     return !found;
                   });
          return !found;
        });
  }

  // Groups with what is pending and gone, in a stream that is empty again behind it.
  Status WriteGone() {
    return ForEachGroup([&](std::string_view name, const GroupRecord& group) {
      SF_RETURN_IF_ERROR(WriteGroup(name, group, true));
      return ForEachConsumer(group, [&](std::string_view consumer, const ConsumerRecord& record) {
        return WriteGoneOf({name, group, consumer, record});
      });
    });
  }

  Status WriteGoneOf(const Owner& owner) {
    bool any = false;
    const Status status = ForEachPending(owner, [&](StreamId id) {
      if (!IsGone(id)) return Status();
      if (id.IsZero()) return Status(StatusCode::kBadValue);
      any = true;
      SF_RETURN_IF_ERROR(writer_.WriteCommand({"XADD", key_, IdText(id), "x", "y"}));
      return WriteClaim(owner, id, DeliveryOf(owner.group, id));
    });
    if (!status.ok() || !any) return status;
    SF_RETURN_IF_ERROR(writer_.WriteCommand({"XTRIM", key_, "MAXLEN", "0"}));
    return writer_.WriteCommand({"XSETID", key_, "0-0"});
  }

  Status WriteEntries() {
    if (stream_.length == 0) {
      return writer_.WriteCommand({"XADD", key_, "MAXLEN", "0", "0-1", "x", "y"});
    }
    Status status;
    VisitStreamForwards(trees_, stream_.entries, StreamId(), kStreamIdMax,
                        [&](const StreamNode& node, const StreamEntry& entry) {
                          status = WriteEntry(node, entry);
                          return status.ok();
                        });
    return status;
  }

  Status WriteEntry(const StreamNode& node, const StreamEntry& entry) {
    if (entry.id.IsZero() || entry.fields == 0) return Status(StatusCode::kBadValue);
    SF_RETURN_IF_ERROR(writer_.BeginCommand(3 + 2 * entry.fields));
    SF_RETURN_IF_ERROR(writer_.AppendWord("XADD"));
    SF_RETURN_IF_ERROR(writer_.AppendWord(key_));
    Status status = writer_.AppendWord(IdText(entry.id));
    VisitStreamFields(node, entry, [&](const PackElement& field, const PackElement& value) {
      if (status.ok()) status = AppendElement(writer_, field);
      if (status.ok()) status = AppendElement(writer_, value);
    });
    return status;
  }

  Status WriteGroup(std::string_view name, const GroupRecord& group, bool makes_stream) {
    const IdText id(group.last_id);
    const IntegerText read(std::max<int64_t>(group.entries_read, -1));
    if (makes_stream) {
      return writer_.WriteCommand(
          {"XGROUP", "CREATE", key_, name, id, "MKSTREAM", "ENTRIESREAD", read});
    }
    return writer_.WriteCommand({"XGROUP", "CREATE", key_, name, id, "ENTRIESREAD", read});
  }

  Status WriteConsumer(const Owner& owner) {
    // When the consumer was seen, as the commands tell it.
    int64_t told = 0;
    if (owner.record.pending.empty()) {
      SF_RETURN_IF_ERROR(writer_.WriteCommand(
          {"XGROUP", "CREATECONSUMER", key_, owner.group_name, owner.name}));
    }
    bool claims = false;
    const Status status = ForEachPending(owner, [&](StreamId id) {
      const Delivery delivery = DeliveryOf(owner.group, id);
      const bool is_gone = IsGone(id);
      // Those that are gone were claimed before.
      if (!is_gone || !claims) told = delivery.time;
      if (is_gone) return Status();
      claims = true;
      return WriteClaim(owner, id, delivery);
    });
    if (!status.ok() || told == owner.record.seen_ms || owner.record.seen_ms < 0) return status;
    return writer_.WriteCommand({"XCLAIM", key_, owner.group_name, owner.name, "0", "0-0", "TIME",
                                 IntegerText(owner.record.seen_ms), "JUSTID"});
  }

  Delivery DeliveryOf(const GroupRecord& group, StreamId id) const {
    Delivery delivery;
    VisitIds(trees_, group.pending, kGroupPendingStride, id.ms, id.seq,
             [&](uint64_t, uint64_t, const uint8_t* at) {
               const uint8_t* const time = NextElement(at, 3);
               delivery.time = Listpack::Get(time).integer;
               delivery.count = Listpack::Get(Listpack::Next(time)).integer;
               return false;
             });
    return delivery;
  }

  Status WriteClaim(const Owner& owner, StreamId id, Delivery delivery) {
    return writer_.WriteCommand({"XCLAIM", key_, owner.group_name, owner.name, "0", IdText(id),
                                 "TIME", IntegerText(delivery.time), "RETRYCOUNT",
                                 IntegerText(delivery.count), "JUSTID", "FORCE"});
  }

  CommandWriter& writer_;
  const PackTreeReader trees_;
  const std::string_view key_;
  const StreamValue stream_;
};

Status WriteValue(CommandWriter& writer, const uint8_t* data, EntryView entry) {
  CollectionCommands collection(writer, data, entry);
  switch (entry.type()) {
    case ValueType::kList:
      return collection.WriteElements("RPUSH");
    case ValueType::kSet:
      return collection.WriteElements("SADD");
    case ValueType::kSortedSet:
      return collection.WriteScores();
    case ValueType::kHash:
      return collection.WriteFields();
    case ValueType::kStream:
      return StreamCommands(writer, data, entry).Write();
    default:
      return Status(StatusCode::kUnsupportedType);
  }
}

}  // namespace

Status WriteCommandEntry(CommandWriter& writer, const uint8_t* data, EntryView entry) {
  SF_RETURN_IF_ERROR(WriteValue(writer, data, entry));
  return writer.WriteExpiry(entry.key(), entry.expiry());
}

}  // namespace snapfork
