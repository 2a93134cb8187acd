// chunk_map.h - what the data region's chunks hold, readable by the forked child.
//
// A chunk is 2 MiB of the data region, one huge page, and 32 pages of 64 KiB. A page belongs to a
// slab (objects of one size, a live bit each) or to a large object (a run of whole pages). From
// these tables alone every live object is found, in address order:
//
//   chunks[chunk]            which of its 32 pages are free; how often it is changed
//   pages[chunk * 32 + i]    slab or large object, size class, kind, heap
//   live[page][word]         a bit for each object of the slab that starts at this page
//
// A "heap" is what one numbered database allocates from: flushing it frees its pages, not its
// keys. The tables live apart from the data, so that a free() does not write to a data page.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/child_safe.h"
#include "mem/region.h"
#include "mem/size_class.h"

namespace snapfork {

// Address of an object in the data region, in units of 8 bytes. 0 is "none". 37 bits reach 1 TiB.
using Handle = uint64_t;
inline constexpr unsigned kHandleBits = 37;
inline constexpr size_t kHandleUnit = 8;
inline constexpr size_t kDataBytesMax = (size_t{1} << kHandleBits) * kHandleUnit;

inline constexpr size_t kChunksMax = kDataBytesMax / kChunkBytes;

inline constexpr uint32_t kPagesPerChunk = kChunkBytes / kPageBytes;
inline constexpr uint32_t kLiveWordsPerPage = kPageBytes / kObjectBytesMin / 64;
static_assert(kPagesPerChunk == 32);

constexpr Handle HandleOfPage(uint32_t page) { return size_t{page} * kPageBytes / kHandleUnit; }
constexpr uint32_t PageOf(Handle handle) {
  return static_cast<uint32_t>(handle * kHandleUnit / kPageBytes);
}

enum class PageUse : uint8_t { kFree, kSlab, kSlabTail, kLarge, kLargeTail };

// An entry (key with its value or the root of it) or a node that an entry leads to.
enum class ObjectKind : uint8_t { kEntry, kNode };

struct ChunkInfo {
  uint32_t free_pages;  // bit set: the page is free; all ones: the chunk is not in use
  uint32_t changes;     // of objects here, halved with each freeze: how hot it is
  uint32_t born;        // the freeze number during which it came into use, or last gave a page
};
static_assert(sizeof(ChunkInfo) == 12);

inline constexpr uint32_t kAllFree = ~uint32_t{0};
SF_CHILD_SAFE constexpr bool IsInUse(const ChunkInfo& info) {
  return info.free_pages != kAllFree;
}

struct PageInfo {
  PageUse use;
  uint8_t size_class;
  uint8_t hint;  // live words below this one are full
  uint8_t kind : 1;
  uint8_t listed : 1;  // in its heap's list of slabs with room
  uint8_t doomed : 1;  // the heap was flushed while the chunk was frozen; freed at the thaw
  uint16_t heap;
  uint16_t live;      // objects in use
  uint32_t next;      // kSlab: list links. kLarge: next is the number of pages.
  uint32_t previous;  // kSlabTail, kLargeTail: the first page
};
static_assert(sizeof(PageInfo) == 16);

// The page whose PageInfo speaks of an object.
SF_CHILD_SAFE inline uint32_t FirstPageOf(const PageInfo* pages, Handle handle) {
  const uint32_t page = PageOf(handle);
  const PageInfo& info = pages[page];
  const bool tail = info.use == PageUse::kSlabTail || info.use == PageUse::kLargeTail;
  return tail ? info.previous : page;
}

// Which object of its slab it is. REQUIRES: the slab begins at `page`.
SF_CHILD_SAFE inline uint32_t IndexInSlab(const PageInfo* pages, Handle handle, uint32_t page) {
  const auto offset = static_cast<uint32_t>(handle * kHandleUnit - size_t{page} * kPageBytes);
  return offset / static_cast<uint32_t>(SizeClassBytes(pages[page].size_class));
}

// Read-only view for the walk; plain pointers, so that the child may use it.
struct ChunkMap {
  const uint8_t* data = nullptr;
  const ChunkInfo* chunks = nullptr;
  const PageInfo* pages = nullptr;
  const uint64_t* live = nullptr;
  uint32_t chunk_limit = 0;  // one more than the highest chunk in use

  SF_CHILD_SAFE const uint8_t* PageAddress(uint32_t page) const {
    return data + size_t{page} * kPageBytes;
  }
  SF_CHILD_SAFE const uint64_t* LiveWords(uint32_t page) const {
    return live + size_t{page} * kLiveWordsPerPage;
  }
};

}  // namespace snapfork
