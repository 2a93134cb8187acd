// pack_builder.h - a listpack put together element by element, outside of the keyspace.

#pragma once

#include <string_view>

#include "base/check.h"
#include "base/raw_bytes.h"
#include "ds/listpack.h"

namespace snapfork {

// Its buffer is used again for the next pack.
class PackBuilder {
 public:
  PackBuilder() { Reserve(kListpackEmptyBytes); }

  void Clear() {
    bytes_ = kListpackHeaderBytes;
    count_ = 0;
    finished_ = false;
  }
  // Room for a pack of that size.
  void Reserve(size_t bytes);
  void Append(const PackValue& value);
  // Elements as they lie in another pack.
  void Append(const PackRange& range);
  // Bytes of the pack if it was finished now.
  size_t bytes() const { return bytes_ + 1; }
  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The pack; valid until the next change. More may be appended afterwards.
  // REQUIRES: below 4 GiB.
  std::string_view Finish();
  // What was appended, of any size; valid until the next change.
  PackRange range() const {
    return {address() + kListpackHeaderBytes, address() + bytes_, count_};
  }
  // REQUIRES: finished.
  Listpack pack() const {
    SF_DCHECK(finished_);
    return Listpack(address());
  }

 private:
  uint8_t* address() { return reinterpret_cast<uint8_t*>(buffer_.data()); }
  const uint8_t* address() const { return reinterpret_cast<const uint8_t*>(buffer_.data()); }
  uint8_t* Grow(size_t bytes);

  RawBytes buffer_;
  size_t bytes_ = kListpackHeaderBytes;  // without the end byte
  size_t count_ = 0;
  bool finished_ = false;
};

}  // namespace snapfork
