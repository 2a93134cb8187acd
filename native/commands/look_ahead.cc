// look_ahead.cc - glances at commands.

#include "commands/look_ahead.h"

namespace snapfork {
namespace {

constexpr uint64_t kNoHash = 0;
// Digits of a number that cannot be too large.
constexpr unsigned kDigitsMax = 9;
// More keys than that would drive each other out of the cache.
constexpr size_t kKeysMax = 64;

}  // namespace

void LookAtKeys(const Keyspace& keyspace, uint32_t db, std::span<const std::string_view> words,
                size_t step) {
  if (words.size() <= step || !IsWorthLookingAhead(keyspace, db)) return;
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
  buckets_ = entries_ = run_ = 0;
  has_ended_ = !IsWorthLookingAhead(keyspace_, db);
}

void LookAhead::Step() {
  while (!has_ended_ && buckets_ < run_ + kBucketAhead) has_ended_ = !Scan();
  while (entries_ < buckets_ && entries_ < run_ + kEntryAhead) {
    const uint64_t hash = hashes_[entries_++ % kBucketAhead];
    if (hash != kNoHash) keyspace_.PrefetchEntry(db_, hash);
  }
  ++run_;
}

bool LookAhead::Scan() {
  size_t words = 0;
  std::string_view word;
  if (!TakeNumber('*', words) || words == 0 || !TakeWord(word)) return false;
  uint64_t hash = kNoHash;
  for (size_t i = 1; i < words; ++i) {
    if (!TakeWord(word)) return false;
    if (i == 1) hash = keyspace_.PrefetchBucket(db_, word);
  }
  hashes_[buckets_++ % kBucketAhead] = hash;
  return true;
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
