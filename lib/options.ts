/**
 * What `open` takes: types, defaults and limits, and the checks.
 *
 * @module
 */

import { isAbsolute, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { Clock } from './commands/context.js'
import { invalidArgument, outOfRange, SnapforkError } from './errors.js'
import { EVICTION_NAMES, evictionOptions } from './options/eviction.js'
import { boolean, integer, oneOf } from './options/readers.js'
import { TIMER_MS_MAX } from './util/clock.js'
import type { EncodingLimits } from './util/encoding-limits.js'
import type { EvictionSettings } from './util/eviction.js'
import { parseSaveRules, type SaveRule } from './util/save-rules.js'

/** How far a load is. */
export interface LoadProgressEvent {
  /** File being loaded. */
  readonly path: string
  /** Bytes of the file that were read. */
  readonly bytes: number
  /** Length of the file in bytes. */
  readonly totalBytes: number
  /** Keys that were loaded. */
  readonly keys: number
}

/** {@link EncodingLimits} and {@link EvictionSettings} are options too, with Redis's defaults. */
export interface OpenOptions extends Partial<EncodingLimits>, Partial<EvictionSettings> {
  /**
   * Directory of the files; it is created if it does not exist. One engine at a time has it open.
   *
   * @defaultValue the current directory
   */
  dir?: string | undefined
  /** Name of the snapshot file in `dir`. @defaultValue `'dump.rdb'` */
  dbfilename?: string | undefined
  /** Numbered databases, 1 to 65,536. @defaultValue 16 */
  databases?: number | undefined
  /** Compress strings over 20 bytes in snapshots with LZF. @defaultValue true */
  rdbcompression?: boolean | undefined
  /**
   * Write a CRC-64 at the end of snapshots, and verify it when one is loaded.
   *
   * @defaultValue true
   */
  rdbchecksum?: boolean | undefined
  /**
   * Version of the format of snapshots: 10 (Redis 7.0), 11 (Redis 7.2, every Valkey) or 12 (Redis
   * 7.4). `'auto'` takes the lowest that holds the data: 12 if a field of a hash has an expiry,
   * else 10. A save that asks for less than that fails and changes no file.
   *
   * @defaultValue `'auto'`
   */
  rdbversion?: number | 'auto' | undefined
  /**
   * Which serialised values are searched for contradictions that are harmless in themselves, such
   * as a member that comes twice: `'yes'`, those of RESTORE and of files; `'clients'`, those of
   * RESTORE; `'no'`, none. Whether every length and every element lies inside is always checked.
   *
   * @defaultValue `'clients'`
   */
  sanitizeDumpPayload?: 'yes' | 'no' | 'clients' | undefined
  /**
   * Log every change, so that what came after the last snapshot is not lost with the process. The
   * log is in a directory of its own; the snapshot file is then read only if there is no log yet.
   *
   * @defaultValue `false`
   */
  appendonly?: boolean | undefined
  /** Prefix of the log's files. @defaultValue `'appendonly.aof'` */
  appendfilename?: string | undefined
  /** Directory of the log, in `dir`. @defaultValue `'appendonlydir'` */
  appenddirname?: string | undefined
  /**
   * When the log is synced: `'always'`, as soon as there is something, and what waits for
   * `durable()` shares one sync; `'everysec'`, every second; `'no'`, when the kernel does. The
   * event loop never waits for it.
   *
   * @defaultValue `'everysec'`
   */
  appendfsync?: 'always' | 'everysec' | 'no' | undefined
  /**
   * Growth of the log's files over the last base, in percent, that leads to a new one; 0: none.
   *
   * @defaultValue 100
   */
  autoAofRewritePercentage?: number | undefined
  /** Bytes below which no rewrite is started by itself. @defaultValue 67108864 */
  autoAofRewriteMinSize?: number | undefined
  /**
   * Cut off what a crash has left at the end of the log, and keep it in a file beside; else `open`
   * rejects.
   *
   * @defaultValue `true`
   */
  aofLoadTruncated?: boolean | undefined
  /**
   * Write bases of the log as RDB files; else as the commands that make everything anew, as text.
   * Bases of both forms are read, whatever is set.
   *
   * @defaultValue `true`
   */
  aofUseRdbPreamble?: boolean | undefined
  /** Write the time into the log, for recovery up to a point in time. @defaultValue `false` */
  aofTimestampEnabled?: boolean | undefined
  /**
   * Keep the keys in huge pages, which make fork(2) about 50 times shorter. `'auto'` does so where
   * the kernel is fit for it (5.8 or later, 4 KiB base pages, not switched off).
   *
   * @defaultValue `'auto'`
   */
  hugePages?: boolean | 'auto' | undefined
  /**
   * Share of one CPU, in percent, that a thread may use after a save to put huge pages together
   * again that writes have split meanwhile, so that the next fork is as short as the first; 0:
   * none. It takes about 0.2 ms for each 2 MiB, and a kernel of 6.1 or later.
   *
   * @defaultValue 25
   */
  healCpuPercent?: number | undefined
  /**
   * Share of the event loop's time, in percent, that goes to emptying sparse chunks of 2 MiB by
   * moving what lives there, so that their memory goes back to the kernel: a millisecond at a time,
   * and only while {@link OpenOptions.defragIgnoredBytes | too much} lies idle. 0: none.
   *
   * @defaultValue 10
   */
  defragCpuPercent?: number | undefined
  /** Bytes that may lie idle between live objects before any are moved. @defaultValue 100 MiB */
  defragIgnoredBytes?: number | undefined
  /** The same as a share of the bytes of live objects, in percent. @defaultValue 10 */
  defragThresholdPercent?: number | undefined
  /** What is added to the CPU priority value of a saving child: 0 to 19. @defaultValue 5 */
  nice?: number | undefined
  /**
   * What the kernel's out-of-memory killer adds to a saving child's badness, -1,000 to 1,000; null
   * leaves it. The child is killed before the process it was forked from.
   *
   * @defaultValue 800
   */
  oomScoreAdj?: number | null | undefined
  /**
   * Save points: pairs of seconds and changes, or Redis's text (`'3600 1 300 100 60 10000'`). A
   * background save starts when, for one of them, the last one that succeeded is longer ago and so
   * many changes were made since; after a failure at least 5 seconds behind the attempt, and
   * up to 5 minutes if it goes on failing. FLUSHALL then starts one too. Outside the main thread
   * they are refused (`ERR_SNAPFORK_WORKER_THREAD`).
   *
   * @defaultValue `[]`: none, unlike Redis. A program that embeds the engine knows when to save.
   */
  save?: string | readonly (readonly [seconds: number, changes: number])[] | undefined
  /**
   * With save points, refuse writes after a background save that failed, until one succeeds:
   * `ERR_SNAPFORK_WRITES_REFUSED`, and Redis's `MISCONF` from `call`. Reads go on.
   *
   * @defaultValue true
   */
  stopWritesOnBgsaveError?: boolean | undefined
  /** A saving child that lives longer, in milliseconds, is killed; 0: no limit. @defaultValue 0 */
  saveTimeLimitMs?: number | undefined
  /**
   * Bytes of the file that a saving child writes a second at most, 65,536 or more; 0: no limit. It
   * lives the longer for it, and with it what changes meanwhile. From the next save on.
   *
   * @defaultValue 0
   */
  saveRateLimit?: number | undefined
  /**
   * Share of the disk for a saving child, where the kernel's I/O scheduler knows such shares:
   * `'normal'`, that of the process; `'low'`, the smallest; `'idle'`, what nobody else wants.
   *
   * @defaultValue `'low'`
   */
  saveIoPriority?: 'normal' | 'low' | 'idle' | undefined
  /**
   * Leave nothing of what a child writes in the kernel's page cache, so that a save drives nothing
   * out of it. A load soon after then reads from the disk, which takes longer.
   *
   * @defaultValue false
   */
  saveDropsCache?: boolean | undefined
  /**
   * A saving child that makes no progress for so many milliseconds is killed; ten times as many
   * while it waits for the disk to sync. At least 100.
   *
   * @defaultValue 60,000
   */
  saveStallTimeoutMs?: number | undefined
  /**
   * What is done if a save would take more memory than the machine, or a control group of this
   * process, has left. `'slow'`: writers are slowed down, and the child is ended if that does not
   * suffice. `'end'`: a save that might not fit is not begun, and one that does not is ended.
   * `'wait'`: the same, but `bgsave` waits until it fits. `'none'`: nothing. The event
   * `save-memory` tells what was done.
   *
   * @defaultValue `'slow'`
   */
  saveMemoryPolicy?: 'none' | 'end' | 'wait' | 'slow' | undefined
  /**
   * Find out for each save which chunks of memory were duplicated (`cow.heatMap`). The page tables
   * of both processes are read for it, in up to 5 % of a core.
   *
   * @defaultValue false
   */
  cowHeatMap?: boolean | undefined
  /**
   * File to which a line of JSON is added for each background save and rewrite, however it ended,
   * for `snapfork report`; relative to `dir`. It is cut to its last 32 lines when it has 64. null:
   * none. What goes wrong with it is told by the event `report-error` and disturbs no save.
   *
   * @defaultValue null
   */
  reportFile?: string | null | undefined
  /** Called about ten times a second while `open` loads the file, and once at its end. */
  onLoadProgress?: ((progress: LoadProgressEvent) => void) | undefined
  /**
   * Unix time in milliseconds, for tests of what expires. The engine asks for it when a command
   * has a relative time, and ten times a second.
   *
   * @defaultValue `Date.now`
   */
  clock?: Clock | undefined
}

/** Those that may change while the engine is open. */
const RUNTIME_NAMES = [
  ...EVICTION_NAMES,
  'rdbcompression',
  'rdbchecksum',
  'rdbversion',
  'sanitizeDumpPayload',
  'appendonly',
  'appendfsync',
  'autoAofRewritePercentage',
  'autoAofRewriteMinSize',
  'aofTimestampEnabled',
  'aofUseRdbPreamble',
  'healCpuPercent',
  'defragCpuPercent',
  'defragIgnoredBytes',
  'defragThresholdPercent',
  'nice',
  'oomScoreAdj',
  'saveStallTimeoutMs',
  'saveMemoryPolicy',
  'cowHeatMap',
  'save',
  'stopWritesOnBgsaveError',
  'saveTimeLimitMs',
  'saveRateLimit',
  'saveIoPriority',
  'saveDropsCache',
] as const satisfies readonly (keyof OpenOptions & keyof ResolvedOptions)[]

/** What `configure` takes. */
export type RuntimeOptions = Pick<OpenOptions, (typeof RUNTIME_NAMES)[number]> &
  Partial<EncodingLimits>

/** Options with their defaults, checked. */
export interface ResolvedOptions extends Readonly<EvictionSettings> {
  /** Absolute. */
  readonly dir: string
  readonly dbfilename: string
  readonly databases: number
  readonly rdbcompression: boolean
  readonly rdbchecksum: boolean
  /** 0: the lowest that holds the data. */
  readonly rdbversion: number
  readonly sanitizeDumpPayload: 'yes' | 'no' | 'clients'
  readonly limits: Readonly<EncodingLimits>
  readonly appendonly: boolean
  readonly appendfilename: string
  readonly appenddirname: string
  readonly appendfsync: 'always' | 'everysec' | 'no'
  readonly autoAofRewritePercentage: number
  readonly autoAofRewriteMinSize: number
  readonly aofLoadTruncated: boolean
  readonly aofUseRdbPreamble: boolean
  readonly aofTimestampEnabled: boolean
  readonly hugePages: boolean | 'auto'
  readonly healCpuPercent: number
  readonly defragCpuPercent: number
  readonly defragIgnoredBytes: number
  readonly defragThresholdPercent: number
  readonly nice: number
  readonly oomScoreAdj: number | null
  readonly saveStallTimeoutMs: number
  readonly saveMemoryPolicy: 'none' | 'end' | 'wait' | 'slow'
  readonly cowHeatMap: boolean
  /** Absolute, or null. */
  readonly reportFile: string | null
  readonly save: readonly SaveRule[]
  readonly stopWritesOnBgsaveError: boolean
  /** 0: no limit. */
  readonly saveTimeLimitMs: number
  /** 0: no limit. */
  readonly saveRateLimit: number
  readonly saveIoPriority: 'normal' | 'low' | 'idle'
  readonly saveDropsCache: boolean
  readonly onLoadProgress: ((progress: LoadProgressEvent) => void) | null
  readonly clock: Clock | null
}

interface Range {
  readonly otherwise: number
  readonly min: number
  readonly max: number
}

const COUNT_MAX = Number.MAX_SAFE_INTEGER
/** Of `saveRateLimit`, in bytes a second. */
const RATE_MIN = 65_536
const INT32_MAX = 2 ** 31 - 1

const LIMITS: Readonly<Record<keyof EncodingLimits, Range>> = {
  hashMaxListpackEntries: { otherwise: 512, min: 0, max: COUNT_MAX },
  hashMaxListpackValue: { otherwise: 64, min: 0, max: COUNT_MAX },
  setMaxIntsetEntries: { otherwise: 512, min: 0, max: COUNT_MAX },
  setMaxListpackEntries: { otherwise: 128, min: 0, max: COUNT_MAX },
  setMaxListpackValue: { otherwise: 64, min: 0, max: COUNT_MAX },
  zsetMaxListpackEntries: { otherwise: 128, min: 0, max: COUNT_MAX },
  zsetMaxListpackValue: { otherwise: 64, min: 0, max: COUNT_MAX },
  listMaxListpackSize: { otherwise: -2, min: -INT32_MAX, max: INT32_MAX },
  streamNodeMaxBytes: { otherwise: 4096, min: 0, max: COUNT_MAX },
  streamNodeMaxEntries: { otherwise: 100, min: 0, max: COUNT_MAX },
  hllSparseMaxBytes: { otherwise: 3000, min: 0, max: COUNT_MAX },
}
const LIMIT_NAMES = Object.keys(LIMITS) as (keyof EncodingLimits)[]

const NAMES: ReadonlySet<string> = new Set<keyof OpenOptions>([
  ...LIMIT_NAMES,
  ...EVICTION_NAMES,
  'dir',
  'dbfilename',
  'databases',
  'rdbcompression',
  'rdbchecksum',
  'rdbversion',
  'sanitizeDumpPayload',
  'appendonly',
  'appendfilename',
  'appenddirname',
  'appendfsync',
  'autoAofRewritePercentage',
  'autoAofRewriteMinSize',
  'aofLoadTruncated',
  'aofUseRdbPreamble',
  'aofTimestampEnabled',
  'hugePages',
  'healCpuPercent',
  'defragCpuPercent',
  'defragIgnoredBytes',
  'defragThresholdPercent',
  'nice',
  'oomScoreAdj',
  'saveStallTimeoutMs',
  'saveMemoryPolicy',
  'cowHeatMap',
  'reportFile',
  'save',
  'stopWritesOnBgsaveError',
  'saveTimeLimitMs',
  'saveRateLimit',
  'saveIoPriority',
  'saveDropsCache',
  'onLoadProgress',
  'clock',
])

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} `ERR_SNAPFORK_INVALID_ARG` for a wrong type or an unknown name.
 * @throws {RangeError} `ERR_SNAPFORK_INVALID_ARG` for a number or text outside its limits.
 */
