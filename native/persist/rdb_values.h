// rdb_values.h - the value of an entry as an RDB file has it: every type in every form.
//
// A compact value is copied as it is where the version knows its form, else its elements are
// written one by one. Which type number a value gets depends on its form and the version:
//
//   list         18: nodes as they are
//   set          11: intset; 20: listpack, in version 10 as a large one: 2
//   sorted set   17: listpack; large: 5
//   stream       19; from version 11 on 21
//   hash         16: listpack; large: 4; with expiries of fields 25 and 24, from version 12 on
//
// Runs in: the parent, or the forked child.

#pragma once

#include <cstdint>

#include "base/child_safe.h"
#include "keyspace/entry.h"
#include "persist/rdb_writer.h"

namespace snapfork {

// The lowest version that holds the value as it is kept; for DUMP.
SF_CHILD_SAFE int RdbVersionFor(const uint8_t* data, EntryView entry);

// Writes one entry: expiry, type, key and value. `data` is the address of handle 0. kVersionTooLow
// for a value that the writer's version cannot hold; what the sink returned.
SF_CHILD_SAFE Status WriteRdbEntry(RdbWriter& writer, const uint8_t* data, EntryView entry);
// Writes type and value alone.
SF_CHILD_SAFE Status WriteRdbBareValue(RdbWriter& writer, const uint8_t* data, EntryView entry);

}  // namespace snapfork
