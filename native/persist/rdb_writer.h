// rdb_writer.h - turns entries into one RDB byte stream.
//
// SAVE runs this class in the parent and BGSAVE runs it in the forked child, so all of it is
// child-safe.
//
// Call order; any other order fails an SF_DCHECK:
//
//   Begin  WriteAux*  ( BeginDatabase  WriteString | WriteInteger ... )*  Finish
//
// Invariants
//   (W1) Nothing is allocated. The caller got every buffer before fork().
//   (W2) Nothing is read twice and nothing but the writer's buffers is written: one byte written
//        to the keyspace here would cost the parent a copied page.
//   (W3) The trailing CRC-64 covers every byte before it, the end opcode included.
//   (W4) The first error sticks: later calls return it and write nothing.
//
// Runs in: the parent's main thread, or the child's only thread.
// Owns: nothing. The sink and the buffers outlive the writer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/child_safe.h"
#include "base/limits.h"
#include "base/lzf.h"
#include "base/number.h"
#include "base/status.h"
#include "persist/buffered_writer.h"
#include "persist/compression_gate.h"
#include "persist/rdb_format.h"

namespace snapfork {

struct RdbWriterOptions {
  bool compression = true;
  bool checksum = true;  // Else eight zero bytes stand for it.
  int version = kRdbVersionWriteMin;  // up to kRdbVersionMax
};

struct RdbWriterBuffers {
  uint8_t* output = nullptr;
  size_t output_bytes = 0;  // At least RdbWriter::kOutputBytesMin.
  // For compression only. A string longer than `compressed_bytes` is not compressed.
  uint8_t* compressed = nullptr;
  size_t compressed_bytes = 0;
  LzfTable* table = nullptr;
};

class RdbWriter : public BufferedWriter {
 public:
  SF_CHILD_SAFE RdbWriter(ByteSink& sink, const RdbWriterOptions& options,
                          const RdbWriterBuffers& buffers);

  // Writes the header. Returns kInvalidArgument for a version that cannot be written.
  SF_CHILD_SAFE Status Begin();

  SF_CHILD_SAFE Status WriteAux(std::string_view name, std::string_view value);
  SF_CHILD_SAFE Status WriteAuxInteger(std::string_view name, int64_t value);

  // A library of functions.
  SF_CHILD_SAFE Status WriteFunctions(std::string_view code);
  // The same without a file around it.
  SF_CHILD_SAFE Status WriteBareFunctions(std::string_view code);

  // The entries that follow are in database `id`. The counts are a hint for the loader. A database
  // may come more than once.
  SF_CHILD_SAFE Status BeginDatabase(uint32_t id, uint64_t keys, uint64_t keys_with_expiry);

  // When, or how often, the key of the next entry was used.
  SF_CHILD_SAFE void NoteIdle(uint64_t seconds) {
    note_[0] = kRdbOpcodeIdle;
    note_bytes_ = static_cast<size_t>(PutLength(note_ + 1, seconds) - note_);
  }
  SF_CHILD_SAFE void NoteFrequency(uint32_t frequency) {
    note_[0] = kRdbOpcodeFrequency;
    note_[1] = static_cast<uint8_t>(frequency);
    note_bytes_ = 2;
  }

  // Appends one key with its expiry and value.
  //
  // `expires_at_ms` is Unix time in milliseconds, or kNoExpiry. A key that is already past its
  // expiry is still written: only the loader knows when the file is read.
  //
  // Returns kStringTooLong for a string over kStringBytesMax, else what the sink returned. After
  // any error, (W4).
  SF_CHILD_SAFE Status WriteString(std::string_view key, std::string_view value,
                                   int64_t expires_at_ms) {
    SF_DCHECK(state_ == State::kDatabase);
    // The one check of the fast path; after an error the room is 0.
    if (key.size() + value.size() + kEntryOverheadMax > room()) [[unlikely]] {
      return WriteLongString(key, value, expires_at_ms);
    }
    uint8_t* at = PutString(PutEntryHead(at_, expires_at_ms), key);
    at_ = PutString(at, value);
    return Status();
  }

  // The same for a value that is held as an integer.
  SF_CHILD_SAFE Status WriteInteger(std::string_view key, int64_t value, int64_t expires_at_ms) {
    SF_DCHECK(state_ == State::kDatabase);
    if (key.size() + kEntryOverheadMax > room()) [[unlikely]] {
      return WriteLongInteger(key, value, expires_at_ms);
    }
    uint8_t* at = PutString(PutEntryHead(at_, expires_at_ms), key);
    at_ = PutInteger(at, value);
    return Status();
  }