export function resolveOptions(options: OpenOptions = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('Options must be an object.')
  }
  // A misspelt option must not be ignored: the files might then be somewhere else.
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw invalidArgument(`${name} is no option of open().`)
  }
  return {
    dir: directory(options.dir),
    dbfilename: fileName('dbfilename', options.dbfilename, 'dump.rdb'),
    databases: integer('databases', options.databases, 16, 1, 65_536),
    rdbcompression: boolean('rdbcompression', options.rdbcompression, true),
    rdbchecksum: boolean('rdbchecksum', options.rdbchecksum, true),
    rdbversion:
      options.rdbversion === 'auto' ? 0 : integer('rdbversion', options.rdbversion, 0, 10, 12),
    sanitizeDumpPayload: oneOf(
      'sanitizeDumpPayload',
      options.sanitizeDumpPayload,
      SANITIZING,
      'clients',
    ),
    limits: encodingLimits(options),
    ...evictionOptions(options),
    ...logOptions(options),
    hugePages: options.hugePages === 'auto' ? 'auto' : hugePages(options.hugePages),
    healCpuPercent: integer('healCpuPercent', options.healCpuPercent, 25, 0, 100),
    ...defragOptions(options),
    nice: integer('nice', options.nice, 5, 0, 19),
    oomScoreAdj:
      options.oomScoreAdj === null
        ? null
        : integer('oomScoreAdj', options.oomScoreAdj, 800, -1000, 1000),
    saveMemoryPolicy: oneOf('saveMemoryPolicy', options.saveMemoryPolicy, MEMORY_POLICIES, 'slow'),
    cowHeatMap: boolean('cowHeatMap', options.cowHeatMap, false),
    reportFile: reportFile(options.dir, options.reportFile),
    ...saveOptions(options),
    onLoadProgress: callback('onLoadProgress', options.onLoadProgress),
    clock: callback('clock', options.clock),
  }
}

