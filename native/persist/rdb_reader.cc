// rdb_reader.cc - refilling, lengths, and the four encodings of a string.

#include "persist/rdb_reader.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc64.h"
#include "base/limits.h"
#include "base/lzf.h"
#include "persist/rdb_format.h"

namespace snapfork {

RdbReader::RdbReader(ByteSource& source, bool checksum, size_t buffer_bytes)
    : source_(source),
      checksum_(checksum),
      buffer_bytes_(buffer_bytes),
      lookahead_(std::min(kLookaheadBytes, buffer_bytes / 4)) {
  SF_DCHECK(lookahead_ >= 16);
}

Status RdbReader::Open() {
  if (!buffer_.Reserve(buffer_bytes_)) return At(StatusCode::kOutOfMemory, 0);
  start_ = reinterpret_cast<const uint8_t*>(buffer_.data());
  at_ = end_ = unsummed_ = start_;
  return Status();
}

uint64_t RdbReader::TakeCrc() {
  SumCrc();
  return crc_;
}

void RdbReader::SumCrc() {
  if (checksum_) crc_ = Crc64(crc_, unsummed_, static_cast<size_t>(at_ - unsummed_));
  unsummed_ = at_;
}

Status RdbReader::Refill(size_t bytes, RdbString* keep) {
  SF_DCHECK(bytes <= lookahead_);
  SF_RETURN_IF_ERROR(Fill(bytes, keep));
  return buffered() < bytes ? At(StatusCode::kFileTooShort, offset()) : Status();
}

// Moves what is buffered to the start of the buffer and reads until `bytes` bytes are there, or
// the stream ends.
Status RdbReader::Fill(size_t bytes, RdbString* keep) {
  if (at_end_) return Status();
  if (keep != nullptr) SF_RETURN_IF_ERROR(Detach(*keep));
  SumCrc();
  const uint64_t next = offset();
  size_t filled = buffered();
  auto* const buffer = reinterpret_cast<uint8_t*>(buffer_.data());
  std::memmove(buffer, at_, filled);
  buffer_offset_ = next;
  at_ = unsummed_ = buffer;
  end_ = at_ + filled;
  consumed_.store(next, std::memory_order_relaxed);
  while (filled < bytes && !at_end_) {
    size_t got = 0;
    SF_RETURN_IF_ERROR(source_.Read(buffer + filled, buffer_bytes_ - filled, got));
    at_end_ = got == 0;
    filled += got;
    end_ = at_ + filled;
  }
  return Status();
}

// Gives a string that is a view of the buffer memory of its own.
Status RdbReader::Detach(RdbString& string) {
  const auto* text = reinterpret_cast<const uint8_t*>(string.text_.data());
  if (string.is_integer_ || text < start_ || text >= start_ + buffer_bytes_) return Status();
  const size_t bytes = string.text_.size();
  if (!string.own_.Reserve(bytes)) return At(StatusCode::kOutOfMemory, offset());
  std::memcpy(string.own_.data(), text, bytes);
  string.SetText(string.own_.data(), bytes);
  return Status();
}

Status RdbReader::ReadLengthOrKind(uint64_t& length, bool& encoded, RdbString* keep) {
  SF_RETURN_IF_ERROR(Need(1, keep));
  const uint8_t first = *at_;
  const uint8_t low = first & static_cast<uint8_t>(~kRdbLengthMask);
  encoded = false;
  size_t bytes = 1;
  switch (first & kRdbLengthMask) {
    case kRdbLength6Bit:
      length = low;
      break;
    case kRdbStringEncoded:
      length = low;
      encoded = true;
      break;
    case kRdbLength14Bit:
      bytes = 2;
      SF_RETURN_IF_ERROR(Need(bytes, keep));
      length = uint64_t{low} << 8 | at_[1];
      break;
    default:
      if (first == kRdbLength32Bit) {
        bytes = 5;
        SF_RETURN_IF_ERROR(Need(bytes, keep));
        length = LoadBig32(at_ + 1);
      } else if (first == kRdbLength64Bit) {
        bytes = 9;
        SF_RETURN_IF_ERROR(Need(bytes, keep));
        length = LoadBig64(at_ + 1);
      } else {
        return At(StatusCode::kBadLength, offset());
      }
  }
  at_ += bytes;
  return Status();
}

Status RdbReader::ReadString(RdbString& to, RdbString* keep) {
  const uint64_t start = offset();
  uint64_t length = 0;
  bool encoded = false;
  SF_RETURN_IF_ERROR(ReadLengthOrKind(length, encoded, keep));
  if (encoded) return ReadEncoded(length, start, to, keep);
  const char* from = nullptr;
  SF_RETURN_IF_ERROR(ReadRange(length, start, to.own_, from));
  to.SetText(from, static_cast<size_t>(length));
  return Status();
}

Status RdbReader::ReadEncoded(uint64_t kind, uint64_t start, RdbString& to, RdbString* keep) {
  switch (kRdbStringEncoded | kind) {
    case kRdbStringInt8:
      SF_RETURN_IF_ERROR(Need(1, keep));
      to.SetInteger(static_cast<int8_t>(*at_));
      at_ += 1;
      return Status();
    case kRdbStringInt16:
      SF_RETURN_IF_ERROR(Need(2, keep));
      to.SetInteger(LoadLittle<int16_t>(at_));
      at_ += 2;
      return Status();
    case kRdbStringInt32:
      SF_RETURN_IF_ERROR(Need(4, keep));
      to.SetInteger(LoadLittle<int32_t>(at_));
      at_ += 4;
      return Status();
    case kRdbStringLzf:
      return ReadCompressed(start, to, keep);
    default:
      return At(StatusCode::kBadEncoding, start);
  }
}

Status RdbReader::ReadCompressed(uint64_t start, RdbString& to, RdbString* keep) {
  uint64_t compressed = 0;
  uint64_t original = 0;
  bool encoded = false;
  SF_RETURN_IF_ERROR(ReadLengthOrKind(compressed, encoded, keep));
  if (encoded) return At(StatusCode::kBadLength, start);
  SF_RETURN_IF_ERROR(ReadLengthOrKind(original, encoded, keep));
  if (encoded || original > kStringBytesMax) return At(StatusCode::kBadLength, start);
  if (compressed == 0) return At(StatusCode::kBadCompression, start);
  const char* from = nullptr;
  SF_RETURN_IF_ERROR(ReadRange(compressed, start, compressed_, from));
  if (original > compressed * kLzfExpansionMax) return At(StatusCode::kBadLength, start);  // (R2)
  const auto bytes = static_cast<size_t>(original);
  if (!to.own_.Reserve(bytes)) return At(StatusCode::kOutOfMemory, start);
  if (!LzfDecompress(from, static_cast<size_t>(compressed), to.own_.data(), bytes)) {
    return At(StatusCode::kBadCompression, start);
  }
  to.SetText(to.own_.data(), bytes);
  return Status();
}

Status RdbReader::ReadRange(uint64_t bytes, uint64_t start, RawBytes& own, const char*& from) {
  if (bytes <= buffered()) [[likely]] {
    from = reinterpret_cast<const char*>(at_);
    at_ += bytes;
    return Status();
  }
  if (bytes > kStringBytesMax) return At(StatusCode::kBadLength, start);
  if (bytes > rest()) return At(StatusCode::kFileTooShort, start);
  SF_RETURN_IF_ERROR(ReadOutsideBuffer(static_cast<size_t>(bytes), start, own));
  from = own.data();
  return Status();
}

// Leaves the buffer empty but its bytes as they are: views of it stay valid.
Status RdbReader::ReadOutsideBuffer(size_t bytes, uint64_t start, RawBytes& own) {
  constexpr size_t kFirstBytes = 1u << 20;
  const size_t taken = buffered();
  if (!own.Reserve(knows_rest() ? bytes : std::min(bytes, std::max(taken, kFirstBytes)))) {
    return At(StatusCode::kOutOfMemory, start);
  }
  std::memcpy(own.data(), at_, taken);
  at_ = end_;
  SumCrc();
  size_t filled = taken;
  while (filled < bytes) {
    if (filled == own.capacity() && !own.Reserve(std::min(bytes, 2 * filled))) {
      return At(StatusCode::kOutOfMemory, start);
    }
    size_t got = 0;
    const size_t wanted = std::min(bytes, own.capacity()) - filled;
    SF_RETURN_IF_ERROR(source_.Read(own.data() + filled, wanted, got));
    if (got == 0) return At(StatusCode::kFileTooShort, start);
    if (checksum_) crc_ = Crc64(crc_, own.data() + filled, got);
    filled += got;
    buffer_offset_ += got;
    consumed_.store(offset(), std::memory_order_relaxed);
  }
  return Status();
}

}  // namespace snapfork
