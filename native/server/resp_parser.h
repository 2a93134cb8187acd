// resp_parser.h - commands in the bytes of a client: arrays of bulk strings, or lines of words.
//
// Format: https://redis.io/docs/latest/develop/reference/protocol-spec/ and, for lines, the quotes
// of redis-cli. The texts of errors are those of Redis 7.0.
//
// Runs in: the owner's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapfork {

class RespParser {
 public:
  struct Limits {
    int64_t bulk_bytes_max = 512 << 20;
    // A client that has not said who it is may send little.
    bool is_unauthenticated = false;
  };

  enum class Outcome { kCommand, kIncomplete, kBad };

  // Reads the command that `input` begins with. Of one that was not whole, the same bytes and more
  // of them have to come again, wherever they lie by then; what was read of them is not read again.
  Outcome Parse(std::string_view input, const Limits& limits);

  // Of the command that was read: none stand for nothing to do. They lie in the input, or here.
  const std::vector<std::string_view>& words() const { return words_; }
  size_t bytes() const { return at_; }
  // What is wrong, without the word ERR.
  const std::string& error() const { return error_; }

 private:
  enum class Stage { kStart, kWords };

  Outcome ParseLine(std::string_view input);
  Outcome ParseCount(std::string_view input, const Limits& limits);
  Outcome ParseWords(std::string_view input, const Limits& limits);
  Outcome ParseLength(std::string_view input, const Limits& limits);
  // The line from `at_` on, without its end. kCommand if there is one.
  Outcome TakeLine(std::string_view input, std::string_view& line, const char* too_long);
  Outcome Finish(std::string_view input);
  Outcome Fail(std::string error);
  bool SplitLine(std::string_view line);

  Stage stage_ = Stage::kStart;
  size_t at_ = 0;  // read up to here
  int64_t missing_words_ = 0;
  int64_t word_bytes_ = -1;                        // of the word to come, if it is known
  std::vector<std::pair<size_t, size_t>> ranges_;  // of the words read, in the input
  std::vector<std::string_view> words_;
  std::string line_words_;
  std::string error_;
};

}  // namespace snapfork