/**
 * Options with some of them changed.
 *
 * @throws {TypeError | RangeError} as {@link resolveOptions}, and for one that cannot change.
 */
export function changeOptions(current: ResolvedOptions, changes: RuntimeOptions): ResolvedOptions {
  const given = resolveOptions(changes)
  const names = Object.keys(changes).filter(
    (name) => changes[name as keyof RuntimeOptions] !== undefined,
  )
  const changeable: ReadonlySet<string> = new Set([...RUNTIME_NAMES, ...LIMIT_NAMES])
  const fixed = names.find((name) => !changeable.has(name))
  if (fixed !== undefined) throw invalidArgument(`${fixed} cannot change while the engine is open.`)
  const pick = <T extends object>(from: T): Partial<T> =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name))) as Partial<T>
  const limits = { ...current.limits, ...pick(given.limits) }
  return { ...current, ...pick(given), limits }
}

function directory(value: unknown): string {
  if (value === undefined) return process.cwd()
  if (typeof value !== 'string') throw invalidArgument('dir must be a string.')
  if (value === '' || value.includes('\0')) throw outOfRange('dir must be a path.')
  return isAbsolute(value) ? value : resolve(value)
}

function reportFile(dir: unknown, value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw invalidArgument('reportFile must be a string or null.')
  if (value === '' || value.includes('\0')) throw outOfRange('reportFile must be a path.')
  return resolve(directory(dir), value)
}

