// defragmenter.cc - which chunks are emptied, and the ways to what lives in them.

#include "keyspace/defragmenter.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "keyspace/tree_values.h"

namespace snapfork {
namespace {

// A fuller chunk costs more to empty than it gives.
constexpr size_t kSparseBytesMax = kChunkBytes * 3 / 4;
// Taken at once: the moved nodes of all are held twice until the pass ends.
constexpr size_t kTakenMin = 64;
constexpr size_t kTakenShare = 8;  // of the chunks held, one in so many
// Until chunks are chosen again.
constexpr int64_t kRestMicros = 1'000'000;
constexpr int64_t kFutileRestMicros = 60'000'000;
constexpr size_t kObjectsBetweenLooks = 32;  // at the clock

// Calls `visit(uint8_t*)` with the bytes of each record of a tree, until it returns false.
template <typename Record, typename Visit>
bool VisitRecordBytes(const PackTreeReader& reader, const PackSlot& root, Visit&& visit) {
  return WalkPackTree(reader, root, [&](const PackSlot&, const Listpack& leaf) {
    for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = Listpack::Next(at)) {
      const char* const bytes = Listpack::Get(at).text;
      if (!visit(reinterpret_cast<uint8_t*>(const_cast<char*>(bytes)))) return false;
    }
    return true;
  });
}

// Calls `move(uint8_t*)` with the place of each root that a value in its large form leads to, until
// it returns false. A tree that leads to others is moved before they are looked for.
template <typename Move>
bool VisitRootPlaces(const PackTreeReader& reader, ValueType type, uint8_t* value, Move&& move) {
  if (type != ValueType::kStream) {
    return move(value) && (type != ValueType::kSortedSet || move(value + sizeof(PackSlot)));
  }
  uint8_t* const groups = value + offsetof(StreamValue, groups);
  if (!move(value + offsetof(StreamValue, entries)) || !move(groups)) return false;
  return VisitRecordBytes<GroupRecord>(reader, LoadLittle<PackSlot>(groups), [&](uint8_t* group) {
    uint8_t* const consumers = group + offsetof(GroupRecord, consumers);
    if (!move(group + offsetof(GroupRecord, pending)) || !move(consumers)) return false;
    return VisitRecordBytes<ConsumerRecord>(
        reader, LoadLittle<PackSlot>(consumers),
        [&](uint8_t* consumer) { return move(consumer + offsetof(ConsumerRecord, pending)); });
  });
}

}  // namespace

bool Defragmenter::IsOver() const { return MonotonicMicros() >= deadline_micros_; }

bool Defragmenter::Step(const DefragLimits& limits, int64_t micros) {
  if (keyspace_.arena().freezing() || keyspace_.arena().deferred() > 0) return false;
  if (micros == 0) {
    if (running()) End();
    return false;
  }
  deadline_micros_ = MonotonicMicros() + micros;
  if (!running() && !Begin(limits)) return false;
  if (phase_ == Phase::kEntries) StepEntries();
  if (phase_ == Phase::kNodes && !IsOver()) StepNodes();
  return true;
}

bool Defragmenter::Begin(const DefragLimits& limits) {
  Arena& arena = keyspace_.arena();
  const PageHeap& heap = arena.page_heap();
  const uint64_t used = arena.used_bytes();
  const uint64_t idle = heap.held_bytes() - std::min<uint64_t>(used, heap.held_bytes());
  if (idle <= limits.ignored_bytes || idle < used / 100 * limits.threshold_percent) return false;
  if (MonotonicMicros() < rest_until_micros_) return false;
  std::vector<std::pair<size_t, uint32_t>> sparse;
  for (uint32_t chunk = 1; chunk < heap.chunk_limit(); ++chunk) {
    if (!IsInUse(heap.chunks()[chunk])) continue;
    const size_t live = arena.LiveBytesIn(chunk);
    if (live <= kSparseBytesMax) sparse.emplace_back(live, chunk);
  }
  const size_t held = heap.held_bytes() / kChunkBytes;
  const size_t count = std::min(sparse.size(), std::max(kTakenMin, held / kTakenShare));
  // One sparse chunk has nowhere to go but to another one like it.
  if (count < 2) {
    rest_until_micros_ = MonotonicMicros() + kRestMicros;
    return false;
  }
  std::sort(sparse.begin(), sparse.end());
  taken_.clear();
  for (size_t i = 0; i < count; ++i) {
    taken_.push_back(sparse[i].second);
    arena.Drain(sparse[i].second);
  }
  phase_ = Phase::kEntries;
  at_ = 0;
  db_ = 0;
  cursor_ = 0;
  done_.clear();
  place_ = Place();
  without_memory_ = false;
  ++counters_.passes;
  return true;
}

