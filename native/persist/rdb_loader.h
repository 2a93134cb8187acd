// rdb_loader.h - reads an RDB file of any version up to 12 into a target.
//
// Never exits and never trusts: whatever the bytes, the result is a Status. Every status that is
// not ok carries a byte offset: where the element starts that is cut off, wrong or refused.
//
// The value of a module ends the load with kUnsupportedType at the offset of its type byte; module
// metadata beside the keys is passed over. A collection without elements is dropped and counted.
//
// Runs in: one thread of the parent at a time, away from the event loop. The counts may be read
// from any thread while it runs.
// Owns: its buffers. The source and the target outlive the loader.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/status.h"
#include "keyspace/access_info.h"
#include "persist/byte_source.h"
#include "persist/rdb_reader.h"
#include "persist/rdb_target.h"
#include "persist/rdb_value_loader.h"

namespace snapfork {

struct RdbLoadOptions {
  // Verify the trailing CRC. It is known only after all entries were given to the target.
  bool checksum = true;
  uint32_t databases = 16;
  // Entries that expire at or before it are counted and dropped. kKeepExpired drops none.
  int64_t now_ms = 0;
  // Also refuse what Redis refuses under sanitize-dump-payload alone: members twice, scores out of
  // order. Never needed for safety.
  bool deep = false;
  // For tests: strings longer than this are read past the buffer.
  size_t buffer_bytes = RdbReader::kBufferBytes;

  static constexpr int64_t kKeepExpired = INT64_MIN;
};

class RdbLoader {
 public:
  RdbLoader(ByteSource& source, RdbTarget& target, const RdbLoadOptions& options);
  RdbLoader(const RdbLoader&) = delete;
  RdbLoader& operator=(const RdbLoader&) = delete;

  // Reads the stream up to its trailer, once. What comes behind the trailer is not looked at.
  Status Load();

  // Progress. `bytes` advances by buffers and is exact after Load.
  uint64_t bytes() const { return bytes_loaded_ != 0 ? bytes_loaded_.load() : reader_.consumed(); }
  uint64_t keys_loaded() const { return keys_loaded_.load(std::memory_order_relaxed); }
  uint64_t keys_expired() const { return keys_expired_.load(std::memory_order_relaxed); }
  uint64_t keys_empty() const { return keys_empty_.load(std::memory_order_relaxed); }
  // Version in the header, 0 until it was read.
  int version() const { return version_.load(std::memory_order_relaxed); }

  // Where the entry starts that the target is given: for a target that finds a fault in it later.
  int64_t entry_offset() const { return entry_offset_; }
  // What the file says of the use of the entry that the target is given.
  const EntryAccess& entry_access() const { return entry_access_; }

 private:
  Status LoadElements();
  Status ReadHeader();
  Status ReadOpcode(uint8_t opcode, uint64_t start);
  Status ReadAux(uint64_t start);
  Status ReadDatabase(uint64_t start);
  Status ReadSizes();
  Status ReadExpirySeconds();
  Status ReadExpiryMillis();
  Status ReadFrequency();
  Status ReadIdle();
  Status SkipLengths(int count);
  Status SkipModuleAux();
  Status SkipModuleItems();
  Status ReadEntry(uint8_t type, uint64_t start);
  Status ReadStringEntry(uint64_t start);
  Status ReadValueEntry(uint8_t type, uint64_t start);
  // Takes what came before the entry that was just read; true if it is to be dropped.
  bool TakeExpiry(int64_t& expires_at_ms);
  Status CheckTrailer();

  RdbTarget& target_;
  const RdbLoadOptions options_;
  RdbReader reader_;
  RdbString key_;
  RdbString value_;
  RdbValueLoader values_;
  LoadedValue collection_;
  int64_t expires_at_ms_ = kNoExpiry;  // Of the next entry.
  EntryAccess access_;                 // Of the next entry.
  int64_t entry_offset_ = 0;
  EntryAccess entry_access_;
  std::atomic<uint64_t> bytes_loaded_{0};
  std::atomic<uint64_t> keys_loaded_{0};
  std::atomic<uint64_t> keys_expired_{0};
  std::atomic<uint64_t> keys_empty_{0};
  std::atomic<int> version_{0};
};

}  // namespace snapfork
