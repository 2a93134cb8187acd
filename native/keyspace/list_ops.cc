// list_ops.cc - both forms of a list, and the way from one to the other.

#include "keyspace/list_ops.h"

#include <algorithm>

#include "base/check.h"
#include "ds/pack_builder.h"
#include "keyspace/list_tree.h"

namespace snapfork {
namespace {

ListNodeLimit LimitOf(const Keyspace& keyspace) {
  return ListNodeLimit(keyspace.limits().list_max_listpack_size);
}

// Changes the tree of a large list: `change` gets it and returns false without memory.
template <typename Change>
Status ChangeLarge(Keyspace& keyspace, uint32_t db, Found found, Change&& change) {
  SF_RETURN_IF_ERROR(keyspace.MakeWritable(db, found));
  PackSlot root = RootOf(found.entry);
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  ListTree list(tree, LimitOf(keyspace));
  const bool done = change(list);
  StoreRoots(keyspace, found, &root, 1);
  if (root.empty()) keyspace.Remove(db, found);
  return done ? Status() : Status(StatusCode::kOutOfMemory);
}

// A compact list that gets its large form with a change it would not hold.
template <typename Change>
Status MakeLarge(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 Change&& change) {
  PackSlot root;
  PackTree tree(keyspace.arena(), keyspace.database(db).heap, root);
  if (found.entry) {
    const Listpack pack(keyspace.PackOf(found.entry));
    PackSlot weight;
    weight.weight = pack.count();
    const std::string copy(reinterpret_cast<const char*>(pack.address()), pack.bytes());
    if (!tree.Start(copy, weight)) return Status(StatusCode::kOutOfMemory);
  }
  ListTree list(tree, LimitOf(keyspace));
  if (!change(list)) {
    FreePackTree(keyspace.arena(), root);
    return Status(StatusCode::kOutOfMemory);
  }
  return PutRoots(keyspace, db, found, key, ValueType::kList, &root, 1);
}

bool IsLarge(const Found& found) {
  return found.entry && found.entry.encoding() == Encoding::kTree;
}

// Puts an element at an index of a list that may not be there yet.
Status InsertAt(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                uint64_t index, const PackValue& element) {
  const auto insert = [&](ListTree& list) { return list.Insert(index, element); };
  if (IsLarge(found)) return ChangeLarge(keyspace, db, found, insert);
  PackEditor editor(keyspace, db, found, key, ValueType::kList);
  const Listpack pack = editor.pack();
  const bool fits =
      LimitOf(keyspace).Fits(pack.bytes() + element.encoded_bytes(), pack.count() + 1);
  if (!fits && found.entry) return MakeLarge(keyspace, db, found, key, insert);
  PackSplice splice;
  splice.offset = pack.OffsetOf(pack.Seek(index));
  splice.inserted = {&element, 1};
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

Status RemoveAt(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                uint64_t index, uint64_t count) {
  if (count == 0) return Status();
  if (IsLarge(found)) {
    return ChangeLarge(keyspace, db, found,
                       [&](ListTree& list) { return list.Remove(index, count); });
  }
  PackEditor editor(keyspace, db, found, key, ValueType::kList);
  const Listpack pack = editor.pack();
  const uint8_t* const from = pack.Seek(index);
  const uint8_t* to = from;
  for (uint64_t i = 0; i < count; ++i) to = Listpack::Next(to);
  PackSplice splice;
  splice.offset = pack.OffsetOf(from);
  splice.removed_bytes = static_cast<size_t>(to - from);
  splice.removed_elements = count;
  SF_RETURN_IF_ERROR(editor.Splice(splice));
  return editor.Commit();
}

uint64_t EndIndex(const Keyspace& keyspace, EntryView list, ListEnd end) {
  return end == ListEnd::kLeft ? 0 : ListLength(keyspace, list) - 1;
}

// Walks all elements from either end with `visit(index, element)` until it returns false.
template <typename Visit>
void WalkList(const Keyspace& keyspace, EntryView list, bool backwards, Visit&& visit) {
  uint64_t index = backwards ? ListLength(keyspace, list) - 1 : 0;
  const auto walk_pack = [&](const Listpack& pack) {
    if (!backwards) {
      for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
        if (!visit(index++, Listpack::Get(at))) return false;
      }
      return true;
    }
    for (const uint8_t* at = pack.end(); at != pack.begin();) {
      at = Listpack::Previous(at);
      if (!visit(index--, Listpack::Get(at))) return false;
    }
    return true;
  };
  if (list.encoding() != Encoding::kTree) {
    walk_pack(Listpack(keyspace.PackOf(list)));
    return;
  }
  PackSlot root = RootOf(list);
  PackPath path;
  const PackTreeReader reader = keyspace.trees();
  backwards ? reader.SeekLast(root, path) : reader.SeekFirst(root, path);
  while (walk_pack(reader.Leaf(path.leaf())) &&
         (backwards ? reader.Previous(path) : reader.Next(path))) {
    continue;
  }
}

}  // namespace

Status ListLookup(Keyspace& keyspace, uint32_t db, std::string_view key, EntryView& list) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  keyspace.CountLookup(static_cast<bool>(found.entry));
  list = found.entry;
  return Status();
}

