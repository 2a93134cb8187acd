// reply_writer.h - replies in RESP2 or RESP3, as they go to a client.
//
// Format: https://redis.io/docs/latest/develop/reference/protocol-spec/
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/number.h"
#include "ds/listpack.h"

namespace snapfork {

class ReplyWriter {
 public:
  explicit ReplyWriter(ByteBuffer& bytes, bool resp3 = false) : bytes_(bytes), resp3_(resp3) {}

  bool resp3() const { return resp3_; }

  // A whole reply, or the start of one.
  void Raw(std::string_view reply) { bytes_.Append(reply); }
  void Ok() { Raw("+OK\r\n"); }
  void Null() { Raw(resp3_ ? "_\r\n" : "$-1\r\n"); }
  void Integer(int64_t value) { Number(':', value); }
  void Boolean(bool value) { Raw(value ? ":1\r\n" : ":0\r\n"); }
  void Bulk(std::string_view text);
  void Bulk(const PackElement& element) {
    char scratch[kIntegerTextMax];
    Bulk(element.Text(scratch));
  }
  // A bulk string, or null if there is none.
  template <typename Text>
  void BulkIf(bool found, const Text& text) {
    if (found) {
      Bulk(text);
    } else {
      Null();
    }
  }
  // A bulk string in RESP2.
  void Double(double value);

  // What follows belongs to them: so many elements, or pairs.
  void Array(uint64_t length) { Number('*', static_cast<int64_t>(length)); }
  void Set(uint64_t length) { Number(resp3_ ? '~' : '*', static_cast<int64_t>(length)); }
  void Map(uint64_t pairs) {
    Number(resp3_ ? '%' : '*', static_cast<int64_t>(resp3_ ? pairs : pairs * 2));
  }
  // An array of pairs, each an array of its own in RESP3 alone.
  void Pairs(uint64_t pairs) { Array(resp3_ ? pairs : pairs * 2); }
  void Pair() {
    if (resp3_) Array(2);
  }

 private:
  void Number(char mark, int64_t value);

  ByteBuffer& bytes_;
  const bool resp3_;
};

}  // namespace snapfork
