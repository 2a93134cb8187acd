// object_notes.h - 24 bits beside each object of the data region, away from the objects.
//
//   area of a slab = | note of object 0 | note of object 1 | ...    3 bytes each
//
// For what is noted of an entry whenever it is read: a note in the entry would dirty its page. An
// area is made when the first object of a slab gets a note, and belongs to the slab's first page;
// a page that becomes a slab of another size gives it back.
//
// The memory, and the table of where areas lie, is shared with children, not copied: the parent
// goes on noting behind a fork without a copied page, and fork(2) copies no page tables for it. So
// a child finds notes that may be younger than its entries. What it never finds is the note of
// another object: a slab that it still needs is not freed, and so keeps its area.
//
// Runs in: the owner's thread; a NotesReader also in the forked child.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "mem/page_heap.h"

namespace snapfork {

// What it takes to read notes, all of it in memory that a child has too.
class NotesReader {
 public:
  SF_CHILD_SAFE NotesReader() = default;

  // REQUIRES: an object at the handle.
  SF_CHILD_SAFE uint32_t Get(Handle handle) const {
    if (areas_ == nullptr) return otherwise_;
    const uint32_t page = FirstPageOf(pages_, handle);
    if (page >= area_limit_) return otherwise_;
    const Area area(areas_[page].load(std::memory_order_acquire));
    if (area.notes == nullptr || area.size_class != SizeClassAt(page)) return otherwise_;
    const uint8_t* const note = area.notes + IndexOf(handle, page) * kNoteBytes;
    return note[0] | uint32_t{note[1]} << 8 | uint32_t{note[2]} << 16;
  }

 private:
  friend class ObjectNotes;

  static constexpr size_t kNoteBytes = 3;
  // Stands for a large object: a run of pages.
  static constexpr uint8_t kLargeClass = kSizeClasses;

  // In one word, so that a child never finds the half of it. Addresses have 56 bits at most.
  struct Area {
    SF_CHILD_SAFE explicit Area(uint64_t word)
        : notes(reinterpret_cast<uint8_t*>(word >> 8)), size_class(static_cast<uint8_t>(word)) {}
    Area(uint8_t* start, uint8_t of_class) : notes(start), size_class(of_class) {}
    uint64_t word() const { return reinterpret_cast<uint64_t>(notes) << 8 | size_class; }

    uint8_t* notes;  // null: there is none
    uint8_t size_class;
  };

  SF_CHILD_SAFE uint8_t SizeClassAt(uint32_t page) const {
    const PageInfo& info = pages_[page];
    return info.use == PageUse::kLarge ? kLargeClass : info.size_class;
  }
  SF_CHILD_SAFE size_t IndexOf(Handle handle, uint32_t page) const {
    return pages_[page].use == PageUse::kLarge ? 0 : IndexInSlab(pages_, handle, page);
  }

  const PageInfo* pages_ = nullptr;
  std::atomic<uint64_t>* areas_ = nullptr;  // by page; null: no object has a note
  uint32_t area_limit_ = 0;
  uint32_t otherwise_ = 0;
};

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
  uint32_t Get(Handle handle) const { return reader_.Get(handle); }
  // Without memory for it nothing is noted. REQUIRES: note <= kNoteMax.
  void Set(Handle handle, uint32_t note);

  // Good until the next Clear; for a child that is forked before, for ever.
  const NotesReader& reader() const { return reader_; }

  // Of all areas that were ever needed at once.
  size_t bytes() const { return bytes_; }

 private:
  using Area = NotesReader::Area;
  static constexpr size_t kNoteBytes = NotesReader::kNoteBytes;
  static constexpr uint8_t kLargeClass = NotesReader::kLargeClass;
  static constexpr size_t kAlignment = 16;
  static constexpr size_t kSegmentBytes = 2u << 20;

  static constexpr size_t BytesOf(uint8_t size_class) {
    const size_t objects = size_class == kLargeClass ? 1 : SizeClassObjects(size_class);
    return (objects * kNoteBytes + kAlignment - 1) / kAlignment * kAlignment;
  }
  static void Store(uint8_t* to, uint32_t note) {
    to[0] = static_cast<uint8_t>(note);
    to[1] = static_cast<uint8_t>(note >> 8);
    to[2] = static_cast<uint8_t>(note >> 16);
  }

  Area AreaAt(uint32_t page) const {
    return Area(reader_.areas_[page].load(std::memory_order_relaxed));
  }
  bool MakeTable(uint32_t page);
  bool MakeArea(uint32_t page);
  uint8_t* TakeMemory(uint8_t size_class);

  const PageHeap& pages_;
  NotesReader reader_;
  Region areas_;
  std::vector<uint8_t*> segments_;
  size_t segment_used_ = 0;  // of the last one
  std::array<std::vector<uint8_t*>, kSizeClasses + 1> free_;  // areas given back
  size_t bytes_ = 0;
};

}  // namespace snapfork
