// listpack.cc - elements encoded, found, spliced and checked.

#include "ds/listpack.h"

#include <algorithm>
#include <cstring>

namespace snapfork {
namespace {

// Encoding bytes.
constexpr uint8_t kText6 = 0x80;
constexpr uint8_t kInteger13 = 0xc0;
constexpr uint8_t kText12 = 0xe0;
constexpr uint8_t kText32 = 0xf0;
constexpr uint8_t kInteger16 = 0xf1;
constexpr uint8_t kInteger24 = 0xf2;
constexpr uint8_t kInteger32 = 0xf3;
constexpr uint8_t kInteger64 = 0xf4;
constexpr uint8_t kEnd = 0xff;

constexpr size_t kCountUnknown = 65535;
constexpr size_t kBacklenBytesMax = 5;

// Seven bits a byte, the most significant group first; all but the first have the top bit set.
uint8_t* WriteBacklen(uint8_t* to, size_t content_bytes) {
  const size_t bytes = Listpack::BacklenBytes(content_bytes);
  for (size_t i = bytes; i-- > 0;) {
    to[i] = static_cast<uint8_t>((content_bytes & 127) | (i > 0 ? 128 : 0));
    content_bytes >>= 7;
  }
  return to + bytes;
}

// Whether the bytes at a place are the backlen of that many bytes.
bool IsBacklen(const uint8_t* at, size_t bytes, size_t content_bytes) {
  if (bytes == 1) return *at == content_bytes;
  uint8_t expected[kBacklenBytesMax];
  WriteBacklen(expected, content_bytes);
  return std::memcmp(expected, at, bytes) == 0;
}

// Whether a valid element is a short text that begins as a number.
bool LooksLikeInteger(const uint8_t* at) {
  const uint8_t first = *at;
  if (first <= kText6 || first > kText6 + kIntegerTextMax) return false;
  return at[1] == '-' || (at[1] >= '0' && at[1] <= '9');
}

void StoreHeader(uint8_t* pack, size_t bytes, size_t elements) {
  StoreLittle(pack, static_cast<uint32_t>(bytes));
  StoreLittle(pack + 4, static_cast<uint16_t>(std::min(elements, kCountUnknown)));
}

size_t WalkedCount(const Listpack& pack) {
  size_t count = 0;
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) ++count;
  return count;
}

// The header after a splice. A count that was unknown is walked again only if it may be small.
void FinishSplice(uint8_t* pack, size_t old_count, size_t bytes, const PackSplice& splice) {
  pack[bytes - 1] = kEnd;
  if (old_count != kCountUnknown) {
    const size_t count = old_count + splice.inserted.size() - splice.removed_elements;
    StoreHeader(pack, bytes, count);
    return;
  }
  StoreHeader(pack, bytes, kCountUnknown);
  if (splice.removed_elements > 0) StoreHeader(pack, bytes, WalkedCount(Listpack(pack)));
}

}  // namespace

PackValue::PackValue(std::string_view text) {
  int64_t parsed;
  if (ParseInteger(text, parsed)) {
    SetInteger(parsed);
  } else {
    SetText(text);
  }
}

PackValue::PackValue(int64_t integer) { SetInteger(integer); }

PackValue::PackValue(const PackElement& element) {
  if (element.is_integer()) {
    SetInteger(element.integer);
  } else {
    SetText({element.text, element.bytes});
  }
}

PackValue PackValue::OfBytes(std::string_view text) {
  PackValue value;
  value.SetText(text);
  return value;
}

void PackValue::SetText(std::string_view text) {
  // An empty text still is a text: its data must not be null.
  text_ = text.data() == nullptr ? std::string_view("", 0) : text;
  const size_t bytes = text.size();
  if (bytes < 64) {
    head_[0] = static_cast<uint8_t>(kText6 | bytes);
    head_bytes_ = 1;
  } else if (bytes < 4096) {
    head_[0] = static_cast<uint8_t>(kText12 | bytes >> 8);
    head_[1] = static_cast<uint8_t>(bytes);
    head_bytes_ = 2;
  } else {
    head_[0] = kText32;
    StoreLittle(head_ + 1, static_cast<uint32_t>(bytes));
    head_bytes_ = 5;
  }
  const size_t content = head_bytes_ + bytes;
  encoded_bytes_ = static_cast<uint32_t>(content + Listpack::BacklenBytes(content));
}

