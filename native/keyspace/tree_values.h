// tree_values.h - what the value part of an entry in its large form
// (Encoding::kTree) holds.
//
//   list, set, hash   the root
//   sorted set        the root by score, the root by member
//   stream            see stream_layout.h
//
// Roots lie unaligned in an entry: they are loaded, changed and stored back.

#pragma once

#include <cstring>

#include "ds/pack_tree.h"
#include "ds/record_tree.h"
#include "keyspace/entry.h"
#include "keyspace/stream_layout.h"

namespace snapfork {

SF_CHILD_SAFE inline PackSlot RootOf(EntryView entry, size_t index = 0) {
  return LoadLittle<PackSlot>(entry.inline_value().data() + index * sizeof(PackSlot));
}

inline std::string_view BytesOfRoots(const PackSlot* roots, size_t count) {
  return {reinterpret_cast<const char*>(roots), count * sizeof(PackSlot)};
}

// Calls `visit(const PackSlot&)` for the root of every tree that a value in its large form leads
// to, the trees that others lead to first. `bytes` is the value part of the entry.
template <typename Visit>
SF_CHILD_SAFE void VisitTreeRoots(const PackTreeReader& reader, ValueType type, const void* bytes,
                                  Visit&& visit) {
  const auto* const roots = static_cast<const uint8_t*>(bytes);
  if (type != ValueType::kStream) {
    if (type == ValueType::kSortedSet) visit(LoadLittle<PackSlot>(roots + sizeof(PackSlot)));
    visit(LoadLittle<PackSlot>(roots));
    return;
  }
  const auto stream = LoadLittle<StreamValue>(roots);
  VisitRecords<GroupRecord>(
      reader, stream.groups, [&](std::string_view, const GroupRecord& group) {
        VisitRecords<ConsumerRecord>(
            reader, group.consumers, [&](std::string_view, const ConsumerRecord& consumer) {
              visit(consumer.pending);
              return true;
            });
        visit(group.consumers);
        visit(group.pending);
        return true;
      });
  visit(stream.groups);
  visit(stream.entries);
}

// True if both have the same value outside of the entry, or none.
inline bool SharesValue(const EntryContent& a, const EntryContent& b) {
  if (IsExternal(a.encoding)) {
    return IsExternal(b.encoding) && a.external.handle == b.external.handle;
  }
  return a.encoding != Encoding::kTree ||
         (b.encoding == Encoding::kTree && a.bytes.data() == b.bytes.data());
}

}  // namespace snapfork
