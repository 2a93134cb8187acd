// rdb_values.cc - types chosen, packs copied, trees walked.

#include "persist/rdb_values.h"

#include "ds/id_tree.h"
#include "ds/record_tree.h"
#include "keyspace/hash_fields.h"
#include "keyspace/packed_value.h"
#include "keyspace/stream_layout.h"
#include "keyspace/zset_score.h"
#include "persist/rdb_format.h"

namespace snapfork {
namespace {

// A list element of this size has a node of its own in every writer's limits, and is written plain.
constexpr size_t kPlainElementBytes = 64u << 10;

uint64_t CountLeaves(const PackTreeReader& trees, const PackSlot& slot) {
  if (slot.height() == 0) return slot.empty() ? 0 : 1;
  const PackNode* const node = trees.Node(slot);
  if (slot.height() == 1) return node->count;
  uint64_t leaves = 0;
  for (uint64_t i = 0; i < node->count; ++i) leaves += CountLeaves(trees, node->slots[i]);
  return leaves;
}

std::string_view PackBytes(const Listpack& pack) {
  return {reinterpret_cast<const char*>(pack.address()), pack.bytes()};
}

// A stream: its nodes as they are, then what its groups know.
class StreamWriter {
 public:
  StreamWriter(RdbWriter& writer, const PackTreeReader& trees) : writer_(writer), trees_(trees) {}

  Status Write(const StreamValue& stream) {
    SF_RETURN_IF_ERROR(writer_.AppendLength(CountLeaves(trees_, stream.entries)));
    Status status;
    WalkPackTree(trees_, stream.entries, [&](const PackSlot& slot, const Listpack& leaf) {
      uint8_t id[kIdBytes];
      PutId(id, slot.first, slot.second);
      status = writer_.AppendString({reinterpret_cast<const char*>(id), kIdBytes});
      if (status.ok()) status = writer_.AppendString(PackBytes(leaf));
      return status.ok();
    });
    SF_RETURN_IF_ERROR(status);
    SF_RETURN_IF_ERROR(writer_.AppendLength(stream.length));
    SF_RETURN_IF_ERROR(AppendIdLengths(stream.last_id));
    SF_RETURN_IF_ERROR(AppendIdLengths(stream.first_id));
    SF_RETURN_IF_ERROR(AppendIdLengths(stream.max_deleted_id));
    SF_RETURN_IF_ERROR(writer_.AppendLength(stream.entries_added));
    SF_RETURN_IF_ERROR(writer_.AppendLength(stream.groups.weight));
    VisitRecords<GroupRecord>(trees_, stream.groups,
                              [&](std::string_view name, const GroupRecord& group) {
                                status = WriteGroup(name, group);
                                return status.ok();
                              });
    return status;
  }

 private:
  static constexpr size_t kIdBytes = 16;

  static void PutId(uint8_t* to, uint64_t ms, uint64_t seq) {
    StoreBig64(to, ms);
    StoreBig64(to + 8, seq);
  }

  Status AppendIdLengths(StreamId id) {
    SF_RETURN_IF_ERROR(writer_.AppendLength(id.ms));
    return writer_.AppendLength(id.seq);
  }

  // Sixteen bytes without a length.
  Status AppendRawId(uint64_t ms, uint64_t seq) {
    uint8_t id[kIdBytes];
    PutId(id, ms, seq);
    return writer_.AppendBytes(id, kIdBytes);
  }

  Status WriteGroup(std::string_view name, const GroupRecord& group) {
    SF_RETURN_IF_ERROR(writer_.AppendString(name));
    SF_RETURN_IF_ERROR(AppendIdLengths(group.last_id));
    // -1 as all ones.
    SF_RETURN_IF_ERROR(writer_.AppendLength(static_cast<uint64_t>(group.entries_read)));
    SF_RETURN_IF_ERROR(writer_.AppendLength(group.pending.weight));
    Status status;
    VisitIds(trees_, group.pending, kGroupPendingStride, 0, 0,
             [&](uint64_t ms, uint64_t seq, const uint8_t* at) {
               const uint8_t* const time = Listpack::Next(Listpack::Next(Listpack::Next(at)));
               status = AppendRawId(ms, seq);
               if (status.ok()) status = writer_.AppendLittle(Listpack::Get(time).integer);
               const int64_t deliveries = Listpack::Get(Listpack::Next(time)).integer;
               if (status.ok()) status = writer_.AppendLength(static_cast<uint64_t>(deliveries));
               return status.ok();
             });
    SF_RETURN_IF_ERROR(status);
    SF_RETURN_IF_ERROR(writer_.AppendLength(group.consumers.weight));
    VisitRecords<ConsumerRecord>(trees_, group.consumers,
                                 [&](std::string_view consumer, const ConsumerRecord& record) {
                                   status = WriteConsumer(consumer, record);
                                   return status.ok();
                                 });
    return status;
  }

