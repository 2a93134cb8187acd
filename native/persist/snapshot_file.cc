// snapshot_file.cc - the walk joined to the writer, and the steps that make a file durable.

#include "persist/snapshot_file.h"

#include <errno.h>
#include <stdio.h>

#include "base/io.h"
#include "keyspace/snapshot_walk.h"
#include "mem/freeze.h"
#include "mem/release.h"
#include "persist/command_values.h"
#include "persist/file_sink.h"
#include "persist/rdb_values.h"

namespace snapfork {
namespace {

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

// Writes entries of the databases of one plan.
template <typename Writer>
class EntryWriter {
 public:
  EntryWriter(const SnapshotPlan& plan, Writer& writer) : plan_(plan), writer_(writer) {}

  Status WriteDatabase(const SnapshotDatabase& database) {
    SF_RETURN_IF_ERROR(BeginDatabase(writer_, database));
    return WalkHeap(
        plan_.map, database.heap, [this](EntryView entry) { return Write(entry); },
        [&](uint32_t chunk) { return Pass(database.heap, chunk); });
  }

  void Publish() {
    plan_.progress->keys.store(keys_, std::memory_order_relaxed);
    plan_.progress->bytes.store(writer_.bytes(), std::memory_order_relaxed);
  }

 private:
  static constexpr uint64_t kPublishKeys = 1024;

  Status Write(EntryView entry) {
    if (++keys_ % kPublishKeys == 0) Publish();
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
    SF_RETURN_IF_ERROR(writer_.WriteString(
        entry.key(), {reinterpret_cast<const char*>(bytes), value.bytes}, entry.expiry()));
    // An object of a chunk or more begins with a chunk of its own, and no other entry leads to it.
    if (plan_.release && value.bytes >= kChunkBytes) ReleaseChunks(bytes, value.bytes);
    return Status();
  }

  Status Pass(uint16_t heap, uint32_t chunk) {
    if (plan_.release && heap >= plan_.map.chunks[chunk].heap_max) {
      // Nodes are found by the entries that lead to them, not by their bits.
      ReleaseLiveBits(plan_.map, chunk);
      if (!HasNodes(chunk)) {  // (F3)
        ReleaseChunks(plan_.map.PageAddress(chunk * kPagesPerChunk), kChunkBytes);
      }
    }
    // Behind the release: once the parent sees it, a write there costs no copy.
    plan_.progress->position.store(MakeWalkPosition(heap, chunk + 1), std::memory_order_release);
    Publish();
    if (plan_.behind_chunk != nullptr) plan_.behind_chunk(plan_.argument);
    return Status();
  }

  bool HasNodes(uint32_t chunk) const {
    const PageInfo* const pages = plan_.map.pages + size_t{chunk} * kPagesPerChunk;
    for (uint32_t i = 0; i < kPagesPerChunk; ++i) {
      // The rest of an object that begins in an earlier chunk counts too.
      if (pages[i].use == PageUse::kLargeTail) return true;
      if (pages[i].use != PageUse::kFree && pages[i].kind == uint8_t(ObjectKind::kNode)) {
        return true;
      }
    }
    return false;
  }

  const SnapshotPlan& plan_;
  Writer& writer_;
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
  entries.Publish();
  plan.progress->position.store(UINT64_MAX, std::memory_order_release);
  return status;
}

Status WriteContent(const SnapshotPlan& plan) {
  FileSinkOptions options;
  options.bytes_per_second = plan.bytes_per_second;
  options.drops_cache = plan.drops_cache;
  options.beats = &plan.progress->beats;
  FileSink sink(plan.fd, 0, options);
  if (plan.form == SnapshotForm::kCommands) {
    CommandWriter writer(sink, plan.buffers.output, plan.buffers.output_bytes);
    return WriteAll(plan, writer);
  }
  RdbWriter writer(sink, plan.writer, plan.buffers);
  return WriteAll(plan, writer);
}

}  // namespace

Status WriteSnapshotFile(const SnapshotPlan& plan) {
  plan.progress->Enter(SnapshotPhase::kWriting);
  SF_RETURN_IF_ERROR(WriteContent(plan));
  plan.progress->Enter(SnapshotPhase::kSyncing);
  SF_RETURN_IF_ERROR(SyncFile(plan.fd));
  if (plan.drops_cache) DropFromCache(plan.fd, 0);
  plan.progress->Enter(SnapshotPhase::kRenaming);
  if (rename(plan.temporary_path, plan.path) != 0) return Status::FromErrno(errno);
  SF_RETURN_IF_ERROR(SyncDirectoryOf(plan.path));
  plan.progress->Enter(SnapshotPhase::kDone);
  return Status();
}

}  // namespace snapfork
