// hash_fields.h - fields of a hash as they lie in its packs.
//
// Runs in: parent and child.

#pragma once

#include <cstdint>

#include "base/child_safe.h"
#include "base/limits.h"
#include "ds/hash_tree.h"
#include "keyspace/entry.h"

namespace snapfork {

// A field of an entry; the pointers are into the hash.
struct FieldView {
  const uint8_t* at = nullptr;  // the field; null: not there
  PackElement value;
  int64_t expiry = kNoExpiry;

  explicit operator bool() const { return at != nullptr; }
};

// 2 or 3 items an element of a compact hash.
inline unsigned StrideOf(EntryView hash) { return hash.has_field_expiry() ? 3 : 2; }

// The field at a place of a pack of that stride.
SF_CHILD_SAFE inline FieldView FieldAt(const uint8_t* at, unsigned stride) {
  FieldView view;
  view.at = at;
  const uint8_t* const value = Listpack::Next(at);
  view.value = Listpack::Get(value);
  if (stride == 3) {
    const int64_t expiry = Listpack::Get(Listpack::Next(value)).integer;
    if (expiry != 0) view.expiry = expiry;
  }
  return view;
}

inline bool IsDue(const FieldView& view, int64_t now) {
  return view.expiry != kNoExpiry && view.expiry <= now;
}

// Calls `visit(PackElement field, const FieldView&)` for every field of a pack until it is false.
template <typename Visit>
SF_CHILD_SAFE bool VisitPackFields(const Listpack& pack, unsigned stride, Visit&& visit) {
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = NextElement(at, stride)) {
    if (!visit(Listpack::Get(at), FieldAt(at, stride))) return false;
  }
  return true;
}

}  // namespace snapfork
