/**
 * The typed face of the native engine: one line per native function.
 *
 * The engine owns bytes (memory, structures, file formats, fork) and decides nothing about time
 * or policy. A bulk argument is an {@link Operand}, so that a command handler and a typed method
 * share one primitive: the handler passes the index of an argument in the native vector, the
 * method passes the string or Buffer itself.
 *
 * Every function throws what the error factory makes of a native status (status.ts).
 *
 * @module
 */

import type { EncodingLimits } from '../util/encoding-limits.js'
import type { BitmapPrimitives } from './bitmaps.js'
import type { DumpPrimitives } from './dump.js'
import type { EvictionPrimitives } from './eviction.js'
import type { GeoPrimitives } from './geo.js'
import type { HashPrimitives } from './hashes.js'
import type { HyperLogLogPrimitives } from './hyperloglog.js'
import type { LanePrimitives } from './lanes.js'
import type { ListPrimitives } from './lists.js'
import type { LogPrimitives } from './log.js'
import type { Bulk, BulkMode, Int64, Operand } from './operands.js'
import type { ReplayPrimitives } from './replay.js'
import type { ScriptPrimitives } from './scripts.js'
import type { SetPrimitives } from './sets.js'
import type { SortedSetPrimitives } from './sorted-sets.js'
import type { StreamPrimitives } from './streams.js'

export type { Bulk, BulkMode, Int64, Operand }

/** How a bulk string comes back: decoded UTF-8, a Buffer, or a lossless latin1 string. */
export const BULK_UTF8 = 0
export const BULK_BUFFER = 1
export const BULK_LATIN1 = 2

/** Bits of `stringSet`'s `flags`. */
export const SET_IF_ABSENT = 1
export const SET_IF_PRESENT = 2
export const SET_KEEP_EXPIRY = 4

/** Bits of `keySetExpiry`'s `flags`: the conditions of EXPIRE's NX, XX, GT and LT. */
export const EXPIRY_IF_NONE = 1
export const EXPIRY_IF_SOME = 2
export const EXPIRY_IF_LATER = 4
export const EXPIRY_IF_EARLIER = 8

/** What `keySetExpiry` returns if the time was past. */
export const EXPIRY_REMOVED = 2

/** `expireAtMs` of a key without expiry. */
export const NO_EXPIRY = -1

/** Value types as `keyType` numbers them; 0 is "no such key". */
export const TYPE_NAMES = ['none', 'string', 'list', 'set', 'zset', 'hash', 'stream'] as const

export interface EngineOptions {
  /** Numbered databases, 1 to 65536. */
  databases: number
  /** Back the keyspace with huge pages (the kernel must be fit for it). */
  hugePages: boolean
}

export interface RdbWriteOptions {
  /** Final path. */
  path: string
  /** Temporary path in the same directory. */
  temporaryPath: string
  /** LZF for strings over 20 bytes. */
  compression: boolean
  /** CRC-64 in the trailer; zero bytes when off. */
  checksum: boolean
  /** RDB version in the header; 0: the lowest that holds the data. */
  version: number
  /** Whether it is the base of an append-only log: the `aof-base` AUX field. */
  isBase: boolean
  /** Commands in the place of an RDB, for which the options from `compression` on mean nothing. */
  asCommands: boolean
  /** Whether commands have the time in front: `#TS:` with `createdAtSeconds`. */
  timestamp: boolean
  /** Value of the `redis-ver` AUX field. */
  serverVersion: string
  /** Unix time in seconds: the `ctime` AUX field. */
  createdAtSeconds: number
}

/** The I/O priority of a child: that of the process, the lowest with a share, only what is left. */
export const IO_PRIORITY = { normal: 0, low: 1, idle: 2 } as const

export interface ForkOptions extends RdbWriteOptions {
  /** nice(2) increment of the child. */
  nice: number
  /** Written to the child's /proc/self/oom_score_adj; null leaves it. */
  oomScoreAdj: number | null
  /** Of IO_PRIORITY. */
  ioPriority: number
  /** The child writes no more of the file a second; 0: no limit. */
  bytesPerSecond: number
  /** Leave nothing of the file in the page cache. */
  dropsCache: boolean
}

export interface WriteResult {
  keys: number
  bytes: number
}

export interface ForkResult {
  pid: number
  /** Read end of a pipe that gives EOF when the child has ended. The caller closes it. */
  endFd: number
  /** Length of the whole native call on the monotonic clock. */
  forkMicros: number
}

/** A reading of the control page the child writes. */
export interface ChildProgress {
  /** 0 starting, 1 writing, 2 syncing, 3 renaming, 4 done, 5 failed. */
  phase: number
  keys: number
  bytes: number
  /** Grows while a child whose rate is limited pauses. */
  beats: number
  totalKeys: number
  /** Private_Dirty of the child, as it reads it of itself behind a chunk; last and highest. */
  privateDirtyBytes: number
  privateDirtyPeakBytes: number
}

