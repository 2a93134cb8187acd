// digest.cc - one hash an entry, added up.

#include "keyspace/digest.h"

#include <string>

#include "base/number.h"
#include "keyspace/hash_ops.h"
#include "keyspace/list_ops.h"
#include "keyspace/set_ops.h"
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
    default:
      break;
  }
  elements.AppendTo(to);
}

}  // namespace

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
