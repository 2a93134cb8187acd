// intset.h - Redis's sorted array of integers, byte for byte.
//
//   u32 width (2, 4 or 8) | u32 count | count integers of that width, ascending
//
// The width is the smallest that held the widest value ever added. The functions trust their
// input: what comes from outside passes ValidateIntset first.
//
// Runs in: parent and child (reading), the owner's thread (changing).

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/child_safe.h"
#include "ds/listpack.h"  // PackCheck

namespace snapfork {

inline constexpr size_t kIntsetHeaderBytes = 8;

class Intset {
 public:
  SF_CHILD_SAFE explicit Intset(const uint8_t* set) : set_(set) {}

  const uint8_t* address() const { return set_; }
  SF_CHILD_SAFE uint32_t width() const { return LoadLittle<uint32_t>(set_); }
  SF_CHILD_SAFE uint32_t count() const { return LoadLittle<uint32_t>(set_ + 4); }
  SF_CHILD_SAFE size_t bytes() const { return kIntsetHeaderBytes + size_t{width()} * count(); }
  SF_CHILD_SAFE int64_t At(uint32_t index) const;
  // The index of `value`, or of the first value greater than it; `found` tells which.
  SF_CHILD_SAFE uint32_t Search(int64_t value, bool& found) const;

 private:
  const uint8_t* set_;
};

// 2, 4 or 8.
uint32_t IntsetWidthOf(int64_t value);
// Writes an empty set of width 2: kIntsetHeaderBytes bytes.
void IntsetClear(uint8_t* set);
// Bytes the set has with `value`, which is not in it, added.
size_t IntsetBytesWith(const uint8_t* set, int64_t value);
// Writes `set` with `value`, which is not in it, added, to `to`. In place if `to` is `set`.
void IntsetInsertCopy(uint8_t* to, const uint8_t* set, int64_t value);
// Removes the value of an index in place.
void IntsetErase(uint8_t* set, uint32_t index);

// Size and width, a count of at least 1; deep: ascending order too.
bool ValidateIntset(const uint8_t* set, size_t bytes, PackCheck check);

}  // namespace snapfork