uint64_t ListLength(const Keyspace& keyspace, EntryView list) {
  if (list.encoding() == Encoding::kTree) return RootOf(list).weight;
  return Listpack(keyspace.PackOf(list)).count();
}

bool ListElementAt(const Keyspace& keyspace, EntryView list, int64_t index,
                   PackElement& element) {
  const auto length = static_cast<int64_t>(ListLength(keyspace, list));
  if (index < 0) index += length;
  if (index < 0 || index >= length) return false;
  VisitElements(keyspace, list, static_cast<uint64_t>(index), 1,
                [&](const PackElement& one) { element = one; });
  return true;
}

Status ListPush(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view element,
                ListEnd end, bool only_if_there, uint64_t& length) {
  length = 0;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  if (!found.entry && only_if_there) return Status();
  const uint64_t old_length = found.entry ? ListLength(keyspace, found.entry) : 0;
  const uint64_t index = end == ListEnd::kLeft ? 0 : old_length;
  SF_RETURN_IF_ERROR(InsertAt(keyspace, db, found, key, index, PackValue(element)));
  length = old_length + 1;
  ++keyspace.counters().changes;
  return Status();
}

Status ListPop(Keyspace& keyspace, uint32_t db, std::string_view key, ListEnd end,
               std::string& element, bool& popped) {
  popped = false;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  if (!found.entry) return Status();
  PackElement view;
  ListElementAt(keyspace, found.entry, end == ListEnd::kLeft ? 0 : -1, view);
  char scratch[kIntegerTextMax];
  element.assign(view.Text(scratch));
  const uint64_t index = EndIndex(keyspace, found.entry, end);
  SF_RETURN_IF_ERROR(RemoveAt(keyspace, db, found, key, index, 1));
  popped = true;
  ++keyspace.counters().changes;
  return Status();
}

Status ListMove(Keyspace& keyspace, uint32_t db, std::string_view from, ListEnd from_end,
                std::string_view to, ListEnd to_end, std::string& element, bool& moved) {
  moved = false;
  const Found source = keyspace.Lookup(db, from);
  if (!source.entry) return Status();
  SF_RETURN_IF_ERROR(CheckType(source, ValueType::kList));
  SF_RETURN_IF_ERROR(CheckType(keyspace.Lookup(db, to), ValueType::kList));
  PackElement view;
  ListElementAt(keyspace, source.entry, from_end == ListEnd::kLeft ? 0 : -1, view);
  char scratch[kIntegerTextMax];
  element.assign(view.Text(scratch));
  moved = true;
  if (from == to && from_end == to_end) {
    keyspace.NoteWrite(db, source);
    ++keyspace.counters().changes;
    return Status();
  }
  // Both ends of one list do not meet: the new element is at the other.
  uint64_t length = 0;
  SF_RETURN_IF_ERROR(ListPush(keyspace, db, to, element, to_end, false, length));
  bool popped = false;
  const Status status = ListPop(keyspace, db, from, from_end, element, popped);
  if (!status.ok()) {
    std::string pushed;
    // Never fails: where it lies was made writable for the push.
    SF_CHECK(ListPop(keyspace, db, to, to_end, pushed, popped).ok());
  }
  return status;
}

Status ListSet(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t index,
               std::string_view element) {
  const Found found = keyspace.Lookup(db, key);
  if (!found.entry) return Status(StatusCode::kNoSuchKey);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  const auto length = static_cast<int64_t>(ListLength(keyspace, found.entry));
  if (index < 0) index += length;
  if (index < 0 || index >= length) return Status(StatusCode::kIndexOutOfRange);
  const auto at = static_cast<uint64_t>(index);
  const PackValue value(element);
  const auto replace = [&](ListTree& list) { return list.Replace(at, value); };
  if (IsLarge(found)) {
    SF_RETURN_IF_ERROR(ChangeLarge(keyspace, db, found, replace));
    ++keyspace.counters().changes;
    return Status();
  }
  PackEditor editor(keyspace, db, found, key, ValueType::kList);
  const Listpack pack = editor.pack();
  const uint8_t* const old = pack.Seek(at);
  PackSplice splice;
  splice.offset = pack.OffsetOf(old);
  splice.removed_bytes = static_cast<size_t>(Listpack::Next(old) - old);
  splice.removed_elements = 1;
  splice.inserted = {&value, 1};
  const size_t bytes = pack.bytes() + value.encoded_bytes() - splice.removed_bytes;
  if (!LimitOf(keyspace).Fits(bytes, pack.count())) {
    SF_RETURN_IF_ERROR(MakeLarge(keyspace, db, found, key, replace));
  } else {
    SF_RETURN_IF_ERROR(editor.Splice(splice));
    SF_RETURN_IF_ERROR(editor.Commit());
  }
  ++keyspace.counters().changes;
  return Status();
}

