/**
 * The metrics of an engine: the one list of names, types, meanings and values.
 *
 * Names and labels are stable, units are seconds and bytes. A prefix comes before each name.
 *
 * @module
 */

import type { LatencyHistogram } from '../util/latency-histogram.js'
import type { InfoFacts } from './info.js'
import { KINDS, OUTCOMES, REGION_NAMES, snakeCase } from './save-costs.js'

export type Labels = Readonly<Record<string, string>>

/** A line of the exposition format. `suffix` comes behind the name. */
export interface MetricValue {
  readonly suffix?: string
  readonly labels: Labels
  readonly value: number
}

export interface MetricDefinition {
  /** Without the prefix. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  /** Names of its labels, `le` left out. */
  readonly labels: readonly string[]
  values(facts: InfoFacts): readonly MetricValue[]
}

const MICROS_PER_SECOND = 1e6
/** Ends of buckets in microseconds, powers of two: those a LatencyHistogram counts exactly. */
const FORK_BOUNDS = powersOfTwo(6, 20)
const DURATION_BOUNDS = powersOfTwo(10, 30)

type Read = (facts: InfoFacts) => number

const gauge = (name: string, help: string, read: Read) => single('gauge', name, help, read)
const counter = (name: string, help: string, read: Read) => single('counter', name, help, read)

/** In the order of the page and of what is exposed. */
export const METRICS: readonly MetricDefinition[] = [
  gauge('keys', 'Keys in all databases.', ({ stats }) => stats.keys),
  gauge('expiring_keys', 'Keys with an expiry.', ({ stats }) => stats.keysWithExpiry),
  gauge('used_bytes', 'Entries and values.', ({ stats }) => stats.usedBytes),
  gauge('data_bytes', 'Memory of entries and values.', ({ stats }) => stats.dataBytes),
  gauge('index_bytes', 'Memory of hash tables and expiry trees.', ({ stats }) => stats.indexBytes),
  gauge('meta_bytes', 'Memory of the tables of what is in use.', ({ stats }) => stats.metaBytes),
  counter('changes_total', 'Effective changes of keys.', ({ stats }) => stats.changes),
  counter('expired_keys_total', 'Keys that expired.', ({ stats }) => stats.expiredKeys),
  counter('evicted_keys_total', 'Keys removed for `maxmemory`.', ({ stats }) => stats.evictedKeys),
  gauge('memory_bytes', 'What `maxmemory` counts.', ({ stats }) => stats.memoryBytes),
  gauge('memory_limit_bytes', '`maxmemory`; 0: none.', ({ eviction }) => eviction.maxmemory),
  counter('memory_over_limit_seconds_total', 'How long memory was over it.', ({ stats }) => {
    return stats.totalOverLimitMicros / MICROS_PER_SECOND
  }),
  counter('keyspace_hits_total', 'Look-ups that found a key.', ({ stats }) => stats.keyspaceHits),
  counter('keyspace_misses_total', 'Look-ups without one.', ({ stats }) => stats.keyspaceMisses),
  gauge('changes_since_save', 'Changes the last snapshot does not hold.', ({ snapshots }) => {
    return snapshots.changes
  }),
  gauge('last_save_timestamp_seconds', 'When the last save succeeded, Unix time.', (facts) => {
    return facts.snapshots.lastSaveSeconds
  }),
  gauge('last_save_ok', '1 if the last background save succeeded, or there was none.', (facts) => {
    return Number(facts.snapshots.lastBackgroundSaveOk)
  }),
  gauge('save_running', '1 while a child writes a snapshot.', ({ snapshots }) => {
    return Number(snapshots.current !== null)
  }),
  gauge('rewrite_running', '1 while a child writes a base of the log.', ({ log }) => {
    return Number(log?.isRewriting ?? false)
  }),
  counter('forks_total', 'Forks of saving children.', ({ stats }) => stats.forks),
  {
    name: 'saves_total',
    type: 'counter',
    help: 'Background saves and rewrites that ended.',
    labels: ['kind', 'outcome'],
    values: ({ costs }) =>
      KINDS.flatMap((kind) =>
        OUTCOMES.map((outcome) => {
          return { labels: { kind, outcome }, value: costs.kinds[kind].ended[outcome] }
        }),
      ),
  },
  histogram('fork_pause_seconds', 'How long forks held up the process.', FORK_BOUNDS, 'forks'),
  histogram(
    ...(['save_duration_seconds', 'From the fork to the end of the child, if saved.'] as const),
    ...([DURATION_BOUNDS, 'durations'] as const),
  ),
  gauge('cow_current_bytes', 'Private dirty memory of the child that runs.', ({ snapshots }) => {
    return snapshots.current?.sampler?.lastSample?.childPrivateDirtyBytes ?? 0
  }),
  lastSave('cow_last_duplicated_bytes', 'Peak of what the last child had on its own.', (cow) => {
    return cow.duplicatedBytes
  }),
  lastSave(
    ...(['cow_last_extra_bytes', 'Peak growth of both processes in the last save.'] as const),
    (cow) => cow.extraBytes,
  ),
  counter('cow_moved_entries_total', 'Entries moved, so that no page is copied.', ({ stats }) => {
    return stats.movedEntries
  }),
  counter('cow_moved_bytes_total', 'Bytes of moved entries.', ({ stats }) => stats.movedBytes),
  {
    name: 'cow_copied_pages_total',
    type: 'counter',
    help: "Pages the kernel copied: those of each child's peak.",
    labels: ['region'],
    values: ({ costs }) =>
      REGION_NAMES.map((name) => {
        return { labels: { region: snakeCase(name) }, value: costs.copiedPages[name] }
      }),
  },
  counter('split_huge_pages_total', 'Huge pages split in saves, where counted.', ({ costs }) => {
    return costs.splitHugePages
  }),
  gauge('heal_pending_chunks', 'Chunks whose huge pages may be split.', ({ stats }) => {
    return stats.healPending
  }),
  counter('heal_checked_chunks_total', 'Chunks looked at, and healed if split.', ({ stats }) => {
    return stats.healChecked
  }),
  counter('heal_failed_chunks_total', 'Chunks the kernel had no huge page for.', ({ stats }) => {
    return stats.healFailed
  }),
  counter('heal_seconds_total', 'Time the kernel took for it.', ({ stats }) => {
    return stats.healMicros / MICROS_PER_SECOND
  }),
  counter('defrag_moved_objects_total', 'Objects moved out of sparse chunks.', ({ stats }) => {
    return stats.defragMovedObjects
  }),
  counter('defrag_moved_bytes_total', 'Bytes of those objects.', ({ stats }) => {
    return stats.defragMovedBytes
  }),
  counter('defrag_emptied_chunks_total', 'Chunks of 2 MiB emptied so.', ({ stats }) => {
    return stats.defragEmptied
  }),
  gauge('deferred_frees', 'Frees that wait for the child.', ({ stats }) => stats.deferredFrees),
]

