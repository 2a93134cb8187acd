/**
 * The append-only log of an open engine: what is written where, when it is synced, and rewrites.
 *
 * Invariants
 *  (A1) Whatever has changed the keyspace since the base of the manifest was forked is in the
 *       incremental files of the manifest, in order, or waits in the engine's log for the last one.
 *  (A2) The switch to another file and the fork of its base happen in one turn, with no command
 *       between them.
 *  (A3) After a failed sync nothing counts as durable until a new base is.
 *  (A4) A log that is switched on counts from the moment its first base does: until then the
 *       manifest is the old one, and nobody is told that anything is durable.
 *
 * Called from: engine/. Main thread only.
 *
 * @module
 */

import { SnapforkError, type SnapforkErrorCode, SnapshotError } from '../errors.js'
import type { ForkOptions, NativeEngine } from '../native/engine.js'
import { LOG_SYNC, type LogProgress } from '../native/log.js'
import { systemError } from '../native/status.js'
import { monotonicMs } from '../util/clock.js'
import { type Manifest, type ManifestFile, nextSequences } from './aof-manifest.js'
import type { LogFiles } from './log-files.js'
import type { SaveGuard } from './save-guard.js'
import type { SaveWatch } from './save-record.js'
import { isChildRunning, mayBeginJob, SnapshotJob, whenJobMayBegin } from './snapshot-job.js'
import type { SnapshotReport } from './snapshot-report.js'
import { makeTemporaryPath } from './temp-files.js'
import { thaw } from './thaw.js'

export type LogSyncPolicy = keyof typeof LOG_SYNC

/** As they are at the time. */
export interface AppendLogSettings {
  readonly sync: LogSyncPolicy
  /** Writes the time into the files. */
  readonly timestamps: boolean
  /** Growth of the files over the last base that leads to a rewrite; 0: none. */
  readonly rewritePercentage: number
  readonly rewriteMinBytes: number
  readonly stallTimeoutMs: number
  readonly guard: SaveGuard | null
  readonly watch: SaveWatch
  readonly timeLimitMs: number
  /** Of a base, but for its paths. */
  readonly fork: Omit<ForkOptions, 'path' | 'temporaryPath'>
}

/** What is known of the log. */
export interface AppendLogStatus {
  readonly isRewriting: boolean
  readonly isScheduled: boolean
  /** How long the rewrite has been running, or null. */
  readonly rewritingMs: number | null
  readonly rewrites: number
  /** Of the last rewrite that succeeded. */
  readonly lastReport: SnapshotReport | null
  readonly consecutiveFailures: number
  readonly currentBytes: number
  readonly baseBytes: number
  readonly progress: LogProgress
}

/** Who is told of failures and of what a rewrite came to. */
export interface AppendLogObserver {
  rewritten(report: SnapshotReport): void
  failed(error: SnapforkError): void
  recovered(): void
}

interface Waiter {
  readonly target: number
  resolve(): void
  reject(error: Error): void
}

/** A new incremental file, which is in the manifest and empty. */
interface AddedFile {
  readonly fd: number
  readonly file: ManifestFile
}

/** A child that writes a base. */
interface BaseChild {
  readonly base: ManifestFile
  readonly report: Promise<SnapshotReport>
}

/** After so many rewrites that failed in a row, automatic ones wait. */
const FAILURES_MAX = 3
const RETRY_MS = 60_000
const RETRY_MS_MAX = 3_600_000

export class AppendLog {
  isOn = false
  accepts = true
  savesFail = false
  limitsMemory = false
  readonly #native: NativeEngine
  readonly #files: LogFiles
  readonly #settings: () => AppendLogSettings
  readonly #observer: AppendLogObserver
  /** As the one on disk. */
  #manifest: Manifest
  /** Is being written. The last one of the manifest, or only empty ones follow. */
  #file: ManifestFile | null = null
  readonly #waiters: Waiter[] = []
  /** Keeps the process alive while somebody waits. */
  #vigil: NodeJS.Timeout | null = null
  #job: SnapshotJob | null = null
  #rewriting: Promise<SnapshotReport> | null = null
  /** The rewrite that gives a log that was switched on its first base. (A4) */
  #beginning: Promise<SnapshotReport> | null = null
  #isFailing = false
  #isEnding = false
  #failures = 0
  #retryAtMs = 0
  #isScheduled = false
  #rewrites = 0
  #lastReport: SnapshotReport | null = null
  #baseBytes = 0
  /** Of incremental files before the current one. */
  #olderBytes = 0
  /** `appended` where the current file begins, less what was in it before. */
  #fileStart = 0
  /** `headBytes` there, as far as they were written. */
  #fileStartHeads = 0

