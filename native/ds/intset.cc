// intset.cc - search, insertion and removal in a sorted array of integers.

#include "ds/intset.h"

#include <cstring>

namespace snapfork {
namespace {

void StoreAt(uint8_t* set, uint32_t width, uint32_t index, int64_t value) {
  // Two's complement, little-endian: the lower bytes.
  std::memcpy(set + kIntsetHeaderBytes + size_t{width} * index, &value, width);
}

void StoreHeader(uint8_t* set, uint32_t width, uint32_t count) {
  StoreLittle(set, width);
  StoreLittle(set + 4, count);
}

}  // namespace

int64_t Intset::At(uint32_t index) const {
  const uint8_t* const at = set_ + kIntsetHeaderBytes + size_t{width()} * index;
  if (width() == 2) return LoadLittle<int16_t>(at);
  return width() == 4 ? LoadLittle<int32_t>(at) : LoadLittle<int64_t>(at);
}

uint32_t Intset::Search(int64_t value, bool& found) const {
  uint32_t low = 0;
  uint32_t high = count();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (At(middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  found = low < count() && At(low) == value;
  return low;
}

uint32_t IntsetWidthOf(int64_t value) {
  if (value == static_cast<int16_t>(value)) return 2;
  return value == static_cast<int32_t>(value) ? 4 : 8;
}

void IntsetClear(uint8_t* set) { StoreHeader(set, 2, 0); }

size_t IntsetBytesWith(const uint8_t* set, int64_t value) {
  const Intset old(set);
  const uint32_t width = IntsetWidthOf(value);
  return kIntsetHeaderBytes +
         size_t{width > old.width() ? width : old.width()} * (size_t{old.count()} + 1);
}

void IntsetInsertCopy(uint8_t* to, const uint8_t* set, int64_t value) {
  const Intset old(set);
  const uint32_t old_width = old.width();
  const uint32_t count = old.count();
  const uint32_t value_width = IntsetWidthOf(value);
  bool found;
  const uint32_t index = old.Search(value, found);
  if (value_width <= old_width) {
    const size_t before = kIntsetHeaderBytes + size_t{old_width} * index;
    std::memmove(to + before + old_width, set + before, old.bytes() - before);
    if (to != set) std::memcpy(to, set, before);
    StoreAt(to, old_width, index, value);
    StoreHeader(to, old_width, count + 1);
    return;
  }
  // From the back: in place, no integer is overwritten before it was read.
  for (uint32_t i = count; i > index; --i) StoreAt(to, value_width, i, old.At(i - 1));
  // A value that is wider than all lies before or behind all of them.
  for (uint32_t i = index; i > 0; --i) StoreAt(to, value_width, i - 1, old.At(i - 1));
  StoreAt(to, value_width, index, value);
  StoreHeader(to, value_width, count + 1);
}

void IntsetErase(uint8_t* set, uint32_t index) {
  const Intset old(set);
  const uint32_t width = old.width();
  const uint32_t count = old.count();
  uint8_t* const at = set + kIntsetHeaderBytes + size_t{width} * index;
  std::memmove(at, at + width, size_t{width} * (count - index - 1));
  StoreHeader(set, width, count - 1);
}

bool ValidateIntset(const uint8_t* set, size_t bytes, PackCheck check) {
  if (bytes < kIntsetHeaderBytes) return false;
  const Intset ints(set);
  const uint32_t width = ints.width();
  if (width != 2 && width != 4 && width != 8) return false;
  if (ints.count() == 0 || ints.bytes() != bytes) return false;
  if (check == PackCheck::kHeader) return true;
  for (uint32_t i = 1; i < ints.count(); ++i) {
    if (ints.At(i - 1) >= ints.At(i)) return false;
  }
  return true;
}

}  // namespace snapfork
