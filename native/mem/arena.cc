// arena.cc - slabs, large objects and deferred frees.

#include "mem/arena.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace snapfork {
namespace {

constexpr size_t PagesFor(size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

}  // namespace

Status Arena::Open(Backing backing, uint32_t heaps) {
  lists_.resize(size_t{heaps} * 2);
  return page_heap_.Open(backing);
}

Handle Arena::Allocate(uint16_t heap, ObjectKind kind, size_t bytes) {
  if (bytes > kSlabObjectBytesMax) return AllocateLarge(heap, kind, bytes);
  const unsigned size_class = SizeClassOf(bytes);
  uint32_t page = ListsOf(heap, static_cast<unsigned>(kind)).usable[size_class];
  if (page == 0) {
    page = OpenSlab(heap, kind, size_class);
    if (page == 0) return 0;
  }
  PageInfo& info = page_heap_.pages()[page];
  uint64_t* const words = page_heap_.live() + size_t{page} * kLiveWordsPerPage;
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

uint32_t Arena::OpenSlab(uint16_t heap, ObjectKind kind, unsigned size_class) {
  const uint32_t count = SizeClassPages(size_class);
  uint32_t page = 0;
  if (!page_heap_.Allocate(count, heap, page).ok()) return 0;
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
  uint64_t* const words = page_heap_.live() + size_t{page} * kLiveWordsPerPage;
  const uint32_t objects = SizeClassObjects(size_class);
  const uint32_t full_words = objects / 64;
  std::fill_n(words, full_words, 0);
  if (full_words < kLiveWordsPerPage) words[full_words] = ~uint64_t{0} << (objects % 64);
  Link(page);
  return page;
}

Handle Arena::AllocateLarge(uint16_t heap, ObjectKind kind, size_t bytes) {
  const uint32_t count = static_cast<uint32_t>(PagesFor(bytes));
  uint32_t page = 0;
  if (!page_heap_.Allocate(count, heap, page).ok()) return 0;
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
  return size_t{page} * kPageBytes / kHandleUnit;
}

uint32_t Arena::HeadPageOf(Handle handle) const {
  const uint32_t page = PageOf(handle);
  const PageInfo& info = page_heap_.pages()[page];
  const bool tail = info.use == PageUse::kSlabTail || info.use == PageUse::kLargeTail;
  return tail ? info.previous : page;
}

bool Arena::IsFrozenObject(Handle handle) const {
  const uint32_t page = HeadPageOf(handle);
  const PageInfo& info = page_heap_.pages()[page];
  // The child passes the chunks of a large object one by one, the last one last.
  const uint32_t pages = info.use == PageUse::kLarge ? info.next : 1;
  return page_heap_.IsFrozenPage(page) || page_heap_.IsFrozenPage(page + pages - 1);
}

size_t Arena::CapacityOf(Handle handle) const {
  const PageInfo& info = page_heap_.pages()[HeadPageOf(handle)];
  return info.use == PageUse::kLarge ? info.next * kPageBytes : SizeClassBytes(info.size_class);
}

size_t Arena::CapacityFor(size_t bytes) {
  return bytes > kSlabObjectBytesMax ? PagesFor(bytes) * kPageBytes
                                     : SizeClassBytes(SizeClassOf(bytes));
}

void Arena::Free(Handle handle) {
  if (IsFrozen(handle)) {
    deferred_.push_back({handle, 0});
  } else {
    FreeNow(handle);
  }
}

void Arena::FreeNow(Handle handle) {
  const uint32_t page = HeadPageOf(handle);
  PageInfo& info = page_heap_.pages()[page];
  if (info.use == PageUse::kLarge) {
    if (info.doomed) return;  // goes with its heap's pages
    used_bytes_ -= size_t{info.next} * kPageBytes;
    page_heap_.Free(page, info.next);
    return;
  }
  SF_DCHECK(info.use == PageUse::kSlab);
  if (info.doomed) return;
  const size_t object_bytes = SizeClassBytes(info.size_class);
  const uint32_t index = static_cast<uint32_t>(
      (handle * kHandleUnit - size_t{page} * kPageBytes) / object_bytes);
  uint64_t* const words = page_heap_.live() + size_t{page} * kLiveWordsPerPage;
  SF_DCHECK((words[index / 64] >> (index % 64) & 1) != 0);  // (A1)
  words[index / 64] &= ~(uint64_t{1} << (index % 64));
  info.hint = std::min(info.hint, static_cast<uint8_t>(index / 64));
  used_bytes_ -= object_bytes;
  if (--info.live == 0) {
    if (info.listed) Unlink(page);
    page_heap_.Free(page, SizeClassPages(info.size_class));
  } else if (!info.listed) {
    Link(page);
  }
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
  // Deferred frees of single objects in it may still wait: they must not reach reused pages.
  if (page_heap_.IsFrozenPage(page) || page_heap_.IsFrozenPage(page + count - 1) ||
      !deferred_.empty()) {
    info.doomed = 1;
    info.listed = 0;
    deferred_.push_back({size_t{page} * kPageBytes / kHandleUnit, count});
  } else {
    page_heap_.Free(page, count);
  }
}

void Arena::BeginFreeze(const std::atomic<uint64_t>* position) {
  SF_CHECK(deferred_.empty());  // (A3)
  page_heap_.BeginFreeze(position);
  for (SlabLists& lists : lists_) {
    lists.withheld = lists.usable;
    lists.usable.fill(0);
    lists.any_withheld = true;
  }
}

void Arena::EndFreeze() {
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

void Arena::PerformDeferred(size_t limit) {
  SF_DCHECK(!freezing());
  for (; limit > 0 && !deferred_.empty(); --limit) {
    const Deferred deferred = deferred_.front();
    deferred_.pop_front();
    if (deferred.doomed_pages == 0) {
      FreeNow(deferred.handle);
    } else {
      page_heap_.Free(PageOf(deferred.handle), deferred.doomed_pages);
    }
  }
}

}  // namespace snapfork
