// record_tree.h - a few named records of fixed size, in a tree of packs: sorted by name.
//
// An element is one text: the record's bytes, then the name. Found by a walk: for tens of records,
// not for millions.
//
// Functions that return false had no memory and changed nothing that shows.

#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "ds/pack_builder.h"
#include "ds/pack_tree.h"

namespace snapfork {

// The record and the name of an element.
template <typename Record>
SF_CHILD_SAFE Record RecordOf(const PackElement& element) {
  return LoadLittle<Record>(element.text);
}
template <typename Record>
SF_CHILD_SAFE std::string_view RecordName(const PackElement& element) {
  return {element.text + sizeof(Record), element.bytes - sizeof(Record)};
}

// Calls `visit(name, record)` for every record in the order of names, until it returns false.
template <typename Record, typename Visit>
SF_CHILD_SAFE bool VisitRecords(const PackTreeReader& reader, const PackSlot& root,
                                Visit&& visit) {
  return WalkPackTree(reader, root, [&](const PackSlot&, const Listpack& leaf) {
    for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = Listpack::Next(at)) {
      const PackElement element = Listpack::Get(at);
      if (!visit(RecordName<Record>(element), RecordOf<Record>(element))) return false;
    }
    return true;
  });
}

template <typename Record>
class RecordTree {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  RecordTree(Arena& arena, uint16_t heap, PackSlot& root) : tree_(arena, heap, root) {}

  bool Find(std::string_view name, Record& record) const {
    bool found = false;
    VisitRecords<Record>(tree_.reader(), tree_.root(),
                         [&](std::string_view other, const Record& other_record) {
                           if (other < name) return true;
                           found = other == name;
                           if (found) record = other_record;
                           return false;
                         });
    return found;
  }

  // Sets a record, whether it is there or not.
  bool Put(std::string_view name, const Record& record) {
    std::string bytes(reinterpret_cast<const char*>(&record), sizeof(Record));
    bytes.append(name);
    const PackValue value = PackValue::OfBytes(bytes);
    if (tree_.root().empty()) {
      PackBuilder pack;
      pack.Append(value);
      PackSlot key;
      key.weight = 1;
      return tree_.Start(pack.Finish(), key);
    }
    PackPath path;
    bool found;
    size_t offset;
    Seek(name, path, offset, found);
    if (!tree_.Own(path)) return false;
    PackSplice splice;
    splice.offset = offset;
    splice.inserted = {&value, 1};
    if (found) {
      const Listpack leaf = tree_.reader().Leaf(path.leaf());
      const uint8_t* const at = leaf.address() + offset;
      splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
      splice.removed_elements = 1;
    } else if (Full(path)) {
      return InsertIntoFull(path, offset, value);
    }
    return tree_.Edit(path, splice, found ? 0 : 1);
  }

  // The record must be there.
  bool Remove(std::string_view name) {
    PackPath path;
    bool found;
    size_t offset;
    Seek(name, path, offset, found);
    if (!tree_.Own(path)) return false;
    if (path.leaf().weight == 1) {
      tree_.Remove(path);
      return true;
    }
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    const uint8_t* const at = leaf.address() + offset;
    PackSplice splice;
    splice.offset = offset;
    splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
    splice.removed_elements = 1;
    return tree_.Edit(path, splice, -1);
  }

 private:
  static constexpr uint64_t kLeafRecordsMax = 8;

  bool Full(const PackPath& path) const { return path.leaf().weight >= kLeafRecordsMax; }

  // Where the record is or belongs.
  void Seek(std::string_view name, PackPath& path, size_t& offset, bool& found) {
    const PackTreeReader reader = tree_.reader();
    reader.SeekFirst(tree_.root(), path);
    for (;;) {
      const Listpack leaf = reader.Leaf(path.leaf());
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = Listpack::Next(at)) {
        const std::string_view other = RecordName<Record>(Listpack::Get(at));
        if (other < name) continue;
        found = other == name;
        offset = leaf.OffsetOf(at);
        return;
      }
      if (reader.Next(path)) continue;
      found = false;
      offset = leaf.OffsetOf(leaf.end());
      return;
    }
  }

  // The half behind the place goes to a leaf of its own, led by the new record.
  bool InsertIntoFull(PackPath& path, size_t offset, const PackValue& value) {
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    const uint8_t* const place = leaf.address() + offset;
    PackBuilder left;
    PackBuilder right;
    for (const uint8_t* at = leaf.begin(); at != place; at = Listpack::Next(at)) {
      left.Append(PackValue(Listpack::Get(at)));
    }
    right.Append(value);
    for (const uint8_t* at = place; at != leaf.end(); at = Listpack::Next(at)) {
      right.Append(PackValue(Listpack::Get(at)));
    }
    PackSlot key;
    key.weight = right.count();
    if (left.empty()) {
      // In front of all: the leaf takes one more than it should.
      PackSplice splice;
      splice.offset = offset;
      splice.inserted = {&value, 1};
      return tree_.Edit(path, splice, 1);
    }
    const uint64_t before = tree_.reader().WeightBefore(path);
    if (!tree_.InsertAfter(path, right.Finish(), key)) return false;
    tree_.reader().SeekIndex(tree_.root(), path, before);
    // Owned before, and less fits where it is.
    return tree_.Own(path) && tree_.Replace(path, left.Finish(), left.count());
  }

  mutable PackTree tree_;
};

}  // namespace snapfork