function fileName(name: string, value: unknown, otherwise: string): string {
  if (value === undefined) return otherwise
  if (typeof value !== 'string') throw invalidArgument(`${name} must be a string.`)
  if (value === '' || value === '.' || value === '..' || /[/\\\0]/.test(value)) {
    throw outOfRange(`${name} must be a bare name, not a path.`)
  }
  return value
}

const SANITIZING = ['yes', 'no', 'clients'] as const
const MEMORY_POLICIES = ['none', 'end', 'wait', 'slow'] as const
const IO_PRIORITIES = ['normal', 'low', 'idle'] as const
const SYNC_POLICIES = ['always', 'everysec', 'no'] as const

function defragOptions(options: OpenOptions) {
  return {
    defragCpuPercent: integer('defragCpuPercent', options.defragCpuPercent, 10, 0, 100),
    defragIgnoredBytes: integer(
      ...(['defragIgnoredBytes', options.defragIgnoredBytes] as const),
      ...([100 * 2 ** 20, 0, Number.MAX_SAFE_INTEGER] as const),
    ),
    defragThresholdPercent: integer(
      ...(['defragThresholdPercent', options.defragThresholdPercent] as const),
      ...([10, 0, 1000] as const),
    ),
  }
}

/** Those of the append-only log. */
function logOptions(options: OpenOptions) {
  return {
    appendonly: boolean('appendonly', options.appendonly, false),
    appendfilename: fileName('appendfilename', options.appendfilename, 'appendonly.aof'),
    appenddirname: fileName('appenddirname', options.appenddirname, 'appendonlydir'),
    appendfsync: oneOf('appendfsync', options.appendfsync, SYNC_POLICIES, 'everysec'),
    autoAofRewritePercentage: integer(
      ...([
        'autoAofRewritePercentage',
        options.autoAofRewritePercentage,
        100,
        0,
        INT32_MAX,
      ] as const),
    ),
    autoAofRewriteMinSize: integer(
      ...([
        'autoAofRewriteMinSize',
        options.autoAofRewriteMinSize,
        64 << 20,
        0,
        COUNT_MAX,
      ] as const),
    ),
    aofLoadTruncated: boolean('aofLoadTruncated', options.aofLoadTruncated, true),
    aofUseRdbPreamble: boolean('aofUseRdbPreamble', options.aofUseRdbPreamble, true),
    aofTimestampEnabled: boolean('aofTimestampEnabled', options.aofTimestampEnabled, false),
  }
}

