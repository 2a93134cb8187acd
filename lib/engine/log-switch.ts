/**
 * The append-only log of an engine, which may be switched on and off while it is open.
 *
 * @module
 */

import type { Clock } from '../commands/context.js'
import type { CommandLog } from '../commands/host.js'
import { invalidArgument, SnapforkError } from '../errors.js'
import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import { AppendLog, type AppendLogObserver, type AppendLogSettings } from '../persist/append-log.js'
import type { SaveGuard } from '../persist/save-guard.js'
import type { SaveWatch } from '../persist/save-record.js'
import { mayBeginJob, whenJobMayBegin } from '../persist/snapshot-job.js'
import type { Snapshotter } from '../persist/snapshotter.js'
import { childSettings } from './child-settings.js'
import { REDIS_VERSION } from './info.js'
import { type FoundLog, findLog, type LoadedLog } from './log-recovery.js'

/** What commands see of a log that is off. */
class NoLog implements CommandLog {
  readonly isOn = false
  accepts = true
  savesFail = false
  limitsMemory = false

  get guards(): boolean {
    return this.savesFail || this.limitsMemory
  }

  refusal(): Error {
    return new SnapforkError('ERR_SNAPFORK_INTERNAL')
  }
}

export interface LogSwitchParts {
  readonly native: NativeEngine
  /** Options as they are at the time. */
  readonly options: () => ResolvedOptions
  readonly snapshots: Pick<Snapshotter, 'whileIdle'>
  readonly guard: SaveGuard
  readonly clock: Clock
  readonly observer: AppendLogObserver
  readonly watch: SaveWatch
}

export class LogSwitch {
  readonly #parts: LogSwitchParts
  readonly #noLog = new NoLog()
  #log: AppendLog | null = null

  constructor(parts: LogSwitchParts) {
    this.#parts = parts
  }

  /** null while the log is off. */
  get log(): AppendLog | null {
    return this.#log
  }

  /** For commands. */
  get commandLog(): CommandLog {
    return this.#log ?? this.#noLog
  }

  /** Refuses all writes, be there a log or not, or takes them again. */
  refuseWrites(refuses: boolean): void {
    if (this.#noLog.savesFail === refuses) return
    this.#noLog.savesFail = refuses
    if (this.#log !== null) this.#log.savesFail = refuses
    this.#parts.native.refuseWrites(refuses)
  }

  /** Has commands ask for room, be there a log or not, or has them ask no more. */
  limitMemory(limits: boolean): void {
    this.#noLog.limitsMemory = limits
    if (this.#log !== null) this.#log.limitsMemory = limits
  }

  /** @throws {TypeError} `ERR_SNAPFORK_INVALID_ARG` while the log is off. */
  get current(): AppendLog {
    if (this.#log === null) throw invalidArgument('There is no append-only log: see appendonly.')
    return this.#log
  }

  /** For an engine that nobody has yet, and which holds what was loaded. */
  async start(loaded: LoadedLog): Promise<void> {
    const log = this.#make(loaded)
    await (loaded.isLoaded ? log.resume() : log.start())
    this.#log = log
  }

  /**
   * Switches the log on. Resolves when its files hold everything; what is changed behind the fork
   * of the base is logged meanwhile.
   *
   * @throws {SnapforkError} (rejects) what `bgsave` and the files reject with; the log is then off.
   */
  async switchOn(): Promise<void> {
    const log = this.#make(await findLog(this.#parts.options()))
    this.#log = log
    try {
      await log.begin((act) => this.#whenFree(act))
    } catch (error) {
      this.#log = null
      throw error
    }
  }

  /** Switches it off: all is written and synced. The files stay. */
  async switchOff(): Promise<void> {
    const log = this.current
    try {
      await log.cancelRewrite()
      await this.#parts.snapshots.whileIdle((identity) => log.end(identity))
    } finally {
      this.#log = null
    }
  }

  /** For a close: all is written and synced. */
  async stop(): Promise<void> {
    await this.#log?.stop()
  }

  /** Calls `act` in a turn in which a child may begin. */
  async #whenFree<T>(act: () => T): Promise<T> {
    const { native, snapshots } = this.#parts
    while (true) {
      await whenJobMayBegin(native, () => false)
      const done = await snapshots.whileIdle(() => (mayBeginJob(native) ? { value: act() } : null))
      if (done !== null) return done.value
    }
  }

  #make({ files, manifest }: FoundLog): AppendLog {
    const { native, options, guard, clock, observer, watch } = this.#parts
    const settings = () => ({ ...settingsOf(options(), clock), guard, watch })
    const log = new AppendLog(native, files, settings, observer, manifest)
    log.savesFail = this.#noLog.savesFail
    log.limitsMemory = this.#noLog.limitsMemory
    return log
  }
}

function settingsOf(
  options: ResolvedOptions,
  now: Clock,
): Omit<AppendLogSettings, 'guard' | 'watch'> {
  return {
    sync: options.appendfsync,
    timestamps: options.aofTimestampEnabled,
    rewritePercentage: options.autoAofRewritePercentage,
    rewriteMinBytes: options.autoAofRewriteMinSize,
    stallTimeoutMs: options.saveStallTimeoutMs,
    timeLimitMs: options.saveTimeLimitMs,
    fork: {
      compression: options.rdbcompression,
      checksum: options.rdbchecksum,
      version: options.rdbversion,
      serverVersion: REDIS_VERSION,
      isBase: true,
      asCommands: !options.aofUseRdbPreamble,
      timestamp: options.aofTimestampEnabled,
      ...childSettings(options),
      createdAtSeconds: Math.floor(now() / 1000),
    },
  }
}
