// name_hasher.h - the hashes that order large hashes and sets.

#pragma once

#include "ds/hash_tree.h"
#include "keyspace/keyspace.h"

namespace snapfork {

// Of the first item of an element, as text.
class NameHasher final : public ElementHasher {
 public:
  explicit NameHasher(const Keyspace& keyspace) : keyspace_(keyspace) {}
  uint64_t HashOf(const uint8_t* at) const override {
    char scratch[kIntegerTextMax];
    return keyspace_.HashOf(Listpack::Get(at).Text(scratch));
  }

 private:
  const Keyspace& keyspace_;
};

}  // namespace snapfork
