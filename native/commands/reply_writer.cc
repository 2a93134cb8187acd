// reply_writer.cc - numbers and strings of a reply.

#include "commands/reply_writer.h"

#include "keyspace/zset_score.h"

namespace snapfork {
namespace {

constexpr size_t kNumberBytesMax = 1 + kIntegerTextMax + 2;

char* PutLine(char* to, char mark, int64_t value) {
  *to++ = mark;
  if (value >= 0 && value < 10) {
    *to++ = static_cast<char>('0' + value);
  } else {
    to += FormatInteger(value, to);
  }
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

}  // namespace

void ReplyWriter::Number(char mark, int64_t value) {
  bytes_.EndAt(PutLine(bytes_.Reserve(kNumberBytesMax), mark, value));
}

void ReplyWriter::Bulk(std::string_view text) {
  char* const start = bytes_.Reserve(kNumberBytesMax + text.size() + 2);
  char* to = PutLine(start, '$', static_cast<int64_t>(text.size()));
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  to += text.size();
  *to++ = '\r';
  *to++ = '\n';
  bytes_.EndAt(to);
}

void ReplyWriter::Double(double value) {
  char digits[kDoubleTextMax];
  const std::string_view text(digits, FormatScore(value, digits));
  if (!resp3_) return Bulk(text);
  Raw(",");
  Raw(text);
  Raw("\r\n");
}

}  // namespace snapfork
