// arena.cc - slabs, large objects and deferred frees.

#include "mem/arena.h"

#include <unistd.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/clock.h"

namespace snapfork {
namespace {

constexpr size_t PagesFor(size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

// Words with a bit for each object that begins at a page.
uint32_t WordsOf(const PageInfo& info) {
  return info.use == PageUse::kLarge ? 1 : (SizeClassObjects(info.size_class) + 63) / 64;
}

}  // namespace

Status Arena::Open(Backing backing, uint32_t heaps) {
  lists_.resize(size_t{heaps} * 2);
  return page_heap_.Open(backing);
}

Handle Arena::Allocate(uint16_t heap, ObjectKind kind, size_t bytes) {
  if (growth_bytes_per_second_ != 0) [[unlikely]] SlowDown(bytes);
  if (bytes > kSlabObjectBytesMax) return AllocateLarge(heap, kind, bytes);
  const unsigned size_class = SizeClassOf(bytes);
  uint32_t page = ListsOf(heap, static_cast<unsigned>(kind)).usable[size_class];
  if (page == 0) {
    Reuse();
    page = ListsOf(heap, static_cast<unsigned>(kind)).usable[size_class];
    if (page == 0) page = OpenSlab(heap, kind, size_class);
    if (page == 0) return 0;
  }
  PageInfo& info = page_heap_.pages()[page];
  uint64_t* const words = LiveWords(page);
  uint32_t word = info.hint;
  while (words[word] == ~uint64_t{0}) ++word;
  const uint32_t bit = static_cast<uint32_t>(std::countr_one(words[word]));
  words[word] |= uint64_t{1} << bit;
  info.hint = static_cast<uint8_t>(word);
  const size_t object_bytes = SizeClassBytes(size_class);
  if (++info.live == SizeClassObjects(size_class)) Unlink(page);
  used_bytes_ += object_bytes;
  const size_t offset = size_t{page} * kPageBytes + (word * 64 + bit) * object_bytes;
  return offset / kHandleUnit;
}

void Arena::SlowDown(size_t bytes) {
  slow_nanos_ += static_cast<int64_t>(bytes * uint64_t{1'000'000'000} / growth_bytes_per_second_);
  // What one call cannot make up for is forgotten but for a tenth of a second.
  slow_nanos_ = std::min<int64_t>(slow_nanos_, 100'000'000);
  const int64_t micros = std::min(slow_nanos_ / 1000, kSlowMicrosMax);
  if (micros < kSlowMicrosMin) return;
  const int64_t began = MonotonicMicros();
  usleep(static_cast<useconds_t>(micros));
  slow_nanos_ -= (MonotonicMicros() - began) * 1000;
}

uint32_t Arena::OpenSlab(uint16_t heap, ObjectKind kind, unsigned size_class) {
  const uint32_t count = SizeClassPages(size_class);
  uint32_t page = 0;
  if (!page_heap_.Allocate(count, page).ok()) return 0;
  PageInfo* const pages = page_heap_.pages();
  pages[page] = PageInfo{.use = PageUse::kSlab,
                         .size_class = static_cast<uint8_t>(size_class),
                         .hint = 0,
                         .kind = static_cast<uint8_t>(kind),
                         .listed = 0,
                         .doomed = 0,
                         .heap = heap,
                         .live = 0,
                         .next = 0,
                         .previous = 0};
  for (uint32_t i = 1; i < count; ++i) {
    pages[page + i] = PageInfo{};
    pages[page + i].use = PageUse::kSlabTail;
    pages[page + i].previous = page;
  }
  // Bits past the last object stay set, so that the search never finds them.
  uint64_t* const words = LiveWords(page);
  const uint32_t objects = SizeClassObjects(size_class);
  const uint32_t full_words = objects / 64;
  std::fill_n(words, full_words, 0);
  if (full_words < kLiveWordsPerPage) words[full_words] = ~uint64_t{0} << (objects % 64);
  Link(page);
  return page;
}

Handle Arena::AllocateLarge(uint16_t heap, ObjectKind kind, size_t bytes) {
  const uint32_t count = static_cast<uint32_t>(PagesFor(bytes));
  Reuse();
  uint32_t page = 0;
  if (!page_heap_.Allocate(count, page).ok()) return 0;
  PageInfo* const pages = page_heap_.pages();
  pages[page] = PageInfo{};
  pages[page].use = PageUse::kLarge;
  pages[page].kind = static_cast<uint8_t>(kind);
  pages[page].heap = heap;
  pages[page].live = 1;
  pages[page].next = count;
  for (uint32_t i = 1; i < count; ++i) {
    pages[page + i] = PageInfo{};
    pages[page + i].use = PageUse::kLargeTail;
    pages[page + i].heap = heap;
    pages[page + i].previous = page;
  }
  used_bytes_ += size_t{count} * kPageBytes;
  return HandleOfPage(page);
}

uint32_t Arena::FirstPageOf(Handle handle) const {
  return snapfork::FirstPageOf(page_heap_.pages(), handle);
}

bool Arena::IsFrozenObject(Handle handle) const {
  const uint32_t page = FirstPageOf(handle);
  const PageInfo& info = page_heap_.pages()[page];
  // The child passes the chunks of a large object one by one, the last one last.
  const uint32_t pages = info.use == PageUse::kLarge ? info.next : 1;
  return page_heap_.IsFrozenPage(page) || page_heap_.IsFrozenPage(page + pages - 1);
}

size_t Arena::CapacityOf(Handle handle) const {
  const PageInfo& info = page_heap_.pages()[FirstPageOf(handle)];
  return info.use == PageUse::kLarge ? info.next * kPageBytes : SizeClassBytes(info.size_class);
}

size_t Arena::CapacityFor(size_t bytes) {
  return bytes > kSlabObjectBytesMax ? PagesFor(bytes) * kPageBytes
                                     : SizeClassBytes(SizeClassOf(bytes));
}

void Arena::Free(Handle handle) {
  NoteChange(handle);
  if (!IsFrozen(handle)) {
    FreeNow(handle);
    return;
  }
  const uint32_t page = FirstPageOf(handle);
  const PageInfo& info = page_heap_.pages()[page];
  // Of doomed pages nothing counts any more.
  if (!info.doomed) deferred_bytes_ += CapacityOf(handle);
  Defer(page, info.use == PageUse::kLarge ? 0 : IndexOf(handle, page));
}

uint32_t Arena::IndexOf(Handle handle, uint32_t page) const {
  return IndexInSlab(page_heap_.pages(), handle, page);
}

void Arena::FreeNow(Handle handle) {
  const uint32_t page = FirstPageOf(handle);
  PageInfo& info = page_heap_.pages()[page];
  if (info.doomed) return;  // goes with its heap's pages
  if (info.use == PageUse::kLarge) {
    used_bytes_ -= size_t{info.next} * kPageBytes;
    page_heap_.Free(page, info.next);
    return;
  }
  SF_DCHECK(info.use == PageUse::kSlab);
  const uint32_t index = IndexOf(handle, page);
  uint64_t* const words = LiveWords(page);
  SF_DCHECK((words[index / 64] >> (index % 64) & 1) != 0);  // (A1)
  words[index / 64] &= ~(uint64_t{1} << (index % 64));
  info.hint = std::min(info.hint, static_cast<uint8_t>(index / 64));
  NoteSlab(page, 1);
}

// `freed` objects of a slab are live no more.
void Arena::NoteSlab(uint32_t page, uint32_t freed) {
  PageInfo& info = page_heap_.pages()[page];
  used_bytes_ -= freed * SizeClassBytes(info.size_class);
  info.live = static_cast<uint16_t>(info.live - freed);
  if (info.live == 0) {
    if (info.listed) Unlink(page);
    page_heap_.Free(page, SizeClassPages(info.size_class));
  } else if (!info.listed && !page_heap_.IsDraining(page / kPagesPerChunk)) {
    Link(page);  // (A5)
  }
}

size_t Arena::LiveBytesIn(uint32_t chunk) const {
  const PageInfo* const pages = page_heap_.pages() + size_t{chunk} * kPagesPerChunk;
  size_t bytes = 0;
  if (pages[0].use == PageUse::kLargeTail) return kChunkBytes;
  for (uint32_t i = 0; i < kPagesPerChunk; ++i) {
    const PageInfo& info = pages[i];
    if (info.doomed) return kChunkBytes;
    if (info.use == PageUse::kSlab) bytes += info.live * SizeClassBytes(info.size_class);
    if (info.use != PageUse::kLarge) continue;
    if (i + info.next > kPagesPerChunk) return kChunkBytes;
    bytes += info.next * kPageBytes;
  }
  return bytes;
}

void Arena::Drain(uint32_t chunk) {
  page_heap_.SetDraining(chunk, true);
  const uint32_t first = chunk * kPagesPerChunk;
  for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
    const PageInfo& info = page_heap_.pages()[page];
    if (info.use == PageUse::kSlab && info.listed) Unlink(page);
  }
}

void Arena::EndDraining(uint32_t chunk) {
  page_heap_.SetDraining(chunk, false);
  const uint32_t first = chunk * kPagesPerChunk;
  for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
    const PageInfo& info = page_heap_.pages()[page];
    if (info.use == PageUse::kSlab && info.live < SizeClassObjects(info.size_class)) Link(page);
  }
}

// Notes that an object, or a run of doomed pages, is to be freed.
void Arena::Defer(uint32_t page, uint32_t index) {
  uint64_t& word = DeadWords(page)[index / 64];
  SF_DCHECK((word >> (index % 64) & 1) == 0);
  word |= uint64_t{1} << (index % 64);
  const uint32_t chunk = page / kPagesPerChunk;
  pending_[chunk / 64] |= uint64_t{1} << (chunk % 64);
  ++deferred_;
}

// What the child has passed is used again before the store grows.
void Arena::Reuse() {
  if (!page_heap_.freezing()) return;
  int chunks = 0;
  for (size_t word = 0; word < reused_.size(); ++word) {
    for (uint64_t bits = page_heap_.PassedWord(word) & ~reused_[word]; bits != 0;
         bits &= bits - 1) {
      reused_[word] |= bits & -bits;
      ReuseChunk(static_cast<uint32_t>(word * 64) +
                 static_cast<uint32_t>(std::countr_zero(bits)));
      if (++chunks == kReusedAtOnce) return;
    }
  }
}

// Slabs with room and free pages may be given again, as after the end of the freeze.
void Arena::ReuseChunk(uint32_t chunk) {
  PerformDeferredIn(chunk);
  const uint32_t first = chunk * kPagesPerChunk;
  for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
    const PageInfo& info = page_heap_.pages()[page];
    if (info.use != PageUse::kSlab || !info.listed) continue;
    Unlink(page);
    Link(page);
  }
  page_heap_.Thaw(chunk);
}

void Arena::PerformDeferred(size_t limit) {
  size_t done = 0;
  for (size_t word = 0; word < pending_.size() && deferred_ > 0; ++word) {
    for (uint64_t bits = pending_[word]; bits != 0; bits &= bits - 1) {
      if (done >= limit) return;
      const size_t bit = static_cast<size_t>(std::countr_zero(bits));
      done += PerformDeferredIn(static_cast<uint32_t>(word * 64 + bit));
    }
  }
}

// How many were performed.
size_t Arena::PerformDeferredIn(uint32_t chunk) {
  const uint32_t first = chunk * kPagesPerChunk;
  if (page_heap_.IsFrozenPage(first)) return 0;
  size_t done = 0;
  bool waits = false;
  for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
    const PageInfo& info = page_heap_.pages()[page];
    if (info.use != PageUse::kSlab && info.use != PageUse::kLarge) continue;
    if (info.use == PageUse::kLarge && page_heap_.IsFrozenPage(page + info.next - 1)) {
      waits = waits || DeadWords(page)[0] != 0;
    } else {
      done += PerformDeferredOf(page);
    }
  }
  if (!waits) pending_[chunk / 64] &= ~(uint64_t{1} << (chunk % 64));
  deferred_ -= done;
  return done;
}

