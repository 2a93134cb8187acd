// buffered_writer.h - bytes to a sink by way of a buffer: what the writers of a snapshot share.
//
// Invariants
//   (B1) Nothing is allocated. The caller got the buffer before fork().
//   (B2) Bytes reach the sink in order, and once. The checksum covers what has reached it.
//   (B3) The first error sticks: there is no room from then on, so that every path asks for some,
//        gets the error and writes nothing.
//
// Runs in: the parent's main thread, or the child's only thread.
// Owns: nothing. The sink and the buffer outlive the writer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/child_safe.h"
#include "base/status.h"
#include "persist/byte_sink.h"

namespace snapfork {

class BufferedWriter {
 public:
  static constexpr size_t kOutputBytesMin = 64u << 10;

  BufferedWriter(const BufferedWriter&) = delete;
  BufferedWriter& operator=(const BufferedWriter&) = delete;

  // Bytes as they are.
  SF_CHILD_SAFE Status AppendBytes(const void* from, size_t bytes);
  SF_CHILD_SAFE Status Flush();

  // Bytes so far, buffered ones included.
  uint64_t bytes() const { return sunk_bytes_ + static_cast<uint64_t>(at_ - begin_); }

 protected:
  // REQUIRES: kOutputBytesMin to kStringBytesMax bytes of output: a string that is too long must
  // not fit, so that the fast path need not look.
  SF_CHILD_SAFE BufferedWriter(ByteSink& sink, uint8_t* output, size_t output_bytes,
                               bool has_checksum);
  ~BufferedWriter() = default;

  // Appends at `to`, where the caller has made room, and returns the end.
  static uint8_t* PutBytes(uint8_t* to, const void* from, size_t bytes);

  size_t room() const { return static_cast<size_t>(end_ - at_); }
  Status MakeRoom(size_t bytes) {  // bytes <= kOutputBytesMin
    return bytes <= room() ? Status() : Flush();
  }
  Status Sink(const void* from, size_t bytes);
  Status Fail(Status status);

  // The bytes from `begin_` to `at_` are not yet in the sink, nor in `crc_`. (B2)
  uint8_t* at_;
  uint8_t* end_;
  uint8_t* const begin_;
  ByteSink& sink_;
  const bool has_checksum_;
  uint64_t sunk_bytes_ = 0;
  uint64_t crc_ = 0;
  Status status_;  // (B3)
};

// Short strings go in a few fixed-size pieces that may overlap.
inline uint8_t* BufferedWriter::PutBytes(uint8_t* to, const void* from, size_t bytes) {
  struct Piece16 {
    uint64_t words[2];
  };
  const auto* source = static_cast<const uint8_t*>(from);
  if (bytes > 256) {
    std::memcpy(to, source, bytes);
  } else if (bytes >= 16) {
    const Piece16 last = LoadLittle<Piece16>(source + bytes - 16);
    for (size_t i = 0; i < bytes - 16; i += 16) {
      StoreLittle(to + i, LoadLittle<Piece16>(source + i));
    }
    StoreLittle(to + bytes - 16, last);
  } else if (bytes >= 8) {
    StoreLittle(to, LoadLittle<uint64_t>(source));
    StoreLittle(to + bytes - 8, LoadLittle<uint64_t>(source + bytes - 8));
  } else if (bytes >= 4) {
    StoreLittle(to, LoadLittle<uint32_t>(source));
    StoreLittle(to + bytes - 4, LoadLittle<uint32_t>(source + bytes - 4));
  } else {
    for (size_t i = 0; i < bytes; ++i) to[i] = source[i];
  }
  return to + bytes;
}

}  // namespace snapfork