  Status WriteConsumer(std::string_view name, const ConsumerRecord& consumer) {
    SF_RETURN_IF_ERROR(writer_.AppendString(name));
    SF_RETURN_IF_ERROR(writer_.AppendLittle(consumer.seen_ms));
    if (writer_.version() >= kRdbVersionSetListpack) {
      SF_RETURN_IF_ERROR(writer_.AppendLittle(consumer.active_ms));
    }
    SF_RETURN_IF_ERROR(writer_.AppendLength(consumer.pending.weight));
    Status status;
    VisitIds(trees_, consumer.pending, kConsumerPendingStride, 0, 0,
             [&](uint64_t ms, uint64_t seq, const uint8_t*) {
               status = AppendRawId(ms, seq);
               return status.ok();
             });
    return status;
  }

  RdbWriter& writer_;
  const PackTreeReader& trees_;
};

// One value being written.
class ValueWriter {
 public:
  ValueWriter(RdbWriter& writer, const uint8_t* data, EntryView entry)
      : writer_(writer), data_(data), value_(data, entry), trees_(value_.trees()), entry_(entry) {}

  // kVersionTooLow.
  Status ChooseType(uint8_t& type) const {
    const int version = writer_.version();
    switch (entry_.type()) {
      case ValueType::kString:
        type = kRdbTypeString;
        return Status();
      case ValueType::kList:
        type = kRdbTypeListQuicklist2;
        return Status();
      case ValueType::kSet:
        type = SetType(version);
        return Status();
      case ValueType::kSortedSet:
        type = is_compact() ? kRdbTypeZsetListpack : kRdbTypeZset2;
        return Status();
      case ValueType::kHash:
        return HashType(version, type);
      case ValueType::kStream:
        type = version >= kRdbVersionSetListpack ? kRdbTypeStream3 : kRdbTypeStream2;
        return Status();
      default:
        return Status(StatusCode::kUnsupportedType);
    }
  }

  Status WriteBody(uint8_t type) {
    switch (type) {
      case kRdbTypeString:
        return WriteString();
      case kRdbTypeListQuicklist2:
        return WriteNodes();
      case kRdbTypeSetIntset:
        return writer_.AppendString(IntsetBytes());
      case kRdbTypeSetListpack:
      case kRdbTypeHashListpack:
      case kRdbTypeZsetListpack:
        return writer_.AppendString(PackBytes(value_.pack()));
      case kRdbTypeSet:
        return WriteElements(1);
      case kRdbTypeZset2:
        return WriteScores();
      case kRdbTypeHash:
        return WriteElements(2);
      case kRdbTypeStream2:
      case kRdbTypeStream3:
        return StreamWriter(writer_, trees_).Write(StreamValueOf(entry_));
      case kRdbTypeHashListpackMetadata: {
        SF_RETURN_IF_ERROR(writer_.AppendLittle(Earliest()));
        return writer_.AppendString(PackBytes(value_.pack()));
      }
      default:
        return WriteExpiringFields();
    }
  }

 private:
  bool is_compact() const { return value_.is_compact(); }
  std::string_view IntsetBytes() const {
    const Intset set = value_.intset();
    return {reinterpret_cast<const char*>(set.address()), set.bytes()};
  }
  uint8_t SetType(int version) const {
    if (value_.is_intset()) return kRdbTypeSetIntset;
    return is_compact() && version >= kRdbVersionSetListpack ? kRdbTypeSetListpack : kRdbTypeSet;
  }

  // The earliest expiry of a field; 0 if none has one.
  int64_t Earliest() const {
    const int64_t earliest = value_.EarliestFieldExpiry();
    return earliest == kNoExpiry ? 0 : earliest;
  }

  Status HashType(int version, uint8_t& type) const {
    if (Earliest() != 0) {
      if (version < kRdbVersionFieldExpiry) return Status(StatusCode::kVersionTooLow);
      type = is_compact() ? kRdbTypeHashListpackMetadata : kRdbTypeHashMetadata;
      return Status();
    }
    // Triples without any expiry are no listpack of pairs.
    const bool copies = is_compact() && !entry_.has_field_expiry();
    type = copies ? kRdbTypeHashListpack : kRdbTypeHash;
    return Status();
  }

  Status WriteString() {
    switch (entry_.encoding()) {
      case Encoding::kInteger:
        return writer_.AppendInteger(entry_.integer());
      case Encoding::kExternal: {
        const External value = entry_.external();
        const uint8_t* const bytes = data_ + value.handle * kHandleUnit;
        return writer_.AppendString({reinterpret_cast<const char*>(bytes), value.bytes});
      }
      default:
        return writer_.AppendString(entry_.inline_value());
    }
  }

  Status AppendElement(const PackElement& element) {
    if (element.is_integer()) return writer_.AppendInteger(element.integer);
    return writer_.AppendString({element.text, element.bytes});
  }

