// command_writer.h - turns entries into one stream of commands: the base of an append-only log in
// the form that Redis writes without `aof-use-rdb-preamble`.
//
// Child-safe, as rdb_writer.h is, and with the same calls where both have the same to say.
//
// Call order:
//
//   [WriteTimestamp]  WriteFunctions*  ( BeginDatabase  WriteString | WriteInteger ... )*  Finish
//
// Runs in: the parent's main thread, or the child's only thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/child_safe.h"
#include "base/status.h"
#include "persist/buffered_writer.h"

namespace snapfork {

class CommandWriter : public BufferedWriter {
 public:
  // Elements of a collection that one command adds at most.
  static constexpr uint64_t kElementsMax = 64;

  SF_CHILD_SAFE CommandWriter(ByteSink& sink, uint8_t* output, size_t output_bytes)
      : BufferedWriter(sink, output, output_bytes, false) {}

  SF_CHILD_SAFE Status WriteTimestamp(int64_t second);
  // A library of functions.
  SF_CHILD_SAFE Status WriteFunctions(std::string_view code);
  // The entries that follow are in database `id`.
  SF_CHILD_SAFE Status BeginDatabase(uint32_t id);

  // Writes one key with its expiry (Unix time in milliseconds, or kNoExpiry) and value. Returns
  // kStringTooLong for a string over kStringBytesMax, else what the sink returned. The first error
  // sticks.
  SF_CHILD_SAFE Status WriteString(std::string_view key, std::string_view value,
                                   int64_t expires_at_ms);
  SF_CHILD_SAFE Status WriteInteger(std::string_view key, int64_t value, int64_t expires_at_ms);
  // The expiry of a key that was written.
  SF_CHILD_SAFE Status WriteExpiry(std::string_view key, int64_t expires_at_ms);

  // Writes a whole command.
  SF_CHILD_SAFE Status WriteCommand(std::initializer_list<std::string_view> words);
  // The same word by word: so many Append... follow.
  SF_CHILD_SAFE Status BeginCommand(uint64_t words);
  SF_CHILD_SAFE Status AppendWord(std::string_view word);
  SF_CHILD_SAFE Status AppendInteger(int64_t value);

  // Writes all that is still buffered. Does not sync.
  SF_CHILD_SAFE Status Finish() { return Flush(); }

 private:
  char* place() { return reinterpret_cast<char*>(at_); }
  void EndAt(char* end) { at_ = reinterpret_cast<uint8_t*>(end); }
};

}  // namespace snapfork