void Defragmenter::StepEntries() {
  const PageHeap& heap = keyspace_.arena().page_heap();
  for (; at_ < taken_.size(); ++at_) {
    const uint32_t first = taken_[at_] * kPagesPerChunk;
    for (uint32_t page = first; page < first + kPagesPerChunk; ++page) {
      // Emptied, it may be in use again for something else.
      if (!heap.IsDraining(taken_[at_])) break;
      const PageInfo& info = heap.pages()[page];
      if (info.kind != static_cast<uint8_t>(ObjectKind::kEntry)) continue;
      if (info.use == PageUse::kLarge) MoveEntry(keyspace_.EntryAt(HandleOfPage(page)));
      if (info.use == PageUse::kSlab && !EmptySlab(page)) return;
      if (without_memory_) return End();
    }
  }
  const bool all_empty = std::none_of(taken_.begin(), taken_.end(),
                                      [&](uint32_t chunk) { return heap.IsDraining(chunk); });
  if (all_empty) return End();
  phase_ = Phase::kNodes;
}

// False if time was over before the last of its entries.
bool Defragmenter::EmptySlab(uint32_t page) {
  const PageHeap& heap = keyspace_.arena().page_heap();
  const unsigned size_class = heap.pages()[page].size_class;
  const uint32_t objects = SizeClassObjects(size_class);
  const uint64_t* const live = heap.live() + size_t{page} * kLiveWordsPerPage;
  size_t moved = 0;
  for (uint32_t index = 0; index < objects; ++index) {
    if ((live[index / 64] >> (index % 64) & 1) == 0) continue;
    const bool was_last = heap.pages()[page].live == 1;
    MoveEntry(EntryView(heap.data() + size_t{page} * kPageBytes +
                        index * SizeClassBytes(size_class)));
    if (was_last || without_memory_) return true;
    if (++moved % kObjectsBetweenLooks == 0 && IsOver()) return false;
  }
  return true;
}

void Defragmenter::MoveEntry(EntryView entry) {
  const Arena& arena = keyspace_.arena();
  const auto handle = static_cast<Handle>(entry.address() - arena.At(0)) / kHandleUnit;
  const uint32_t db = DatabaseOf(arena.page_heap().pages()[arena.FirstPageOf(handle)].heap);
  Found found;
  found.entry = entry;
  found.hash = keyspace_.HashOf(entry.key());
  found.slot = keyspace_.database(db).index.Find(
      found.hash, [&](Handle other) { return other == handle; });
  SF_CHECK(found.slot != nullptr);
  const size_t bytes = arena.CapacityOf(handle);
  const EntryContent content = Keyspace::ContentOf(entry);
  if (!keyspace_.Put(db, found, content, Keyspace::Reuse::kNever).ok()) {
    without_memory_ = true;
    return;
  }
  ++counters_.moved_objects;
  counters_.moved_bytes += bytes;
}

void Defragmenter::StepNodes() {
  while (db_ < keyspace_.database_count()) {
    do {
      if (!StepBucket()) return;
      if (without_memory_) return End();
    } while (cursor_ != 0 && !IsOver());
    if (cursor_ != 0) return;
    ++db_;
  }
  End();
}

// The values of the bucket at the cursor. False if time was over before the last one.
bool Defragmenter::StepBucket() {
  std::vector<Handle> entries;
  const uint64_t next = keyspace_.database(db_).index.Scan(
      cursor_, [&](Handle handle) { entries.push_back(handle); });
  for (const Handle handle : entries) {
    const EntryView entry = keyspace_.EntryAt(handle);
    if (!IsExternal(entry.encoding()) && entry.encoding() != Encoding::kTree) continue;
    const std::string_view key = entry.key();
    if (std::find(done_.begin(), done_.end(), key) != done_.end()) continue;
    if (place_.key != key) place_ = {.key = std::string(key)};
    if (!MoveNodesOf(db_, handle)) return without_memory_;
    done_.push_back(std::move(place_.key));
    place_ = Place();
  }
  done_.clear();
  place_ = Place();
  cursor_ = next;
  return true;
}

