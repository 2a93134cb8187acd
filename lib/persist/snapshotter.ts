/**
 * Saves of one engine, and what INFO and LASTSAVE tell about them.
 *
 * Invariants
 *  (N1) The change counter of the last save is its value at the fork, not at the end of the child:
 *       writes made meanwhile are not in the file.
 *  (N2) A save that was refused, or given up on purpose, is no failed save.
 *
 * Called from: engine/. Main thread; `save` in worker threads too.
 *
 * @module
 */

import type { CowSampler } from '../cow/cow-sampler.js'
import { SnapforkError, type SnapforkErrorCode, SnapshotError } from '../errors.js'
import type { ChildProgress, NativeEngine, RdbWriteOptions } from '../native/engine.js'
import { monotonicMs } from '../util/clock.js'
import type { SaveGuard } from './save-guard.js'
import type { SaveWatch } from './save-record.js'
import { identifySnapshot } from './snapshot-identity.js'
import { SnapshotJob, type SnapshotJobOptions, whenNoScriptIsHalfway } from './snapshot-job.js'
import type { SaveReport, SnapshotReport } from './snapshot-report.js'
import { makeTemporaryPath } from './temp-files.js'
import { thaw } from './thaw.js'

/** Why a save may end without a file and yet nothing has failed. (N2) */
const NO_FAILURE: ReadonlySet<SnapforkErrorCode> = new Set<SnapforkErrorCode>([
  'ERR_SNAPFORK_CHILD_ACTIVE',
  'ERR_SNAPFORK_WORKER_THREAD',
  'ERR_SNAPFORK_CANCELED',
  'ERR_SNAPFORK_CLOSED',
])

/** As they are at the time. */
export interface SnapshotSettings {
  /** Absolute. */
  readonly dir: string
  /** Absolute path of the file. */
  readonly path: string
  readonly compression: boolean
  readonly checksum: boolean
  readonly version: number
  /** Value of the file's `redis-ver` field. */
  readonly serverVersion: string
  readonly nice: number
  readonly oomScoreAdj: number | null
  readonly stallTimeoutMs: number
  readonly guard: SaveGuard | null
  readonly watch: SaveWatch
  readonly timeLimitMs: number
  readonly ioPriority: number
  readonly bytesPerSecond: number
  readonly dropsCache: boolean
  /** Unix time in milliseconds. */
  readonly now: () => number
}

/** Who is told how a background save ended. */
export interface SnapshotObserver {
  saved(report: SnapshotReport): void
  failed(error: SnapshotError): void
  /** `status.failures` may have changed, by a save of either kind. */
  judged(): void
}

/** What is known of the saves of an engine. */
export interface SnapshotStatus {
  /** Changes of keys since the last save. */
  readonly changes: number
  /** Unix time of the last save that succeeded, at first that of the start, in seconds. */
  readonly lastSaveSeconds: number
  readonly lastBackgroundSaveOk: boolean
  /** Background saves that failed since the last save that succeeded. */
  readonly failures: number
  /** The same time as `lastSaveSeconds`, and that of the last attempt, on the monotonic clock. */
  readonly savedAtMs: number
  readonly attemptedAtMs: number | null
  /** null if there was none. */
  readonly lastDurationMs: number | null
  readonly lastForkMicros: number
  /** Report of the last background save that succeeded. */
  readonly lastReport: SnapshotReport | null
  /** Saves begun. */
  readonly saves: number
  /** The one that runs, or null. */
  readonly current: {
    readonly elapsedMs: number
    readonly progress: ChildProgress | null
    readonly sampler: CowSampler | null
  } | null
}

export class Snapshotter {
  readonly #native: NativeEngine
  readonly #settings: () => SnapshotSettings
  readonly #observer: SnapshotObserver
  #job: SnapshotJob | null = null
  /** Settles, without a value, when the running job has ended. */
  #ended: Promise<void> = Promise.resolve()
  #isClosed = false
  #savedChanges: number
  #lastSaveSeconds: number
  #savedAtMs = monotonicMs()
  #attemptedAtMs: number | null = null
  #failures = 0
  #lastDurationMs: number | null = null
  #lastForkMicros = 0
  #lastReport: SnapshotReport | null = null
  #saves = 0

  constructor(native: NativeEngine, settings: () => SnapshotSettings, observer: SnapshotObserver) {
    this.#native = native
    this.#settings = settings
    this.#observer = observer
    this.#savedChanges = native.stats().changes
    this.#lastSaveSeconds = this.#nowSeconds()
  }

  /** What was loaded counts as saved. */
  loaded(): void {
    this.#savedChanges = this.#native.stats().changes
  }

  get status(): SnapshotStatus {
    const job = this.#job
    return {
      changes: this.#native.stats().changes - this.#savedChanges,
      lastSaveSeconds: this.#lastSaveSeconds,
      lastBackgroundSaveOk: this.#failures === 0,
      failures: this.#failures,
      savedAtMs: this.#savedAtMs,
      attemptedAtMs: this.#attemptedAtMs,
      lastDurationMs: this.#lastDurationMs,
      lastForkMicros: this.#lastForkMicros,
      lastReport: this.#lastReport,
      saves: this.#saves,
      current: job && { elapsedMs: job.elapsedMs, progress: job.progress, sampler: job.sampler },
    }
  }

