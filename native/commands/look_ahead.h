// look_ahead.h - loads what the commands of a pipeline will read into the cache, before they run.
//
// A lookup waits for memory twice: for the bucket of the index, then for the entry. With commands
// to come, both can be on their way while those before them run:
//
//   run <-- kEntryAhead commands --> entry asked for <-- as many --> bucket asked for
//
// Commands are only glanced at, and the first word behind a name is taken for a key. What is not
// understood ends it: it is a matter of time alone.
//
// Runs in: the owner's thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "keyspace/keyspace.h"

namespace snapfork {

// Whether it is worth it: a smaller database is in the cache as it is.
inline bool IsWorthLookingAhead(const Keyspace& keyspace, uint32_t db) {
  constexpr uint64_t kKeysMin = 30'000;
  return keyspace.database(db).index.size() >= kKeysMin;
}

// The same for the keys of one command: every `step`th word, from `words` on.
void LookAtKeys(const Keyspace& keyspace, uint32_t db, std::span<const std::string_view> words,
                size_t step);

class LookAhead {
 public:
  explicit LookAhead(const Keyspace& keyspace) : keyspace_(keyspace) {}

  // Commands of `db` begin at `at`, and lie there until the last Step.
  void Begin(uint32_t db, std::string_view input, size_t at);
  // The next command is about to run.
  void Step();

 private:
  static constexpr unsigned kEntryAhead = 6;
  static constexpr unsigned kBucketAhead = 2 * kEntryAhead;

  bool Scan();
  // Reads `sign`, a number, and the end of the line.
  bool TakeNumber(char sign, size_t& number);
  bool TakeWord(std::string_view& word);

  const Keyspace& keyspace_;
  uint32_t db_ = 0;
  std::string_view input_;
  size_t at_ = 0;
  bool has_ended_ = true;
  // Commands whose buckets, and whose entries, were asked for, and that have run.
  uint64_t buckets_ = 0;
  uint64_t entries_ = 0;
  uint64_t run_ = 0;
  std::array<uint64_t, kBucketAhead> hashes_{};
};

}  // namespace snapfork
