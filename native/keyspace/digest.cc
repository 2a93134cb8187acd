// digest.cc - one hash an entry, added up.

#include "keyspace/digest.h"

#include <string>

#include "base/number.h"
#include "keyspace/hash_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/stream_groups.h"
#include "keyspace/zset_ops.h"

namespace snapfork {
namespace {

constexpr HashKey kFirstKey{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};
constexpr HashKey kSecondKey{0x1716151413121110ull, 0x1f1e1d1c1b1a1918ull};

template <typename T>
void AppendLittle(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Bytes that cannot run into those behind them.
void AppendText(std::string& to, std::string_view text) {
  AppendLittle(to, static_cast<uint64_t>(text.size()));
  to.append(text);
}

void AppendElement(std::string& to, const PackElement& element) {
  char scratch[kIntegerTextMax];
  AppendText(to, element.Text(scratch));
}

Digest DigestOfBytes(std::string_view bytes) {
  return {SipHash24(kFirstKey, bytes), SipHash24(kSecondKey, bytes)};
}

// Elements in an order that means nothing: a sum. In one that counts: a chain.
class ElementDigest {
 public:
  std::string& bytes() { return bytes_; }
  void AddUnordered() {
    const Digest digest = DigestOfBytes(bytes_);
    sum_.first += digest.first;
    sum_.second += digest.second;
    bytes_.clear();
  }
  void AddOrdered() {
    AppendLittle(bytes_, sum_.first);
    AppendLittle(bytes_, sum_.second);
    sum_ = DigestOfBytes(bytes_);
    bytes_.clear();
  }
  void AppendTo(std::string& to) const {
    AppendLittle(to, sum_.first);
    AppendLittle(to, sum_.second);
  }

 private:
  std::string bytes_;
  Digest sum_;
};

void AppendId(std::string& to, StreamId id) {
  AppendLittle(to, id.ms);
  AppendLittle(to, id.seq);
}

// Entries in order; groups, consumers and what is pending, by names: numbers of consumers and
// tombstones mean nothing outside.
void AppendStream(const Keyspace& keyspace, const StreamValue& stream, std::string& to,
                  ElementDigest& elements) {
  AppendId(to, stream.last_id);
  AppendId(to, stream.max_deleted_id);
  AppendLittle(to, stream.entries_added);
  const PackTreeReader trees = keyspace.trees();
  VisitStream(trees, stream.entries, StreamId(), kStreamIdMax, false,
              [&](const StreamNode& node, const StreamEntry& entry) {
                AppendId(elements.bytes(), entry.id);
                VisitStreamFields(node, entry, [&](const PackElement& field,
                                                   const PackElement& value) {
                  AppendElement(elements.bytes(), field);
                  AppendElement(elements.bytes(), value);
                });
                elements.AddOrdered();
                return true;
              });
  VisitRecords<GroupRecord>(trees, stream.groups, [&](std::string_view name,
                                                      const GroupRecord& group) {
    AppendText(elements.bytes(), name);
    AppendId(elements.bytes(), group.last_id);
    AppendLittle(elements.bytes(), group.entries_read);
    elements.AddOrdered();
    VisitIds(trees, group.pending, kGroupPendingStride, 0, 0,
             [&](uint64_t ms, uint64_t seq, const uint8_t* at) {
               const uint8_t* const time = NextElement(at, 3);
               AppendId(elements.bytes(), {ms, seq});
               AppendElement(elements.bytes(), Listpack::Get(time));
               AppendElement(elements.bytes(), Listpack::Get(Listpack::Next(time)));
               elements.AddOrdered();
               return true;
             });
    return VisitRecords<ConsumerRecord>(
        trees, group.consumers, [&](std::string_view consumer, const ConsumerRecord& record) {
          AppendText(elements.bytes(), consumer);
          AppendLittle(elements.bytes(), record.seen_ms);
          VisitIds(trees, record.pending, kConsumerPendingStride, 0, 0,
                   [&](uint64_t ms, uint64_t seq, const uint8_t*) {
                     AppendId(elements.bytes(), {ms, seq});
                     return true;
                   });
          elements.AddOrdered();
          return true;
        });
  });
}

// The value of an entry, whatever its form.
void AppendValue(const Keyspace& keyspace, EntryView entry, std::string& to) {
  ElementDigest elements;
  switch (entry.type()) {
    case ValueType::kString: {
      char scratch[kIntegerTextMax];
      to.append(keyspace.StringOf(entry, scratch));
      return;
    }
    case ValueType::kList:
      VisitElements(keyspace, entry, 0, ListLength(keyspace, entry),
                    [&](const PackElement& element) {
                      AppendElement(elements.bytes(), element);
                      elements.AddOrdered();
                    });
      break;
    case ValueType::kSet:
      VisitMembers(keyspace, entry, [&](const PackElement& member) {
        AppendElement(elements.bytes(), member);
        elements.AddUnordered();
        return true;
      });
      break;
    case ValueType::kHash:
      VisitAllFields(keyspace, entry, [&](const PackElement& field, const FieldView& view) {
        AppendElement(elements.bytes(), field);
        AppendElement(elements.bytes(), view.value);
        AppendLittle(elements.bytes(), view.expiry);
        elements.AddUnordered();
        return true;
      });
      break;
    case ValueType::kSortedSet:
      VisitRanks(keyspace, entry, 0, ZsetSize(keyspace, entry), false,
                 [&](const PackElement& member, double score) {
                   AppendElement(elements.bytes(), member);
                   AppendLittle(elements.bytes(), score);
                   elements.AddOrdered();
                 });
      break;
    case ValueType::kStream:
      AppendStream(keyspace, StreamValueOf(entry), to, elements);
      break;
    default:
      break;
  }
  elements.AppendTo(to);
}

}  // namespace

std::string HexOf(const Digest& digest) {
  std::string text;
  for (const uint64_t word : {digest.first, digest.second}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  }
  return text;
}

Digest DigestOfValue(const Keyspace& keyspace, EntryView entry) {
  std::string bytes;
  AppendLittle(bytes, static_cast<uint32_t>(entry.type()));
  AppendValue(keyspace, entry, bytes);
  return DigestOfBytes(bytes);
}

Digest DigestOf(const Keyspace& keyspace) {
  Digest digest;
  std::string bytes;
  const int64_t now = keyspace.Now();
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) {
    const HashIndex& index = keyspace.database(db).index;
    uint64_t cursor = 0;
    do {
      cursor = index.Scan(cursor, [&](Handle handle) {
        const EntryView entry = keyspace.EntryAt(handle);
        if (entry.has_expiry() && entry.expiry() <= now) return;
        bytes.clear();
        AppendLittle(bytes, db);
        AppendLittle(bytes, static_cast<uint32_t>(entry.type()));
        AppendLittle(bytes, static_cast<uint32_t>(entry.key().size()));
        bytes.append(entry.key());
        AppendLittle(bytes, entry.expiry());
        AppendValue(keyspace, entry, bytes);
        const Digest of_entry = DigestOfBytes(bytes);
        digest.first += of_entry.first;
        digest.second += of_entry.second;
      });
    } while (cursor != 0);
  }
  return digest;
}

}  // namespace snapfork
