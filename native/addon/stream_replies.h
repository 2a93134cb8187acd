// stream_replies.h - ids and entries of streams, to and from JavaScript.

#pragma once

#include <string_view>
#include <vector>

#include "addon/call.h"
#include "keyspace/stream_ops.h"

namespace snapfork {

// An id of an operand; a missing sequence becomes `missing_seq`. False: an exception is pending.
bool ReadStreamId(Call& call, size_t index, uint64_t missing_seq, StreamId& id);
// Ids of a range of the argument vector.
bool ReadStreamIds(Call& call, size_t index, std::vector<StreamId>& ids);
// A bound of XRANGE: an id, `-`, `+`, exclusive behind an opening bracket.
bool ReadStreamBound(Call& call, size_t index, bool is_start, StreamId& id);

napi_value StreamIdReply(Call& call, StreamId id, BulkMode mode);
// [id, [field, value, ...]]
napi_value StreamEntryReply(Call& call, const StreamNode& node, const StreamEntry& entry,
                            BulkMode mode);
// The same for entries by id; [id, null] for one that is no longer there.
napi_value StreamEntriesReply(Call& call, const StreamValue& stream,
                              const std::vector<StreamId>& ids, BulkMode mode);
napi_value StreamIdsReply(Call& call, const std::vector<StreamId>& ids, BulkMode mode);

}  // namespace snapfork
