// pack_builder.cc - elements appended to a buffer.

#include "ds/pack_builder.h"

#include <algorithm>

namespace snapfork {

void PackBuilder::Clear() {
  pack_.assign(kListpackHeaderBytes, '\0');
  count_ = 0;
  finished_ = false;
}

void PackBuilder::Append(const PackValue& value) {
  if (finished_) pack_.pop_back();
  finished_ = false;
  const size_t at = pack_.size();
  pack_.resize(at + value.encoded_bytes());
  value.WriteTo(reinterpret_cast<uint8_t*>(pack_.data()) + at);
  ++count_;
}

void PackBuilder::Append(const PackRange& range) {
  if (finished_) pack_.pop_back();
  finished_ = false;
  pack_.append(reinterpret_cast<const char*>(range.begin),
               static_cast<size_t>(range.end - range.begin));
  count_ += range.count;
}

std::string_view PackBuilder::Finish() {
  if (!finished_) pack_.push_back(static_cast<char>(0xff));
  finished_ = true;
  StoreLittle(pack_.data(), static_cast<uint32_t>(pack_.size()));
  StoreLittle(pack_.data() + 4, static_cast<uint16_t>(std::min<size_t>(count_, 65535)));
  return pack_;
}

}  // namespace snapfork
