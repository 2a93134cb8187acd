// tree_values.cc - the roots of a large value.

#include "keyspace/tree_values.h"

#include "ds/record_tree.h"
#include "keyspace/stream_layout.h"

namespace snapfork {
namespace {

void AppendSlot(const PackSlot& slot, std::vector<PackSlot>& slots) {
  if (!slot.empty()) slots.push_back(slot);
}

void AppendStreamSlots(const Arena& arena, const StreamValue& stream,
                       std::vector<PackSlot>& slots) {
  const PackTreeReader trees(arena.At(0));
  AppendSlot(stream.entries, slots);
  AppendSlot(stream.groups, slots);
  VisitRecords<GroupRecord>(
      trees, stream.groups, [&](std::string_view, const GroupRecord& group) {
        AppendSlot(group.pending, slots);
        AppendSlot(group.consumers, slots);
        return VisitRecords<ConsumerRecord>(
            trees, group.consumers, [&](std::string_view, const ConsumerRecord& consumer) {
              AppendSlot(consumer.pending, slots);
              return true;
            });
      });
}

}  // namespace

void AppendTreeSlots(const Arena& arena, const EntryContent& content,
                     std::vector<PackSlot>& slots) {
  if (content.type == ValueType::kStream) {
    AppendStreamSlots(arena, LoadLittle<StreamValue>(content.bytes.data()), slots);
    return;
  }
  const size_t roots = content.type == ValueType::kSortedSet ? 2 : 1;
  for (size_t i = 0; i < roots; ++i) {
    AppendSlot(LoadLittle<PackSlot>(content.bytes.data() + i * sizeof(PackSlot)), slots);
  }
}

}  // namespace snapfork