export interface ChildExit {
  /** exit status, or null if a signal ended the child. */
  code: number | null
  /** signal number, or null. */
  signal: number | null
  /** Whether the child left its final record: false if it was killed. */
  finished: boolean
  /** Native status the child left on the control page, 0 for success. */
  status: number
  errno: number
  /** Which step the status is about: as `ChildProgress.phase`. */
  phase: number
  keys: number
  bytes: number
  privateDirtyPeakBytes: number
}

export interface LoadOptions {
  path: string
  /** Verify the trailing CRC-64. */
  checksum: boolean
  /** Also refuse what is safe but contradicts itself: members twice, scores out of order. */
  deep: boolean
  /** Unix ms: keys that expired at or before it are counted and dropped. */
  nowMs: number
}

export interface LoadResult {
  keysLoaded: number
  keysExpired: number
  version: number
  bytes: number
  /** AUX fields in file order. */
  aux: [name: string, value: string][]
}

export interface LoadProgress {
  bytes: number
  totalBytes: number
  keys: number
}

/** An address range of one of the engine's regions, as /proc/<pid>/smaps names it. */
export interface RegionRange {
  name: 'data' | 'meta' | 'index' | 'scratch' | 'control'
  start: bigint
  end: bigint
}

export interface EngineStats {
  /** Effective changes since the engine was made (Redis's "dirty", never reset here). */
  changes: number
  keys: number
  keysWithExpiry: number
  expiredKeys: number
  /** Fields of hashes that expired. */
  expiredFields: number
  /** Keys that were removed for the limit of memory. */
  evictedKeys: number
  /** For how long memory is over its limit, with not yet enough evicted; and was, in all. */
  overLimitMicros: number
  totalOverLimitMicros: number
  keyspaceHits: number
  keyspaceMisses: number
  /** What the limit of memory counts: entries and values, but `deferredBytes`, and all tables. */
  memoryBytes: number
  /** Bytes of live entries and values, rounding included. */
  usedBytes: number
  /** Those of them that were removed and wait for a child. */
  deferredBytes: number
  /** Bytes of the data region backed or about to be backed by memory. */
  dataBytes: number
  indexBytes: number
  metaBytes: number
  /** Entries moved out of frozen chunks since the engine was made. */
  movedEntries: number
  movedBytes: number
  /** Frees that wait for the child to pass or end. */
  deferredFrees: number
  forks: number
  /** 2 MiB chunks that are still to be looked at: their huge pages may be split. */
  healPending: number
  /** Those looked at, and put together where they were split. */
  healChecked: number
  /** Those for which the kernel had no huge page. */
  healFailed: number
  /** Time the kernel took for it. */
  healMicros: number
  /** Whether sparse chunks are being emptied: 0 or 1. */
  defragRunning: number
  /** Objects moved out of sparse chunks, and their bytes. */
  defragMovedObjects: number
  defragMovedBytes: number
  /** 2 MiB chunks that were emptied. */
  defragEmptied: number
}

