// ziplist.cc - blobs of old files, read entry by entry.

#include "persist/ziplist.h"

#include <cstring>

#include "base/bytes.h"

namespace snapfork {
namespace {

constexpr size_t kHeaderBytes = 10;
constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLong = 0xfe;
constexpr uint16_t kCountUnknown = 65535;
// Encodings below are those of texts.
constexpr uint8_t kFirstInteger = 0xc0;

}  // namespace

bool ZiplistReader::Open() {
  if (bytes_ < kHeaderBytes + 1 || LoadLittle<uint32_t>(blob_) != bytes_) return false;
  if (blob_[bytes_ - 1] != kEnd) return false;
  at_ = kHeaderBytes;
  last_ = kHeaderBytes;
  return true;
}

bool ZiplistReader::Next(PackElement& element) {
  ok_ = false;
  if (left() == 0) {
    const uint16_t stated = LoadLittle<uint16_t>(blob_ + 8);
    ok_ = LoadLittle<uint32_t>(blob_ + 4) == last_ &&
          (stated == kCountUnknown || stated == count_);
    return false;
  }
  const size_t start = at_;
  if (!ReadEntry(element)) return false;
  previous_bytes_ = at_ - start;
  last_ = start;
  ++count_;
  return true;
}

bool ZiplistReader::ReadEntry(PackElement& element) {
  // The chain of lengths backwards.
  size_t previous = blob_[at_];
  if (previous == kEnd) return false;
  size_t head = 1;
  if (previous == kLong) {
    if (left() < 5) return false;
    previous = LoadLittle<uint32_t>(blob_ + at_ + 1);
    head = 5;
  }
  if (previous != previous_bytes_) return false;
  at_ += head;
  if (left() == 0) return false;
  element = PackElement();
  return blob_[at_] < kFirstInteger ? ReadText(element) : ReadInteger(element);
}

bool ZiplistReader::ReadText(PackElement& element) {
  const uint8_t* const from = blob_ + at_;
  const uint8_t first = *from;
  size_t encoding = 1;
  size_t length = first & 63u;
  if (first >= 0x40 && first < 0x80) {
    encoding = 2;
    if (left() < encoding) return false;
    length = length << 8 | from[1];
  } else if (first >= 0x80) {
    encoding = 5;
    if (first != 0x80 || left() < encoding) return false;
    length = LoadBig32(from + 1);
  }
  if (length > left() - encoding) return false;
  element.text = reinterpret_cast<const char*>(from + encoding);
  element.bytes = static_cast<uint32_t>(length);
  at_ += encoding + length;
  return true;
}

bool ZiplistReader::ReadInteger(PackElement& element) {
  const uint8_t* const from = blob_ + at_;
  const uint8_t first = *from;
  // Bytes of the integer behind the encoding; in the last sixteen encodings it is inside.
  const size_t bytes = first == 0xc0   ? 2
                       : first == 0xd0 ? 4
                       : first == 0xe0 ? 8
                       : first == 0xf0 ? 3
                       : first == 0xfe ? 1
                                       : 0;
  if (bytes == 0 && (first < 0xf1 || first > 0xfd)) return false;
  if (left() < 1 + bytes) return false;
  if (bytes == 0) {
    element.integer = (first & 15) - 1;
  } else {
    // Little-endian: shifted to the top, and back with its sign.
    uint64_t value = 0;
    std::memcpy(&value, from + 1, bytes);
    const unsigned shift = static_cast<unsigned>(64 - 8 * bytes);
    element.integer = static_cast<int64_t>(value << shift) >> shift;
  }
  at_ += 1 + bytes;
  return true;
}

bool ZipmapReader::ReadLength(uint32_t& length) {
  if (at_ >= bytes_) return false;
  length = blob_[at_++];
  if (length < kLong) return true;
  if (length == kEnd || bytes_ - at_ < 4) return false;
  length = LoadLittle<uint32_t>(blob_ + at_);
  at_ += 4;
  return true;
}

bool ZipmapReader::ReadText(uint32_t length, PackElement& element) {
  // The end byte stays outside.
  if (bytes_ - at_ <= length) return false;
  element = PackElement();
  element.text = reinterpret_cast<const char*>(blob_ + at_);
  element.bytes = length;
  at_ += length;
  return true;
}

bool ZipmapReader::Next(PackElement& key, PackElement& value) {
  ok_ = false;
  if (bytes_ < 2 || at_ >= bytes_) return false;
  if (blob_[at_] == kEnd) {
    ok_ = at_ + 1 == bytes_ && (blob_[0] >= kLong || blob_[0] == count_);
    return false;
  }
  uint32_t length;
  if (!ReadLength(length) || !ReadText(length, key)) return false;
  if (!ReadLength(length) || at_ >= bytes_) return false;
  const uint32_t unused = blob_[at_++];
  if (!ReadText(length, value) || bytes_ - at_ <= unused) return false;
  at_ += unused;
  ++count_;
  return true;
}

}  // namespace snapfork
