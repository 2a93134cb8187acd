// rdb_writer.cc - the parts of the writer that are not on the path of every small entry.

#include "persist/rdb_writer.h"

namespace snapfork {

RdbWriter::RdbWriter(ByteSink& sink, const RdbWriterOptions& options,
                     const RdbWriterBuffers& buffers)
    : BufferedWriter(sink, buffers.output, buffers.output_bytes, options.checksum),
      compressed_(buffers.compressed),
      compressed_bytes_(buffers.compressed_bytes),
      table_(buffers.table),
      options_(options) {
  SF_CHECK(!options.compression || (compressed_ != nullptr && table_ != nullptr));
}

Status RdbWriter::Begin() {
  SF_DCHECK(state_ == State::kNew);
  state_ = State::kHeader;
  if (options_.version < kRdbVersionWriteMin || options_.version > kRdbVersionMax) {
    return Fail(Status(StatusCode::kInvalidArgument));
  }
  at_ = PutBytes(at_, kRdbSignature, sizeof(kRdbSignature));
  int rest = options_.version;
  for (size_t digit = kRdbVersionDigits; digit-- > 0; rest /= 10) {
    at_[digit] = static_cast<uint8_t>('0' + rest % 10);
  }
  at_ += kRdbVersionDigits;
  return Status();
}

Status RdbWriter::WriteAux(std::string_view name, std::string_view value) {
  SF_DCHECK(state_ == State::kHeader || state_ == State::kDatabase);
  SF_RETURN_IF_ERROR(AppendBytes(&kRdbOpcodeAux, 1));
  SF_RETURN_IF_ERROR(AppendString(name));
  return AppendString(value);
}

Status RdbWriter::WriteAuxInteger(std::string_view name, int64_t value) {
  SF_DCHECK(state_ == State::kHeader || state_ == State::kDatabase);
  SF_RETURN_IF_ERROR(AppendBytes(&kRdbOpcodeAux, 1));
  SF_RETURN_IF_ERROR(AppendString(name));
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutInteger(at_, value);
  return Status();
}

Status RdbWriter::WriteFunctions(std::string_view code) {
  SF_DCHECK(state_ == State::kHeader);
  return WriteBareFunctions(code);
}

Status RdbWriter::WriteBareFunctions(std::string_view code) {
  SF_RETURN_IF_ERROR(AppendBytes(&kRdbOpcodeFunction2, 1));
  return AppendString(code);
}

Status RdbWriter::BeginDatabase(uint32_t id, uint64_t keys, uint64_t keys_with_expiry) {
  SF_DCHECK(state_ == State::kHeader || state_ == State::kDatabase);
  state_ = State::kDatabase;
  SF_RETURN_IF_ERROR(MakeRoom(2 + 3 * kRdbLengthBytesMax));
  *at_++ = kRdbOpcodeSelectDatabase;
  at_ = PutLength(at_, id);
  *at_++ = kRdbOpcodeResizeDatabase;
  at_ = PutLength(at_, keys);
  at_ = PutLength(at_, keys_with_expiry);
  return Status();
}

Status RdbWriter::Finish() {
  SF_DCHECK(state_ == State::kHeader || state_ == State::kDatabase);
  SF_RETURN_IF_ERROR(AppendBytes(&kRdbOpcodeEnd, 1));
  SF_RETURN_IF_ERROR(Flush());
  uint8_t trailer[kRdbChecksumBytes];
  StoreLittle(trailer, crc_);  // 0 without checksums
  SF_RETURN_IF_ERROR(Sink(trailer, sizeof(trailer)));
  state_ = State::kFinished;
  return Status();
}

uint8_t* RdbWriter::PutInteger(uint8_t* to, int64_t value) {
  if (value == static_cast<int8_t>(value)) {
    to[0] = kRdbStringInt8;
    to[1] = static_cast<uint8_t>(value);
    return to + 2;
  }
  if (value == static_cast<int16_t>(value)) {
    *to = kRdbStringInt16;
    StoreLittle(to + 1, static_cast<int16_t>(value));
    return to + 3;
  }
  if (value == static_cast<int32_t>(value)) {
    *to = kRdbStringInt32;
    StoreLittle(to + 1, static_cast<int32_t>(value));
    return to + 5;
  }
  static_assert(kIntegerTextMax < 1u << 6);
  const size_t length = FormatInteger(value, reinterpret_cast<char*>(to + 1));
  *to = static_cast<uint8_t>(kRdbLength6Bit | length);
  return to + 1 + length;
}

size_t RdbWriter::Compress(std::string_view text) {
  const size_t capacity = text.size() - kRdbCompressionGainMin;
  if (text.size() > compressed_bytes_ || !gate_.Takes(text.size())) return 0;
  const size_t length =
      LzfCompress(text.data(), text.size(), compressed_, capacity, *table_);
  gate_.Note(text.size(), length != 0);
  return length;
}

Status RdbWriter::AppendString(std::string_view text) {
  if (text.size() + kStringOverheadMax <= kOutputBytesMin) {
    SF_RETURN_IF_ERROR(MakeRoom(text.size() + kStringOverheadMax));
    at_ = PutString(at_, text);
    return Status();
  }
  SF_RETURN_IF_ERROR(MakeRoom(kStringOverheadMax));
  const size_t length = options_.compression ? Compress(text) : 0;
  if (length == 0) {
    at_ = PutLength(at_, text.size());
    return AppendBytes(text.data(), text.size());
  }
  *at_ = kRdbStringLzf;
  at_ = PutLength(PutLength(at_ + 1, length), text.size());
  return AppendBytes(compressed_, length);
}

Status RdbWriter::BeginEntry(uint8_t type, std::string_view key, int64_t expires_at_ms) {
  SF_DCHECK(state_ == State::kDatabase);
  if (status_.ok() && key.size() > kStringBytesMax) {
    return Fail(Status(StatusCode::kStringTooLong));
  }
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutEntryHead(at_, expires_at_ms, type);
  return AppendString(key);
}

Status RdbWriter::BeginBareValue(uint8_t type) {
  SF_DCHECK(state_ == State::kNew);
  state_ = State::kDatabase;
  return AppendBytes(&type, 1);
}

Status RdbWriter::AppendLength(uint64_t length) {
  SF_RETURN_IF_ERROR(MakeRoom(kRdbLengthBytesMax));
  at_ = PutLength(at_, length);
  return Status();
}

Status RdbWriter::AppendInteger(int64_t value) {
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutInteger(at_, value);
  return Status();
}

Status RdbWriter::WriteLongString(std::string_view key, std::string_view value,
                                  int64_t expires_at_ms) {
  if (status_.ok() && (key.size() > kStringBytesMax || value.size() > kStringBytesMax)) {
    return Fail(Status(StatusCode::kStringTooLong));
  }
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutEntryHead(at_, expires_at_ms);
  SF_RETURN_IF_ERROR(AppendString(key));
  return AppendString(value);
}

Status RdbWriter::WriteLongInteger(std::string_view key, int64_t value, int64_t expires_at_ms) {
  if (status_.ok() && key.size() > kStringBytesMax) {
    return Fail(Status(StatusCode::kStringTooLong));
  }
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutEntryHead(at_, expires_at_ms);
  SF_RETURN_IF_ERROR(AppendString(key));
  SF_RETURN_IF_ERROR(MakeRoom(kEntryOverheadMax));
  at_ = PutInteger(at_, value);
  return Status();
}

}  // namespace snapfork
