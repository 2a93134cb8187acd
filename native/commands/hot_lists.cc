// hot_lists.cc - lists.

#include "commands/hot_call.h"
#include "keyspace/list_ops.h"

namespace snapfork {
namespace {

HotOutcome Push(HotCall& call, ListEnd end) {
  uint64_t length = 0;
  for (size_t i = 2; i < call.count(); ++i) {
    const Status status =
        ListPush(call.keyspace, call.db, call.key(), call.words[i], end, false, length);
    if (!status.ok()) return call.Fail(status, i == 2);
  }
  call.reply.Integer(static_cast<int64_t>(length));
  return HotOutcome::kDone;
}

HotOutcome Pop(HotCall& call, ListEnd end) {
  std::string element;
  bool popped = false;
  if (!ListPop(call.keyspace, call.db, call.key(), end, element, popped).ok()) {
    return HotOutcome::kNotHot;
  }
  call.reply.BulkIf(popped, element);
  return HotOutcome::kDone;
}

}  // namespace

HotOutcome HotPushLeft(HotCall& call) { return Push(call, ListEnd::kLeft); }
HotOutcome HotPushRight(HotCall& call) { return Push(call, ListEnd::kRight); }
HotOutcome HotPopLeft(HotCall& call) { return Pop(call, ListEnd::kLeft); }
HotOutcome HotPopRight(HotCall& call) { return Pop(call, ListEnd::kRight); }

HotOutcome HotListLength(HotCall& call) {
  EntryView list;
  if (!ListLookup(call.keyspace, call.db, call.key(), list).ok()) return HotOutcome::kNotHot;
  call.reply.Integer(list ? static_cast<int64_t>(ListLength(call.keyspace, list)) : 0);
  return HotOutcome::kDone;
}

HotOutcome HotListRange(HotCall& call) {
  int64_t start = 0;
  int64_t stop = 0;
  EntryView list;
  if (!ParseInteger(call.words[2], start) || !ParseInteger(call.words[3], stop) ||
      !ListLookup(call.keyspace, call.db, call.key(), list).ok()) {
    return HotOutcome::kNotHot;
  }
  uint64_t first = 0;
  uint64_t count = 0;
  if (!list || !ClampRange(ListLength(call.keyspace, list), start, stop, first, count)) count = 0;
  call.reply.Array(count);
  if (count > 0) {
    VisitElements(call.keyspace, list, first, count,
                  [&](const PackElement& element) { call.reply.Bulk(element); });
  }
  return HotOutcome::kDone;
}

}  // namespace snapfork