  // Lists: one container a node.
  Status WriteNodes() {
    SF_RETURN_IF_ERROR(
        writer_.AppendLength(is_compact() ? 1 : CountLeaves(trees_, RootOf(entry_))));
    return value_.ForEachPack(1, [&](const Listpack& leaf, unsigned) {
      const PackElement first = Listpack::Get(leaf.begin());
      if (!first.is_integer() && first.bytes >= kPlainElementBytes) {
        SF_RETURN_IF_ERROR(writer_.AppendLength(kRdbContainerPlain));
        return writer_.AppendString({first.text, first.bytes});
      }
      SF_RETURN_IF_ERROR(writer_.AppendLength(kRdbContainerPacked));
      return writer_.AppendString(PackBytes(leaf));
    });
  }

  // The first `items` items of every element.
  Status WriteElements(unsigned items) {
    const unsigned compact_stride = items == 2 && entry_.has_field_expiry() ? 3 : items;
    SF_RETURN_IF_ERROR(writer_.AppendLength(value_.CountElements(compact_stride)));
    if (value_.is_intset()) {
      const Intset ints = value_.intset();
      for (uint32_t i = 0; i < ints.count(); ++i) {
        SF_RETURN_IF_ERROR(writer_.AppendInteger(ints.At(i)));
      }
      return Status();
    }
    return value_.ForEachPack(compact_stride, [&](const Listpack& leaf, unsigned stride) {
      const uint8_t* at = leaf.begin();
      while (at != leaf.end()) {
        for (unsigned i = 0; i < stride; ++i, at = Listpack::Next(at)) {
          if (i < items) SF_RETURN_IF_ERROR(AppendElement(Listpack::Get(at)));
        }
      }
      return Status();
    });
  }

  // From the highest rank to the lowest.
  Status WriteScores() {
    SF_RETURN_IF_ERROR(writer_.AppendLength(value_.CountElements(2)));
    PackSlot root = RootOf(entry_);
    PackPath path;
    trees_.SeekLast(root, path);
    do {
      const Listpack leaf = trees_.Leaf(path.leaf());
      for (const uint8_t* at = leaf.end(); at != leaf.begin();) {
        const uint8_t* const score = Listpack::Previous(at);
        at = Listpack::Previous(score);
        SF_RETURN_IF_ERROR(AppendElement(Listpack::Get(at)));
        SF_RETURN_IF_ERROR(writer_.AppendLittle(ScoreOfBytes(Listpack::Get(score))));
      }
    } while (trees_.Previous(path));
    return Status();
  }

  // Fields with their times behind the earliest one, plus one; 0 is none.
  Status WriteExpiringFields() {
    const int64_t earliest = Earliest();
    SF_RETURN_IF_ERROR(writer_.AppendLittle(earliest));
    SF_RETURN_IF_ERROR(writer_.AppendLength(value_.CountElements(3)));
    return value_.ForEachPack(3, [&](const Listpack& leaf, unsigned stride) {
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride)) {
        const FieldView field = FieldAt(at, stride);
        const int64_t ttl = field.expiry == kNoExpiry ? 0 : field.expiry - earliest + 1;
        SF_RETURN_IF_ERROR(writer_.AppendLength(static_cast<uint64_t>(ttl)));
        SF_RETURN_IF_ERROR(AppendElement(Listpack::Get(at)));
        SF_RETURN_IF_ERROR(AppendElement(field.value));
      }
      return Status();
    });
  }

  RdbWriter& writer_;
  const uint8_t* const data_;
  const PackedValue value_;
  const PackTreeReader& trees_;
  const EntryView entry_;
};

}  // namespace

int RdbVersionFor(const uint8_t* data, EntryView entry) {
  if (entry.type() == ValueType::kHash &&
      PackedValue(data, entry).EarliestFieldExpiry() != kNoExpiry) {
    return kRdbVersionFieldExpiry;
  }
  return kRdbVersionWriteMin;
}

Status WriteRdbEntry(RdbWriter& writer, const uint8_t* data, EntryView entry) {
  ValueWriter value(writer, data, entry);
  uint8_t type = 0;
  SF_RETURN_IF_ERROR(value.ChooseType(type));
  SF_RETURN_IF_ERROR(writer.BeginEntry(type, entry.key(), entry.expiry()));
  return value.WriteBody(type);
}

Status WriteRdbBareValue(RdbWriter& writer, const uint8_t* data, EntryView entry) {
  ValueWriter value(writer, data, entry);
  uint8_t type = 0;
  SF_RETURN_IF_ERROR(value.ChooseType(type));
  SF_RETURN_IF_ERROR(writer.BeginBareValue(type));
  SF_RETURN_IF_ERROR(value.WriteBody(type));
  return writer.Flush();
}

}  // namespace snapfork
