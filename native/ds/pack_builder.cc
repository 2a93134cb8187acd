// pack_builder.cc - elements appended to a buffer.

#include "ds/pack_builder.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace snapfork {
namespace {

constexpr size_t kCapacityMin = 256;

}  // namespace

void PackBuilder::Reserve(size_t bytes) {
  if (bytes <= buffer_.capacity()) return;
  SF_CHECK(buffer_.Reserve(std::max({bytes, buffer_.capacity() * 2, kCapacityMin})));
}

uint8_t* PackBuilder::Grow(size_t bytes) {
  finished_ = false;
  Reserve(bytes_ + bytes + 1);
  uint8_t* const at = address() + bytes_;
  bytes_ += bytes;
  return at;
}

void PackBuilder::Append(const PackValue& value) {
  value.WriteTo(Grow(value.encoded_bytes()));
  ++count_;
}

void PackBuilder::Append(const PackRange& range) {
  const auto bytes = static_cast<size_t>(range.end - range.begin);
  std::memcpy(Grow(bytes), range.begin, bytes);
  count_ += range.count;
}

std::string_view PackBuilder::Finish() {
  const size_t bytes = bytes_ + 1;
  buffer_.data()[bytes_] = static_cast<char>(0xff);
  finished_ = true;
  StoreLittle(buffer_.data(), static_cast<uint32_t>(bytes));
  StoreLittle(buffer_.data() + 4, static_cast<uint16_t>(std::min<size_t>(count_, 65535)));
  return {buffer_.data(), bytes};
}

}  // namespace snapfork