Status ListInsert(Keyspace& keyspace, uint32_t db, std::string_view key, bool before,
                  std::string_view pivot, std::string_view element, int64_t& length) {
  length = 0;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  if (!found.entry) return Status();
  const std::vector<uint64_t> places = ListPositions(keyspace, found.entry, pivot, 1, 1, 0);
  length = -1;
  if (places.empty()) return Status();
  const auto old_length = static_cast<int64_t>(ListLength(keyspace, found.entry));
  const uint64_t index = places[0] + (before ? 0 : 1);
  SF_RETURN_IF_ERROR(InsertAt(keyspace, db, found, key, index, PackValue(element)));
  length = old_length + 1;
  ++keyspace.counters().changes;
  return Status();
}

Status ListRemove(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t count,
                  std::string_view element, uint64_t& removed) {
  removed = 0;
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  if (!found.entry) return Status();
  const PackValue value(element);
  const uint64_t limit = count == 0 ? UINT64_MAX
                                    : count < 0 ? uint64_t{0} - static_cast<uint64_t>(count)
                                                : static_cast<uint64_t>(count);
  if (IsLarge(found)) {
    SF_RETURN_IF_ERROR(ChangeLarge(keyspace, db, found, [&](ListTree& list) {
      return list.RemoveEqual(value, count < 0, limit, removed);
    }));
  } else {
    std::vector<uint64_t> places =
        ListPositions(keyspace, found.entry, element, count < 0 ? -1 : 1,
                      limit == UINT64_MAX ? 0 : limit, 0);
    removed = places.size();
    if (removed == 0) return Status();
    std::sort(places.begin(), places.end());
    PackBuilder kept;
    size_t next = 0;
    WalkList(keyspace, found.entry, false, [&](uint64_t index, const PackElement& one) {
      if (next < places.size() && places[next] == index) {
        ++next;
      } else {
        kept.Append(PackValue(one));
      }
      return true;
    });
    if (kept.empty()) {
      keyspace.Remove(db, found);
    } else {
      SF_RETURN_IF_ERROR(
          PutPacked(keyspace, db, found, key, {ValueType::kList, kept.Finish()}));
    }
  }
  keyspace.counters().changes += removed;
  return Status();
}

Status ListTrim(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t start,
                int64_t stop) {
  Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckType(found, ValueType::kList));
  if (!found.entry) return Status();
  const uint64_t length = ListLength(keyspace, found.entry);
  uint64_t first = 0;
  uint64_t count = 0;
  if (!ClampRange(length, start, stop, first, count)) {
    keyspace.Remove(db, found);
    keyspace.counters().changes += length;
    return Status();
  }
  SF_RETURN_IF_ERROR(RemoveAt(keyspace, db, found, key, first + count, length - first - count));
  found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(RemoveAt(keyspace, db, found, key, 0, first));
  keyspace.counters().changes += length - count;
  return Status();
}

std::vector<uint64_t> ListPositions(const Keyspace& keyspace, EntryView list,
                                    std::string_view element, int64_t rank, uint64_t count,
                                    uint64_t compared_max) {
  const PackValue value(element);
  const bool backwards = rank < 0;
  uint64_t skip = (backwards ? uint64_t{0} - static_cast<uint64_t>(rank)
                             : static_cast<uint64_t>(rank)) - 1;
  std::vector<uint64_t> places;
  uint64_t compared = 0;
  WalkList(keyspace, list, backwards, [&](uint64_t index, const PackElement& one) {
    if (value.Equals(one)) {
      if (skip > 0) {
        --skip;
      } else {
        places.push_back(index);
      }
    }
    const bool enough = count != 0 && places.size() == count;
    return !enough && ++compared != compared_max;
  });
  return places;
}

bool ClampRange(uint64_t length, int64_t start, int64_t stop, uint64_t& first, uint64_t& count) {
  const auto size = static_cast<int64_t>(length);
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (stop < 0) stop += size;
  if (stop >= size) stop = size - 1;
  if (start > stop || start >= size) return false;
  first = static_cast<uint64_t>(start);
  count = static_cast<uint64_t>(stop - start) + 1;
  return true;
}

}  // namespace snapfork