function single(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: Read,
): MetricDefinition {
  return { name, type, help, labels: [], values: (facts) => [{ labels: {}, value: read(facts) }] }
}

type Cow = NonNullable<NonNullable<InfoFacts['costs']['last']>['cow']>

/** Of the last child, whatever it wrote and however it ended. */
function lastSave(name: string, help: string, read: (cow: Cow) => number): MetricDefinition {
  return gauge(name, help, ({ costs }) => {
    const cow = costs.last?.cow ?? null
    return cow === null ? 0 : read(cow)
  })
}

function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  field: 'forks' | 'durations',
): MetricDefinition {
  const values = ({ costs }: InfoFacts) =>
    KINDS.flatMap((kind) => histogramValues(costs.kinds[kind][field], { kind }, bounds))
  return { name, type: 'histogram', help, labels: ['kind'], values }
}

function histogramValues(
  counts: LatencyHistogram,
  labels: Labels,
  bounds: readonly number[],
): MetricValue[] {
  const { count, sum } = counts
  const buckets = bounds.map((bound) => {
    return { le: String(bound / MICROS_PER_SECOND), value: counts.countBelow(bound) }
  })
  return [
    ...[...buckets, { le: '+Inf', value: count }].map(({ le, value }) => {
      return { suffix: '_bucket', labels: { ...labels, le }, value }
    }),
    { suffix: '_sum', labels, value: sum / MICROS_PER_SECOND },
    { suffix: '_count', labels, value: count },
  ]
}

function powersOfTwo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => 2 ** (from + index))
}
