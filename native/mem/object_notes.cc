// object_notes.cc - areas of notes out of shared memory.

#include "mem/object_notes.h"

#include <sys/mman.h>

namespace snapfork {

void ObjectNotes::Clear(uint32_t otherwise) {
  for (uint8_t* const segment : segments_) munmap(segment, kSegmentBytes);
  segments_.clear();
  std::vector<Area>().swap(areas_);
  for (std::vector<uint32_t>& units : free_) std::vector<uint32_t>().swap(units);
  next_unit_ = 0;
  otherwise_ = otherwise;
}

void ObjectNotes::Set(Handle handle, uint32_t note) {
  SF_DCHECK(note <= kNoteMax);
  const uint32_t page = FirstPageOf(handle);
  const bool has = page < areas_.size() && areas_[page].unit != 0 &&
                   areas_[page].size_class == SizeClassAt(page);
  if (!has && !MakeArea(page)) return;
  Store(At(areas_[page].unit) + IndexOf(handle, page) * kNoteBytes, note);
}

bool ObjectNotes::MakeArea(uint32_t page) {
  if (page >= areas_.size()) areas_.resize(page + 1);
  Area& area = areas_[page];
  if (area.unit != 0) free_[area.size_class].push_back(area.unit);
  area.size_class = SizeClassAt(page);
  area.unit = TakeUnits(area.size_class);
  if (area.unit == 0) return false;
  uint8_t* const notes = At(area.unit);
  const size_t bytes = UnitsOf(area.size_class) * kUnitBytes;
  for (size_t at = 0; at + kNoteBytes <= bytes; at += kNoteBytes) Store(notes + at, otherwise_);
  return true;
}

// Where an area begins; 0 if there is no memory. None lies across two segments.
uint32_t ObjectNotes::TakeUnits(uint8_t size_class) {
  std::vector<uint32_t>& given_back = free_[size_class];
  if (!given_back.empty()) {
    const uint32_t unit = given_back.back();
    given_back.pop_back();
    return unit;
  }
  const uint32_t units = UnitsOf(size_class);
  uint32_t unit = next_unit_ == 0 ? 1 : next_unit_;
  if (unit % kUnitsPerSegment + units > kUnitsPerSegment) {
    unit = (unit / kUnitsPerSegment + 1) * kUnitsPerSegment;
  }
  while (unit / kUnitsPerSegment >= segments_.size()) {
    void* const segment = mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (segment == MAP_FAILED) return 0;
    segments_.push_back(static_cast<uint8_t*>(segment));
  }
  next_unit_ = unit + units;
  return unit;
}

}  // namespace snapfork
