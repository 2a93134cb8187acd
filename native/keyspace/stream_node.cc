// stream_node.cc - nodes written and checked.

#include "keyspace/stream_node.h"

#include <cstring>

#include "ds/pack_builder.h"

namespace snapfork {
namespace {

int64_t IntegerAt(const uint8_t* at) { return Listpack::Get(at).integer; }

// The fields are the master's: same names in the same order.
bool HasMasterFields(const StreamNode& node, const StreamFields& fields) {
  if (fields.size() / 2 != node.master_fields) return false;
  const uint8_t* at = node.first_field;
  for (size_t i = 0; i < fields.size(); i += 2, at = Listpack::Next(at)) {
    if (!PackValue(fields[i]).Equals(Listpack::Get(at))) return false;
  }
  return true;
}

std::vector<PackValue> EntryValues(const StreamNode& node, StreamId id,
                                   const StreamFields& fields) {
  const bool same = HasMasterFields(node, fields);
  const auto pairs = static_cast<int64_t>(fields.size() / 2);
  std::vector<PackValue> values;
  values.emplace_back(same ? kStreamSameFields : int64_t{0});
  values.emplace_back(static_cast<int64_t>(id.ms - node.id.ms));
  values.emplace_back(static_cast<int64_t>(id.seq - node.id.seq));
  if (!same) values.emplace_back(pairs);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!same || i % 2 == 1) values.emplace_back(fields[i]);
  }
  values.emplace_back(same ? pairs + 3 : 2 * pairs + 4);
  return values;
}

void Splice(std::string& pack, const PackSplice& splice) {
  const size_t bytes = Listpack(reinterpret_cast<const uint8_t*>(pack.data())).bytes();
  pack.resize(bytes + splice.InsertedBytes());
  ListpackSplice(reinterpret_cast<uint8_t*>(pack.data()), splice);
  pack.resize(Listpack(reinterpret_cast<const uint8_t*>(pack.data())).bytes());
}

// Replaces the integer at an offset.
void SetInteger(std::string& pack, size_t offset, int64_t integer) {
  const auto* const at = reinterpret_cast<const uint8_t*>(pack.data()) + offset;
  const PackValue value(integer);
  PackSplice splice;
  splice.offset = offset;
  splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
  splice.removed_elements = 1;
  splice.inserted = {&value, 1};
  Splice(pack, splice);
}

void SetCounts(std::string& pack, int64_t count, int64_t deleted) {
  SetInteger(pack, kListpackHeaderBytes, count);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(pack.data());
  const Listpack changed(bytes);
  SetInteger(pack, changed.OffsetOf(Listpack::Next(changed.begin())), deleted);
}

}  // namespace

std::vector<StreamEntry> StreamEntriesOf(const StreamNode& node) {
  std::vector<StreamEntry> entries;
  for (const uint8_t* at = node.first_entry; at != node.end;) {
    entries.push_back(StreamEntryAt(node, at, at));
  }
  return entries;
}

void MakeStreamNode(const StreamFields& fields, std::string& pack) {
  PackBuilder builder;
  builder.Append(PackValue(int64_t{1}));
  builder.Append(PackValue(int64_t{0}));
  builder.Append(PackValue(static_cast<int64_t>(fields.size() / 2)));
  for (size_t i = 0; i < fields.size(); i += 2) builder.Append(PackValue(fields[i]));
  builder.Append(PackValue(int64_t{0}));
  builder.Append(PackValue(kStreamSameFields));
  builder.Append(PackValue(int64_t{0}));
  builder.Append(PackValue(int64_t{0}));
  for (size_t i = 1; i < fields.size(); i += 2) builder.Append(PackValue(fields[i]));
  builder.Append(PackValue(static_cast<int64_t>(fields.size() / 2 + 3)));
  pack.assign(builder.Finish());
}

size_t StreamNodeBytesWith(const Listpack& pack, const StreamNode& node, StreamId id,
                           const StreamFields& fields) {
  size_t bytes = pack.bytes();
  for (const PackValue& value : EntryValues(node, id, fields)) bytes += value.encoded_bytes();
  return bytes;
}

void AppendStreamEntry(const Listpack& old, const StreamNode& node, StreamId id,
                       const StreamFields& fields, std::string& pack) {
  pack.assign(reinterpret_cast<const char*>(old.address()), old.bytes());
  const std::vector<PackValue> values = EntryValues(node, id, fields);
  PackSplice splice;
  splice.offset = pack.size() - 1;
  splice.inserted = values;
  Splice(pack, splice);
  SetInteger(pack, kListpackHeaderBytes, node.count + 1);
}

void MarkStreamEntries(const Listpack& old, const StreamNode& node,
                       const std::vector<const uint8_t*>& flags, std::string& pack) {
  pack.assign(reinterpret_cast<const char*>(old.address()), old.bytes());
  // From the back, so that the places in front stay.
  for (size_t i = flags.size(); i-- > 0;) {
    SetInteger(pack, old.OffsetOf(flags[i]), IntegerAt(flags[i]) | kStreamEntryDeleted);
  }
  const auto marked = static_cast<int64_t>(flags.size());
  SetCounts(pack, node.count - marked, node.deleted + marked);
}

bool ValidateStreamNode(const Listpack& pack, StreamId id, StreamNodeFacts& facts) {
  size_t left = pack.count();
  const uint8_t* at = pack.begin();
  const auto take = [&](int64_t& integer) {
    if (left == 0 || !Listpack::Get(at).is_integer()) return false;
    integer = IntegerAt(at);
    at = Listpack::Next(at);
    --left;
    return true;
  };
  const auto skip = [&](uint64_t items) {
    if (items > left) return false;
    for (uint64_t i = 0; i < items; ++i) at = Listpack::Next(at);
    left -= items;
    return true;
  };
  int64_t count;
  int64_t deleted;
  int64_t fields;
  int64_t zero;
  if (!take(count) || !take(deleted) || !take(fields) || fields < 0) return false;
  if (count < 0 || deleted < 0) return false;
  if (!skip(static_cast<uint64_t>(fields)) || !take(zero) || zero != 0) return false;
  facts = {0, id, id};
  uint64_t dead = 0;
  bool is_first = true;
  while (left > 0) {
    const size_t before = left;
    int64_t flags;
    int64_t ms;
    int64_t seq;
    int64_t own_fields = fields;
    int64_t items;
    if (!take(flags) || !take(ms) || !take(seq)) return false;
    const bool same = (flags & kStreamSameFields) != 0;
    if (!same && (!take(own_fields) || own_fields < 0)) return false;
    const uint64_t skipped = static_cast<uint64_t>(own_fields) * (same ? 1 : 2);
    if (static_cast<uint64_t>(own_fields) > left || !skip(skipped)) return false;
    const size_t used = before - left;
    if (!take(items) || items != static_cast<int64_t>(used)) return false;
    const StreamId entry{id.ms + static_cast<uint64_t>(ms), id.seq + static_cast<uint64_t>(seq)};
    if (entry < id || (!is_first && entry <= facts.last)) return false;
    facts.last = entry;
    is_first = false;
    if ((flags & kStreamEntryDeleted) != 0) {
      ++dead;
    } else if (facts.live++ == 0) {
      facts.first_live = entry;
    }
  }
  return facts.live == static_cast<uint64_t>(count) && dead == static_cast<uint64_t>(deleted);
}

}  // namespace snapfork
