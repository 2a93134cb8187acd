/**
 * The engine as a program has it: database 0 with every command, files, saves, events.
 *
 *     open() --load--> open --close()--> closing --> closed
 *                        ^                  |
 *                        +-- last save failed
 *
 * Invariants
 *  (E1) Who has a Snapfork has the lock of its directory, and its file is loaded; but for a server,
 *       which has it sooner and then keeps commands from the keyspace.
 *  (E2) `close` leaves nothing behind: no child, no temporary file, no timer, no lock.
 *  (E3) No timer keeps the process alive; a save that runs does.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { Database } from '../api/database.js'
import type { Clock } from '../commands/context.js'
import type { CommandHost } from '../commands/host.js'
import type { CowSample } from '../cow/cow-report.js'
import { invalidArgument, outOfRange, SnapforkError } from '../errors.js'
import type { NativeEngine, NativeLock } from '../native/engine.js'
import { changeOptions, type ResolvedOptions, type RuntimeOptions } from '../options.js'
import type { CutTail } from '../persist/cut-tail.js'
import type { SaveWatch } from '../persist/save-record.js'
import { SaveScheduler } from '../persist/save-scheduler.js'
import type { SaveReport, SnapshotReport } from '../persist/snapshot-report.js'
import { Snapshotter } from '../persist/snapshotter.js'
import { monotonicMs } from '../util/clock.js'
import { makeClock } from './clock.js'
import { makeHost } from './command-host.js'
import { Defragmentation } from './defragmentation.js'
import type { SnapforkEvent, SnapforkEvents, SnapforkListener } from './events.js'
import { limitMemory } from './eviction.js'
import { type Forecast, Forecaster } from './forecaster.js'
import { databaseFacts, formatInfo, type InfoFacts } from './info.js'
import { type LoadedFiles, loadFiles, loadSnapshot } from './load-files.js'
import { Loading } from './loading.js'
import { loadLog } from './log-recovery.js'
import { LogSwitch } from './log-switch.js'
import { MemoryGuard } from './memory-guard.js'
import { SaveCosts } from './save-costs.js'
import { snapshotSettings } from './snapshot-settings.js'
import { UpkeepTimer } from './upkeep-timer.js'

export interface BgsaveOptions {
  /** Wait for a child that runs, instead of rejecting. @defaultValue false */
  schedule?: boolean | undefined
}

export interface CloseOptions {
  /** Write a snapshot first. @defaultValue false */
  save?: boolean | undefined
}

/** What `open` puts together. */
export interface SnapforkParts {
  readonly native: NativeEngine
  readonly lock: NativeLock
  readonly options: ResolvedOptions
  /** Absolute path of the snapshot file. */
  readonly path: string
  readonly usesHugePages: boolean
}

/** Deferred frees performed in one turn of the upkeep, behind a child: about a millisecond. */
const THAW_LIMIT = 50_000

/** Loads the files and starts the append-only log, before a program has the engine. */
export const START = Symbol('start')
/** Ends that before its end. */
export const ABORT = Symbol('abort')
/** What there is to report of an engine. */
export const FACTS = Symbol('facts')
/** What a server is made from. */
export const INTERNALS = Symbol('internals')

/**
 * An open engine, and its database 0: every command is a method. Made by {@link open}.
 *
 * Commands are synchronous and touch memory only. After {@link close} every method throws
 * `ERR_SNAPFORK_CLOSED`, except `close` itself and those about listeners.
 */
export class Snapfork extends Database {
  readonly #parts: SnapforkParts
  readonly #snapshots: Snapshotter
  readonly #saves: SaveScheduler
  readonly #host: CommandHost
  readonly #clock: Clock
  readonly #upkeep: UpkeepTimer
  readonly #defragmentation: Defragmentation
  readonly #log: LogSwitch
  readonly #forecaster: Forecaster
  readonly #guard: MemoryGuard
  readonly #costs: SaveCosts
  readonly #events = new EventEmitter<SnapforkEvents>()
  readonly #databases = new Map<number, Database>()
  readonly #runId = randomBytes(20).toString('hex')
  readonly #openedAtMs = monotonicMs()
  readonly #options: () => ResolvedOptions
  readonly #setOptions: (options: ResolvedOptions) => void
  #expiresActively = true
  #onUpkeep: (() => void) | null = null
  #onLoading: (() => void) | null = null
  #changing: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null
  #loading: Loading | null
  #loaded: LoadedFiles = { snapshot: null, log: null }

