/**
 * INFO: every field with Redis's name and meaning, in Redis's order; plus the section Cow.
 *
 * Fields of what does not exist (replication) have the value Redis gives where it is not used.
 *
 * @module
 */

import { release, totalmem } from 'node:os'
import { type CowByRegion, NO_REGIONS } from '../cow/cow-report.js'
import type { EngineStats, NativeEngine } from '../native/engine.js'
import type { AppendLogStatus } from '../persist/append-log.js'
import type { SnapshotStatus } from '../persist/snapshotter.js'
import type { EvictionSettings } from '../util/eviction.js'
import type { LatencyHistogram } from '../util/latency-histogram.js'
import { SNAPFORK_VERSION } from '../util/version.js'
import type { LoadingFacts } from './loading.js'
import { REGION_NAMES, type SaveCostFacts, snakeCase } from './save-costs.js'
import {
  clientFields,
  commandFields,
  cpuFields,
  errorFields,
  latencyFields,
  replicationFields,
  type ServerFacts,
  trafficFields,
} from './server-info.js'

/** The version whose commands, files and fields these are. */
export const REDIS_VERSION = '7.0.15'

/** Timer turns a second of active expiry. */
const HZ = 10

export interface DatabaseFacts {
  readonly index: number
  readonly keys: number
  readonly expires: number
}

/** What INFO speaks of. */
export interface InfoFacts {
  /** 40 hexadecimal digits, another one for each engine that was opened. */
  readonly runId: string
  readonly nowMs: number
  readonly uptimeMs: number
  readonly usesHugePages: boolean
  readonly stats: EngineStats
  readonly eviction: Readonly<EvictionSettings>
  readonly snapshots: SnapshotStatus
  /** null without an append-only log. */
  readonly log: AppendLogStatus | null
  readonly keysLoaded: number
  readonly keysExpiredAtLoad: number
  /** Those that hold keys. */
  readonly databases: readonly DatabaseFacts[]
  readonly costs: SaveCostFacts
  /** null once it holds what its files hold. */
  readonly loading: LoadingFacts | null
  /** null where nobody is served. */
  readonly server: ServerFacts | null
}

/** Those of an engine of so many databases. */
export function databaseFacts(native: NativeEngine, databases: number): DatabaseFacts[] {
  const facts: DatabaseFacts[] = []
  for (let index = 0; index < databases; ++index) {
    const keys = native.databaseSize(index)
    if (keys > 0) facts.push({ index, keys, expires: native.databaseExpirySize(index) })
  }
  return facts
}

type Field = readonly [name: string, value: string | number]
type Section = (facts: InfoFacts) => readonly Field[]

/** In the order of INFO. */
const SECTIONS: ReadonlyMap<string, Section> = new Map([
  ['Server', serverFields],
  ['Clients', ofServer(clientFields)],
  ['Memory', memoryFields],
  ['Persistence', persistenceFields],
  ['Stats', statsFields],
  ['Replication', replicationFields],
  ['CPU', cpuFields],
  ['Modules', () => []],
  ['Commandstats', ofServer(commandFields)],
  ['Errorstats', ofServer(errorFields)],
  ['Latencystats', ofServer(latencyFields)],
  ['Cluster', () => [['cluster_enabled', 0]]],
  ['Cow', cowFields],
  ['Keyspace', keyspaceFields],
])

/** Those of a server alone. */
const OF_SERVERS: ReadonlySet<string> = new Set([
  ...['Clients', 'Commandstats', 'Errorstats', 'Latencystats'],
])
/** Those that come only by name, or where all are asked for. */
const LONG: ReadonlySet<string> = new Set(['Commandstats', 'Latencystats'])
/** Names that stand for all sections. */
const ALL: ReadonlySet<string> = new Set(['all', 'everything'])

function ofServer(fieldsOf: (facts: ServerFacts) => readonly Field[]): Section {
  return ({ server }) => (server === null ? [] : fieldsOf(server))
}

/** The text of INFO. Sections come once and in their order; names that mean nothing add nothing. */
export function formatInfo(facts: InfoFacts, names: readonly string[]): string {
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  const isAll = [...ALL].some((name) => wanted.has(name))
  const isDefault = isAll || wanted.size === 0 || wanted.has('default')
  const texts: string[] = []
  for (const [title, fieldsOf] of SECTIONS) {
    if (facts.server === null && OF_SERVERS.has(title)) continue
    const isMeant = isAll || (isDefault && !LONG.has(title))
    if (!isMeant && !wanted.has(title.toLowerCase())) continue
    const lines = fieldsOf(facts).map(([name, value]) => `${name}:${value}\r\n`)
    texts.push(`# ${title}\r\n${lines.join('')}`)
  }
  return texts.join('\r\n')
}

