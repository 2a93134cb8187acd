// field_expiry.h - where a hash keeps the earliest expiry of its fields.
//
// Compact: a listpack of (field, value, expiry), by expiry ascending, those
// without one (0) last, as in RDB type 25. Large: the `second` of the root.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/limits.h"
#include "ds/listpack.h"
#include "ds/pack_tree.h"

namespace snapfork {

// `second` of a leaf without any field that expires.
inline constexpr uint64_t kNoFieldExpiry = UINT64_MAX;

inline int64_t EarliestInPack(const uint8_t* pack) {
  const Listpack fields(pack);
  if (fields.empty()) return kNoExpiry;
  const int64_t expiry = Listpack::Get(Listpack::Next(Listpack::Next(fields.begin()))).integer;
  return expiry == 0 ? kNoExpiry : expiry;
}

inline int64_t EarliestInRoot(const uint8_t* root) {
  const uint64_t second = LoadLittle<PackSlot>(root).second;
  return second == kNoFieldExpiry ? kNoExpiry : static_cast<int64_t>(second);
}

}  // namespace snapfork