/** Those that say when saves run, and how a child writes. */
function saveOptions(options: OpenOptions) {
  const { saveStallTimeoutMs, saveTimeLimitMs, stopWritesOnBgsaveError } = options
  return {
    // The watchdog multiplies it.
    saveStallTimeoutMs: integer(
      ...(['saveStallTimeoutMs', saveStallTimeoutMs, 60_000, 100, TIMER_MS_MAX / 10] as const),
    ),
    save: saveRules(options.save),
    stopWritesOnBgsaveError: boolean('stopWritesOnBgsaveError', stopWritesOnBgsaveError, true),
    saveTimeLimitMs: integer('saveTimeLimitMs', saveTimeLimitMs, 0, 0, TIMER_MS_MAX),
    saveRateLimit: rateLimit(options.saveRateLimit),
    saveIoPriority: oneOf('saveIoPriority', options.saveIoPriority, IO_PRIORITIES, 'low'),
    saveDropsCache: boolean('saveDropsCache', options.saveDropsCache, false),
  }
}

function saveRules(value: unknown): readonly SaveRule[] {
  if (value === undefined) return []
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw invalidArgument('save must be an array of pairs or a string.')
  }
  const rules = parseSaveRules(value)
  if (rules === null) throw outOfRange('save must be pairs of seconds (1 or more) and changes.')
  if (rules.length > 0 && !isMainThread) {
    const detail = 'Save points need a fork, which a worker thread cannot do.'
    throw new SnapforkError('ERR_SNAPFORK_WORKER_THREAD', detail)
  }
  return rules
}

/** Below the least a pause would look like a standstill. */
function rateLimit(value: unknown): number {
  const rate = integer('saveRateLimit', value, 0, 0, COUNT_MAX)
  if (rate > 0 && rate < RATE_MIN) {
    throw outOfRange(`saveRateLimit must be 0 or at least ${RATE_MIN}, not ${rate}.`)
  }
  return rate
}

function encodingLimits(options: Partial<EncodingLimits>): EncodingLimits {
  const limits: Partial<EncodingLimits> = {}
  for (const name of LIMIT_NAMES) {
    const { otherwise, min, max } = LIMITS[name]
    limits[name] = integer(name, options[name], otherwise, min, max)
  }
  return limits as EncodingLimits
}

function hugePages(value: unknown): boolean | 'auto' {
  if (value === undefined) return 'auto'
  if (typeof value !== 'boolean') throw invalidArgument("hugePages must be a boolean or 'auto'.")
  return value
}

function callback<T>(name: string, value: T | undefined): T | null {
  if (value === undefined) return null
  if (typeof value !== 'function') throw invalidArgument(`${name} must be a function.`)
  return value
}
