// hash_index.h - from a key's hash to the entry's handle, by linear hashing.
//
// Why linear hashing: the table grows by one bucket at a time, in place. No second table, no
// rehash to wait for, no moment when memory doubles; and since its memory is not in the child, it
// may grow while a child lives.
//
//   bucket = | slot | slot | slot | slot | slot | slot | slot | overflow line |    one cache line
//   slot   = tag (hash bits 10..36) << 37 | handle, 0 is empty
//
// With B = 2^level + split buckets, a hash belongs to bucket  h mod 2^(level+1), or, where that
// does not exist yet, to  h mod 2^level.  The tag holds every hash bit a split needs, so that
// growing never touches an entry. Slots of a bucket fill from the front of its chain.
//
// Scanning goes through hashes in the order of their reversed bits. A bucket is then an interval
// that a split halves and a merge doubles, so a cursor stays right however the table changes.
//
// Invariants
//   (H1) Every entry is in the chain of the bucket its hash belongs to, in front of all empty
//        slots of that chain.
//   (H2) A chain has an overflow line only if all slots before it are taken.
//   (H3) There are at least kBucketsPerBlock buckets, or none while the index is empty and new.

#pragma once

#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "mem/block_pool.h"
#include "mem/chunk_map.h"

namespace snapfork {

class HashIndex {
 public:
  using Slot = uint64_t;

  explicit HashIndex(BlockPool& blocks) : blocks_(blocks), lines_(blocks) {}
  ~HashIndex() { Clear(); }
  HashIndex(const HashIndex&) = delete;
  HashIndex& operator=(const HashIndex&) = delete;

  // The slot whose handle `matches` accepts, or null. It stays valid until the next Insert or
  // Erase.
  template <typename Matches>
  Slot* Find(uint64_t hash, Matches&& matches) {
    if (bucket_count_ == 0) return nullptr;
    const uint64_t tag = TagOf(hash);
    for (Slot* line = BucketOf(hash); line != nullptr; line = NextLine(line)) {
      for (unsigned i = 0; i < kSlotsPerLine; ++i) {
        const Slot slot = line[i];
        if ((slot & kTagMask) != tag) continue;
        if (slot == 0) return nullptr;  // (H1)
        if (matches(HandleOf(slot))) return &line[i];
      }
    }
    return nullptr;
  }

  // Adds an entry that is not there yet. False if there is no memory; then nothing changed.
  bool Insert(uint64_t hash, Handle handle);
  // REQUIRES: `slot` came from Find(hash).
  void Erase(uint64_t hash, Slot* slot);
  static void SetHandle(Slot* slot, Handle handle) { *slot = (*slot & kTagMask) | handle; }
  static Handle HandleOf(Slot slot) { return slot & kHandleMask; }

  // Loads the bucket of a hash into the cache.
  void Prefetch(uint64_t hash) const {
    if (bucket_count_ != 0) snapfork::Prefetch(BucketOf(hash));
  }
  // Visits the handles in the bucket of a hash that are probably its entry's: nearly always at most
  // one. Overflow lines are left out.
  template <typename Visit>
  void VisitLikely(uint64_t hash, Visit&& visit) const {
    if (bucket_count_ == 0) return;
    const Slot* const line = BucketOf(hash);
    for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0; ++i) {
      if ((line[i] & kTagMask) == TagOf(hash)) visit(HandleOf(line[i]));
    }
  }
  // Which of `parts` equal parts of the table the bucket of a hash is in.
  size_t PartOf(uint64_t hash, size_t parts) const {
    return bucket_count_ == 0 ? 0 : BucketIndexOf(hash) * parts / bucket_count_;
  }
  // Makes room for that many entries while the index is empty.
  void Reserve(uint64_t entries);
  // Drops everything and the memory with it.
  void Clear();

  uint64_t size() const { return size_; }

