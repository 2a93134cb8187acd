// stream_reader.cc - what the child needs of streams too: ids as text, nodes opened.

#include "keyspace/stream_node.h"

#include <charconv>

namespace snapfork {
namespace {

int64_t IntegerAt(const uint8_t* at) { return Listpack::Get(at).integer; }

}  // namespace

size_t FormatStreamId(StreamId id, char* to) {
  char* at = std::to_chars(to, to + 20, id.ms).ptr;
  *at++ = '-';
  return static_cast<size_t>(std::to_chars(at, at + 20, id.seq).ptr - to);
}

StreamNode OpenStreamNode(const Listpack& pack, StreamId id) {
  StreamNode node;
  node.id = id;
  const uint8_t* at = pack.begin();
  node.count = IntegerAt(at);
  at = Listpack::Next(at);
  node.deleted = IntegerAt(at);
  at = Listpack::Next(at);
  node.master_fields = static_cast<uint64_t>(IntegerAt(at));
  at = Listpack::Next(at);
  node.first_field = at;
  for (uint64_t i = 0; i < node.master_fields; ++i) at = Listpack::Next(at);
  node.first_entry = Listpack::Next(at);
  node.end = pack.end();
  return node;
}

StreamEntry StreamEntryAt(const StreamNode& node, const uint8_t* at, const uint8_t*& next) {
  StreamEntry entry;
  entry.flags = at;
  const int64_t flags = IntegerAt(at);
  entry.deleted = (flags & kStreamEntryDeleted) != 0;
  entry.same_fields = (flags & kStreamSameFields) != 0;
  at = Listpack::Next(at);
  entry.id.ms = node.id.ms + static_cast<uint64_t>(IntegerAt(at));
  at = Listpack::Next(at);
  entry.id.seq = node.id.seq + static_cast<uint64_t>(IntegerAt(at));
  at = Listpack::Next(at);
  entry.fields = node.master_fields;
  if (!entry.same_fields) {
    entry.fields = static_cast<uint64_t>(IntegerAt(at));
    at = Listpack::Next(at);
  }
  entry.content = at;
  const uint64_t items = entry.same_fields ? entry.fields : entry.fields * 2;
  for (uint64_t i = 0; i < items; ++i) at = Listpack::Next(at);
  next = Listpack::Next(at);
  return entry;
}

}  // namespace snapfork
