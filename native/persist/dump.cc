// dump.cc - the writer and the loader of files, on one value in memory.

#include "persist/dump.h"

#include <algorithm>
#include <memory>

#include "base/crc64.h"
#include "keyspace/collection.h"
#include "keyspace/string_ops.h"
#include "persist/rdb_format.h"
#include "persist/rdb_value_loader.h"
#include "persist/rdb_values.h"

namespace snapfork {
namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kFooterBytes = kVersionBytes + kRdbChecksumBytes;
constexpr size_t kReaderBufferBytes = 64u << 10;

class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::string& to) : to_(to) {}
  Status Write(const void* from, size_t bytes) override {
    to_.append(static_cast<const char*>(from), bytes);
    return Status();
  }

 private:
  std::string& to_;
};

class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string_view bytes) : bytes_(bytes) {}
  Status Read(void* to, size_t bytes, size_t& got) override {
    got = std::min(bytes, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, got);
    at_ += got;
    return Status();
  }
  uint64_t total_bytes() const override { return bytes_.size(); }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
};

// Any decoding fault of a payload is one error to its user; memory is another.
Status AsPayloadStatus(const Status& status) {
  if (status.ok() || status.code() == StatusCode::kOutOfMemory) return status;
  return Status(StatusCode::kBadPayloadValue);
}

Status ReadPayload(Keyspace& keyspace, uint32_t db, std::string_view payload, bool deep,
                   EntryContent& content, std::string& storage) {
  StringSource source(payload.substr(0, payload.size() - kFooterBytes));
  RdbReader reader(source, false, kReaderBufferBytes);
  SF_RETURN_IF_ERROR(reader.Open());
  const uint8_t* first;
  SF_RETURN_IF_ERROR(reader.Take(1, first));
  const uint8_t type = *first;
  if (type == kRdbTypeString) {
    RdbString value;
    SF_RETURN_IF_ERROR(reader.ReadString(value));
    storage.assign(value.text());
    return EncodeString(keyspace, db, storage, content);
  }
  RdbValueLoader loader(reader, deep);
  LoadedValue value;
  SF_RETURN_IF_ERROR(loader.Read(type, nullptr, value));
  return value.Build(keyspace, db, content, storage);
}

// Behind what was written.
void AppendFooter(std::string& payload, int version) {
  char footer[kFooterBytes];
  StoreLittle(footer, static_cast<uint16_t>(version));
  payload.append(footer, kVersionBytes);
  StoreLittle(footer, Crc64(0, payload.data(), payload.size()));
  payload.append(footer, kRdbChecksumBytes);
}

}  // namespace

Status DumpValue(const Keyspace& keyspace, EntryView entry, std::string& payload) {
  payload.clear();
  const uint8_t* const data = keyspace.arena().At(0);
  const auto output = std::make_unique<uint8_t[]>(RdbWriter::kOutputBytesMin);
  StringSink sink(payload);
  RdbWriterOptions options;
  options.compression = false;
  options.checksum = false;
  options.version = RdbVersionFor(data, entry);
  RdbWriterBuffers buffers;
  buffers.output = output.get();
  buffers.output_bytes = RdbWriter::kOutputBytesMin;
  RdbWriter writer(sink, options, buffers);
  SF_RETURN_IF_ERROR(WriteRdbBareValue(writer, data, entry));
  AppendFooter(payload, options.version);
  return Status();
}

Status DumpFunctions(const std::vector<std::string>& texts, std::string& payload) {
  payload.clear();
  size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  const auto output = std::make_unique<uint8_t[]>(RdbWriter::kOutputBytesMin);
  const auto compressed = std::make_unique<uint8_t[]>(longest + 1);
  const auto table = std::make_unique<LzfTable>();
  StringSink sink(payload);
  RdbWriterOptions options;
  options.checksum = false;
  RdbWriterBuffers buffers;
  buffers.output = output.get();
  buffers.output_bytes = RdbWriter::kOutputBytesMin;
  buffers.compressed = compressed.get();
  buffers.compressed_bytes = longest + 1;
  buffers.table = table.get();
  RdbWriter writer(sink, options, buffers);
  for (const std::string& text : texts) SF_RETURN_IF_ERROR(writer.WriteBareFunctions(text));
  SF_RETURN_IF_ERROR(writer.Flush());
  AppendFooter(payload, options.version);
  return Status();
}

Status ReadFunctions(std::string_view payload, std::vector<std::string>& texts) {
  SF_RETURN_IF_ERROR(CheckPayload(payload));
  const size_t bytes = payload.size() - kFooterBytes;
  StringSource source(payload.substr(0, bytes));
  RdbReader reader(source, false, kReaderBufferBytes);
  SF_RETURN_IF_ERROR(reader.Open());
  while (reader.offset() < bytes) {
    const uint8_t* opcode;
    SF_RETURN_IF_ERROR(AsPayloadStatus(reader.Take(1, opcode)));
    if (*opcode != kRdbOpcodeFunction2) return Status(StatusCode::kNotFunctions);
    RdbString text;
    SF_RETURN_IF_ERROR(AsPayloadStatus(reader.ReadString(text)));
    texts.emplace_back(text.text());
  }
  return Status();
}

Status CheckPayload(std::string_view payload) {
  if (payload.size() < kFooterBytes) return Status(StatusCode::kBadPayload);
  const char* const footer = payload.data() + payload.size() - kFooterBytes;
  const uint64_t crc = Crc64(0, payload.data(), payload.size() - kRdbChecksumBytes);
  const bool right = LoadLittle<uint16_t>(footer) <= kRdbVersionMax &&
                     LoadLittle<uint64_t>(footer + kVersionBytes) == crc;
  return right ? Status() : Status(StatusCode::kBadPayload);
}

Status RestoreValue(Keyspace& keyspace, uint32_t db, std::string_view key,
                    std::string_view payload, const RestoreOptions& options) {
  const Found found = keyspace.Peek(db, key);
  if (found.entry && !options.replace) return Status(StatusCode::kKeyExists);
  SF_RETURN_IF_ERROR(CheckPayload(payload));
  EntryContent content;
  std::string storage;
  SF_RETURN_IF_ERROR(
      AsPayloadStatus(ReadPayload(keyspace, db, payload, options.deep, content, storage)));
  content.key = key;
  content.expiry = options.expiry;
  SF_RETURN_IF_ERROR(PutContent(keyspace, db, found, content));
  ++keyspace.counters().changes;
  if (keyspace.access().on()) {
    const Handle handle = keyspace.Peek(db, key).handle();
    // Another key than the one it replaces.
    keyspace.access().Begin(handle);
    keyspace.access().Set(handle, options.access);
  }
  return Status();
}

}  // namespace snapfork
