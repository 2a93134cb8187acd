// collection.h - what the operations on lists, hashes, sets and sorted sets
// share.
//
// A compact collection is one listpack (or intset), in its entry up to
// kInlineValueBytesMax bytes and in an object of its own above; a large one is
// a tree or two of listpacks.

#pragma once

#include <string>
#include <string_view>

#include "ds/listpack.h"
#include "ds/pack_tree.h"
#include "keyspace/keyspace.h"
#include "keyspace/tree_values.h"

namespace snapfork {

// Longest value kept in its entry and moved with it while a child lives. A
// longer one has its own object and is changed in place.
inline constexpr size_t kInlineValueBytesMax = 2048;

// kWrongType if the key is there with another type.
inline Status CheckType(const Found& found, ValueType type) {
  return found.entry && found.entry.type() != type ? Status(StatusCode::kWrongType) : Status();
}

// What a compact collection is put together from; `bytes` lies outside of the
// keyspace.
struct PackedContent {
  ValueType type;
  std::string_view bytes;
  bool intset = false;
  bool field_expiry = false;
};

// Makes `content` the entry of a key; what it has outside of the entry is freed if that fails.
Status PutContent(Keyspace& keyspace, uint32_t db, const Found& found, const EntryContent& content);
// Makes `packed` the value of a key, with the expiry the key has. `found` is
// the result of Lookup.
Status PutPacked(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                 const PackedContent& packed);
// The same for the roots of trees: their memory is freed if it fails.
Status PutRoots(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                ValueType type, const PackSlot* roots, size_t count, bool field_expiry = false);
// Writes changed roots to a large value that MakeWritable was called for.
inline void StoreRoots(Keyspace& keyspace, const Found& found, const PackSlot* roots,
                       size_t count) {
  std::memcpy(keyspace.WritableValue(found), roots, count * sizeof(PackSlot));
}

// Puts a compact value into `content`, in the entry or in a new object: for
// whoever makes new entries. `content.type`, `content.field_expiry` are set
// too.
Status EncodePacked(Keyspace& keyspace, uint32_t db, const PackedContent& packed,
                    EntryContent& content);

// A compact listpack being changed, wherever it lies; of an absent key an empty
// one. One editor at a time. Nothing is sure before Commit.
class PackEditor {
 public:
  PackEditor(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
             ValueType type);

  Listpack pack() const { return Listpack(bytes_); }
  // Inserted text lies outside of the pack (it may lie in that of another key).
  // kOutOfMemory: nothing changed.
  Status Splice(const PackSplice& splice);
  // Stores the pack; an empty one removes the key.
  Status Commit();

 private:
  void UseBuffer(size_t bytes);

  Keyspace& keyspace_;
  const uint32_t db_;
  const Found& found_;
  const std::string_view key_;
  const ValueType type_;
  std::string& buffer_;
  uint8_t* bytes_;
  bool in_place_ = false;  // bytes_ is the entry's object
};

}  // namespace snapfork
