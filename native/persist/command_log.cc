// command_log.cc - units of commands.

#include "persist/command_log.h"

#include <array>

#include "base/clock.h"
#include "base/number.h"
#include "persist/command_format.h"

namespace snapfork {

void AppendCommand(ByteBuffer& to, std::span<const std::string_view> words) {
  size_t bytes = kCommandNumberBytesMax;
  for (const std::string_view word : words) bytes += kWordOverheadMax + word.size();
  char* at = PutNumber(to.Reserve(bytes), '*', words.size());
  for (const std::string_view word : words) at = PutWord(at, word);
  to.EndAt(at);
}

void CommandLog::Add(uint32_t db, std::span<const std::string_view> words) {
  if (db != db_) {
    char digits[kIntegerTextMax];
    const std::string_view number(digits, FormatInteger(db, digits));
    AppendCommand(unit_, std::array<std::string_view, 2>{"SELECT", number});
    if (effects_ == 0) head_bytes_ = unit_.view().size();
    db_ = db;
  }
  AppendCommand(unit_, words);
  ++effects_;
}

void CommandLog::Commit(bool atomic) {
  if (effects_ == 0 || holds_ > 0) return;
  if (timestamps_ || (effects_ > 1 && atomic)) {
    ByteBuffer bytes;
    if (timestamps_) AppendTimestamp(bytes);
    AppendUnit(bytes, effects_ > 1 && atomic);
    thread_.Append(bytes.view());
  } else {
    thread_.Append(unit_.view());
  }
  unit_.clear();
  head_bytes_ = 0;
  effects_ = 0;
}

// A SELECT that comes first stays outside.
void CommandLog::AppendUnit(ByteBuffer& to, bool as_transaction) const {
  const std::string_view unit = unit_.view();
  to.Append(unit.substr(0, head_bytes_));
  if (as_transaction) AppendCommand(to, std::array<std::string_view, 1>{"MULTI"});
  to.Append(unit.substr(head_bytes_));
  if (as_transaction) AppendCommand(to, std::array<std::string_view, 1>{"EXEC"});
}

void CommandLog::AppendTimestamp(ByteBuffer& to) {
  const int64_t second = WallMillis() / 1000;
  if (second == second_) return;
  second_ = second;
  to.EndAt(PutTimestamp(to.Reserve(kTimestampBytesMax), second));
}

void CommandLog::OnKeyExpired(uint32_t db, std::string_view key) {
  Add(db, std::array<std::string_view, 2>{"DEL", key});
}

void CommandLog::OnFieldExpired(uint32_t db, std::string_view key, std::string_view field) {
  Add(db, std::array<std::string_view, 3>{"HDEL", key, field});
}

}  // namespace snapfork
