// object_notes.cc - areas of notes out of shared memory.

#include "mem/object_notes.h"

#include <sys/mman.h>

namespace snapfork {

void ObjectNotes::Clear(uint32_t otherwise) {
  for (uint8_t* const segment : segments_) munmap(segment, kSegmentBytes);
  segments_.clear();
  segment_used_ = 0;
  areas_.Release();
  for (std::vector<uint8_t*>& areas : free_) std::vector<uint8_t*>().swap(areas);
  bytes_ = 0;
  reader_ = NotesReader();
  reader_.otherwise_ = otherwise;
}

void ObjectNotes::Set(Handle handle, uint32_t note) {
  SF_DCHECK(note <= kNoteMax);
  reader_.pages_ = pages_.pages();
  const uint32_t page = FirstPageOf(reader_.pages_, handle);
  if (page >= reader_.area_limit_ && !MakeTable(page)) return;
  const Area area = AreaAt(page);
  const bool has = area.notes != nullptr && area.size_class == reader_.SizeClassAt(page);
  if (!has && !MakeArea(page)) return;
  Store(AreaAt(page).notes + reader_.IndexOf(handle, page) * kNoteBytes, note);
}

// With room for a page.
bool ObjectNotes::MakeTable(uint32_t page) {
  using Word = std::atomic<uint64_t>;
  if (areas_.base() == nullptr) {
    const size_t pages = pages_.data_region().reserved() / kPageBytes;
    const Status status = areas_.Reserve(pages * sizeof(Word), Backing::kSmallPages,
                                         Forking::kSharedWithChild);
    if (!status.ok()) return false;
    reader_.areas_ = reinterpret_cast<Word*>(areas_.base());
  }
  if (!areas_.Commit((size_t{page} + 1) * sizeof(Word)).ok()) return false;
  reader_.area_limit_ = static_cast<uint32_t>(areas_.committed() / sizeof(Word));
  return true;
}

bool ObjectNotes::MakeArea(uint32_t page) {
  const Area old = AreaAt(page);
  if (old.notes != nullptr) free_[old.size_class].push_back(old.notes);
  const uint8_t size_class = reader_.SizeClassAt(page);
  const Area area(TakeMemory(size_class), size_class);
  if (area.notes != nullptr) {
    const size_t bytes = BytesOf(size_class);
    for (size_t at = 0; at + kNoteBytes <= bytes; at += kNoteBytes) {
      Store(area.notes + at, reader_.otherwise_);
    }
  }
  reader_.areas_[page].store(area.word(), std::memory_order_release);
  return area.notes != nullptr;
}

// For one area; null if there is none.
uint8_t* ObjectNotes::TakeMemory(uint8_t size_class) {
  std::vector<uint8_t*>& given_back = free_[size_class];
  if (!given_back.empty()) {
    uint8_t* const area = given_back.back();
    given_back.pop_back();
    return area;
  }
  const size_t bytes = BytesOf(size_class);
  if (segments_.empty() || segment_used_ + bytes > kSegmentBytes) {
    void* const segment = mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (segment == MAP_FAILED) return nullptr;
    segments_.push_back(static_cast<uint8_t*>(segment));
    segment_used_ = 0;
  }
  uint8_t* const area = segments_.back() + segment_used_;
  segment_used_ += bytes;
  bytes_ += bytes;
  return area;
}

}  // namespace snapfork