// Goes on at place_. False if time, or memory, was over before the end.
bool Defragmenter::MoveNodesOf(uint32_t db, Handle handle) {
  const EntryView entry = keyspace_.EntryAt(handle);
  uint8_t* const value =
      keyspace_.arena().At(handle) +
      (entry.inline_value().data() - reinterpret_cast<const char*>(entry.address()));
  if (IsExternal(entry.encoding())) {
    External external = entry.external();
    external.handle = Moved(db, external.handle);
    StoreLittle(value, external);
    return !without_memory_;
  }
  size_t tree = 0;
  return VisitRootPlaces(keyspace_.trees(), entry.type(), value, [&](uint8_t* root_place) {
    if (tree++ < place_.tree) return true;
    if (!MoveTree(db, root_place)) return false;
    ++place_.tree;
    place_.rank = 0;
    return true;
  });
}

// The nodes of a tree from the rank of place_ on, those under one inner node at a time.
bool Defragmenter::MoveTree(uint32_t db, uint8_t* root_place) {
  auto root = LoadLittle<PackSlot>(root_place);
  const PackTreeReader reader = keyspace_.trees();
  while (!root.empty() && place_.rank <= root.weight) {
    PackPath path;
    uint64_t start = place_.rank - reader.SeekIndex(root, path, place_.rank);
    for (unsigned height = path.height; height > 0; --height) {
      MoveNode(db, *path.slots[height]);
      path.slots[height - 1] = &reader.Node(*path.slots[height])->slots[path.index[height - 1]];
    }
    if (path.height == 0) {
      MoveNode(db, root);
      place_.rank = root.weight + 1;
    } else {
      PackNode* const node = reader.Node(*path.slots[1]);
      for (uint32_t i = 0; i < path.index[0]; ++i) start -= node->slots[i].weight;
      for (uint64_t i = 0; i < node->count; ++i) MoveNode(db, node->slots[i]);
      place_.rank = std::max(start + path.slots[1]->weight, place_.rank + 1);
      if (start + path.slots[1]->weight >= root.weight) place_.rank = root.weight + 1;
    }
    StoreLittle(root_place, root);
    if (without_memory_ || IsOver()) return !without_memory_ && place_.rank > root.weight;
  }
  return true;
}

void Defragmenter::MoveNode(uint32_t db, PackSlot& slot) {
  const Handle handle = slot.handle();
  const Handle moved = Moved(db, handle);
  if (moved != handle) slot.SetHandle(moved);
}

// Where an object is now that was in a drained chunk.
Handle Defragmenter::Moved(uint32_t db, Handle handle) {
  Arena& arena = keyspace_.arena();
  if (!arena.IsDraining(handle)) return handle;
  const size_t bytes = arena.CapacityOf(handle);
  const Handle to = arena.Allocate(keyspace_.database(db).heap, ObjectKind::kNode, bytes);
  if (to == 0) {
    without_memory_ = true;
    return handle;
  }
  std::memcpy(arena.At(to), arena.At(handle), bytes);
  arena.Free(handle);
  ++counters_.moved_objects;
  counters_.moved_bytes += bytes;
  return to;
}

void Defragmenter::End() {
  Arena& arena = keyspace_.arena();
  size_t emptied = 0;
  for (const uint32_t chunk : taken_) {
    if (arena.page_heap().IsDraining(chunk)) {
      arena.EndDraining(chunk);
    } else {
      ++emptied;
    }
  }
  taken_.clear();
  counters_.emptied_chunks += emptied;
  const int64_t rest = emptied == 0 || without_memory_ ? kFutileRestMicros : kRestMicros;
  rest_until_micros_ = MonotonicMicros() + rest;
  phase_ = Phase::kIdle;
}

uint32_t Defragmenter::DatabaseOf(uint16_t heap) const {
  uint32_t db = 0;
  while (keyspace_.database(db).heap != heap) ++db;
  return db;
}

}  // namespace snapfork