  /** Whether a child of this engine is saving. */
  get isSaving(): boolean {
    return this.#job !== null
  }

  /** Whether a script is paused: a file would hold a part of what it does. */
  get isHalfway(): boolean {
    return this.#native.scriptIsSuspended()
  }

  get lastSaveSeconds(): number {
    return this.#lastSaveSeconds
  }

  /**
   * Writes the file in this thread.
   *
   * @throws {SnapforkError} `ERR_SNAPFORK_CHILD_ACTIVE`, `ERR_SNAPFORK_NO_SPACE`,
   *   `ERR_SNAPFORK_IO`, `ERR_SNAPFORK_CLOSED`
   */
  save(): SaveReport {
    this.#assertOpen()
    const startedAtMs = monotonicMs()
    const { changes } = this.#native.stats()
    const { keys, bytes } = this.#native.save(this.#writeOptions())
    this.#saves += 1
    this.#markSaved(changes)
    const durationMs = monotonicMs() - startedAtMs
    return { kind: 'rdb', path: this.#settings().path, keys, bytes, durationMs }
  }

  /**
   * Forks a child that writes the file. What it writes is the keyspace as it is now.
   *
   * @returns Settles when the child has ended. The observer is told as well.
   * @throws {SnapshotError} at once if no child could be started.
   */
  start(): Promise<SnapshotReport> {
    this.#assertOpen()
    if (this.#job !== null) throw new SnapshotError('ERR_SNAPFORK_CHILD_ACTIVE')
    const { changes } = this.#native.stats()
    this.#attemptedAtMs = monotonicMs()
    const job = new SnapshotJob(this.#native, this.#jobOptions())
    const saved = this.#attempt(() => job.start())
    this.#job = job
    this.#saves += 1
    this.#lastForkMicros = job.forkMicros
    const ended = this.#follow(job, saved, changes)
    this.#ended = ended.then(
      () => {},
      () => {},
    )
    return ended
  }

  /** Kills a running child; the promise of `start` then rejects with `code`. */
  cancel(code: SnapforkErrorCode): void {
    this.#job?.cancel(code)
  }

  /**
   * Calls `act` when no save runs, with what tells the file that is there from every other one.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_IO` if the file cannot be read.
   */
  async whileIdle<T>(act: (identity: string) => T): Promise<T> {
    while (true) {
      await this.#ended
      const saves = this.#saves
      const identity = await identifySnapshot(this.#settings().path)
      if (this.#job === null && saves === this.#saves) return act(identity)
    }
  }

  /** Refuses new saves and gives up the one that runs; resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.cancel('ERR_SNAPFORK_CLOSED')
    await this.#ended
  }

  /** Takes back `close`, as long as the engine was not closed, when no script is halfway. */
  async reopen(): Promise<void> {
    await whenNoScriptIsHalfway(this.#native)
    this.#isClosed = false
    this.#thaw()
  }

  /** Calls `start`, and tells the observer if it throws. */
  #attempt<T>(start: () => T): T {
    try {
      return start()
    } catch (error) {
      this.#noteFailure(error)
      throw error
    }
  }

  async #follow(
    job: SnapshotJob,
    saved: Promise<SnapshotReport>,
    changes: number,
  ): Promise<SnapshotReport> {
    try {
      const report = await saved
      this.#markSaved(changes)
      this.#lastReport = report
      this.#observer.saved(report)
      return report
    } catch (error) {
      this.#noteFailure(error)
      throw error
    } finally {
      this.#lastDurationMs = job.elapsedMs
      this.#job = null
      this.#thaw()
    }
  }

  #noteFailure(error: unknown): void {
    if (!(error instanceof SnapshotError) || NO_FAILURE.has(error.code)) return
    this.#failures += 1
    this.#observer.judged()
    this.#observer.failed(error)
  }

  /** (N1) */
  #markSaved(changes: number): void {
    this.#savedChanges = changes
    this.#lastSaveSeconds = this.#nowSeconds()
    this.#savedAtMs = monotonicMs()
    this.#failures = 0
    this.#observer.judged()
  }

  /** Frees what had to wait for the child. */
  #thaw(): void {
    thaw(this.#native, () => this.#isClosed || this.#job !== null)
  }

  #jobOptions(): SnapshotJobOptions {
    const { stallTimeoutMs, timeLimitMs, guard, watch } = this.#settings()
    const { nice, oomScoreAdj, ioPriority, bytesPerSecond, dropsCache } = this.#settings()
    const how = { nice, oomScoreAdj, ioPriority, bytesPerSecond, dropsCache }
    const fork = { ...this.#writeOptions(), ...how }
    return { fork, stallTimeoutMs, timeLimitMs, guard, watch }
  }

  #writeOptions(): RdbWriteOptions {
    const { dir, path, compression, checksum, version, serverVersion } = this.#settings()
    return {
      path,
      temporaryPath: makeTemporaryPath(dir),
      compression,
      checksum,
      version,
      serverVersion,
      isBase: false,
      asCommands: false,
      timestamp: false,
      createdAtSeconds: this.#nowSeconds(),
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#settings().now() / 1000)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SnapforkError('ERR_SNAPFORK_CLOSED')
  }
}