void PackValue::SetInteger(int64_t integer) {
  text_ = std::string_view();
  integer_ = integer;
  if (integer >= 0 && integer <= 127) {
    head_[0] = static_cast<uint8_t>(integer);
    head_bytes_ = 1;
  } else if (integer >= -4096 && integer <= 4095) {
    const auto bits = static_cast<uint64_t>(integer) & 0x1fff;
    head_[0] = static_cast<uint8_t>(kInteger13 | bits >> 8);
    head_[1] = static_cast<uint8_t>(bits);
    head_bytes_ = 2;
  } else if (integer == static_cast<int16_t>(integer)) {
    head_[0] = kInteger16;
    StoreLittle(head_ + 1, static_cast<int16_t>(integer));
    head_bytes_ = 3;
  } else if (integer >= -(int64_t{1} << 23) && integer < int64_t{1} << 23) {
    head_[0] = kInteger24;
    head_[1] = static_cast<uint8_t>(integer);
    head_[2] = static_cast<uint8_t>(integer >> 8);
    head_[3] = static_cast<uint8_t>(integer >> 16);
    head_bytes_ = 4;
  } else if (integer == static_cast<int32_t>(integer)) {
    head_[0] = kInteger32;
    StoreLittle(head_ + 1, static_cast<int32_t>(integer));
    head_bytes_ = 5;
  } else {
    head_[0] = kInteger64;
    StoreLittle(head_ + 1, integer);
    head_bytes_ = 9;
  }
  encoded_bytes_ = head_bytes_ + 1u;
}

uint8_t* PackValue::WriteTo(uint8_t* to) const {
  std::memcpy(to, head_, head_bytes_);
  to += head_bytes_;
  if (!text_.empty()) std::memcpy(to, text_.data(), text_.size());
  to += text_.size();
  return WriteBacklen(to, head_bytes_ + text_.size());
}

bool PackValue::Equals(const PackElement& element) const {
  if (is_integer() != element.is_integer()) return false;
  if (is_integer()) return integer_ == element.integer;
  return text_.size() == element.bytes &&
         std::memcmp(text_.data(), element.text, element.bytes) == 0;
}

size_t Listpack::count() const {
  const size_t count = LoadLittle<uint16_t>(pack_ + 4);
  return count != kCountUnknown ? count : WalkedCount(*this);
}

const uint8_t* Listpack::Previous(const uint8_t* at) {
  size_t content = 0;
  const uint8_t* from = at - 1;
  for (unsigned shift = 0;; shift += 7, --from) {
    content |= size_t{*from & 127u} << shift;
    if ((*from & 128) == 0) break;
  }
  return from - content;
}

const uint8_t* Listpack::Seek(size_t index) const {
  const size_t known = LoadLittle<uint16_t>(pack_ + 4);
  if (known != kCountUnknown) {
    if (index >= known) return end();
    if (index > known / 2) {
      const uint8_t* at = end();
      for (size_t i = known; i > index; --i) at = Previous(at);
      return at;
    }
  }
  const uint8_t* at = begin();
  for (; index > 0 && at != end(); --index) at = Next(at);
  return at;
}

const uint8_t* Listpack::Find(const uint8_t* from, const PackValue& value, size_t stride) const {
  return value.is_integer() ? FindInteger(from, value.integer(), stride)
                            : FindText(from, value.text(), stride);
}

// Packs of others may hold an integer in a larger class than ours: integers compare by value.
const uint8_t* Listpack::FindInteger(const uint8_t* from, int64_t integer, size_t stride) const {
  const uint8_t* const last = end();
  while (from != last) {
    if (!IsText(*from) && Get(from).integer == integer) return from;
    for (size_t i = 0; i < stride && from != last; ++i) from = Next(from);
  }
  return last;
}