// Of a slab or a large object. How many were performed.
size_t Arena::PerformDeferredOf(uint32_t page) {
  PageInfo& info = page_heap_.pages()[page];
  if (info.doomed || info.use == PageUse::kLarge) {
    const size_t done = TakeDead(page);
    if (done == 0) return 0;
    const uint32_t pages =
        info.use == PageUse::kLarge ? info.next : SizeClassPages(info.size_class);
    if (!info.doomed) {
      used_bytes_ -= size_t{pages} * kPageBytes;
      deferred_bytes_ -= size_t{pages} * kPageBytes;
    }
    page_heap_.Free(page, pages);
    return done;
  }
  uint64_t* const live = LiveWords(page);
  uint64_t* const dead = DeadWords(page);
  uint32_t done = 0;
  for (uint32_t word = WordsOf(info); word-- > 0;) {
    if (dead[word] == 0) continue;
    SF_DCHECK((live[word] & dead[word]) == dead[word]);  // (A1)
    live[word] &= ~dead[word];
    done += static_cast<uint32_t>(std::popcount(dead[word]));
    dead[word] = 0;
    info.hint = std::min(info.hint, static_cast<uint8_t>(word));
  }
  deferred_bytes_ -= done * SizeClassBytes(info.size_class);
  if (done > 0) NoteSlab(page, done);
  return done;
}

