// command_log.cc - units of commands.

#include "persist/command_log.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/number.h"

namespace snapfork {
namespace {

char* WriteNumber(char* to, char mark, size_t number) {
  *to++ = mark;
  if (number < 10) {
    *to++ = static_cast<char>('0' + number);
  } else {
    to += FormatInteger(static_cast<int64_t>(number), to);
  }
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

// Of a number with its mark and line end.
constexpr size_t kNumberBytesMax = kIntegerTextMax + 3;

}  // namespace

void AppendCommand(std::string& to, std::span<const std::string_view> words) {
  size_t bytes = kNumberBytesMax;
  for (const std::string_view word : words) bytes += kNumberBytesMax + word.size() + 2;
  const size_t before = to.size();
  to.resize(before + bytes);
  char* at = WriteNumber(to.data() + before, '*', words.size());
  for (const std::string_view word : words) {
    at = WriteNumber(at, '$', word.size());
    if (!word.empty()) std::memcpy(at, word.data(), word.size());
    at += word.size();
    *at++ = '\r';
    *at++ = '\n';
  }
  to.resize(static_cast<size_t>(at - to.data()));
}

void CommandLog::Add(uint32_t db, std::span<const std::string_view> words) {
  if (db != db_) {
    char digits[kIntegerTextMax];
    const std::string_view number(digits, FormatInteger(db, digits));
    AppendCommand(unit_, std::array<std::string_view, 2>{"SELECT", number});
    if (effects_ == 0) head_bytes_ = unit_.size();
    db_ = db;
  }
  AppendCommand(unit_, words);
  ++effects_;
}

void CommandLog::Commit(bool atomic) {
  if (effects_ == 0) return;
  std::string bytes;
  if (timestamps_) AppendTimestamp(bytes);
  if (effects_ > 1 && atomic) {
    bytes.append(unit_, 0, head_bytes_);
    AppendCommand(bytes, std::array<std::string_view, 1>{"MULTI"});
    bytes.append(unit_, head_bytes_);
    AppendCommand(bytes, std::array<std::string_view, 1>{"EXEC"});
    thread_.Append(bytes);
  } else if (!bytes.empty()) {
    bytes.append(unit_);
    thread_.Append(bytes);
  } else {
    thread_.Append(unit_);
  }
  unit_.clear();
  head_bytes_ = 0;
  effects_ = 0;
}

void CommandLog::AppendTimestamp(std::string& to) {
  const int64_t second = WallMillis() / 1000;
  if (second == second_) return;
  second_ = second;
  to.append("#TS:");
  char digits[kIntegerTextMax];
  to.append(digits, FormatInteger(second, digits));
  to.append("\r\n");
}

void CommandLog::OnKeyExpired(uint32_t db, std::string_view key) {
  Add(db, std::array<std::string_view, 2>{"DEL", key});
}

void CommandLog::OnFieldExpired(uint32_t db, std::string_view key, std::string_view field) {
  Add(db, std::array<std::string_view, 3>{"HDEL", key, field});
}

}  // namespace snapfork