function serverFields({ runId, nowMs, uptimeMs, server }: InfoFacts): Field[] {
  const uptimeSeconds = Math.floor(uptimeMs / 1000)
  return [
    ['redis_version', REDIS_VERSION],
    ['snapfork_version', SNAPFORK_VERSION],
    ['redis_mode', 'standalone'],
    ['os', `Linux ${release()} ${process.arch}`],
    ['arch_bits', 64],
    ['node_version', process.versions.node],
    ['process_id', process.pid],
    ['run_id', runId],
    ...(server === null ? [] : ([['tcp_port', server.port]] as const)),
    ['server_time_usec', Math.floor(nowMs) * 1000],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / 86_400)],
    ['hz', HZ],
    ['configured_hz', HZ],
    ['executable', process.execPath],
  ]
}

function memoryFields({ stats, eviction, usesHugePages, log }: InfoFacts): Field[] {
  const used = stats.memoryBytes + stats.deferredBytes
  const overhead = used - stats.usedBytes
  const rss = process.memoryUsage.rss()
  const total = totalmem()
  return [
    ['used_memory', used],
    ['used_memory_human', human(used)],
    ['used_memory_rss', rss],
    ['used_memory_rss_human', human(rss)],
    ['used_memory_overhead', overhead],
    ['used_memory_dataset', stats.usedBytes],
    ['used_memory_dataset_perc', percent(stats.usedBytes, used)],
    ['allocator_allocated', stats.usedBytes],
    ['allocator_active', stats.dataBytes],
    ['total_system_memory', total],
    ['total_system_memory_human', human(total)],
    ['maxmemory', eviction.maxmemory],
    ['maxmemory_human', human(eviction.maxmemory)],
    ['maxmemory_policy', eviction.maxmemoryPolicy],
    ['mem_fragmentation_ratio', (rss / Math.max(1, used)).toFixed(2)],
    ['mem_fragmentation_bytes', rss - used],
    // What waits for a child was given up.
    ['mem_not_counted_for_evict', stats.deferredBytes],
    ['mem_aof_buffer', waitingBytes(log)],
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_allocator', 'snapfork'],
    ['mem_huge_pages', usesHugePages ? 1 : 0],
    ['active_defrag_running', stats.defragRunning],
    ['lazyfree_pending_objects', stats.deferredFrees],
  ]
}

