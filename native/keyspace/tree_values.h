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
#include <vector>

#include "ds/pack_tree.h"
#include "keyspace/entry.h"
#include "mem/arena.h"

namespace snapfork {

SF_CHILD_SAFE inline PackSlot RootOf(EntryView entry, size_t index = 0) {
  return LoadLittle<PackSlot>(entry.inline_value().data() + index * sizeof(PackSlot));
}

inline std::string_view BytesOfRoots(const PackSlot* roots, size_t count) {
  return {reinterpret_cast<const char*>(roots), count * sizeof(PackSlot)};
}

// Appends the roots of every tree that a kTree value leads to.
void AppendTreeSlots(const Arena& arena, const EntryContent& content, std::vector<PackSlot>& slots);

// True if both have the same value outside of the entry, or none.
inline bool SharesValue(const EntryContent& a, const EntryContent& b) {
  if (IsExternal(a.encoding)) {
    return IsExternal(b.encoding) && a.external.handle == b.external.handle;
  }
  return a.encoding != Encoding::kTree ||
         (b.encoding == Encoding::kTree && a.bytes.data() == b.bytes.data());
}

}  // namespace snapfork
