// look_ahead.cc - glances at commands.

#include "commands/look_ahead.h"

#include "ds/hash_tree.h"
#include "keyspace/tree_values.h"

namespace snapfork {
namespace {

constexpr uint64_t kNoHash = 0;
// Digits of a number that cannot be too large.
constexpr unsigned kDigitsMax = 9;
// More keys than that would drive each other out of the cache.
constexpr size_t kKeysMax = 64;

// Calls `prefetch(root, hash)` with the tree in which an element of the value at a key is looked
// up, if that is large.
template <typename PrefetchPart>
void PrefetchElement(const Keyspace& keyspace, uint32_t db, uint64_t hash,
                     std::string_view element, PrefetchPart&& prefetch) {
  if (element.data() == nullptr) return;
  keyspace.database(db).index.VisitLikely(hash, [&](Handle handle) {
    const EntryView entry = keyspace.EntryAt(handle);
    if (entry.encoding() != Encoding::kTree) return;
    const bool is_sorted = entry.type() == ValueType::kSortedSet;
    if (!is_sorted && entry.type() != ValueType::kHash && entry.type() != ValueType::kSet) return;
    prefetch(RootOf(entry, is_sorted ? 1 : 0), keyspace.HashOf(element));
  });
}

}  // namespace

void LookAtKeys(const Keyspace& keyspace, uint32_t db, std::span<const std::string_view> words,
                size_t step) {
  if (words.size() <= step || !IsWorthLookingAhead(keyspace)) return;
  std::array<uint64_t, kKeysMax> hashes;
  size_t count = 0;
  for (size_t i = 0; i < words.size() && count < kKeysMax; i += step) {
    hashes[count++] = keyspace.PrefetchBucket(db, words[i]);
  }
  for (size_t i = 0; i < count; ++i) keyspace.PrefetchEntry(db, hashes[i]);
}

void LookAhead::Begin(uint32_t db, std::string_view input, size_t at) {
  db_ = db;
  input_ = input;
  at_ = at;
  buckets_ = entries_ = nodes_ = leaves_ = run_ = 0;
  has_ended_ = !IsWorthLookingAhead(keyspace_);
  Fill();
}

void LookAhead::Step() {
  Fill();
  ++run_;
}

void LookAhead::Fill() {
  while (!has_ended_ && buckets_ < run_ + kBucketAhead) has_ended_ = !Scan();
  for (; entries_ < buckets_ && entries_ < run_ + kEntryAhead; ++entries_) {
    const uint64_t hash = commands_[entries_ % kBucketAhead].hash;
    if (hash != kNoHash) keyspace_.PrefetchEntry(db_, hash);
  }
  const PackTreeReader trees = keyspace_.trees();
  for (; nodes_ < entries_ && nodes_ < run_ + kNodeAhead; ++nodes_) {
    const auto& [hash, element] = commands_[nodes_ % kBucketAhead];
    PrefetchElement(keyspace_, db_, hash, element, [&](const PackSlot& root, uint64_t name) {
      trees.PrefetchHash(root, name);
    });
  }
  for (; leaves_ < nodes_ && leaves_ < run_ + kLeafAhead; ++leaves_) {
    const auto& [hash, element] = commands_[leaves_ % kBucketAhead];
    PrefetchElement(keyspace_, db_, hash, element, [&](PackSlot root, uint64_t name) {
      PrefetchHashLeaf(trees, root, name);
    });
  }
}

bool LookAhead::Scan() {
  size_t words = 0;
  std::string_view word;
  if (!TakeNumber('*', words) || words == 0 || !TakeWord(word)) return false;
  const HotCommand* const row = RowOf(word, words);
  Command command{kNoHash, {}};
  for (size_t i = 1; i < words; ++i) {
    if (!TakeWord(word)) return false;
    if (i == 1) command.hash = keyspace_.PrefetchBucket(db_, word);
    if (row != nullptr && row->element_word == i) command.element = word;
  }
  commands_[buckets_++ % kBucketAhead] = command;
  return true;
}

// Most commands of a pipeline are alike.
const HotCommand* LookAhead::RowOf(std::string_view name, size_t words) {
  if (row_ == nullptr || row_->name != name) row_ = FindHotCommand(name, words);
  return row_;
}

bool LookAhead::TakeNumber(char sign, size_t& number) {
  if (at_ >= input_.size() || input_[at_] != sign) return false;
  size_t at = at_ + 1;
  number = 0;
  while (at < input_.size() && input_[at] >= '0' && input_[at] <= '9') {
    if (at - at_ > kDigitsMax) return false;
    number = number * 10 + static_cast<size_t>(input_[at++] - '0');
  }
  at_ = at + 2;
  return at_ <= input_.size();
}

bool LookAhead::TakeWord(std::string_view& word) {
  size_t bytes = 0;
  if (!TakeNumber('$', bytes) || input_.size() - at_ < bytes + 2) return false;
  word = input_.substr(at_, bytes);
  at_ += bytes + 2;
  return true;
}

}  // namespace snapfork
