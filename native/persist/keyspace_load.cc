// keyspace_load.cc - the loader's target that inserts in bulk.

#include "persist/keyspace_load.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace snapfork {

KeyspaceLoad::KeyspaceLoad(Keyspace& keyspace, std::string path, const Options& options)
    : keyspace_(keyspace),
      path_(std::move(path)),
      options_{.checksum = options.checksum,
               .databases = keyspace.database_count(),
               .now_ms = options.now_ms,
               .deep = options.deep},
      bulk_(keyspace) {}

KeyspaceLoad::~KeyspaceLoad() {
  if (fd_ >= 0) close(fd_);
}

Status KeyspaceLoad::Open() {
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return Status::FromErrno(errno);
  source_.emplace(fd_);
  SF_RETURN_IF_ERROR(source_->Open());
  const uint64_t total = source_->total_bytes();
  total_bytes_ = total == ByteSource::kUnknownBytes ? 0 : total;
  loader_.emplace(*source_, *this, options_);
  return Status();
}

Status KeyspaceLoad::Run() {
  if (const Status status = loader_->Load(); !status.ok()) {
    bulk_.Abandon();
    return status;
  }
  return bulk_.Finish();
}

Status KeyspaceLoad::OnAux(std::string_view name, std::string_view value) {
  aux_.emplace_back(name, value);
  return Status();
}

Status KeyspaceLoad::OnDatabase(uint32_t id) {
  db_ = id;
  return CheckCancelled();
}

void KeyspaceLoad::OnResize(uint64_t keys, uint64_t) {
  bulk_.Reserve(db_, keys);
}

Status KeyspaceLoad::OnString(std::string_view key, std::string_view value,
                              int64_t expires_at_ms) {
  SF_RETURN_IF_ERROR(CheckCancelled());
  bulk_.NoteAccess(loader_->entry_access());
  return bulk_.AddString(db_, key, value, expires_at_ms, loader_->entry_offset());
}

Status KeyspaceLoad::OnInteger(std::string_view key, int64_t value, int64_t expires_at_ms) {
  SF_RETURN_IF_ERROR(CheckCancelled());
  bulk_.NoteAccess(loader_->entry_access());
  return bulk_.AddInteger(db_, key, value, expires_at_ms, loader_->entry_offset());
}

Status KeyspaceLoad::OnValue(std::string_view key, LoadedValue& value, int64_t expires_at_ms) {
  SF_RETURN_IF_ERROR(CheckCancelled());
  EntryContent content;
  SF_RETURN_IF_ERROR(value.Build(keyspace_, db_, content, storage_));
  content.key = key;
  content.expiry = expires_at_ms;
  bulk_.NoteAccess(loader_->entry_access());
  return bulk_.Add(db_, content, loader_->entry_offset());
}

Status KeyspaceLoad::OnFunctions(std::string_view code) {
  keyspace_.functions().emplace_back(code);
  return Status();
}

}  // namespace snapfork
