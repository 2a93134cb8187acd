// digest.cc - one hash an entry, added up.

#include "keyspace/digest.h"

#include <string>

#include "base/number.h"

namespace snapfork {
namespace {

constexpr HashKey kFirstKey{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};
constexpr HashKey kSecondKey{0x1716151413121110ull, 0x1f1e1d1c1b1a1918ull};

template <typename T>
void AppendLittle(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
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
        char scratch[kIntegerTextMax];
        bytes.append(keyspace.StringOf(entry, scratch));
        digest.first += SipHash24(kFirstKey, bytes);
        digest.second += SipHash24(kSecondKey, bytes);
      });
    } while (cursor != 0);
  }
  return digest;
}

}  // namespace snapfork
