// look_ahead.h - loads what the commands of a pipeline will read into the cache, before they run.
//
// A lookup waits for memory twice: for the bucket of the index, then for the entry; one in a large
// collection also for the node above the leaf of the element, and for the leaf. With commands to
// come, all can be on their way while those before them run: each is asked for so many commands
// ahead that what leads to it has come.
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

#include "commands/hot_commands.h"
#include "keyspace/keyspace.h"

namespace snapfork {

// Whether it is worth it: what is smaller is in the cache as it is.
inline bool IsWorthLookingAhead(const Keyspace& keyspace) {
  constexpr uint64_t kBytesMin = 1 << 20;
  return keyspace.arena().used_bytes() >= kBytesMin;
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
  static constexpr unsigned kLeafAhead = 3;
  static constexpr unsigned kNodeAhead = 5;
  static constexpr unsigned kEntryAhead = 8;
  static constexpr unsigned kBucketAhead = 12;

  struct Command {
    uint64_t hash;             // of its key, or kNoHash
    std::string_view element;  // in the key's value, or nothing
  };

  void Fill();
  bool Scan();
  const HotCommand* RowOf(std::string_view name, size_t words);
  // Reads `sign`, a number, and the end of the line.
  bool TakeNumber(char sign, size_t& number);
  bool TakeWord(std::string_view& word);

  const Keyspace& keyspace_;
  uint32_t db_ = 0;
  std::string_view input_;
  size_t at_ = 0;
  bool has_ended_ = true;
  const HotCommand* row_ = nullptr;  // of the last command
  // Commands whose buckets, entries, nodes and leaves were asked for, and that have run.
  uint64_t buckets_ = 0;
  uint64_t entries_ = 0;
  uint64_t nodes_ = 0;
  uint64_t leaves_ = 0;
  uint64_t run_ = 0;
  std::array<Command, kBucketAhead> commands_{};
};

}  // namespace snapfork
