// tree_values.cc - the roots of a large value.

#include "keyspace/tree_values.h"

namespace snapfork {

void AppendTreeSlots(const Arena&, const EntryContent& content, std::vector<PackSlot>& slots) {
  const size_t roots = content.type == ValueType::kSortedSet ? 2 : 1;
  for (size_t i = 0; i < roots; ++i) {
    const PackSlot slot = LoadLittle<PackSlot>(content.bytes.data() + i * sizeof(PackSlot));
    if (!slot.empty()) slots.push_back(slot);
  }
}

}  // namespace snapfork
