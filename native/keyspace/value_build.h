// value_build.h - values put together as a whole: what a STORE command stores, what a loader loads.
//
// A builder chooses the form by the limits of the keyspace. `content` gets type, encoding and
// value; key and expiry are the caller's. `storage` keeps what content.bytes then points to.
// kOutOfMemory: nothing is left behind.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ds/listpack.h"
#include "keyspace/keyspace.h"

namespace snapfork {

// Members, all different.
Status BuildSet(Keyspace& keyspace, uint32_t db, const Listpack& members, EntryContent& content,
                std::string& storage);

// Fields and values, or with a stride of 3 fields, values and expiries; all fields different.
Status BuildHash(Keyspace& keyspace, uint32_t db, const Listpack& fields, unsigned stride,
                 EntryContent& content, std::string& storage);

// Elements in the order of (score, member), all members different.
Status BuildSortedSet(Keyspace& keyspace, uint32_t db,
                      const std::vector<std::pair<double, std::string_view>>& elements,
                      EntryContent& content, std::string& storage);

}  // namespace snapfork
