// resp_parser.cc - counts, lengths, and the words of a line.

#include "server/resp_parser.h"

#include <algorithm>
#include <climits>

#include "base/number.h"

namespace snapfork {
namespace {

// Longest line: of a command in words, of a count or a length.
constexpr size_t kLineBytesMax = 64 << 10;
constexpr int64_t kUnauthenticatedWordsMax = 10;
constexpr int64_t kUnauthenticatedBytesMax = 16384;
// Words for which room is made before they come.
constexpr int64_t kWordsReserved = 1024;

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Appends what stands between quotes from `at` on; false if they are not closed, or something
// follows them at once. `at` is then behind them.
bool TakeQuoted(std::string_view line, size_t& at, std::string& to) {
  const char quote = line[at++];
  for (; at < line.size(); ++at) {
    const char c = line[at];
    const char next = at + 1 < line.size() ? line[at + 1] : '\0';
    if (c == quote) {
      ++at;
      return at == line.size() || IsBlank(line[at]);
    }
    if (c != '\\' || at + 1 == line.size()) {
      to += c;
    } else if (quote == '\'') {
      if (next == '\'') ++at;
      to += next == '\'' ? '\'' : c;
    } else if (next == 'x' && at + 3 < line.size() && HexDigit(line[at + 2]) >= 0 &&
               HexDigit(line[at + 3]) >= 0) {
      to += static_cast<char>(HexDigit(line[at + 2]) * 16 + HexDigit(line[at + 3]));
      at += 3;
    } else {
      to += Unescaped(next);
      ++at;
    }
  }
  return false;
}

}  // namespace

RespParser::Outcome RespParser::Parse(std::string_view input, const Limits& limits) {
  if (stage_ == Stage::kStart) {
    at_ = 0;
    if (input.empty()) return Outcome::kIncomplete;
    if (input[0] != '*') return ParseLine(input);
    const Outcome counted = ParseCount(input, limits);
    if (counted != Outcome::kCommand || missing_words_ == 0) return counted;
  }
  return ParseWords(input, limits);
}

RespParser::Outcome RespParser::Fail(std::string error) {
  error_ = "Protocol error: " + std::move(error);
  return Outcome::kBad;
}

RespParser::Outcome RespParser::TakeLine(std::string_view input, std::string_view& line,
                                         const char* too_long) {
  const std::string_view rest = input.substr(at_);
  const size_t length = rest.find('\r');
  if (length == std::string_view::npos) {
    return rest.size() > kLineBytesMax ? Fail(too_long) : Outcome::kIncomplete;
  }
  // The byte behind it is passed over whatever it is.
  if (length + 2 > rest.size()) return Outcome::kIncomplete;
  line = rest.substr(0, length);
  at_ += length + 2;
  return Outcome::kCommand;
}

RespParser::Outcome RespParser::ParseCount(std::string_view input, const Limits& limits) {
  std::string_view line;
  const Outcome taken = TakeLine(input, line, "too big mbulk count string");
  if (taken != Outcome::kCommand) {
    at_ = 0;
    return taken;
  }
  int64_t count = 0;
  if (!ParseInteger(line.substr(1), count) || count > INT_MAX) {
    return Fail("invalid multibulk length");
  }
  if (count > kUnauthenticatedWordsMax && limits.is_unauthenticated) {
    return Fail("unauthenticated multibulk length");
  }
  words_.clear();
  ranges_.clear();
  missing_words_ = std::max<int64_t>(0, count);
  if (missing_words_ == 0) return Outcome::kCommand;
  ranges_.reserve(static_cast<size_t>(std::min(missing_words_, kWordsReserved)));
  word_bytes_ = -1;
  stage_ = Stage::kWords;
  return Outcome::kCommand;
}

RespParser::Outcome RespParser::ParseWords(std::string_view input, const Limits& limits) {
  while (missing_words_ > 0) {
    if (word_bytes_ < 0) {
      const Outcome outcome = ParseLength(input, limits);
      if (outcome != Outcome::kCommand) return outcome;
    }
    const auto bytes = static_cast<size_t>(word_bytes_);
    if (input.size() - at_ < bytes + 2) return Outcome::kIncomplete;
    ranges_.emplace_back(at_, bytes);
    at_ += bytes + 2;
    word_bytes_ = -1;
    --missing_words_;
  }
  return Finish(input);
}

RespParser::Outcome RespParser::ParseLength(std::string_view input, const Limits& limits) {
  std::string_view line;
  const Outcome taken = TakeLine(input, line, "too big bulk count string");
  if (taken != Outcome::kCommand) return taken;
  if (line.empty() || line[0] != '$') {
    // A line end would break the reply that tells of it.
    const bool is_end = line.empty() || line[0] == '\n';
    return Fail(std::string("expected '$', got '") + (is_end ? ' ' : line[0]) + "'");
  }
  int64_t bytes = 0;
  if (!ParseInteger(line.substr(1), bytes) || bytes < 0 || bytes > limits.bulk_bytes_max) {
    return Fail("invalid bulk length");
  }
  if (bytes > kUnauthenticatedBytesMax && limits.is_unauthenticated) {
    return Fail("unauthenticated bulk length");
  }
  word_bytes_ = bytes;
  return Outcome::kCommand;
}

RespParser::Outcome RespParser::Finish(std::string_view input) {
  stage_ = Stage::kStart;
  words_.clear();
  for (const auto& [offset, bytes] : ranges_) words_.push_back(input.substr(offset, bytes));
  return Outcome::kCommand;
}

RespParser::Outcome RespParser::ParseLine(std::string_view input) {
  const size_t length = input.find('\n');
  if (length == std::string_view::npos) {
    return input.size() > kLineBytesMax ? Fail("too big inline request") : Outcome::kIncomplete;
  }
  std::string_view line = input.substr(0, length);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  at_ = length + 1;
  return SplitLine(line) ? Outcome::kCommand : Fail("unbalanced quotes in request");
}

bool RespParser::SplitLine(std::string_view line) {
  line_words_.clear();
  ranges_.clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && IsBlank(line[at])) ++at;
    if (at == line.size()) break;
    const size_t start = line_words_.size();
    while (at < line.size() && !IsBlank(line[at])) {
      if (line[at] == '"' || line[at] == '\'') {
        if (!TakeQuoted(line, at, line_words_)) return false;
      } else {
        line_words_ += line[at++];
      }
    }
    ranges_.emplace_back(start, line_words_.size() - start);
  }
  words_.clear();
  for (const auto& [offset, bytes] : ranges_) {
    words_.push_back(std::string_view(line_words_).substr(offset, bytes));
  }
  return true;
}

}  // namespace snapfork