  // Starts an entry of another type; its value follows piece by piece, as rdb_values.h has it.
  SF_CHILD_SAFE Status BeginEntry(uint8_t type, std::string_view key, int64_t expires_at_ms);
  // Starts with the type alone, of a value without key and file: for DUMP. Flush() ends it.
  SF_CHILD_SAFE Status BeginBareValue(uint8_t type);
  SF_CHILD_SAFE Status AppendLength(uint64_t length);
  // A string, in the shortest encoding.
  SF_CHILD_SAFE Status AppendString(std::string_view text);
  SF_CHILD_SAFE Status AppendInteger(int64_t value);
  // Eight bytes, little-endian: a double, an int64.
  template <typename T>
  SF_CHILD_SAFE Status AppendLittle(T value) {
    static_assert(sizeof(T) == 8);
    SF_RETURN_IF_ERROR(MakeRoom(sizeof(T)));
    StoreLittle(at_, value);
    at_ += sizeof(T);
    return Status();
  }

  int version() const { return options_.version; }

  // Writes the end, the CRC and all that is still buffered. Does not sync.
  SF_CHILD_SAFE Status Finish();

 private:
  enum class State : uint8_t { kNew, kHeader, kDatabase, kFinished };

  // What is around a string's bytes at most: the LZF byte and two lengths. An integer fits too.
  static constexpr size_t kStringOverheadMax = 1 + 2 * kRdbLengthBytesMax;
  static_assert(kStringOverheadMax < kIntegerTextMax + 1);
  static constexpr size_t kNoteBytesMax = 1 + kRdbLengthBytesMax;
  // An expiry, a note, a type, and two strings of which one may be an integer's text.
  static constexpr size_t kEntryOverheadMax = 9 + kNoteBytesMax + 1 + 2 * (kIntegerTextMax + 1);

  // Put... appends at `to`, where the caller has made room, and returns the end.
  static uint8_t* PutLength(uint8_t* to, uint64_t length);
  uint8_t* PutEntryHead(uint8_t* to, int64_t expires_at_ms, uint8_t type = kRdbTypeString);
  static uint8_t* PutInteger(uint8_t* to, int64_t value);
  // REQUIRES: room for kStringOverheadMax more than the text.
  uint8_t* PutString(uint8_t* to, std::string_view text);
  static bool LooksLikeInteger(std::string_view text);

  // The length of `text` compressed in `compressed_`, or 0 if it stays plain.
  size_t Compress(std::string_view text);

  // Append... flushes when there is no room.
  Status WriteLongString(std::string_view key, std::string_view value, int64_t expires_at_ms);
  Status WriteLongInteger(std::string_view key, int64_t value, int64_t expires_at_ms);

  uint8_t* const compressed_;
  const size_t compressed_bytes_;
  LzfTable* const table_;
  CompressionGate gate_;
  const RdbWriterOptions options_;
  State state_ = State::kNew;
  uint8_t note_[kNoteBytesMax]{};
  size_t note_bytes_ = 0;  // 0: there is none
};

inline uint8_t* RdbWriter::PutLength(uint8_t* to, uint64_t length) {
  if (length < 1u << 6) {
    *to = static_cast<uint8_t>(kRdbLength6Bit | length);
    return to + 1;
  }
  if (length < 1u << 14) {
    to[0] = static_cast<uint8_t>(kRdbLength14Bit | length >> 8);
    to[1] = static_cast<uint8_t>(length);
    return to + 2;
  }
  if (length <= std::numeric_limits<uint32_t>::max()) {
    *to = kRdbLength32Bit;
    StoreBig32(to + 1, static_cast<uint32_t>(length));
    return to + 5;
  }
  *to = kRdbLength64Bit;
  StoreBig64(to + 1, length);
  return to + 9;
}

inline uint8_t* RdbWriter::PutEntryHead(uint8_t* to, int64_t expires_at_ms, uint8_t type) {
  if (expires_at_ms != kNoExpiry) {
    *to = kRdbOpcodeExpireMillis;
    StoreLittle(to + 1, expires_at_ms);
    to += 9;
  }
  if (note_bytes_ != 0) [[unlikely]] {
    // All of it, whatever its length: there is room.
    PutBytes(to, note_, kNoteBytesMax);
    to += note_bytes_;
    note_bytes_ = 0;
  }
  *to = type;
  return to + 1;
}

inline bool RdbWriter::LooksLikeInteger(std::string_view text) {
  if (text.empty() || text.size() > kRdbIntegerTextMax) return false;
  return text[0] == '-' || static_cast<unsigned char>(text[0] - '0') <= 9;
}

inline uint8_t* RdbWriter::PutString(uint8_t* to, std::string_view text) {
  if (LooksLikeInteger(text)) {
    int64_t value = 0;
    if (ParseInteger(text, value) && value == static_cast<int32_t>(value)) {
      return PutInteger(to, value);
    }
  } else if (text.size() > kRdbPlainTextMax && options_.compression) {
    if (const size_t length = Compress(text); length != 0) {
      *to = kRdbStringLzf;
      to = PutLength(PutLength(to + 1, length), text.size());
      return PutBytes(to, compressed_, length);
    }
  }
  return PutBytes(PutLength(to, text.size()), text.data(), text.size());
}

}  // namespace snapfork