// Clears the dead bits of a slab or a large object; how many there were.
size_t Arena::TakeDead(uint32_t page) {
  size_t count = 0;
  uint64_t* const dead = DeadWords(page);
  const uint32_t words = WordsOf(page_heap_.pages()[page]);
  for (uint32_t word = 0; word < words; ++word) {
    count += static_cast<size_t>(std::popcount(dead[word]));
    dead[word] = 0;
  }
  return count;
}

void Arena::Link(uint32_t page) {
  PageInfo* const pages = page_heap_.pages();
  PageInfo& info = pages[page];
  uint32_t& head = ListsOf(info.heap, info.kind).usable[info.size_class];
  info.next = head;
  info.previous = 0;
  info.listed = 1;
  if (head != 0) pages[head].previous = page;
  head = page;
}

void Arena::Unlink(uint32_t page) {
  PageInfo* const pages = page_heap_.pages();
  PageInfo& info = pages[page];
  if (info.previous != 0) {
    pages[info.previous].next = info.next;
  } else {
    SlabLists& lists = ListsOf(info.heap, info.kind);
    // A slab of a frozen chunk that the child has passed may still head the withheld list.
    uint32_t& head = lists.usable[info.size_class] == page ? lists.usable[info.size_class]
                                                           : lists.withheld[info.size_class];
    SF_DCHECK(head == page);
    head = info.next;
  }
  if (info.next != 0) pages[info.next].previous = info.previous;
  info.listed = 0;
}