// Names often begin alike and are equally long: their ends are compared first.
const uint8_t* Listpack::FindText(const uint8_t* from, std::string_view text,
                                  size_t stride) const {
  const uint8_t* const last = end();
  const size_t tail_at = text.size() - sizeof(uint64_t);
  const bool has_tail = text.size() >= sizeof(uint64_t);
  const uint64_t tail = has_tail ? LoadLittle<uint64_t>(text.data() + tail_at) : 0;
  while (from != last) {
    const uint8_t first = *from;
    const size_t content = ContentBytes(from);
    const size_t head = first < 0xc0 ? 1 : first < 0xf0 ? 2 : 5;
    if (content == head + text.size() && IsText(first) &&
        (!has_tail || LoadLittle<uint64_t>(from + head + tail_at) == tail) &&
        std::memcmp(from + head, text.data(), text.size()) == 0) {
      return from;
    }
    from += content + BacklenBytes(content);
    for (size_t i = 1; i < stride && from != last; ++i) from = Next(from);
  }
  return last;
}

void ListpackClear(uint8_t* pack) {
  StoreHeader(pack, kListpackEmptyBytes, 0);
  pack[kListpackHeaderBytes] = kEnd;
}

void ListpackSplice(uint8_t* pack, const PackSplice& splice) {
  const size_t old_bytes = Listpack(pack).bytes();
  const size_t old_count = LoadLittle<uint16_t>(pack + 4);
  const size_t inserted_bytes = splice.InsertedBytes();
  const size_t tail = splice.offset + splice.removed_bytes;
  std::memmove(pack + splice.offset + inserted_bytes, pack + tail, old_bytes - tail);
  uint8_t* to = pack + splice.offset;
  for (const PackValue& value : splice.inserted) to = value.WriteTo(to);
  FinishSplice(pack, old_count, old_bytes + inserted_bytes - splice.removed_bytes, splice);
}

void ListpackSpliceCopy(uint8_t* to, const uint8_t* pack, const PackSplice& splice) {
  const size_t old_bytes = Listpack(pack).bytes();
  const size_t old_count = LoadLittle<uint16_t>(pack + 4);
  const size_t tail = splice.offset + splice.removed_bytes;
  std::memcpy(to, pack, splice.offset);
  uint8_t* at = to + splice.offset;
  for (const PackValue& value : splice.inserted) at = value.WriteTo(at);
  std::memcpy(at, pack + tail, old_bytes - tail);
  FinishSplice(to, old_count, static_cast<size_t>(at - to) + old_bytes - tail, splice);
}

bool ValidateListpack(const uint8_t* pack, size_t bytes, PackCheck check, PackFacts* facts) {
  if (bytes < kListpackEmptyBytes || LoadLittle<uint32_t>(pack) != bytes) return false;
  const uint8_t* const last = pack + bytes - 1;
  if (*last != kEnd) return false;
  if (check == PackCheck::kHeader) return true;
  size_t count = 0;
  const uint8_t* at = pack + kListpackHeaderBytes;
  for (; at < last; ++count) {
    const auto room = static_cast<size_t>(last - at);
    const uint8_t first = *at;
    if (first > kInteger64) return false;
    const size_t head = first < 0xc0 ? 1 : first < kText32 ? 2 : first == kText32 ? 5 : 1;
    if (head > room) return false;
    const size_t content = Listpack::ContentBytes(at);
    const size_t backlen_bytes = Listpack::BacklenBytes(content);
    if (content > room || backlen_bytes > room - content) return false;
    if (!IsBacklen(at + content, backlen_bytes, content)) return false;
    if (facts != nullptr && LooksLikeInteger(at)) {
      const PackElement element = Listpack::Get(at);
      int64_t integer;
      if (ParseInteger({element.text, element.bytes}, integer)) facts->canonical = false;
    }
    at += content + backlen_bytes;
  }
  if (facts != nullptr) facts->count = count;
  const size_t stated = LoadLittle<uint16_t>(pack + 4);
  return at == last && (stated == kCountUnknown || stated == count);
}

}  // namespace snapfork
