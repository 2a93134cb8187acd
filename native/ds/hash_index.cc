// hash_index.cc - splitting, merging and chains.

#include "ds/hash_index.h"

#include <bit>
#include <cstring>

#include "base/check.h"

namespace snapfork {

uint64_t HashIndex::Reverse(uint64_t bits) {
  bits = (bits >> 1 & 0x5555555555555555ull) | (bits & 0x5555555555555555ull) << 1;
  bits = (bits >> 2 & 0x3333333333333333ull) | (bits & 0x3333333333333333ull) << 2;
  bits = (bits >> 4 & 0x0f0f0f0f0f0f0f0full) | (bits & 0x0f0f0f0f0f0f0f0full) << 4;
  return __builtin_bswap64(bits);
}

bool HashIndex::AddToChain(Slot* line, Slot slot) {
  while (true) {
    for (unsigned i = 0; i < kSlotsPerLine; ++i) {
      if (line[i] == 0) {
        line[i] = slot;
        return true;
      }
    }
    if (line[kSlotsPerLine] == 0) break;
    line = NextLine(line);
  }
  const uint32_t cell = lines_.Allocate();
  if (cell == 0) return false;
  Slot* const added = LineAt(cell);
  std::memset(added, 0, kLineBytes);
  added[0] = slot;
  line[kSlotsPerLine] = cell;
  return true;
}

bool HashIndex::Insert(uint64_t hash, Handle handle) {
  if (bucket_count_ == 0) {
    if (!AddBlock()) return false;
    SetBucketCount(kBucketsPerBlock);
  }
  if (!AddToChain(BucketOf(hash), TagOf(hash) | handle)) return false;
  ++size_;
  // A split that finds no memory is tried again by the next insert; chains just grow longer.
  if (size_ > bucket_count_ * kEntriesPerBucketMax) SplitOne();
  return true;
}

void HashIndex::Erase(uint64_t hash, Slot* slot) {
  // The last slot of the chain fills the hole. (H1)
  Slot* line = BucketOf(hash);
  Slot* before = nullptr;
  while (line[kSlotsPerLine] != 0) {
    before = line;
    line = NextLine(line);
  }
  unsigned last = kSlotsPerLine - 1;
  while (line[last] == 0) --last;
  *slot = line[last];
  line[last] = 0;
  if (last == 0 && before != nullptr) {
    lines_.Free(static_cast<uint32_t>(before[kSlotsPerLine]));
    before[kSlotsPerLine] = 0;
  }
  --size_;
  if (size_ < bucket_count_ * kEntriesPerBucketMin && bucket_count_ > kBucketsPerBlock) MergeOne();
}

void HashIndex::FreeChain(Slot* bucket) {
  Slot cell = bucket[kSlotsPerLine];
  bucket[kSlotsPerLine] = 0;
  while (cell != 0) {
    const Slot next = LineAt(static_cast<uint32_t>(cell))[kSlotsPerLine];
    lines_.Free(static_cast<uint32_t>(cell));
    cell = next;
  }
}

bool HashIndex::AddBlock() {
  const uint32_t block = blocks_.Allocate();
  if (block == 0) return false;
  std::memset(blocks_.At(block), 0, kBlockBytes);
  block_ids_.push_back(block);
  return true;
}

void HashIndex::SetBucketCount(uint64_t count) {
  bucket_count_ = count;
  level_ = count == 0 ? 0 : static_cast<unsigned>(std::bit_width(count)) - 1;
}

bool HashIndex::SplitOne() {
  const uint64_t created = bucket_count_;
  if (created >> kBlockBits == block_ids_.size() && !AddBlock()) return false;
  // The entries of the bucket that is split, then its chain rebuilt from them.
  const uint64_t split = created - (uint64_t{1} << level_);
  const unsigned deciding_bit = level_;
  Slot* const from = BucketAt(split);
  Slot* const to = BucketAt(created);
  SetBucketCount(created + 1);
  Slot first[kSlotsPerLine];
  std::memcpy(first, from, sizeof(first));
  const Slot chain = from[kSlotsPerLine];
  std::memset(from, 0, kLineBytes);
  auto place = [&](Slot slot) {
    const bool upper = (slot >> (kHandleBits + deciding_bit - kBlockBits) & 1) != 0;
    // Cannot fail: with j lines of the old chain freed, at most 7 + 7 * j entries were placed, and
    // these need at most j lines in two chains.
    SF_CHECK(AddToChain(upper ? to : from, slot));
  };
  for (Slot slot : first) {
    if (slot != 0) place(slot);
  }
  for (Slot cell = chain; cell != 0;) {
    Slot line[kSlotsPerLine + 1];
    std::memcpy(line, LineAt(static_cast<uint32_t>(cell)), kLineBytes);
    lines_.Free(static_cast<uint32_t>(cell));
    for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0; ++i) place(line[i]);
    cell = line[kSlotsPerLine];
  }
  return true;
}

void HashIndex::MergeOne() {
  const uint64_t removed = bucket_count_ - 1;
  Slot* const from = BucketAt(removed);
  uint32_t lines = 1;
  for (const Slot* line = from; line[kSlotsPerLine] != 0; line = NextLine(line)) ++lines;
  if (!lines_.EnsureFree(lines)) return;  // merged by a later Erase; nothing is lost meanwhile
  SetBucketCount(removed);
  Slot* const to = BucketAt(removed - (uint64_t{1} << level_));
  for (const Slot* line = from; line != nullptr; line = NextLine(line)) {
    for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0; ++i) SF_CHECK(AddToChain(to, line[i]));
  }
  FreeChain(from);
  std::memset(from, 0, kLineBytes);
  if ((removed & (kBucketsPerBlock - 1)) == 0) {
    blocks_.Free(block_ids_.back());
    block_ids_.pop_back();
  }
}

void HashIndex::Reserve(uint64_t entries) {
  if (size_ != 0) return;
  const uint64_t buckets = entries / kEntriesPerBucketMax;
  while (block_ids_.size() * kBucketsPerBlock < buckets) {
    if (!AddBlock()) break;
  }
  if (!block_ids_.empty()) SetBucketCount(block_ids_.size() * kBucketsPerBlock);
}

void HashIndex::Clear() {
  for (uint32_t block : block_ids_) blocks_.Free(block);
  block_ids_.clear();
  lines_.Clear();
  SetBucketCount(0);
  size_ = 0;
}

Handle HashIndex::Sample(uint64_t random) const {
  if (size_ == 0) return 0;
  // Uneven buckets make entries of short ones likelier, as in Redis.
  uint64_t bucket = random % bucket_count_;
  while (*BucketAt(bucket) == 0) bucket = (bucket + 1) % bucket_count_;
  unsigned count = 0;
  for (const Slot* line = BucketAt(bucket); line != nullptr; line = NextLine(line)) {
    for (unsigned i = 0; i < kSlotsPerLine && line[i] != 0; ++i) ++count;
  }
  unsigned chosen = static_cast<unsigned>((random >> 32) % count);
  const Slot* line = BucketAt(bucket);
  for (; chosen >= kSlotsPerLine; chosen -= kSlotsPerLine) line = NextLine(line);
  return HandleOf(line[chosen]);
}

}  // namespace snapfork