void Arena::FreeHeap(uint16_t heap) {
  const uint32_t limit = page_heap_.chunk_limit() * kPagesPerChunk;
  const PageInfo* const pages = page_heap_.pages();
  ListsOf(heap, 0) = SlabLists{};
  ListsOf(heap, 1) = SlabLists{};
  for (uint32_t page = kPagesPerChunk; page < limit; ++page) {
    const PageInfo& info = pages[page];
    const bool head = info.use == PageUse::kSlab || info.use == PageUse::kLarge;
    if (head && info.heap == heap && !info.doomed) FreeHeapPages(page);
  }
}

void Arena::FreeHeapPages(uint32_t page) {
  PageInfo& info = page_heap_.pages()[page];
  const bool large = info.use == PageUse::kLarge;
  const uint32_t count = large ? info.next : SizeClassPages(info.size_class);
  used_bytes_ -= large ? size_t{count} * kPageBytes
                       : size_t{info.live} * SizeClassBytes(info.size_class);
  // What was deferred one by one goes with the pages.
  const size_t dead = TakeDead(page);
  deferred_ -= dead;
  deferred_bytes_ -= dead * (large ? size_t{count} * kPageBytes : SizeClassBytes(info.size_class));
  if (page_heap_.IsFrozenPage(page) || page_heap_.IsFrozenPage(page + count - 1)) {
    info.doomed = 1;
    info.listed = 0;
    Defer(page, 0);
  } else {
    page_heap_.Free(page, count);
  }
}

void Arena::BeginFreeze(PassedChunks passed) {
  SF_CHECK(deferred_ == 0);  // (A3)
  pending_.assign(page_heap_.chunk_limit() / 64 + 1, 0);
  reused_.assign(pending_.size(), 0);
  page_heap_.BeginFreeze(passed);
  for (SlabLists& lists : lists_) {
    lists.withheld = lists.usable;
    lists.usable.fill(0);
    lists.any_withheld = true;
  }
}

void Arena::EndFreeze() {
  LimitGrowth(0);
  slow_nanos_ = 0;
  page_heap_.EndFreeze();
  PageInfo* const pages = page_heap_.pages();
  for (SlabLists& lists : lists_) {
    if (!lists.any_withheld) continue;
    lists.any_withheld = false;
    for (unsigned size_class = 0; size_class < kSizeClasses; ++size_class) {
      const uint32_t withheld = lists.withheld[size_class];
      uint32_t& head = lists.usable[size_class];
      lists.withheld[size_class] = 0;
      if (withheld == 0) continue;
      if (head == 0) {
        head = withheld;
        continue;
      }
      // The older slabs go behind the young ones: the list of these is short.
      uint32_t tail = head;
      while (pages[tail].next != 0) tail = pages[tail].next;
      pages[tail].next = withheld;
      pages[withheld].previous = tail;
    }
  }
}

}  // namespace snapfork