  // Visits the handles of the bucket at `cursor` and returns the next cursor, 0 at the end. Every
  // entry present from the first call to the last is visited at least once. Cursors are below
  // 2^48. Entries must not be added or removed by the visitor.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, Visit&& visit) const {
    if (bucket_count_ == 0) return 0;
    const uint64_t bucket = BucketIndexOf(Reverse(cursor << kCursorShift));
    for (Slot* line = BucketAt(bucket); line != nullptr; line = NextLine(line)) {
      for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0; ++i) visit(HandleOf(line[i]));
    }
    // The interval of the bucket ends where the next in reversed order begins.
    const unsigned bits = LevelOfBucket(bucket);
    const uint64_t next = (Reverse(bucket) >> (64 - bits)) + 1;
    return next >> bits != 0 ? 0 : next << (64 - bits - kCursorShift);
  }

  // A handle from a random bucket; 0 if the index is empty.
  Handle Sample(uint64_t random) const;
  // Visits up to `count` entries from a random bucket on, as they lie: visit(hash, handle), where
  // the hash has the bits that find the entry. Entries must not be added or removed meanwhile.
  template <typename Visit>
  void SampleSome(uint64_t random, unsigned count, Visit&& visit) const {
    uint64_t bucket = bucket_count_ == 0 ? 0 : random % bucket_count_;
    for (uint64_t seen = 0; seen < bucket_count_ && count > 0; ++seen) {
      for (const Slot* line = BucketAt(bucket); line != nullptr; line = NextLine(line)) {
        for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0 && count > 0; ++i, --count) {
          visit(HashOf(line[i], bucket), HandleOf(line[i]));
        }
      }
      bucket = (bucket + 1) % bucket_count_;
    }
  }

 private:
  static constexpr unsigned kSlotsPerLine = 7;
  static constexpr size_t kLineBytes = 64;
  static constexpr unsigned kBlockBits = 10;
  static constexpr uint64_t kBucketsPerBlock = kBlockBytes / kLineBytes;
  static constexpr Slot kHandleMask = (Slot{1} << kHandleBits) - 1;
  static constexpr Slot kTagMask = ~kHandleMask;
  static constexpr unsigned kTagBits = 64 - kHandleBits;
  static constexpr unsigned kCursorShift = 16;
  // Mean entries a bucket: above it a bucket is split, below the other one is merged. Measured for
  // least memory: docs/memory.md.
  static constexpr uint64_t kEntriesPerBucketMax = 5;
  static constexpr uint64_t kEntriesPerBucketMin = 2;
  static_assert(kBucketsPerBlock == uint64_t{1} << kBlockBits);

  // All bits but the highest: those below the tag are the number of any bucket an entry is in.
  static uint64_t HashOf(Slot slot, uint64_t bucket) {
    return slot >> kHandleBits << kBlockBits | (bucket & (kBucketsPerBlock - 1));
  }
  static uint64_t TagOf(uint64_t hash) { return hash >> kBlockBits << kHandleBits; }
  static uint64_t Reverse(uint64_t bits);

  uint64_t BucketIndexOf(uint64_t hash) const {
    const uint64_t low = hash & ((uint64_t{2} << level_) - 1);
    return low < bucket_count_ ? low : hash & ((uint64_t{1} << level_) - 1);
  }
  // How many hash bits decide that an entry belongs to this bucket.
  unsigned LevelOfBucket(uint64_t bucket) const {
    const uint64_t base = uint64_t{1} << level_;
    return level_ + (bucket >= base || bucket < bucket_count_ - base ? 1 : 0);
  }
  Slot* BucketAt(uint64_t bucket) const {
    return reinterpret_cast<Slot*>(blocks_.At(block_ids_[bucket >> kBlockBits]) +
                                   (bucket & (kBucketsPerBlock - 1)) * kLineBytes);
  }
  Slot* BucketOf(uint64_t hash) const { return BucketAt(BucketIndexOf(hash)); }
  Slot* NextLine(const Slot* line) const {
    const Slot cell = line[kSlotsPerLine];
    return cell == 0 ? nullptr : LineAt(static_cast<uint32_t>(cell));
  }
  Slot* LineAt(uint32_t cell) const { return reinterpret_cast<Slot*>(lines_.At(cell)); }

  bool AddToChain(Slot* line, Slot slot);
  void FreeChain(Slot* bucket);
  bool AddBlock();
  void SetBucketCount(uint64_t count);
  bool SplitOne();
  void MergeOne();

  BlockPool& blocks_;
  CellPool<kLineBytes> lines_;
  std::vector<uint32_t> block_ids_;
  uint64_t bucket_count_ = 0;
  unsigned level_ = 0;
  uint64_t size_ = 0;
};

}  // namespace snapfork
