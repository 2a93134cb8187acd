// rdb_reader.h - bytes, lengths and strings of an RDB stream, with the offset and the CRC.
//
// Knows nothing of opcodes and entries (rdb_loader.h) and trusts no length.
//
// Invariants
//   (R1) A string is a view of the buffer if all of it is there, else it is in memory of its own.
//   (R2) Memory for a string is asked for only once the file is known to be able to fill it: at
//        most its rest, or kLzfExpansionMax times the compressed bytes. From a stream of unknown
//        length it grows as the bytes come.
//   (R3) The CRC covers exactly the bytes consumed.
//   (R4) Every status that is not ok carries the offset of the first byte of what was cut off or
//        wrong.
//
// Runs in: the thread that loads. consumed() may be read from others.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/number.h"
#include "base/raw_bytes.h"
#include "base/status.h"
#include "persist/byte_source.h"

namespace snapfork {

// A string as the file has it. Reused from string to string.
class RdbString {
 public:
  bool is_integer() const { return is_integer_; }
  // REQUIRES: is_integer().
  int64_t integer() const { return integer_; }

  // The string; of an integer its decimal text. Valid until the string is read to again, and while
  // the reader reads others that name it as `keep`.
  std::string_view text() {
    if (is_integer_) return {digits_, FormatInteger(integer_, digits_)};
    return text_;
  }

 private:
  friend class RdbReader;

  void SetText(const void* data, size_t bytes) {
    is_integer_ = false;
    text_ = {static_cast<const char*>(data), bytes};
  }
  void SetInteger(int64_t value) {
    is_integer_ = true;
    integer_ = value;
  }

  bool is_integer_ = false;
  int64_t integer_ = 0;
  std::string_view text_;  // In the reader's buffer or in `own_`. (R1)
  RawBytes own_;
  char digits_[kIntegerTextMax];
};

class RdbReader {
 public:
  static constexpr size_t kBufferBytes = 512u << 10;
  static constexpr size_t kLookaheadBytes = 64u << 10;

  // A small buffer is for tests; at least 64 bytes.
  RdbReader(ByteSource& source, bool checksum, size_t buffer_bytes);
  RdbReader(const RdbReader&) = delete;
  RdbReader& operator=(const RdbReader&) = delete;

  // Allocates the buffer. Call it once, before anything else.
  Status Open();

  // Offset of the next byte.
  uint64_t offset() const { return buffer_offset_ + static_cast<uint64_t>(at_ - buffer_start()); }

  // How many bytes may still come, at most. A pipe does not know.
  bool knows_rest() const { return source_.total_bytes() != ByteSource::kUnknownBytes; }
  uint64_t rest() const {
    const uint64_t total = source_.total_bytes();
    return total > offset() ? total - offset() : 0;
  }

  // Bytes consumed, to within a buffer.
  uint64_t consumed() const { return consumed_.load(std::memory_order_relaxed); }

  // CRC-64 of all bytes before offset().
  uint64_t TakeCrc();

  // Refills when less than the lookahead is buffered, so that what follows is most likely whole
  // in the buffer. Ends the views of all strings.
  Status Prefetch() {
    if (buffered() >= lookahead_ || at_end_) [[likely]]
      return Status();
    return Fill(lookahead_, nullptr);
  }

  // A range of `bytes` bytes at `from`, valid until the next call; bytes <= 16.
  Status Take(size_t bytes, const uint8_t*& from) {
    SF_RETURN_IF_ERROR(Need(bytes, nullptr));
    from = at_;
    at_ += bytes;
    return Status();
  }

  // kBadLength for anything that is not a length.
  Status ReadLength(uint64_t& length) {
    bool encoded = false;
    const uint64_t start = offset();
    SF_RETURN_IF_ERROR(ReadLengthOrKind(length, encoded, nullptr));
    return encoded ? Status(StatusCode::kBadLength, 0, static_cast<int64_t>(start)) : Status();
  }

  // Reads a string of any encoding. The text of `keep`, read before, stays valid.
  Status ReadString(RdbString& to, RdbString* keep = nullptr);

 private:
  // Where a status speaks of.
  static Status At(StatusCode code, uint64_t offset) {
    return Status(code, 0, static_cast<int64_t>(offset));
  }

  size_t buffered() const { return static_cast<size_t>(end_ - at_); }
  const uint8_t* buffer_start() const { return start_; }

  // Makes `bytes` bytes readable at `at_`; kFileTooShort at offset() if the file ends before.
  Status Need(size_t bytes, RdbString* keep) {
    if (buffered() >= bytes) [[likely]]
      return Status();
    return Refill(bytes, keep);
  }
  Status Refill(size_t bytes, RdbString* keep);
  Status Fill(size_t bytes, RdbString* keep);
  Status Detach(RdbString& string);
  void SumCrc();

  // A length, or the kind (0 to 63) of an encoded string.
  Status ReadLengthOrKind(uint64_t& length, bool& encoded, RdbString* keep);
  Status ReadEncoded(uint64_t kind, uint64_t start, RdbString& to, RdbString* keep);
  Status ReadCompressed(uint64_t start, RdbString& to, RdbString* keep);
  // A range of any length; what is not in the buffer comes to `own`.
  Status ReadRange(uint64_t bytes, uint64_t start, RawBytes& own, const char*& from);
  Status ReadOutsideBuffer(size_t bytes, uint64_t start, RawBytes& own);

  ByteSource& source_;
  const bool checksum_;
  const size_t buffer_bytes_;
  const size_t lookahead_;
  RawBytes buffer_;
  RawBytes compressed_;
  bool at_end_ = false;
  // Buffered bytes are `at_` to `end_`; those from `unsummed_` to `at_` are not yet in `crc_`.
  const uint8_t* start_ = nullptr;
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  const uint8_t* unsummed_ = nullptr;
  uint64_t buffer_offset_ = 0;  // Of the byte at `start_`.
  uint64_t crc_ = 0;
  std::atomic<uint64_t> consumed_{0};
};

}  // namespace snapfork
