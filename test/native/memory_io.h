// memory_io.h - byte sinks and sources in memory, also faulty ones, and helpers that write and
// load whole files with them.

#pragma once

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "persist/byte_sink.h"
#include "persist/byte_source.h"
#include "persist/rdb_loader.h"
#include "persist/rdb_target.h"
#include "persist/rdb_writer.h"

namespace sf {

// Keeps what is written; full after `capacity` bytes.
class MemorySink final : public snapfork::ByteSink {
 public:
  explicit MemorySink(size_t capacity = SIZE_MAX) : capacity_(capacity) {}

  snapfork::Status Write(const void* data, size_t size) override {
    ++writes;
    const size_t taken = std::min(size, capacity_ - bytes.size());
    bytes.append(static_cast<const char*>(data), taken);
    if (taken < size) return snapfork::Status::FromErrno(ENOSPC, int64_t(bytes.size()));
    return snapfork::Status();
  }

  std::string bytes;
  int writes = 0;

 private:
  const size_t capacity_;
};

struct SourceOptions {
  size_t read_bytes = SIZE_MAX;  // At most so many a read.
  size_t fail_at = SIZE_MAX;     // EIO instead of this byte.
  bool knows_size = true;
};

class MemorySource final : public snapfork::ByteSource {
 public:
  explicit MemorySource(std::string_view bytes, SourceOptions options = {})
      : bytes_(bytes), options_(options) {}

  uint64_t total_bytes() const override {
    return options_.knows_size ? bytes_.size() : kUnknownBytes;
  }

  snapfork::Status Read(void* to, size_t capacity, size_t& got) override {
    got = std::min({capacity, options_.read_bytes, bytes_.size() - at_, options_.fail_at - at_});
    if (got == 0 && at_ == options_.fail_at) return snapfork::Status::FromErrno(EIO, int64_t(at_));
    std::memcpy(to, bytes_.data() + at_, got);
    at_ += got;
    return snapfork::Status();
  }

 private:
  const std::string_view bytes_;
  const SourceOptions options_;
  size_t at_ = 0;
};

// Notes every call as one line, in order.
class RecordingTarget final : public snapfork::RdbTarget {
 public:
  snapfork::Status OnAux(std::string_view name, std::string_view value) override {
    return Note("aux " + std::string(name) + "=" + std::string(value));
  }
  snapfork::Status OnDatabase(uint32_t id) override { return Note("db " + std::to_string(id)); }
  void OnResize(uint64_t keys, uint64_t keys_with_expiry) override {
    (void)Note("resize " + std::to_string(keys) + " " + std::to_string(keys_with_expiry)).ok();
  }
  snapfork::Status OnString(std::string_view key, std::string_view value,
                            int64_t expires_at_ms) override {
    return Note("string " + std::string(key) + "=" + std::string(value) + Expiry(expires_at_ms));
  }
  snapfork::Status OnInteger(std::string_view key, int64_t value, int64_t expires_at_ms) override {
    return Note("integer " + std::string(key) + "=" + std::to_string(value) +
                Expiry(expires_at_ms));
  }

  snapfork::Status OnValue(std::string_view key, snapfork::LoadedValue& value,
                           int64_t expires_at_ms) override {
    return Note("value " + std::string(key) + " of type " +
                std::to_string(static_cast<int>(value.type)) + Expiry(expires_at_ms));
  }
  snapfork::Status OnFunctions(std::string_view code) override {
    return Note("functions " + std::string(code));
  }

  // What a call returns once `calls` has so many lines.
  void FailAfter(size_t lines, snapfork::Status status) {
    fail_after_ = lines;
    failure_ = status;
  }

  std::vector<std::string> calls;

 private:
  static std::string Expiry(int64_t at_ms) {
    return at_ms == snapfork::kNoExpiry ? "" : " @" + std::to_string(at_ms);
  }
  snapfork::Status Note(std::string call) {
    if (calls.size() == fail_after_) return failure_;
    calls.push_back(std::move(call));
    return snapfork::Status();
  }

  size_t fail_after_ = SIZE_MAX;
  snapfork::Status failure_;
};

// A writer with buffers of its own.
class WriterFixture {
 public:
  explicit WriterFixture(size_t sink_bytes = SIZE_MAX, snapfork::RdbWriterOptions options = {},
                         size_t compressed_bytes = 1 << 20)
      : sink(sink_bytes),
        output_(snapfork::RdbWriter::kOutputBytesMin),
        compressed_(compressed_bytes),
        table_(std::make_unique<snapfork::LzfTable>()),
        writer(sink, options,
               {output_.data(), output_.size(), compressed_.data(), compressed_.size(),
                table_.get()}) {}

  MemorySink sink;

 private:
  std::vector<uint8_t> output_;
  std::vector<uint8_t> compressed_;
  std::unique_ptr<snapfork::LzfTable> table_;

 public:
  snapfork::RdbWriter writer;
};

struct Loaded {
  snapfork::Status status;
  std::vector<std::string> calls;
  uint64_t keys = 0;
  uint64_t expired = 0;
  uint64_t bytes = 0;
  int version = 0;
};

inline Loaded LoadBytes(std::string_view file, snapfork::RdbLoadOptions options = {},
                        SourceOptions source_options = {}) {
  // A copy of the exact size: the address sanitizer sees reads beside it.
  const auto copy = std::make_unique<char[]>(file.size());
  std::copy(file.begin(), file.end(), copy.get());
  MemorySource source({copy.get(), file.size()}, source_options);
  RecordingTarget target;
  auto loader = std::make_unique<snapfork::RdbLoader>(source, target, options);
  Loaded loaded;
  loaded.status = loader->Load();
  loaded.calls = std::move(target.calls);
  loaded.keys = loader->keys_loaded();
  loaded.expired = loader->keys_expired();
  loaded.bytes = loader->bytes();
  loaded.version = loader->version();
  return loaded;
}

}  // namespace sf
