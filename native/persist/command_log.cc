// command_log.cc - units of commands.

#include "persist/command_log.h"

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/number.h"

namespace snapfork {
namespace {

void AppendNumber(std::string& to, char mark, uint64_t number) {
  char digits[kIntegerTextMax];
  to.push_back(mark);
  to.append(digits, FormatInteger(static_cast<int64_t>(number), digits));
  to.append("\r\n");
}

}  // namespace

void AppendCommand(std::string& to, std::span<const std::string_view> words) {
  AppendNumber(to, '*', words.size());
  for (const std::string_view word : words) {
    AppendNumber(to, '$', word.size());
    to.append(word);
    to.append("\r\n");
  }
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
