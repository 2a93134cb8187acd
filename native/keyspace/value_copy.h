// value_copy.h - a second copy of a value, for COPY and MOVE.

#pragma once

#include <string>

#include "keyspace/keyspace.h"

namespace snapfork {

// Gives `content`, borrowed from an entry, a value of its own in the heap of
// `to_db`: all that lies outside of the entry is copied. `roots` keeps what
// content.bytes then points to.
Status CloneValue(Keyspace& keyspace, uint32_t to_db, EntryContent& content, std::string& roots);

}  // namespace snapfork
