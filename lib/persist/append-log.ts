/**
 * The append-only log of an open engine: what is written where, when it is synced, and rewrites.
 *
 * Invariants
 *  (A1) Whatever has changed the keyspace since the base of the manifest was forked is in the
 *       incremental files of the manifest, in order, or waits in the engine's log for the last one.
 *  (A2) The switch to another file and the fork of its base happen in one turn, with no command
 *       between them.
 *  (A3) After a failed sync nothing counts as durable until a new base is.
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
import { SnapshotJob } from './snapshot-job.js'
import type { SnapshotReport } from './snapshot-report.js'
import { makeTemporaryPath } from './temp-files.js'
import { thaw } from './thaw.js'

export type LogSyncPolicy = keyof typeof LOG_SYNC

export interface AppendLogSettings {
  readonly files: LogFiles
  readonly sync: LogSyncPolicy
  /** Writes the time into the files. */
  readonly timestamps: boolean
  /** Growth of the files over the last base that leads to a rewrite; 0: none. */
  readonly rewritePercentage: number
  readonly rewriteMinBytes: number
  readonly stallTimeoutMs: number
  /** Of a base, but for its paths. */
  readonly fork: () => Omit<ForkOptions, 'path' | 'temporaryPath'>
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

/** After so many rewrites that failed in a row, automatic ones wait. */
const FAILURES_MAX = 3
const RETRY_MS = 60_000
const RETRY_MS_MAX = 3_600_000

export class AppendLog {
  isOn = false
  accepts = true
  readonly #native: NativeEngine
  readonly #settings: AppendLogSettings
  readonly #observer: AppendLogObserver
  /** As the one on disk. */
  #manifest: Manifest
  /** In the manifest, and being written: it is the last one, or only empty ones follow. */
  #file: ManifestFile | null = null
  readonly #waiters: Waiter[] = []
  /** Keeps the process alive while somebody waits. */
  #vigil: NodeJS.Timeout | null = null
  #job: SnapshotJob | null = null
  #rewriting: Promise<SnapshotReport> | null = null
  #isFailing = false
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

  constructor(
    native: NativeEngine,
    settings: AppendLogSettings,
    observer: AppendLogObserver,
    manifest: Manifest,
  ) {
    this.#native = native
    this.#settings = settings
    this.#observer = observer
    this.#manifest = manifest
  }