function persistenceFields(facts: InfoFacts): Field[] {
  const { snapshots, keysLoaded, keysExpiredAtLoad, loading } = facts
  const { current, lastDurationMs } = snapshots
  return [
    ['loading', loading === null ? 0 : 1],
    ['async_loading', 0],
    ...currentSaveFields(snapshots),
    ['rdb_changes_since_last_save', snapshots.changes],
    ['rdb_bgsave_in_progress', current === null ? 0 : 1],
    ['rdb_last_save_time', snapshots.lastSaveSeconds],
    ['rdb_last_bgsave_status', snapshots.lastBackgroundSaveOk ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', wholeSeconds(lastDurationMs)],
    ['rdb_current_bgsave_time_sec', wholeSeconds(current?.elapsedMs ?? null)],
    ['rdb_saves', snapshots.saves],
    ['rdb_last_cow_size', snapshots.lastReport?.cow.duplicatedBytes ?? 0],
    ['rdb_last_load_keys_expired', keysExpiredAtLoad],
    ['rdb_last_load_keys_loaded', keysLoaded],
    ...logFields(facts.log),
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...(loading === null ? [] : loadingFields(loading)),
  ]
}

function loadingFields(loading: LoadingFacts): Field[] {
  const { startedAtSeconds, totalBytes, loadedBytes, secondsLeft } = loading
  return [
    ['loading_start_time', startedAtSeconds],
    ['loading_total_bytes', totalBytes],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', ((loadedBytes / Math.max(1, totalBytes)) * 100).toFixed(2)],
    ['loading_eta_seconds', secondsLeft],
  ]
}

function currentSaveFields({ current }: SnapshotStatus): Field[] {
  const progress = current?.progress ?? null
  const sampler = current?.sampler ?? null
  const sample = sampler?.lastSample ?? null
  const ageMs = sampler === null || sample === null ? 0 : sampler.elapsedMs - sample.atMs
  const peak = Math.max(sampler?.duplicatedBytes ?? 0, progress?.privateDirtyPeakBytes ?? 0)
  const size = sample?.childPrivateDirtyBytes ?? progress?.privateDirtyBytes ?? 0
  const { keys, totalKeys } = progress ?? { keys: 0, totalKeys: 0 }
  return [
    ['current_cow_peak', peak],
    ['current_cow_size', size],
    ['current_cow_size_age', Math.floor(ageMs / 1000)],
    ['current_fork_perc', ((keys / Math.max(1, totalKeys)) * 100).toFixed(2)],
    ['current_save_keys_processed', keys],
    ['current_save_keys_total', totalKeys],
  ]
}

/** Redis has the last six only with a log. */
function logFields(log: AppendLogStatus | null): Field[] {
  const failed = log !== null && log.progress.writeErrno + log.progress.syncErrno !== 0
  const fields: Field[] = [
    ['aof_enabled', log === null ? 0 : 1],
    ['aof_rewrite_in_progress', log?.isRewriting ? 1 : 0],
    ['aof_rewrite_scheduled', log?.isScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', wholeSeconds(log?.lastReport?.durationMs ?? null)],
    ['aof_current_rewrite_time_sec', wholeSeconds(log?.rewritingMs ?? null)],
    ['aof_last_bgrewrite_status', log !== null && log.consecutiveFailures > 0 ? 'err' : 'ok'],
    ['aof_rewrites', log?.rewrites ?? 0],
    ['aof_rewrites_consecutive_failures', log?.consecutiveFailures ?? 0],
    ['aof_last_write_status', failed ? 'err' : 'ok'],
    ['aof_last_cow_size', log?.lastReport?.cow.duplicatedBytes ?? 0],
  ]
  if (log === null) return fields
  return [
    ...fields,
    ['aof_current_size', log.currentBytes],
    ['aof_base_size', log.baseBytes],
    ['aof_pending_rewrite', log.isScheduled ? 1 : 0],
    ['aof_buffer_length', waitingBytes(log)],
    ['aof_pending_bio_fsync', log.progress.written > log.progress.synced ? 1 : 0],
    ['aof_delayed_fsync', 0],
  ]
}

/** Logged, and not written yet. */
function waitingBytes(log: AppendLogStatus | null): number {
  return log === null ? 0 : log.progress.appended - log.progress.written
}

function statsFields({ stats, snapshots, server }: InfoFacts): Field[] {
  return [
    ...(server === null ? [] : trafficFields(server)),
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', stats.expiredKeys],
    ['expired_subkeys', stats.expiredFields],
    ['evicted_keys', stats.evictedKeys],
    ['total_eviction_exceeded_time', Math.floor(stats.totalOverLimitMicros / 1000)],
    ['current_eviction_exceeded_time', Math.floor(stats.overLimitMicros / 1000)],
    ['keyspace_hits', stats.keyspaceHits],
    ['keyspace_misses', stats.keyspaceMisses],
    ['active_defrag_hits', stats.defragMovedObjects],
    ['latest_fork_usec', snapshots.lastForkMicros],
    ['total_forks', stats.forks],
    ['dump_payload_sanitizations', 0],
  ]
}

/** What the last background save cost, and what saves, rewrites and writes did since the start. */
function cowFields({ stats, snapshots, costs }: InfoFacts): Field[] {
  const cow = snapshots.lastReport?.cow
  const { snapshot, rewrite } = costs.kinds
  return [
    ['cow_last_duplicated_bytes', cow?.duplicatedBytes ?? 0],
    ['cow_last_extra_bytes', cow?.extraBytes ?? 0],
    ['cow_last_moved_entries', cow?.movedEntries ?? 0],
    ['cow_last_moved_bytes', cow?.movedBytes ?? 0],
    ['cow_last_copied_pages', byRegion(cow?.copiedPages ?? NO_REGIONS)],
    // -1 stands for not counted.
    ['cow_last_split_huge_pages', cow?.hugePages?.split ?? -1],
    ['cow_last_samples', cow?.samples.length ?? 0],
    ['cow_total_moved_entries', stats.movedEntries],
    ['cow_total_moved_bytes', stats.movedBytes],
    ['cow_total_copied_pages', byRegion(costs.copiedPages)],
    ['cow_total_split_huge_pages', costs.splitHugePages],
    ['cow_fork_usec', distribution(snapshot.forks)],
    ['cow_save_usec', distribution(snapshot.durations)],
    ['cow_rewrite_fork_usec', distribution(rewrite.forks)],
    ['cow_rewrite_usec', distribution(rewrite.durations)],
    ['cow_deferred_frees', stats.deferredFrees],
    ['cow_heal_pending_chunks', stats.healPending],
    ['cow_heal_checked_chunks', stats.healChecked],
    ['cow_heal_failed_chunks', stats.healFailed],
    ['cow_heal_usec', stats.healMicros],
    ['defrag_moved_bytes', stats.defragMovedBytes],
    ['defrag_emptied_chunks', stats.defragEmptied],
  ]
}

function byRegion(pages: CowByRegion): string {
  return REGION_NAMES.map((name) => `${snakeCase(name)}=${pages[name]}`).join(',')
}

/** Over the life of the engine; percentiles are off by at most 3 %. */
function distribution(histogram: LatencyHistogram): string {
  const [p50, p99] = [0.5, 0.99].map((share) => histogram.percentile(share))
  const { count, sum, longest } = histogram
  return `count=${count},sum=${sum},p50=${p50},p99=${p99},max=${longest}`
}

function keyspaceFields({ databases }: InfoFacts): Field[] {
  return databases.map(({ index, keys, expires }) => {
    return [`db${index}`, `keys=${keys},expires=${expires},avg_ttl=0`]
  })
}

/** -1 stands for none. */
function wholeSeconds(ms: number | null): number {
  return ms === null ? -1 : Math.floor(ms / 1000)
}

function percent(part: number, whole: number): string {
  return `${((part / Math.max(1, whole)) * 100).toFixed(2)}%`
}

/** As Redis writes it: `0B`, `1.50K`, `23.54G`. */
function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`
  const units = ['K', 'M', 'G', 'T', 'P']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value.toFixed(2)}${units[unit]}`
}
