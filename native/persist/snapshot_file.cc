// snapshot_file.cc - the walk joined to the writer, and the steps that make a file durable.

#include "persist/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "keyspace/snapshot_walk.h"
#include "keyspace/tree_values.h"
#include "persist/chunk_needs.h"
#include "persist/chunk_order.h"
#include "persist/command_values.h"
#include "persist/file_sink.h"
#include "persist/rdb_values.h"

namespace snapfork {
namespace {

constexpr mode_t kFileMode = 0666;  // less what the process masks out

// What the forms do not have in common; the walk is written once.

Status WriteHeader(const SnapshotPlan& plan, RdbWriter& writer) {
  SF_RETURN_IF_ERROR(writer.Begin());
  SF_RETURN_IF_ERROR(writer.WriteAux("redis-ver", plan.server_version));
  SF_RETURN_IF_ERROR(writer.WriteAuxInteger("redis-bits", 64));
  SF_RETURN_IF_ERROR(writer.WriteAuxInteger("ctime", plan.created_at_seconds));
  SF_RETURN_IF_ERROR(writer.WriteAuxInteger("used-mem", static_cast<int64_t>(plan.used_bytes)));
  return writer.WriteAuxInteger("aof-base", plan.is_base ? 1 : 0);
}

Status WriteHeader(const SnapshotPlan& plan, CommandWriter& writer) {
  return plan.timestamp ? writer.WriteTimestamp(plan.created_at_seconds) : Status();
}

Status BeginDatabase(RdbWriter& writer, const SnapshotDatabase& database) {
  return writer.BeginDatabase(database.id, database.keys, database.keys_with_expiry);
}

Status BeginDatabase(CommandWriter& writer, const SnapshotDatabase& database) {
  return writer.BeginDatabase(database.id);
}

Status WriteEntry(RdbWriter& writer, const uint8_t* data, EntryView entry) {
  return WriteRdbEntry(writer, data, entry);
}

Status WriteEntry(CommandWriter& writer, const uint8_t* data, EntryView entry) {
  return WriteCommandEntry(writer, data, entry);
}

void NoteAccess(RdbWriter& writer, const AccessReader& access, Handle handle) {
  if (access.kind == AccessKind::kFrequency) {
    writer.NoteFrequency(access.Frequency(handle));
  } else {
    writer.NoteIdle(access.IdleSeconds(handle));
  }
}

// No command makes it anew.
void NoteAccess(CommandWriter&, const AccessReader&, Handle) {}

// Writes entries of the databases of one plan.
template <typename Writer>
class EntryWriter {
 public:
  EntryWriter(const SnapshotPlan& plan, Writer& writer)
      : plan_(plan), writer_(writer), needs_(plan.map, plan.tables.counts, plan.passed) {
    if (plan.release) {
      needs_.ReleaseUnused();
      needs_.Count();
    }
    chunks_ = OrderChunks(plan.map, plan.tables.order);
  }

  Status WriteDatabase(const SnapshotDatabase& database) {
    SF_RETURN_IF_ERROR(BeginDatabase(writer_, database));
    for (uint32_t i = 0; i < chunks_; ++i) {
      const uint32_t chunk = plan_.tables.order[i];
      if (plan_.release && plan_.passed.Has(chunk)) continue;
      SF_RETURN_IF_ERROR(WalkChunk(plan_.map, database.heap, chunk,
                                   [this](EntryView entry) { return WriteAndLetGo(entry); }));
      if (plan_.release) needs_.EntriesDone(database.heap, chunk);
      Publish();
      if (plan_.behind_chunk != nullptr) plan_.behind_chunk(plan_.argument);
    }
    return Status();
  }

  void AllDone() {
    if (plan_.release) needs_.AllDone();
    Publish();
  }

  void Publish() {
    plan_.progress->keys.store(keys_, std::memory_order_relaxed);
    plan_.progress->bytes.store(writer_.bytes(), std::memory_order_relaxed);
  }

 private:
  static constexpr uint64_t kPublishKeys = 1024;

