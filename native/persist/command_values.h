// command_values.h - the value of an entry as the commands that make it anew.
//
//   list         RPUSH           set   SADD            sorted set   ZADD
//   hash         HMSET; with expiries of fields, each field HMSET and HPEXPIREAT
//   stream       XADD, or one that leaves nothing; XSETID; each group XGROUP CREATE; each of its
//                consumers XGROUP CREATECONSUMER, or XCLAIM for every entry that it has pending
//
// These are the commands that Redis 7 writes, word for word. It loses two things, which are kept
// here by commands that it runs too, and only where there is something to be kept:
//
//   an entry that is pending and no longer in the stream: it is added, claimed and trimmed again
//   before the others are added, in a group that is made then
//   when a consumer was seen, if its last claim does not say so: XCLAIM of 0-0, which is no entry
//
// Runs in: the parent, or the forked child.

#pragma once

#include <cstdint>

#include "base/child_safe.h"
#include "keyspace/entry.h"
#include "persist/command_writer.h"

namespace snapfork {

// Writes one entry that is no string: value and expiry. `data` is the address of handle 0.
// kBadValue for what no command makes, as damaged files may have it: an entry of a stream with
// the id 0-0 or without fields; else what the sink returned.
SF_CHILD_SAFE Status WriteCommandEntry(CommandWriter& writer, const uint8_t* data,
                                       EntryView entry);

}  // namespace snapfork
