// value_build.h - values put together as a whole: what a STORE command stores, what a loader loads.
//
// A builder chooses the form by the limits of the keyspace. `content` gets type, encoding and
// value; key and expiry are the caller's. `storage` keeps what content.bytes then points to.
// With `any_size` long elements do not make a value large. kOutOfMemory, or kBadValue for a large
// value with a member twice: nothing is left behind.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ds/listpack.h"
#include "keyspace/keyspace.h"
#include "keyspace/zset_score.h"

namespace snapfork {

// Where a node of a list ends.
struct ListNodeEnd {
  size_t offset;    // of the bytes behind it, in the range of all elements
  size_t elements;  // in it
};

// Members, all different.
Status BuildSet(Keyspace& keyspace, uint32_t db, const PackRange& members, EntryContent& content,
                std::string& storage, bool any_size = false);

// Fields and values, or with a stride of 3 fields, values and expiries; all fields different.
Status BuildHash(Keyspace& keyspace, uint32_t db, const PackRange& fields, unsigned stride,
                 EntryContent& content, std::string& storage, bool any_size = false);

// Members and scores in the order of (score, member), all members different; `form` is that of the
// scores.
Status BuildSortedSet(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                      ScoreItem::Form form, EntryContent& content, std::string& storage,
                      bool any_size = false);

// Elements; one that is too large for a node has its own. `nodes` are ranges of the elements that
// stay nodes if they fit, or none.
Status BuildList(Keyspace& keyspace, uint32_t db, const PackRange& elements,
                 std::span<const ListNodeEnd> nodes, EntryContent& content,
                 std::string& storage);

}  // namespace snapfork
