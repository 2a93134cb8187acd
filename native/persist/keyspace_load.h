// keyspace_load.h - an RDB file into an empty keyspace.
//
// Runs in: one thread of the parent that owns the keyspace meanwhile. Progress and Cancel() may be
// used from others.
// Owns: the descriptor of the file.

#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keyspace/bulk_insert.h"
#include "keyspace/keyspace.h"
#include "persist/file_source.h"
#include "persist/rdb_loader.h"
#include "persist/rdb_target.h"

namespace snapfork {

class KeyspaceLoad final : public RdbTarget {
 public:
  struct Options {
    bool checksum = true;
    bool deep = false;  // as RdbLoadOptions
    int64_t now_ms = 0;
  };
  KeyspaceLoad(Keyspace& keyspace, std::string path, const Options& options);
  ~KeyspaceLoad();
  KeyspaceLoad(const KeyspaceLoad&) = delete;
  KeyspaceLoad& operator=(const KeyspaceLoad&) = delete;

  // Opens the file. kIo with errno.
  Status Open();
  // Reads it all, once. On an error the keyspace holds a part. kClosed after Cancel().
  Status Run();
  // Makes Run return soon.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  uint64_t bytes() const { return loader_->bytes(); }
  uint64_t total_bytes() const { return total_bytes_; }
  uint64_t keys_loaded() const { return loader_->keys_loaded(); }
  uint64_t keys_expired() const { return loader_->keys_expired(); }
  int version() const { return loader_->version(); }
  // In file order. REQUIRES: Run has returned.
  const std::vector<std::pair<std::string, std::string>>& aux() const { return aux_; }

  Status OnAux(std::string_view name, std::string_view value) override;
  Status OnDatabase(uint32_t id) override;
  void OnResize(uint64_t keys, uint64_t keys_with_expiry) override;
  Status OnString(std::string_view key, std::string_view value, int64_t expires_at_ms) override;
  Status OnInteger(std::string_view key, int64_t value, int64_t expires_at_ms) override;
  Status OnValue(std::string_view key, LoadedValue& value, int64_t expires_at_ms) override;
  Status OnFunctions(std::string_view code) override;

 private:
  Status CheckCancelled() const {
    return cancelled_.load(std::memory_order_relaxed) ? Status(StatusCode::kClosed) : Status();
  }

  Keyspace& keyspace_;
  const std::string path_;
  const RdbLoadOptions options_;
  int fd_ = -1;
  std::optional<FileSource> source_;
  std::optional<RdbLoader> loader_;
  BulkInsert bulk_;
  uint64_t total_bytes_ = 0;
  uint32_t db_ = 0;
  std::string storage_;
  std::vector<std::pair<std::string, std::string>> aux_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace snapfork