  constructor(
    native: NativeEngine,
    files: LogFiles,
    settings: () => AppendLogSettings,
    observer: AppendLogObserver,
    manifest: Manifest,
  ) {
    this.#native = native
    this.#files = files
    this.#settings = settings
    this.#observer = observer
    this.#manifest = manifest
  }

  /**
   * Of an engine that nobody has yet, and which holds what the files of the manifest hold: goes on
   * with the last incremental file.
   */
  async resume(): Promise<void> {
    const { base, incremental, history } = this.#manifest
    const last = incremental.at(-1)
    const bytes = last === undefined ? 0 : ((await this.#files.sizeOf(last.name)) ?? 0)
    const at =
      last === undefined
        ? await this.#addFile()
        : { fd: await this.#files.openExisting(last.name), file: last }
    await this.#measure()
    this.#startAt(at, bytes)
    if (this.#manifest.endedWith !== undefined) {
      await this.#replaceManifest({ base, incremental, history })
    }
    await this.#removeHistory()
  }

  /**
   * Of an engine that nobody has yet, and which holds something else than the files of the
   * manifest: its first base is written by a thread of the pool.
   */
  async start(): Promise<void> {
    const { base, path } = this.#nextBase()
    const { bytes } = await this.#native.saveInBackground({ ...this.#settings().fork, ...path })
    const file = this.#nextIncremental()
    const fd = await this.#files.create(file.name)
    await this.#replaceManifest(this.#withoutOthers(base, file))
    this.#baseBytes = bytes
    this.#startAt({ fd, file }, 0)
    await this.#removeHistory()
  }

  /**
   * Switches the log on for an engine that is in use. A child writes the base; what is changed
   * behind the fork is logged beside. (A4) `whenFree` calls back in a turn without another child.
   *
   * @returns Resolves when the files are a log that counts.
   * @throws {SnapforkError} (rejects) what `bgsave` and the files reject with; the log is then off.
   */
  begin(whenFree: <T>(act: () => T) => Promise<T>): Promise<SnapshotReport> {
    this.#beginning = this.#begin(whenFree).finally(() => {
      this.#beginning = null
      this.#rewriting = null
      this.#job = null
      thaw(this.#native, () => !this.isOn)
    })
    this.#rewriting = this.#beginning
    return this.#beginning
  }

  /** Applies what has changed of the settings. */
  configure(): void {
    const { sync, timestamps } = this.#settings()
    if (this.isOn) this.#native.logConfigure(LOG_SYNC[sync], timestamps)
  }

  /** Resolves when all that was logged so far is on disk; rejects if that cannot be. */
  durable(): Promise<void> {
    if (this.#beginning !== null) return this.#beginning.then(() => this.durable())
    const progress = this.#native.logProgress()
    const error = errorOf(progress)
    if (error !== null) return Promise.reject(error)
    if (progress.synced >= progress.appended) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ target: progress.appended, resolve, reject })
      this.#vigil ??= setInterval(() => {}, RETRY_MS)
      this.#native.logRequestSync()
    })
  }

  /** Why no writes are taken. */
  refusal(): SnapforkError {
    const error = errorOf(this.#native.logProgress())
    if (error !== null) return error
    const detail = 'The disk does not keep up with the log: no write is taken until it does.'
    return new SnapforkError('ERR_SNAPFORK_LOG_FAILED', detail)
  }

  /** Whether commands have to ask. */
  get guards(): boolean {
    return this.isOn || this.savesFail || this.limitsMemory
  }

  get isRewriting(): boolean {
    return this.#rewriting !== null
  }

  /** Bytes of the base and of all incremental files. */
  get currentBytes(): number {
    const { appended, headBytes } = this.#native.logProgress()
    const fileBytes = appended - this.#fileStart + headBytes - this.#fileStartHeads
    return this.#baseBytes + this.#olderBytes + fileBytes
  }

  get status(): AppendLogStatus {
    return {
      isRewriting: this.isRewriting,
      isScheduled: this.#isScheduled,
      rewritingMs: this.#job?.elapsedMs ?? null,
      rewrites: this.#rewrites,
      lastReport: this.#lastReport,
      consecutiveFailures: this.#failures,
      currentBytes: this.currentBytes,
      baseBytes: this.#baseBytes,
      progress: this.#native.logProgress(),
    }
  }

  /** A rewrite as soon as the child that runs has ended. */
  schedule(): void {
    this.#isScheduled = true
  }

  /** Starts a rewrite if one is scheduled. Not while a child runs. */
  rewriteIfScheduled(): void {
    if (!this.#isScheduled || !this.isOn || this.#isEnding) return
    this.#failures = 0
    this.rewrite().catch(() => {})
  }

  /**
   * Starts a rewrite if a sync has failed (A3) or the files have grown enough, and none has failed
   * too often lately. Not while a child runs.
   */
  rewriteIfGrown(): void {
    if (!this.isOn || this.#isEnding) return
    if (this.#failures >= FAILURES_MAX && monotonicMs() < this.#retryAtMs) return
    const isLost = this.#native.logProgress().syncErrno !== 0
    if (!isLost && !this.#hasGrown()) return
    this.rewrite().catch(() => {})
  }

  #hasGrown(): boolean {
    const { rewritePercentage, rewriteMinBytes } = this.#settings()
    if (rewritePercentage === 0) return false
    const bytes = this.currentBytes
    const growth = (bytes * 100) / Math.max(1, this.#baseBytes) - 100
    return bytes > rewriteMinBytes && growth >= rewritePercentage
  }

  /**
   * Writes a new base by a forked child, and drops the files before it.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_CHILD_ACTIVE` if a child runs, and what
   *   `bgsave` rejects with. The log goes on; with one more file, if a child has failed.
   */
  rewrite(): Promise<SnapshotReport> {
    if (this.#rewriting !== null || isChildRunning()) {
      return Promise.reject(new SnapshotError('ERR_SNAPFORK_CHILD_ACTIVE'))
    }
    if (this.#isEnding) return Promise.reject(new SnapshotError('ERR_SNAPFORK_CLOSED'))
    this.#isScheduled = false
    this.#rewriting = this.#rewrite().finally(() => {
      this.#rewriting = null
      this.#job = null
      thaw(this.#native, () => !this.isOn)
    })
    return this.#rewriting
  }

  /**
   * Ends a rewrite, writes and syncs what there is.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_LOG_FAILED` if that failed. The log is then off
   *   all the same.
   */
  async stop(): Promise<void> {
    if (this.#rewriting !== null) await this.cancelRewrite()
    if (!this.isOn) return
    this.#native.logCommit(false)
    this.isOn = false
    try {
      await this.#native.logStop()
      this.#settle(Number.POSITIVE_INFINITY, null)
    } catch (cause) {
      const error = new SnapforkError('ERR_SNAPFORK_LOG_FAILED', undefined, { cause })
      this.#settle(0, error)
      throw error
    }
  }

  /** Ends a rewrite, and lets no other begin. */
  async cancelRewrite(): Promise<void> {
    this.#isEnding = true
    this.#job?.cancel('ERR_SNAPFORK_CLOSED')
    await this.#rewriting?.catch(() => {})
  }

  /**
   * Stops, and notes beside which snapshot: another one that is found later holds more than the
   * files. Behind `cancelRewrite`, nothing is logged any more when this returns.
   *
   * @throws {SnapforkError} (rejects) as {@link stop}.
   */
  async end(snapshot: string): Promise<void> {
    try {
      await this.stop()
    } finally {
      await this.#replaceManifest({ ...this.#manifest, endedWith: snapshot })
    }
  }

  async #begin(whenFree: <T>(act: () => T) => Promise<T>): Promise<SnapshotReport> {
    const files = this.#files
    const file = this.#nextIncremental()
    const fd = await files.create(files.temporaryIncrementalName)
    let child: BaseChild
    try {
      child = await whenFree(() => this.#forkFirstBase({ fd, file }))
    } catch (error) {
      await files.discard(fd, files.temporaryIncrementalName)
      throw error
    }
    let report: SnapshotReport
    try {
      report = await child.report
      await files.rename(files.temporaryIncrementalName, file.name)
      await this.#replaceManifest(this.#withoutOthers(child.base, file)).catch((error: unknown) => {
        if (this.#manifest.base !== child.base) throw error
        // It counts, though perhaps not yet on the disk: another one will be.
        this.schedule()
      })
    } catch (error) {
      await this.#giveUp(error as Error, [
        files.temporaryIncrementalName,
        file.name,
        child.base.name,
      ])
      throw error
    }
    this.#native.logCount()
    return this.#noteBase(report)
  }

  /** (A2) */
  #forkFirstBase(at: AddedFile): BaseChild {
    const child = this.#forkBase()
    try {
      this.#startAt(at, 0, false)
      return child
    } catch (error) {
      child.report.catch(() => {})
      this.#job?.cancel('ERR_SNAPFORK_CANCELED')
      throw error
    }
  }

  /** Takes `begin` back, with files that no manifest names. */
  async #giveUp(error: Error, files: readonly string[]): Promise<void> {
    this.isOn = false
    await this.#native.logStop().catch(() => {})
    this.#settle(0, error)
    await this.#files.remove(files).catch(() => {})
  }

  #startAt({ fd, file }: AddedFile, bytes: number, counts = true): void {
    const { sync, timestamps } = this.#settings()
    this.#file = file
    this.#fileStart = -bytes
    this.#fileStartHeads = 0
    const onProgress = () => this.#onProgress()
    this.#native.logStart(fd, bytes, LOG_SYNC[sync], timestamps, counts, onProgress)
    this.isOn = true
  }

  async #rewrite(): Promise<SnapshotReport> {
    try {
      return await this.#writeNewBase()
    } catch (error) {
      this.#failures += 1
      const waits = this.#failures - FAILURES_MAX
      this.#retryAtMs = monotonicMs() + Math.min(RETRY_MS * 2 ** Math.max(0, waits), RETRY_MS_MAX)
      throw error
    }
  }

  async #writeNewBase(): Promise<SnapshotReport> {
    let child: BaseChild | null = null
    while (child === null) {
      const added = this.#isFileEmpty() ? null : await this.#addFile()
      // Another engine may have forked meanwhile.
      if (!mayBeginJob(this.#native)) await whenJobMayBegin(this.#native, () => this.#isEnding)
      // What was logged to the present file meanwhile will be in the base: it must not follow it.
      if (added !== null || this.#isFileEmpty()) child = await this.#forkBehind(added)
    }
    const { base, report: written } = child
    const report = await written
    await this.#replaceManifest(this.#withoutOthers(base, this.#file as ManifestFile))
    this.#native.logForgive()
    return this.#noteBase(report)
  }

  #isFileEmpty(): boolean {
    this.#native.logCommit(false)
    return this.#native.logProgress().appended === this.#fileStart
  }

  /** Forks, and goes on in the file that was added, if one was. (A2) */
  async #forkBehind(added: AddedFile | null): Promise<BaseChild> {
    try {
      const child = this.#forkBase()
      if (added !== null) this.#goOnIn(added)
      return child
    } catch (error) {
      if (added !== null) await this.#takeBack(added).catch(() => {})
      throw error
    }
  }

  #goOnIn({ fd, file }: AddedFile): void {
    this.#native.logRotate(fd)
    this.#file = file
    this.#olderBytes = this.currentBytes - this.#baseBytes
    const { appended, headBytes } = this.#native.logProgress()
    this.#fileStart = appended
    this.#fileStartHeads = headBytes
  }

  /** Starts the child that writes the next base. */
  #forkBase(): BaseChild {
    if (this.#isEnding) throw new SnapshotError('ERR_SNAPFORK_CLOSED')
    const { fork, stallTimeoutMs, timeLimitMs, guard, watch } = this.#settings()
    const { base, path } = this.#nextBase()
    const options = { fork: { ...fork, ...path }, stallTimeoutMs, timeLimitMs, guard, watch }
    const job = new SnapshotJob(this.#native, options)
    this.#job = job
    return { base, report: job.start() }
  }

  /** Of a base that counts. */
  async #noteBase(report: SnapshotReport): Promise<SnapshotReport> {
    this.#baseBytes = report.bytes
    this.#olderBytes = 0
    this.#failures = 0
    this.#rewrites += 1
    this.#lastReport = report
    await this.#removeHistory().catch(() => {})
    this.#observer.rewritten(report)
    return report
  }

  #nextBase(): { base: ManifestFile; path: { path: string; temporaryPath: string } } {
    const files = this.#files
    const form = this.#settings().fork.asCommands ? 'aof' : 'rdb'
    const sequence = nextSequences(this.#manifest).base
    const base = { name: files.baseName(sequence, form), sequence }
    return {
      base,
      path: { path: files.path(base.name), temporaryPath: makeTemporaryPath(files.dir) },
    }
  }

  #nextIncremental(): ManifestFile {
    const sequence = nextSequences(this.#manifest).incremental
    return { name: this.#files.incrementalName(sequence), sequence }
  }

  /** A manifest of a base and the file behind it, to which all the others are history. */
  #withoutOthers(base: ManifestFile, last: ManifestFile): Manifest {
    const old = this.#manifest
    const others = old.incremental.filter(({ sequence }) => sequence !== last.sequence)
    const history = [...(old.base === null ? [] : [old.base]), ...others, ...old.history]
    return { base, incremental: [last], history }
  }

  /** Makes the next incremental file, and a manifest that names it. */
  async #addFile(): Promise<AddedFile> {
    const file = this.#nextIncremental()
    const added = { fd: await this.#files.create(file.name), file }
    try {
      const incremental = [...this.#manifest.incremental, file]
      await this.#replaceManifest({ ...this.#manifest, incremental })
      return added
    } catch (error) {
      await this.#takeBack(added).catch(() => {})
      throw error
    }
  }

  /** Takes back a file that nothing was logged to. It stays while a manifest may name it. */
  async #takeBack({ fd, file }: AddedFile): Promise<void> {
    await this.#files.close(fd)
    const incremental = this.#manifest.incremental.filter((one) => one !== file)
    if (incremental.length < this.#manifest.incremental.length) {
      await this.#replaceManifest({ ...this.#manifest, incremental })
    }
    await this.#files.remove([file.name])
  }

  async #replaceManifest(manifest: Manifest): Promise<void> {
    await this.#files.writeManifest(manifest, () => {
      this.#manifest = manifest
    })
  }

  async #removeHistory(): Promise<void> {
    const { history } = this.#manifest
    if (history.length === 0) return
    await this.#files.remove(history.map(({ name }) => name))
    await this.#replaceManifest({ ...this.#manifest, history: [] })
  }

  async #measure(): Promise<void> {
    const { base, incremental } = this.#manifest
    this.#baseBytes = base === null ? 0 : ((await this.#files.sizeOf(base.name)) ?? 0)
    this.#olderBytes = 0
    for (const { name } of incremental.slice(0, -1)) {
      this.#olderBytes += (await this.#files.sizeOf(name)) ?? 0
    }
  }

  #onProgress(): void {
    if (!this.isOn) return
    const progress = this.#native.logProgress()
    const error = errorOf(progress)
    this.accepts = progress.accepts
    this.#settle(progress.synced, error)
    if (this.#waiters.length > 0) this.#native.logRequestSync()
    if ((error !== null) !== this.#isFailing) {
      this.#isFailing = error !== null
      if (error === null) this.#observer.recovered()
      else this.#observer.failed(error)
    }
  }

  /** Tells those who wait: up to `synced` it is done, and for others `error` says why not. */
  #settle(synced: number, error: Error | null): void {
    const waiters = this.#waiters.splice(0)
    for (const waiter of waiters) {
      if (waiter.target <= synced) waiter.resolve()
      else if (error !== null) waiter.reject(error)
      else this.#waiters.push(waiter)
    }
    if (this.#waiters.length > 0 || this.#vigil === null) return
    clearInterval(this.#vigil)
    this.#vigil = null
  }
}

function errorOf({ writeErrno, syncErrno }: LogProgress): SnapforkError | null {
  const errno = syncErrno || writeErrno
  if (errno === 0) return null
  const code: SnapforkErrorCode = 'ERR_SNAPFORK_LOG_FAILED'
  return new SnapforkError(code, undefined, { cause: systemError(errno) })
}
