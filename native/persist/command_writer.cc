// command_writer.cc - commands and their words.

#include "persist/command_writer.h"

#include "base/limits.h"
#include "base/number.h"
#include "persist/command_format.h"

namespace snapfork {

Status CommandWriter::WriteTimestamp(int64_t second) {
  SF_RETURN_IF_ERROR(MakeRoom(kTimestampBytesMax));
  EndAt(PutTimestamp(place(), second));
  return Status();
}

Status CommandWriter::WriteFunctions(std::string_view code) {
  return WriteCommand({"FUNCTION", "LOAD", code});
}

Status CommandWriter::BeginDatabase(uint32_t id) {
  return WriteCommand({"SELECT", IntegerText(id)});
}

Status CommandWriter::WriteString(std::string_view key, std::string_view value,
                                  int64_t expires_at_ms) {
  SF_RETURN_IF_ERROR(WriteCommand({"SET", key, value}));
  return WriteExpiry(key, expires_at_ms);
}

Status CommandWriter::WriteInteger(std::string_view key, int64_t value, int64_t expires_at_ms) {
  return WriteString(key, IntegerText(value), expires_at_ms);
}

Status CommandWriter::WriteExpiry(std::string_view key, int64_t expires_at_ms) {
  if (expires_at_ms == kNoExpiry) return Status();
  return WriteCommand({"PEXPIREAT", key, IntegerText(expires_at_ms)});
}

Status CommandWriter::WriteCommand(std::initializer_list<std::string_view> words) {
  SF_RETURN_IF_ERROR(BeginCommand(words.size()));
  for (const std::string_view word : words) SF_RETURN_IF_ERROR(AppendWord(word));
  return Status();
}

Status CommandWriter::BeginCommand(uint64_t words) {
  SF_RETURN_IF_ERROR(MakeRoom(kCommandNumberBytesMax));
  EndAt(PutNumber(place(), '*', words));
  return Status();
}

Status CommandWriter::AppendWord(std::string_view word) {
  if (word.size() + kWordOverheadMax <= room()) [[likely]] {
    EndAt(PutWord(place(), word));
    return Status();
  }
  if (status_.ok() && word.size() > kStringBytesMax) {
    return Fail(Status(StatusCode::kStringTooLong));
  }
  SF_RETURN_IF_ERROR(MakeRoom(kCommandNumberBytesMax));
  EndAt(PutNumber(place(), '$', word.size()));
  SF_RETURN_IF_ERROR(AppendBytes(word.data(), word.size()));
  SF_RETURN_IF_ERROR(MakeRoom(kWordOverheadMax));
  EndAt(PutLineEnd(place()));
  return Status();
}

Status CommandWriter::AppendInteger(int64_t value) { return AppendWord(IntegerText(value)); }

}  // namespace snapfork
