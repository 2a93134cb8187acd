// object_notes.h - 24 bits beside each object of the data region, away from the objects.
//
//   area of a slab = | note of object 0 | note of object 1 | ...    3 bytes each
//
// For what is noted of an entry whenever it is read: a note in the entry would dirty its page. An
// area is made when the first object of a slab gets a note, and belongs to the slab's first page;
// a page that becomes a slab of another size gives it back.
//
// The memory is shared with children, not copied: the parent goes on noting behind a fork without a
// copied page, and fork(2) copies no page tables for it. So a child finds notes that may be younger
// than its entries. What it never finds is the note of another object: a slab that it still needs
// is not freed, and so keeps its area.
//
// Runs in: the owner's thread; reading also in the forked child.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mem/page_heap.h"

namespace snapfork {

class ObjectNotes {
 public:
  static constexpr uint32_t kNoteMax = (1u << 24) - 1;

  explicit ObjectNotes(const PageHeap& pages) : pages_(pages) {}
  ~ObjectNotes() { Clear(0); }
  ObjectNotes(const ObjectNotes&) = delete;
  ObjectNotes& operator=(const ObjectNotes&) = delete;

  // Forgets all notes; `otherwise` is what objects without one have from now on.
  void Clear(uint32_t otherwise);

  // REQUIRES: an object at the handle.
  SF_CHILD_SAFE uint32_t Get(Handle handle) const {
    const uint32_t page = FirstPageOf(handle);
    const Area area = page < areas_.size() ? areas_[page] : Area{};
    if (area.unit == 0 || area.size_class != SizeClassAt(page)) return otherwise_;
    const uint8_t* const note = At(area.unit) + IndexOf(handle, page) * kNoteBytes;
    return note[0] | uint32_t{note[1]} << 8 | uint32_t{note[2]} << 16;
  }
  // Without memory for it nothing is noted. REQUIRES: note <= kNoteMax.
  void Set(Handle handle, uint32_t note);

  // Of all areas that were ever needed at once.
  size_t bytes() const { return size_t{next_unit_} * kUnitBytes; }

 private:
  static constexpr size_t kNoteBytes = 3;
  static constexpr size_t kUnitBytes = 16;
  static constexpr size_t kSegmentBytes = 2u << 20;
  static constexpr uint32_t kUnitsPerSegment = kSegmentBytes / kUnitBytes;
  // Stands for a large object: a run of pages.
  static constexpr uint8_t kLargeClass = kSizeClasses;

  struct Area {
    uint32_t unit = 0;  // where it begins; 0: there is none
    uint8_t size_class = 0;
  };

  static constexpr uint32_t UnitsOf(uint8_t size_class) {
    const size_t objects = size_class == kLargeClass ? 1 : SizeClassObjects(size_class);
    return static_cast<uint32_t>((objects * kNoteBytes + kUnitBytes - 1) / kUnitBytes);
  }
  SF_CHILD_SAFE uint32_t FirstPageOf(Handle handle) const {
    const uint32_t page = PageOf(handle);
    const PageInfo& info = pages_.pages()[page];
    const bool tail = info.use == PageUse::kSlabTail || info.use == PageUse::kLargeTail;
    return tail ? info.previous : page;
  }
  SF_CHILD_SAFE uint8_t SizeClassAt(uint32_t page) const {
    const PageInfo& info = pages_.pages()[page];
    return info.use == PageUse::kLarge ? kLargeClass : info.size_class;
  }
  SF_CHILD_SAFE size_t IndexOf(Handle handle, uint32_t page) const {
    const PageInfo& info = pages_.pages()[page];
    if (info.use == PageUse::kLarge) return 0;
    const size_t offset = handle * kHandleUnit - size_t{page} * kPageBytes;
    return static_cast<uint32_t>(offset) / static_cast<uint32_t>(SizeClassBytes(info.size_class));
  }
  SF_CHILD_SAFE uint8_t* At(uint32_t unit) const {
    return segments_[unit / kUnitsPerSegment] + unit % kUnitsPerSegment * kUnitBytes;
  }
  static void Store(uint8_t* to, uint32_t note) {
    to[0] = static_cast<uint8_t>(note);
    to[1] = static_cast<uint8_t>(note >> 8);
    to[2] = static_cast<uint8_t>(note >> 16);
  }

  bool MakeArea(uint32_t page);
  uint32_t TakeUnits(uint8_t size_class);

  const PageHeap& pages_;
  std::vector<Area> areas_;  // by page
  std::vector<uint8_t*> segments_;
  std::array<std::vector<uint32_t>, kSizeClasses + 1> free_;  // units of areas given back
  uint32_t next_unit_ = 0;
  uint32_t otherwise_ = 0;
};

}  // namespace snapfork
