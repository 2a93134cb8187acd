// statistics.cc - gathers what the layers count.

#include "addon/statistics.h"

#include "addon/engine_object.h"

namespace snapfork {

Statistics Measure(EngineObject& engine) {
  Keyspace& keyspace = engine.keyspace();
  uint64_t keys = 0;
  uint64_t keys_with_expiry = 0;
  for (uint32_t db = 0; db < keyspace.database_count(); ++db) {
    keys += keyspace.database(db).index.size();
    keys_with_expiry += keyspace.database(db).expiry.size();
  }
  const KeyspaceCounters& counters = keyspace.counters();
  const PageHeap& pages = keyspace.arena().page_heap();
  const HealCounters heal = keyspace.keeper().heal_counters();
  const DefragCounters& defrag = engine.defragmenter().counters();
  return {
      {"changes", counters.changes},
      {"keys", keys},
      {"keysWithExpiry", keys_with_expiry},
      {"expiredKeys", counters.expired_keys},
      {"expiredFields", counters.expired_fields},
      {"evictedKeys", counters.evicted_keys},
      {"overLimitMicros", static_cast<uint64_t>(engine.evictor().OverMicros())},
      {"totalOverLimitMicros", static_cast<uint64_t>(engine.evictor().TotalOverMicros())},
      {"keyspaceHits", static_cast<uint64_t>(keyspace.lookups().hits)},
      {"keyspaceMisses", static_cast<uint64_t>(keyspace.lookups().misses)},
      {"memoryBytes", keyspace.MemoryBytes()},
      {"usedBytes", keyspace.arena().used_bytes()},
      {"deferredBytes", keyspace.arena().deferred_bytes()},
      {"dataBytes", pages.backed_bytes()},
      {"indexBytes", keyspace.blocks().backed_bytes()},
      {"metaBytes", pages.MetaBytes()},
      {"movedEntries", counters.moved_entries},
      {"movedBytes", counters.moved_bytes},
      {"deferredFrees", keyspace.arena().deferred()},
      {"forks", engine.snapshots().forks()},
      {"healPending", heal.pending},
      {"healChecked", heal.chunks},
      {"healFailed", heal.failed},
      {"healMicros", heal.micros},
      {"defragRunning", engine.defragmenter().running()},
      {"defragMovedObjects", defrag.moved_objects},
      {"defragMovedBytes", defrag.moved_bytes},
      {"defragEmptied", defrag.emptied_chunks},
  };
}

}  // namespace snapfork