  /**
   * Goes on with the last incremental file, or makes the first. An engine without a base gets one
   * in this thread: what it holds now.
   */
  async start(): Promise<void> {
    const { files, sync, timestamps } = this.#settings
    if (this.#manifest.base === null && this.#manifest.incremental.length === 0) this.#writeBase()
    const last = this.#manifest.incremental.at(-1)
    const bytes = last === undefined ? 0 : ((await files.sizeOf(last.name)) ?? 0)
    const { fd, file } =
      last === undefined
        ? await this.#addFile()
        : { fd: await files.openExisting(last.name), file: last }
    this.#file = file
    await this.#measure()
    this.#fileStart = -bytes
    this.#native.logStart(fd, bytes, LOG_SYNC[sync], timestamps, () => this.#onProgress())
    this.isOn = true
    await this.#removeHistory()
  }

  /** Resolves when all that was logged so far is on disk; rejects if that cannot be. */
  durable(): Promise<void> {
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

  get isRewriting(): boolean {
    return this.#rewriting !== null
  }

  /** Bytes of the base and of all incremental files. */
  get currentBytes(): number {
    return (
      this.#baseBytes + this.#olderBytes + this.#native.logProgress().appended - this.#fileStart
    )
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

  /**
   * Starts a rewrite if one is scheduled; or if a sync has failed (A3) or the files have grown
   * enough, and none has failed too often lately. Not while another child runs.
   */
  rewriteIfDue(isChildActive: boolean): void {
    if (!this.isOn || this.isRewriting || isChildActive) return
    if (this.#isScheduled) {
      this.#failures = 0
      this.rewrite().catch(() => {})
      return
    }
    if (this.#failures >= FAILURES_MAX && monotonicMs() < this.#retryAtMs) return
    const isLost = this.#native.logProgress().syncErrno !== 0
    if (!isLost && !this.#hasGrown()) return
    this.rewrite().catch(() => {})
  }

  #hasGrown(): boolean {
    const { rewritePercentage, rewriteMinBytes } = this.#settings
    if (rewritePercentage === 0) return false
    const bytes = this.currentBytes
    const growth = (bytes * 100) / Math.max(1, this.#baseBytes) - 100
    return bytes > rewriteMinBytes && growth >= rewritePercentage
  }

  /**
   * Writes a new base by a forked child, and drops the files before it.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_CHILD_ACTIVE` if one is under way, and what
   *   `bgsave` rejects with. The log goes on; with one more file, if a child has failed.
   */
  rewrite(): Promise<SnapshotReport> {
    if (this.#rewriting !== null) {
      return Promise.reject(new SnapshotError('ERR_SNAPFORK_CHILD_ACTIVE'))
    }
    this.#isScheduled = false
    this.#rewriting = this.#rewrite().finally(() => {
      this.#rewriting = null
      this.#job = null
      thaw(this.#native, () => !this.isOn)
    })
    return this.#rewriting
  }

  /** Ends a rewrite, writes and syncs what there is. */
  async stop(): Promise<void> {
    this.#job?.cancel('ERR_SNAPFORK_CLOSED')
    await this.#rewriting?.catch(() => {})
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

  async #rewrite(): Promise<SnapshotReport> {
    try {
      const report = await this.#writeNewBase()
      this.#failures = 0
      this.#rewrites += 1
      this.#lastReport = report
      this.#observer.rewritten(report)
      return report
    } catch (error) {
      this.#failures += 1
      const waits = this.#failures - FAILURES_MAX
      this.#retryAtMs = monotonicMs() + Math.min(RETRY_MS * 2 ** Math.max(0, waits), RETRY_MS_MAX)
      throw error
    }
  }

  async #writeNewBase(): Promise<SnapshotReport> {
    this.#native.logCommit(false)
    const isEmpty = this.#native.logProgress().appended === this.#fileStart
    const added = isEmpty ? null : await this.#addFile()
    const { base, fork } = this.#nextBase()
    const { stallTimeoutMs } = this.#settings
    const job = new SnapshotJob(this.#native, { fork, stallTimeoutMs })
    this.#job = job
    const saved = await this.#fork(job, added)
    const report = await saved.end
    const { base: oldBase, incremental, history } = this.#manifest
    const current = incremental.filter((file) => file === this.#file)
    const older = incremental.filter((file) => file !== this.#file)
    const old = [...(oldBase === null ? [] : [oldBase]), ...older, ...history]
    await this.#replaceManifest({ base, incremental: current, history: old })
    this.#native.logForgive()
    this.#baseBytes = report.bytes
    this.#olderBytes = 0
    await this.#removeHistory().catch(() => {})
    return report
  }

  /** Forks, and goes on in the file that was added, if one was. */
  async #fork(
    job: SnapshotJob,
    added: AddedFile | null,
  ): Promise<{ end: Promise<SnapshotReport> }> {
    try {
      // (A2)
      const end = job.start()
      if (added !== null) this.#goOnIn(added)
      return { end }
    } catch (error) {
      if (added !== null) await this.#takeBack(added).catch(() => {})
      throw error
    }
  }

  #goOnIn({ fd, file }: AddedFile): void {
    this.#native.logRotate(fd)
    this.#file = file
    this.#olderBytes = this.currentBytes - this.#baseBytes
    this.#fileStart = this.#native.logProgress().appended
  }

  /** A base of what there is, in this thread. */
  #writeBase(): void {
    const { base, fork } = this.#nextBase()
    this.#native.save(fork)
    this.#manifest = { ...this.#manifest, base }
  }

  #nextBase(): { base: ManifestFile; fork: ForkOptions } {
    const { files, fork } = this.#settings
    const sequence = nextSequences(this.#manifest).base
    const base = { name: files.baseName(sequence), sequence }
    const paths = { path: files.path(base.name), temporaryPath: makeTemporaryPath(files.dir) }
    return { base, fork: { ...fork(), ...paths } }
  }

  /** Makes the next incremental file, and a manifest that names it. */
  async #addFile(): Promise<AddedFile> {
    const { files } = this.#settings
    const sequence = nextSequences(this.#manifest).incremental
    const file = { name: files.incrementalName(sequence), sequence }
    const added = { fd: await files.create(file.name), file }
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
    const { files } = this.#settings
    await files.close(fd)
    const incremental = this.#manifest.incremental.filter((one) => one !== file)
    if (incremental.length < this.#manifest.incremental.length) {
      await this.#replaceManifest({ ...this.#manifest, incremental })
    }
    await files.remove([file.name])
  }

  async #replaceManifest(manifest: Manifest): Promise<void> {
    await this.#settings.files.writeManifest(manifest, () => {
      this.#manifest = manifest
    })
  }

  async #removeHistory(): Promise<void> {
    const { history } = this.#manifest
    if (history.length === 0) return
    await this.#settings.files.remove(history.map(({ name }) => name))
    await this.#replaceManifest({ ...this.#manifest, history: [] })
  }

  async #measure(): Promise<void> {
    const { files } = this.#settings
    const { base, incremental } = this.#manifest
    this.#baseBytes = base === null ? 0 : ((await files.sizeOf(base.name)) ?? 0)
    this.#olderBytes = 0
    for (const { name } of incremental.slice(0, -1)) {
      this.#olderBytes += (await files.sizeOf(name)) ?? 0
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
