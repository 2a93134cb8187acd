// ziplist.h - Redis's packed list before the listpack: read only, from files before version 10.
//
//   u32 total bytes | u32 offset of the last entry | u16 entries (65535: walk) | entries | 0xFF
//   entry = length of the entry before (1 or 5 bytes) | encoding | data
//
// Never trusts: a reader refuses whatever is not inside of the blob, or contradicts itself.

#pragma once

#include <cstddef>
#include <cstdint>

#include "ds/listpack.h"

namespace snapfork {

class ZiplistReader {
 public:
  ZiplistReader(const uint8_t* blob, size_t bytes) : blob_(blob), bytes_(bytes) {}

  // Header and end; false if they are wrong.
  bool Open();
  // The next entry; false at the end or at a fault.
  bool Next(PackElement& element);
  // After Next was false: whether all was read, and all of it was right.
  bool ok() const { return ok_; }

 private:
  bool ReadEntry(PackElement& element);
  bool ReadText(PackElement& element);
  bool ReadInteger(PackElement& element);
  size_t left() const { return bytes_ - 1 - at_; }

  const uint8_t* const blob_;
  const size_t bytes_;
  size_t at_ = 0;
  size_t last_ = 0;           // offset of the entry before
  size_t previous_bytes_ = 0;  // its length
  size_t count_ = 0;
  bool ok_ = false;
};

// Entries (key, value) of Redis's oldest hash blob.
//
//   u8 entries (254, 255: walk) | entries | 0xFF
//   entry = key length | key | value length | u8 unused | value | unused bytes
class ZipmapReader {
 public:
  ZipmapReader(const uint8_t* blob, size_t bytes) : blob_(blob), bytes_(bytes) {}

  bool Next(PackElement& key, PackElement& value);
  bool ok() const { return ok_; }

 private:
  bool ReadLength(uint32_t& length);
  bool ReadText(uint32_t length, PackElement& element);

  const uint8_t* const blob_;
  const size_t bytes_;
  size_t at_ = 1;
  size_t count_ = 0;
  bool ok_ = false;
};

}  // namespace snapfork