  /** @internal */
  constructor(parts: SnapforkParts) {
    const { native } = parts
    let options = parts.options
    const clock = makeClock(native, options.clock)
    // What follows exists before `this` does: it is called only later.
    const guard = new MemoryGuard({
      native,
      policy: () => options.saveMemoryPolicy,
      forecastBytes: () => this.#forecaster.expectedBytes(),
      notify: (event) => this.#emit('save-memory', event),
    })
    const watch: SaveWatch = {
      heatMap: () => options.cowHeatMap,
      sampled: (sample) => this.#tellSample(sample),
      ended: (record) => this.#costs.add(record),
    }
    const settings = () => ({ ...snapshotSettings(options, parts.path, clock), guard, watch })
    const snapshots = new Snapshotter(native, settings, {
      saved: (report) => {
        this.#forecaster.learn(report, snapshots.status.changes)
        this.#emit('snapshot', report)
      },
      failed: (error) => this.#emit('snapshot-error', error),
      judged: () => this.#judgeWrites(),
    })
    const log = new LogSwitch({
      native,
      options: () => options,
      snapshots,
      guard,
      clock,
      watch,
      observer: {
        rewritten: (report) => {
          this.#forecaster.learn(report, null)
          this.#emit('rewrite', report)
        },
        failed: (error) => this.#emit('log-error', error),
        recovered: () => this.#emit('log-recovered'),
      },
    })
    const saves = new SaveScheduler({ snapshots, log: () => log.log, rules: () => options.save })
    const around = { options: () => options, snapshots, log, saves }
    const host = makeHost(() => this, around)
    super(native, 0, clock, host)
    this.#parts = parts
    this.#host = host
    this.#clock = clock
    this.#log = log
    this.#snapshots = snapshots
    this.#guard = guard
    this.#saves = saves
    this.#options = () => options
    this.#setOptions = (changed) => {
      options = changed
    }
    this.#forecaster = new Forecaster(native, options.dir, () => saves.isBusy)
    this.#loading = new Loading(native, clock())
    this.#costs = new SaveCosts(options.reportFile, (error) => this.#emit('report-error', error))
    this.#upkeep = new UpkeepTimer((limit) => this.#keepUp(limit))
    this.#defragmentation = new Defragmentation(
      native,
      () => options,
      () => guard.isShort,
    )
  }

  /** Does up to `limit` pieces of each kind of upkeep; how many were done at most. */
  #keepUp(limit: number): number {
    const { native } = this
    this.#clock()
    this.#forecaster.sample()
    this.#guard.sample()
    native.thaw(THAW_LIMIT)
    // More is to be done if one of them has used its limit up.
    const done = Math.max(
      ...(this.#expiresActively ? [native.expireDue(limit), native.expireDueFields(limit)] : []),
      native.freeRemoved(limit),
      native.evictSome(limit),
    )
    if (this.#log.log?.isOn) native.logCommit(false)
    this.#saves.tick()
    this.#onUpkeep?.()
    return done
  }

  /** Writes are refused while no save succeeds, where saves are to run by themselves. */
  #judgeWrites(): void {
    const { save, stopWritesOnBgsaveError } = this.#options()
    const isAtRisk = save.length > 0 && this.#snapshots.status.failures > 0
    this.#log.refuseWrites(stopWritesOnBgsaveError && isAtRisk)
  }

  /** Absolute path of the snapshot file. */
  get path(): string {
    return this.#parts.path
  }

  /** Whether the keys are kept in huge pages. */
  get usesHugePages(): boolean {
    return this.#parts.usesHugePages
  }

  /**
   * Another numbered database, with the same commands. SWAPDB and FLUSHALL concern all of them.
   *
   * @throws {RangeError} `ERR_SNAPFORK_INVALID_ARG` if there is none of that number.
   */
  database(index: number): Database {
    if (typeof index !== 'number') throw invalidArgument('A database index must be a number.')
    const { databases } = this.#parts.options
    if (!Number.isInteger(index) || index < 0 || index >= databases) {
      throw outOfRange(`A database index must be from 0 to ${databases - 1}, not ${index}.`)
    }
    if (index === 0) return this
    let database = this.#databases.get(index)
    if (database === undefined) {
      database = new Database(this.native, index, this.#clock, this.#host)
      this.#databases.set(index, database)
    }
    return database
  }

  /**
   * Writes all databases to the snapshot file, in this thread: the event loop stands still until
   * the file is synced and in its place. {@link bgsave} does not.
   *
   * @throws {SnapforkError} `ERR_SNAPFORK_CHILD_ACTIVE` while a child saves;
   *   `ERR_SNAPFORK_NO_SPACE` or `ERR_SNAPFORK_IO` with `cause`. The old file is then untouched.
   */
  save(): SaveReport {
    this.#assertLoaded()
    return this.#snapshots.save()
  }

  /**
   * Writes all databases, as they are at the moment of the call, to the snapshot file.
   *
   * The fork happens before this method returns; the promise covers only the child's work. Commands
   * that run later are therefore not in the file, and the event loop is free while the child
   * writes. The process does not end before it has.
   *
   * It is not free while the kernel copies page tables (`forkMicros`), and pages that change during
   * the save exist twice (`cow`).
   *
   * @returns Resolves once the file and its directory are synced and the file is in its place.
   * @throws {SnapshotError} (rejects) `ERR_SNAPFORK_CHILD_ACTIVE` while another child is alive;
   *   `ERR_SNAPFORK_FORK_FAILED` with `cause`; `ERR_SNAPFORK_NO_SPACE` or `ERR_SNAPFORK_IO` with
   *   `cause`; `ERR_SNAPFORK_CHILD_DIED` and `ERR_SNAPFORK_CHILD_STALLED` with `exit`;
   *   `ERR_SNAPFORK_CANCELED` if FLUSHALL, and `ERR_SNAPFORK_CLOSED` if `close` ended it;
   *   `ERR_SNAPFORK_SAVE_MEMORY` as `saveMemoryPolicy` says; `ERR_SNAPFORK_WORKER_THREAD` outside
   *   the main thread. The old file is untouched.
   *
   * With `schedule`, a child that runs (a save or a rewrite, of this engine or of another one in
   * this process) is waited for; the file then holds what there is when it has ended. Calls that
   * wait at the same time share a save. Behind a failure it begins after five seconds, or more.
   *
   * @example
   * const { keys, forkMicros, cow } = await db.bgsave()
   */
  async bgsave(options: BgsaveOptions = {}): Promise<SnapshotReport> {
    this.#assertLoaded()
    if (this.#options().saveMemoryPolicy === 'wait') {
      await this.#guard.whenItFits(() => this.#assertOpen())
    }
    return options.schedule ? this.#saves.schedule() : this.#saves.start()
  }

  /**
   * Resolves when every change made so far is on disk, whatever `appendfsync` says.
   *
   * Calls that wait at the same time share a sync. A change itself is made in memory and returns at
   * once; it is lost with the process until this resolves.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_LOG_FAILED` with `cause` if the log cannot be
   *   written, and `ERR_SNAPFORK_INVALID_ARG` without `appendonly`.
   */
  async durable(): Promise<void> {
    return this.#log.current.durable()
  }

  /**
   * Writes a new base of the append-only log by a forked child, and drops the files before it.
   *
   * @throws {SnapshotError} (rejects) as {@link bgsave}. The log goes on.
   */
  async bgrewriteaof(): Promise<SnapshotReport> {
    this.#assertLoaded()
    return this.#log.current.rewrite()
  }

  /** What `open` had to cut off the end of the log, or null. */
  get cutTail(): CutTail | null {
    return this.#loaded.log?.cut ?? null
  }

  /** @internal */
  async [START](): Promise<this> {
    // Changes of options wait for it.
    await this.#inTurn(() => this.#start(this.#loading as Loading))
    return this
  }

  async #start(loading: Loading): Promise<void> {
    const { native, path } = this.#parts
    const { log, snapshot } = await loadFiles(native, this.#options(), path, loading)
    this.#loaded = { log, snapshot }
    this.#forecaster.learnSize(snapshot?.bytes ?? 0)
    this.#snapshots.loaded()
    this.#log.limitMemory(this.#options().maxmemory > 0)
    if (log !== null) await this.#log.start(log)
    if (loading.signal.aborted) throw new SnapforkError('ERR_SNAPFORK_CLOSED')
    this.#endLoading()
  }

  #endLoading(): void {
    this.#loading = null
    this.#upkeep.start()
    this.#defragmentation.start()
    this.#onLoading?.()
  }

  /** @internal */
  [ABORT](): void {
    this.#loading?.abort()
  }

  /**
   * Empties the engine, and loads the snapshot or the log anew. The event loop goes on; commands
   * are to be kept away meanwhile. If it fails, what was loaded so far is there.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_CHILD_ACTIVE`, and as {@link open}.
   */
  #reload(from: 'snapshot' | 'log'): Promise<void> {
    const { native, path } = this.#parts
    const options = this.#options()
    return this.#inTurn(async () => {
      this.#assertOpen()
      if (from === 'log') await this.durable()
      if (this.#saves.isBusy) throw new SnapforkError('ERR_SNAPFORK_CHILD_ACTIVE')
      await this.#whileLoading(async (loading) => {
        native.databaseFlushAll()
        native.setFunctionTexts([])
        if (from === 'log') await loadLog(native, options, path, loading)
        else await loadSnapshot(native, path, options)
      })
      this.#snapshots.loaded()
    })
  }

  /** Behind the changes that were asked for before. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => {})
    return changed
  }

  async #whileLoading(load: (loading: Loading) => Promise<void>): Promise<void> {
    this.#upkeep.stop()
    this.#defragmentation.stop()
    this.#loading = new Loading(this.native, this.#clock())
    this.#onLoading?.()
    try {
      await load(this.#loading)
    } finally {
      // What was loaded is in the files: it is not logged.
      if (this.#log.log?.isOn) this.native.logCommit(false)
      this.#endLoading()
    }
  }

  /**
   * Changes options while the engine is open; those that are not given stay.
   *
   * `appendonly: true` begins a log: a child writes its base, and the promise resolves when the
   * files hold everything. Until then a crash loses what the last snapshot does not hold, and
   * `durable` waits. `false` ends it, with all that was logged on disk; the files stay, and the
   * next `open` with a log reads them, unless there is a snapshot that was written later.
   *
   * Calls take effect one after the other. The snapshot's options hold from the next save on.
   *
   * @throws {TypeError | RangeError} (rejects) `ERR_SNAPFORK_INVALID_ARG` for an option that does
   *   not exist, is out of its limits or cannot change while the engine is open.
   * @throws {SnapforkError} (rejects) what {@link bgsave} rejects with, if there is no base: the
   *   log is then off; `ERR_SNAPFORK_LOG_FAILED` if it could not be ended in order.
   */
  configure(options: RuntimeOptions): Promise<void> {
    return this.#inTurn(() => this.#configure(options))
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new SnapforkError('ERR_SNAPFORK_CLOSED')
  }

  /** A file must not hold what was loaded so far. */
  #assertLoaded(): void {
    if (this.#loading !== null) throw new SnapforkError('ERR_SNAPFORK_BUSY')
  }

  async #configure(changes: RuntimeOptions): Promise<void> {
    this.#assertOpen()
    const before = this.#options()
    const after = changeOptions(before, changes)
    this.native.setLimits(after.limits)
    limitMemory(this.native, after)
    this.#log.limitMemory(after.maxmemory > 0)
    this.native.setHealPercent(after.healCpuPercent)
    this.#setOptions({ ...after, appendonly: before.appendonly })
    this.#log.log?.configure()
    this.#judgeWrites()
    if (after.appendonly === before.appendonly) return
    try {
      if (after.appendonly) await this.#log.switchOn()
      else await this.#log.switchOff()
    } finally {
      this.#setOptions({ ...this.#options(), appendonly: this.#log.log !== null })
    }
  }

  /**
   * What the next save will probably take, in time and memory, on this disk and on typical ones, at
   * the present rate of changes. Saves of the past are learnt from.
   *
   * The first call measures the disk, as does one an hour later: some 0.3 s, in which up to 64 MiB
   * are written to a temporary file. Others take about a millisecond.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_CLOSED`
   */
  async forecast(): Promise<Forecast> {
    return this.#forecaster.forecast()
  }

  /** Unix time in seconds of the last save that succeeded; of `open` if there was none. */
  lastsave(): number {
    return this.#snapshots.lastSaveSeconds
  }

  /** INFO: `name:value` lines, ended by CR LF, in sections. Without names, all of them. */
  info(...sections: readonly string[]): string {
    for (const section of sections) {
      if (typeof section !== 'string') throw invalidArgument('A section must be a string.')
    }
    return this.#info(sections)
  }

  /**
   * A digest of every database, key, type, value and expiry, 32 hexadecimal digits: equal for equal
   * content, however it came about. It visits every key.
   */
  digest(): string {
    return this.native.digest()
  }

  /** Adds a listener; it is called after the call that led to the event has returned. */
  on<E extends SnapforkEvent>(event: E, listener: SnapforkListener<E>): this {
    this.#emitter.on(event, listener as SnapforkListener<SnapforkEvent>)
    return this
  }

  /** As {@link on}, for one event only. */
  once<E extends SnapforkEvent>(event: E, listener: SnapforkListener<E>): this {
    this.#emitter.once(event, listener as SnapforkListener<SnapforkEvent>)
    return this
  }

  /** Removes a listener. */
  off<E extends SnapforkEvent>(event: E, listener: SnapforkListener<E>): this {
    this.#emitter.off(event, listener as SnapforkListener<SnapforkEvent>)
    return this
  }

  /**
   * Gives up a save that runs, frees all memory off the event loop and releases the directory.
   *
   * What was not saved is lost, unless `save` is set. A second call waits for the first.
   *
   * @returns Resolves when nothing is left: no child, no temporary file, no lock. (E2)
   * @throws {SnapforkError} (rejects) what {@link save} throws. The engine is then still open.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.save ?? false).catch((error: unknown) => {
      this.#closing = null
      throw error
    })
    return this.#closing
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(save: boolean): Promise<void> {
    if (this.#loading !== null) {
      this.#loading.abort()
      await this.#changing
    }
    this.#saves.giveUp('ERR_SNAPFORK_CLOSED')
    await this.#snapshots.close()
    if (save) await this.#saveLast()
    this.#upkeep.stop()
    this.#defragmentation.stop()
    await this.#forecaster.stop()
    await this.#log.stop()
    await this.#costs.settled()
    await this.native.close()
    this.#parts.lock.release()
  }

  async #saveLast(): Promise<void> {
    await this.#snapshots.reopen()
    // If it fails, the engine stays open.
    this.#snapshots.save()
    void this.#snapshots.close()
  }

  #info(sections: readonly string[]): string {
    return formatInfo(this[FACTS](), sections)
  }

  /** @internal */
  [INTERNALS]() {
    const { native } = this
    const { databases } = this.#parts.options
    return {
      native,
      databases,
      host: this.#host,
      now: this.#clock,
      isLoading: () => this.#loading !== null,
      /** When it begins to load, and when it has ended. */
      onLoading: (listener: () => void) => {
        this.#onLoading = listener
      },
      reload: (from: 'snapshot' | 'log') => this.#reload(from),
      engineOptions: this.#options,
      configureEngine: (changes: RuntimeOptions) => this.configure(changes),
      /** Behind every turn in which keys may have gone by themselves. */
      onUpkeep: (listener: (() => void) | null) => {
        this.#onUpkeep = listener
      },
      setActiveExpiry: (isOn: boolean) => {
        this.#expiresActively = isOn
      },
      facts: () => this[FACTS](),
    }
  }

  /** @internal */
  [FACTS](): InfoFacts {
    const { native, usesHugePages, options } = this.#parts
    const { snapshot } = this.#loaded
    return {
      runId: this.#runId,
      nowMs: this.#clock(),
      uptimeMs: monotonicMs() - this.#openedAtMs,
      usesHugePages,
      stats: native.stats(),
      eviction: this.#options(),
      snapshots: this.#snapshots.status,
      log: this.#log.log?.isOn ? this.#log.log.status : null,
      keysLoaded: snapshot?.keysLoaded ?? 0,
      keysExpiredAtLoad: snapshot?.keysExpired ?? 0,
      loading: this.#loading?.facts ?? null,
      databases: this.#loading === null ? databaseFacts(native, options.databases) : [],
      costs: this.#costs.facts,
      server: null,
    }
  }

  /** Costs nothing when nobody listens. */
  #tellSample(sample: CowSample): void {
    if (this.#emitter.listenerCount('cow') > 0) this.#emit('cow', sample)
  }

  /** A listener that throws must not be taken for a save that failed: it is called on its own. */
  #emit<E extends SnapforkEvent>(event: E, ...args: SnapforkEvents[E]): void {
    process.nextTick(() => this.#emitter.emit(event, ...(args as SnapforkEvents[SnapforkEvent])))
  }

  /** Without the generic parameter, which EventEmitter's own types cannot follow. */
  get #emitter(): EventEmitter {
    return this.#events as unknown as EventEmitter
  }
}