export interface NativeEngine
  extends BitmapPrimitives,
    HyperLogLogPrimitives,
    ListPrimitives,
    HashPrimitives,
    SetPrimitives,
    SortedSetPrimitives,
    GeoPrimitives,
    StreamPrimitives,
    DumpPrimitives,
    EvictionPrimitives,
    LogPrimitives,
    ReplayPrimitives,
    LanePrimitives,
    ScriptPrimitives {
  // Argument vector. Indices 0..count-1; index 0 is the command's name.
  setArguments(values: readonly (string | Uint8Array | number | bigint)[]): number
  argument(index: number, mode: BulkMode): Bulk
  /** Strict canonical int64, else the status NotAnInteger is thrown. */
  parseInteger(value: Operand): Int64

  /** Keys that were looked for to be read: found, then missed. The engine counts here as well. */
  readonly lookups: { 0: number; 1: number }

  // Keys.
  keyExists(db: number, key: Operand): boolean
  /** The same for a key that counts as used then. */
  keyTouch(db: number, key: Operand): boolean
  keyRemove(db: number, key: Operand): boolean
  /** Index into TYPE_NAMES. */
  keyType(db: number, key: Operand): number
  keyEncoding(db: number, key: Operand): string | null
  /** Bytes of memory that a key and its value take; null: no such key. */
  keyBytes(db: number, key: Operand): number | null
  /** Of type and value alone, 32 hexadecimal digits; empty: no such key. */
  valueDigest(db: number, key: Operand): string
  /** -2 no such key, -1 no expiry, else Unix ms. */
  keyExpiry(db: number, key: Operand): Int64
  /** 0 nothing done (no key, or the condition failed), 1 set, 2 key removed as the time is past. */
  keySetExpiry(db: number, key: Operand, expireAtMs: Int64, flags: number): 0 | 1 | 2
  keyPersist(db: number, key: Operand): boolean
  /** 0 no such key, 1 renamed, 2 the new name exists and `onlyIfAbsent`. */
  keyRename(db: number, key: Operand, newKey: Operand, onlyIfAbsent: boolean): 0 | 1 | 2
  /** false: no such key, or the destination exists and not `replace`. */
  keyCopy(db: number, key: Operand, toDb: number, toKey: Operand, replace: boolean): boolean
  keyMove(db: number, key: Operand, toDb: number): boolean
  keyRandom(db: number, mode: BulkMode): Bulk | null
  /** `cursor` is decimal text as on the wire; a `type` of 0 takes all types. */
  scan(
    db: number,
    cursor: bigint,
    count: number,
    pattern: Operand | null,
    type: number,
    mode: BulkMode,
  ): [cursor: bigint, keys: Bulk[]]
  keysMatching(db: number, pattern: Operand, mode: BulkMode): Bulk[]
  databaseSize(db: number): number
  databaseExpirySize(db: number): number
  databaseFlush(db: number): void
  databaseFlushAll(): void
  databaseSwap(a: number, b: number): void

  // Strings.
  stringGet(db: number, key: Operand, mode: BulkMode): Bulk | null
  /** false: the condition in `flags` failed. `expireAtMs` NO_EXPIRY for none. */
  stringSet(db: number, key: Operand, value: Operand, flags: number, expireAtMs: Int64): boolean
  stringAppend(db: number, key: Operand, value: Operand): number
  stringLength(db: number, key: Operand): number
  /** Length of the longest common subsequence of two strings; absent ones are empty. */
  stringLcsLength(db: number, a: Operand, b: Operand): number
  /**
   * The subsequence, and its stretches from the last to the first: where each begins in both
   * strings, and its length, flat.
   */
  stringLcs(db: number, a: Operand, b: Operand, mode: BulkMode): [text: Bulk, stretches: number[]]
  stringGetRange(db: number, key: Operand, start: Int64, end: Int64, mode: BulkMode): Bulk
  stringSetRange(db: number, key: Operand, offset: Int64, value: Operand): number
  stringIncrement(db: number, key: Operand, delta: Int64): Int64
  stringIncrementFloat(db: number, key: Operand, delta: Operand, mode: BulkMode): Bulk

  /** Changes the limits that are given. Values that are there keep their form. */
  setLimits(limits: Partial<EncodingLimits>): void

  // Time. Removes up to `limit` entries whose time has come; returns how many.
  expireDue(limit: number): number
  /** Frees up to `limit` nodes of large values that were removed; returns how many. */
  freeRemoved(limit: number): number
  /** Frozen clock for tests: Unix ms, or null for the real one. */
  setClock(nowMs: number | null): void

  // Persistence.
  load(options: LoadOptions): Promise<LoadResult>
  loadProgress(): LoadProgress
  /** The promise of `load`, if it runs, rejects with `ERR_SNAPFORK_CLOSED`. */
  loadCancel(): void
  save(options: RdbWriteOptions): WriteResult
  /** The same on a thread of the pool. Meanwhile every other call throws the status Busy. */
  saveInBackground(options: RdbWriteOptions): Promise<WriteResult>
  forkSave(options: ForkOptions): ForkResult
  childProgress(): ChildProgress | null
  /** null while the child lives. Ends the freeze; call `thaw` until it returns 0. */
  childReap(): ChildExit | null
  childKill(signal: number): void
  /** Refuses the writes of typed methods with the status WritesRefused, or takes them again. */
  refuseWrites(refuses: boolean): void
  /** Performs up to `limit` deferred frees; returns how many remain. */
  thaw(limit: number): number
  /**
   * While a child lives, slows whatever takes memory down to so many bytes a second; 0: not at all.
   * The end of the freeze ends it.
   */
  limitGrowth(bytesPerSecond: number): void
  /**
   * The share of its time, up to 100 %, that a thread may spend on putting split huge pages
   * together again after a fork; 0: none.
   */
  setHealPercent(percent: number): void
  /**
   * Works for about `micros` on emptying sparse chunks, if more than `ignoredBytes`, and more than
   * `thresholdPercent` of the bytes of live objects, lie idle; with 0 ends what was begun. False if
   * there is nothing to do, or a child lives.
   */
  defragment(ignoredBytes: number, thresholdPercent: number, micros: number): boolean

  /** Order-free 128-bit digest, as hex, of every database, key, type, value and expiry. */
  digest(): string
  stats(): EngineStats
  regions(): RegionRange[]
  /** Small files of the kernel, in one step off the event loop; null: it cannot be read. */
  readTexts(paths: readonly string[]): Promise<(string | null)[]>
  /** /proc/<pid>/maps of the last child, as it was right behind the fork. */
  childMaps(): string
  /** What the next fork leaves out of the child: first address and end of ranges, in turn. */
  hostMemory(): bigint[]
  /** Ends on pages. They may hold nothing that the engine's child needs. */
  setHostMemory(ranges: readonly bigint[]): void
  /** Frees all memory, off the event loop. Any later call throws the status Closed. */
  close(): Promise<void>
}

/** Takes an exclusive lock on a directory's lock file; throws the status Locked. */
export interface NativeLock {
  release(): void
}

export interface NativeAddon {
  /** Bumped whenever this face changes; addon.ts refuses another number. */
  readonly abiVersion: number
  Engine: new (options: EngineOptions) => NativeEngine
  lockFile(path: string): NativeLock
  crc64(bytes: Uint8Array): bigint
  /** Registers what makes the Error to throw of a native status. */
  setErrorFactory(make: (status: number, errno: number, offset: number) => Error): void
}