  Status WriteAndLetGo(EntryView entry) {
    SF_RETURN_IF_ERROR(Write(entry));
    if (!plan_.release) return Status();
    if (IsExternal(entry.encoding())) needs_.ObjectDone(entry.external().handle);
    if (entry.encoding() != Encoding::kTree) return Status();
    const PackTreeReader reader(plan_.map.data);
    VisitTreeRoots(reader, entry.type(), entry.inline_value().data(), [&](const PackSlot& root) {
      VisitPackNodes(reader, root, [&](Handle node) { needs_.ObjectDone(node); });
    });
    return Status();
  }

  Status Write(EntryView entry) {
    if (++keys_ % kPublishKeys == 0) Publish();
    if (plan_.access.kind != AccessKind::kNone) [[unlikely]] {
      const auto offset = static_cast<size_t>(entry.address() - plan_.map.data);
      NoteAccess(writer_, plan_.access, offset / kHandleUnit);
    }
    if (entry.type() != ValueType::kString) {
      return WriteEntry(writer_, plan_.map.data, entry);
    }
    switch (entry.encoding()) {
      case Encoding::kInline:
        return writer_.WriteString(entry.key(), entry.inline_value(), entry.expiry());
      case Encoding::kInteger:
        return writer_.WriteInteger(entry.key(), entry.integer(), entry.expiry());
      default:
        break;
    }
    const External value = entry.external();
    const uint8_t* const bytes = plan_.map.data + value.handle * kHandleUnit;
    return writer_.WriteString(
        entry.key(), {reinterpret_cast<const char*>(bytes), value.bytes}, entry.expiry());
  }

  const SnapshotPlan& plan_;
  Writer& writer_;
  ChunkNeeds needs_;
  uint32_t chunks_ = 0;  // in use
  uint64_t keys_ = 0;
};

template <typename Writer>
Status WriteAll(const SnapshotPlan& plan, Writer& writer) {
  SF_RETURN_IF_ERROR(WriteHeader(plan, writer));
  for (size_t i = 0; i < plan.function_count; ++i) {
    SF_RETURN_IF_ERROR(writer.WriteFunctions(plan.functions[i]));
  }
  EntryWriter<Writer> entries(plan, writer);
  for (size_t i = 0; i < plan.database_count; ++i) {
    SF_RETURN_IF_ERROR(entries.WriteDatabase(plan.databases[i]));
  }
  const Status status = writer.Finish();
  entries.AllDone();
  return status;
}

Status WriteContent(const SnapshotPlan& plan, int fd) {
  FileSinkOptions options;
  options.bytes_per_second = plan.bytes_per_second;
  options.drops_cache = plan.drops_cache;
  options.beats = &plan.progress->beats;
  FileSink sink(fd, 0, options);
  if (plan.form == SnapshotForm::kCommands) {
    CommandWriter writer(sink, plan.buffers.output, plan.buffers.output_bytes);
    return WriteAll(plan, writer);
  }
  RdbWriter writer(sink, plan.writer, plan.buffers);
  return WriteAll(plan, writer);
}

Status WriteTemporary(const SnapshotPlan& plan, int fd) {
  plan.progress->Enter(SnapshotPhase::kWriting);
  SF_RETURN_IF_ERROR(WriteContent(plan, fd));
  plan.progress->Enter(SnapshotPhase::kSyncing);
  SF_RETURN_IF_ERROR(SyncFile(fd));
  if (plan.drops_cache) DropFromCache(fd, 0);
  return Status();
}

}  // namespace

Status WriteSnapshotFile(const SnapshotPlan& plan) {
  const int fd = open(plan.temporary_path,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kFileMode);
  if (fd < 0) return Status::FromErrno(errno);
  const Status written = WriteTemporary(plan, fd);
  close(fd);
  SF_RETURN_IF_ERROR(written);
  plan.progress->Enter(SnapshotPhase::kRenaming);
  if (rename(plan.temporary_path, plan.path) != 0) return Status::FromErrno(errno);
  SF_RETURN_IF_ERROR(SyncDirectoryOf(plan.path));
  plan.progress->Enter(SnapshotPhase::kDone);
  return Status();
}

}  // namespace snapfork
