// snapshot_file.h - a keyspace, as memory shows it, to a complete file under its final name: an
// RDB, or the commands that make it anew.
//
// Needs the chunk map alone, never the index. SAVE runs it in the parent and BGSAVE in the forked
// child, so all of it is child-safe (docs/fork.md).
//
//   write to the temporary name -> fsync -> rename -> fsync of the directory
//
// Invariants
//   (F1) The final name is a complete, synced file at every instant: the old one, then the new.
//   (F2) Every allocation is in the plan; nothing is obtained here but the descriptors of the file
//        and its directory: a disk that stands still holds up the child, and never the parent.
//   (F3) Memory is released only when no entry that is still to be written leads to it
//        (chunk_needs.h).
//
// Runs in: the parent's main thread, or the child's only thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/child_safe.h"
#include "base/status.h"
#include "keyspace/access_info.h"
#include "mem/chunk_map.h"
#include "mem/freeze.h"
#include "persist/rdb_writer.h"
#include "persist/snapshot_progress.h"

namespace snapfork {

// One database with keys, and the heap that holds them.
struct SnapshotDatabase {
  uint32_t id;
  uint16_t heap;
  uint64_t keys;
  uint64_t keys_with_expiry;
};

// Scratch memory, for each chunk of the map a number.
struct SnapshotTables {
  uint32_t* order = nullptr;
  uint32_t* counts = nullptr;  // where memory is released
};

enum class SnapshotForm : uint8_t { kRdb, kCommands };

// Everything the writing needs, borrowed.
struct SnapshotPlan {
  ChunkMap map;
  const SnapshotDatabase* databases = nullptr;  // ascending by heap
  size_t database_count = 0;

  const char* path = nullptr;
  const char* temporary_path = nullptr;

  SnapshotForm form = SnapshotForm::kRdb;
  // Of commands: their output alone.
  RdbWriterBuffers buffers;
  int64_t created_at_seconds = 0;
  // Commands: whether the time stands in front of them.
  bool timestamp = false;
  // RDB.
  RdbWriterOptions writer;
  std::string_view server_version;
  // The base of an append-only log.
  bool is_base = false;
  uint64_t used_bytes = 0;
  // Of the keys' use; of no kind: none is written.
  AccessReader access;

  // Libraries of functions, as a file had them.
  const std::string_view* functions = nullptr;
  size_t function_count = 0;

  SnapshotProgress* progress = nullptr;
  // 0: no limit.
  uint64_t bytes_per_second = 0;
  // Leaves nothing of the file in the page cache.
  bool drops_cache = false;
  SnapshotTables tables;
  // In a child: lets go of chunks that are written, and says so in `passed`.
  bool release = false;
  PassedChunks passed;
  // Called behind each chunk, for measurements; may be null.
  void (*behind_chunk)(void* argument) = nullptr;
  void* argument = nullptr;
};

// Errors are the file system's (kNoSpace, kIo, with errno); progress->phase says in which step. On
// an error the temporary file is left for the caller to remove.
SF_CHILD_SAFE Status WriteSnapshotFile(const SnapshotPlan& plan);

}  // namespace snapfork
