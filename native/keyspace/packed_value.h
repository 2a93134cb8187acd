// packed_value.h - the value of a collection as packs, whatever its form: for whoever writes it
// somewhere.
//
// Runs in: the parent, or the forked child.

#pragma once

#include <cstdint>

#include "base/child_safe.h"
#include "base/status.h"
#include "ds/intset.h"
#include "ds/pack_tree.h"
#include "keyspace/entry.h"
#include "keyspace/field_expiry.h"
#include "keyspace/tree_values.h"

namespace snapfork {

class PackedValue {
 public:
  // `data` is the address of handle 0.
  SF_CHILD_SAFE PackedValue(const uint8_t* data, EntryView entry)
      : data_(data), trees_(data), entry_(entry) {}

  SF_CHILD_SAFE EntryView entry() const { return entry_; }
  SF_CHILD_SAFE const PackTreeReader& trees() const { return trees_; }

  SF_CHILD_SAFE bool is_compact() const { return entry_.encoding() != Encoding::kTree; }
  SF_CHILD_SAFE bool is_intset() const {
    return entry_.encoding() == Encoding::kIntset ||
           entry_.encoding() == Encoding::kExternalIntset;
  }

  // Of a compact one.
  SF_CHILD_SAFE Listpack pack() const { return Listpack(CompactBytes()); }
  SF_CHILD_SAFE Intset intset() const { return Intset(CompactBytes()); }

  // `compact_stride` is the number of items that an element of a compact pack has.
  SF_CHILD_SAFE uint64_t CountElements(unsigned compact_stride) const {
    if (!is_compact()) return RootOf(entry_).weight;
    return is_intset() ? intset().count() : pack().count() / compact_stride;
  }

  // Calls `visit(const Listpack&, stride)` for every pack in order; it returns a Status, and the
  // first that is not ok ends it. Not of an intset.
  template <typename Visit>
  SF_CHILD_SAFE Status ForEachPack(unsigned compact_stride, Visit&& visit) const {
    if (is_compact()) return visit(pack(), compact_stride);
    Status status;
    WalkPackTree(trees_, RootOf(entry_), [&](const PackSlot& slot, const Listpack& leaf) {
      status = visit(leaf, slot.mark());
      return status.ok();
    });
    return status;
  }

  // Of a hash: the earliest expiry of a field, or kNoExpiry.
  SF_CHILD_SAFE int64_t EarliestFieldExpiry() const {
    if (!entry_.has_field_expiry()) return kNoExpiry;
    return is_compact() ? EarliestInPack(CompactBytes()) : EarliestInRoot(InlineBytes());
  }

 private:
  const uint8_t* InlineBytes() const {
    return reinterpret_cast<const uint8_t*>(entry_.inline_value().data());
  }
  const uint8_t* CompactBytes() const {
    return IsExternal(entry_.encoding()) ? data_ + entry_.external().handle * kHandleUnit
                                         : InlineBytes();
  }

  const uint8_t* const data_;
  const PackTreeReader trees_;
  const EntryView entry_;
};

}  // namespace snapfork
