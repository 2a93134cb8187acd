// list_ops.h - what the list commands do to the keyspace; no parsing, no replies.
//
// A compact list is one listpack that fits a node; a large one is a tree of such nodes, by
// position. Each function returns kWrongType for a key that holds no list, kOutOfMemory with
// nothing changed, and what is named at it. Elements are borrowed from the list until the next
// change; those that are given must not lie in it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ds/pack_tree.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"

namespace snapfork {

enum class ListEnd : uint32_t { kLeft, kRight };

// `length` is 0 if the list must be there and is not.
Status ListPush(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view element,
                ListEnd end, bool only_if_there, uint64_t& length);
// Takes an element off an end into `element`; `popped` is false if there is no list.
Status ListPop(Keyspace& keyspace, uint32_t db, std::string_view key, ListEnd end,
               std::string& element, bool& popped);
// As a pop and a push, which either both happen or not.
Status ListMove(Keyspace& keyspace, uint32_t db, std::string_view from, ListEnd from_end,
                std::string_view to, ListEnd to_end, std::string& element, bool& moved);

// A list to be read; an empty view if there is none. Counts as a hit or a miss.
Status ListLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& list);
uint64_t ListLength(const Keyspace& keyspace, EntryView list);
// The element at an index, which counts from the end if it is negative. False: there is none.
bool ListElementAt(const Keyspace& keyspace, EntryView list, int64_t index, PackElement& element);

// kNoSuchKey, kIndexOutOfRange.
Status ListSet(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t index,
               std::string_view element);
// Before or behind the first element equal to `pivot`. `length`: of the list then, 0 without a
// list, -1 without the pivot.
Status ListInsert(Keyspace& keyspace, uint32_t db, std::string_view key, bool before,
                  std::string_view pivot, std::string_view element, int64_t& length);
// Removes elements equal to `element`: `count` of them from the front, from the back if it is
// negative, all if it is 0.
Status ListRemove(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t count,
                  std::string_view element, uint64_t& removed);
// Keeps the elements from `start` to `stop`, both included; negative ones count from the end.
Status ListTrim(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t start,
                int64_t stop);

// LPOS: indexes of elements equal to `element`. `rank` 1 is the first match from the front, -1 the
// first from the back; `count` 0 is all; `compared_max` 0 looks at all elements.
std::vector<uint64_t> ListPositions(const Keyspace& keyspace, EntryView list,
                                    std::string_view element, int64_t rank, uint64_t count,
                                    uint64_t compared_max);

// The indexes of a range as LRANGE takes them; false if it is empty.
bool ClampRange(uint64_t length, int64_t start, int64_t stop, uint64_t& first, uint64_t& count);

// Calls `visit(const PackElement&)` for `count` elements from `first` on. REQUIRES: they are there.
template <typename Visit>
void VisitElements(const Keyspace& keyspace, EntryView list, uint64_t first, uint64_t count,
                   Visit&& visit) {
  if (list.encoding() != Encoding::kTree) {
    const uint8_t* at = Listpack(keyspace.PackOf(list)).Seek(first);
    for (; count > 0; --count, at = Listpack::Next(at)) visit(Listpack::Get(at));
    return;
  }
  PackSlot root = RootOf(list);
  PackPath path;
  const PackTreeReader reader = keyspace.trees();
  const uint64_t rest = reader.SeekIndex(root, path, first);
  Listpack leaf = reader.Leaf(path.leaf());
  const uint8_t* at = leaf.Seek(rest);
  for (; count > 0; --count) {
    if (at == leaf.end()) {
      reader.Next(path);
      leaf = reader.Leaf(path.leaf());
      at = leaf.begin();
    }
    visit(Listpack::Get(at));
    at = Listpack::Next(at);
  }
}

}  // namespace snapfork
