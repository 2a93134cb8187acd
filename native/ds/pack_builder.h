// pack_builder.h - a listpack put together element by element, outside of the keyspace.

#pragma once

#include <string>
#include <string_view>

#include "ds/listpack.h"

namespace snapfork {

// Its buffer is used again for the next pack.
class PackBuilder {
 public:
  PackBuilder() { Clear(); }

  void Clear();
  void Reserve(size_t bytes) { pack_.reserve(bytes); }
  void Append(const PackValue& value);
  // Elements as they lie in another pack.
  void Append(const PackRange& range);
  // Bytes of the pack if it was finished now.
  size_t bytes() const { return pack_.size() + (finished_ ? 0 : 1); }
  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The pack; valid until the next change. More may be appended afterwards.
  // REQUIRES: below 4 GiB.
  std::string_view Finish();
  // What was appended, of any size; valid until the next change.
  PackRange range() const {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(pack_.data());
    return {bytes + kListpackHeaderBytes, bytes + pack_.size() - (finished_ ? 1 : 0), count_};
  }
  // REQUIRES: finished.
  Listpack pack() const { return Listpack(reinterpret_cast<const uint8_t*>(pack_.data())); }

 private:
  std::string pack_;  // without the end byte
  size_t count_ = 0;
  bool finished_ = false;
};

}  // namespace snapfork
