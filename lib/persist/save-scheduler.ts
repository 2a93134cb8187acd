/**
 * When saves run: by save points, and those that wait for a child to end.
 *
 * Invariants
 *  (V1) One child at a time, be it for a save or a rewrite, and whichever engine's it is.
 *  (V2) When nothing runs, what is due begins in Redis's order: a rewrite that was scheduled, save
 *       points, a rewrite for growth, a save that was scheduled.
 *  (V3) Intervals are those of a monotonic clock: a step of the wall clock moves no save.
 *  (V4) What a script changes is in a file as a whole or not at all: while one is paused, all wait.
 *
 * Who waits for a scheduled save keeps the process alive, as one who waits for a running one does.
 *
 * Called from: engine/. Main thread only.
 *
 * @module
 */

import { type SnapforkErrorCode, SnapshotError } from '../errors.js'
import { monotonicMs } from '../util/clock.js'
import {
  isSaveDue,
  mayRetry,
  retryDelayMs,
  type SaveRule,
  type SaveState,
} from '../util/save-rules.js'
import type { AppendLog } from './append-log.js'
import { isChildRunning } from './snapshot-job.js'
import type { SnapshotReport } from './snapshot-report.js'
import type { Snapshotter } from './snapshotter.js'

/** Between two looks whether a scheduled save can begin. */
const LOOK_MS = 20

export type SchedulerLog = Pick<AppendLog, 'isRewriting' | 'rewriteIfScheduled' | 'rewriteIfGrown'>

export interface SaveSchedulerParts {
  readonly snapshots: Pick<Snapshotter, 'isSaving' | 'isHalfway' | 'status' | 'start'>
  /** The append-only log, or null. */
  readonly log: () => SchedulerLog | null
  readonly rules: () => readonly SaveRule[]
  readonly now?: () => number
}

interface ScheduledSave {
  readonly report: Promise<SnapshotReport>
  follow(save: Promise<SnapshotReport>): void
}

export class SaveScheduler {
  readonly #parts: SaveSchedulerParts
  readonly #now: () => number
  #scheduled: ScheduledSave | null = null
  /** When a save could not even begin; null: never. */
  #refusedAtMs: number | null = null
  /** Looks for the end of the child that is in the way, and keeps the process alive. */
  #vigil: NodeJS.Timeout | null = null

  constructor(parts: SaveSchedulerParts) {
    this.#parts = parts
    this.#now = parts.now ?? monotonicMs
  }

  /** Whether a save waits for a child to end. */
  get isScheduled(): boolean {
    return this.#scheduled !== null
  }

  /** Whether a child runs, or is about to: of this engine or of another one. (V1) */
  get isBusy(): boolean {
    const { snapshots, log } = this.#parts
    return snapshots.isSaving || log()?.isRewriting === true || isChildRunning()
  }

  /** Whether nothing may begin now. (V1), (V4) */
  get #isBlocked(): boolean {
    return this.isBusy || this.#parts.snapshots.isHalfway
  }

  /**
   * Starts a save now, or when a script that is paused has ended. It is the one for whoever waits
   * for a scheduled one as well.
   *
   * @throws {SnapshotError} at once if no child could be started.
   */
  start(): Promise<SnapshotReport> {
    // A rewrite prepares before it forks.
    if (this.#parts.log()?.isRewriting) throw new SnapshotError('ERR_SNAPFORK_CHILD_ACTIVE')
    if (!this.isBusy && this.#parts.snapshots.isHalfway) return this.scheduleLater()
    const save = this.#parts.snapshots.start()
    this.#takeScheduled()?.follow(save)
    return save
  }

  /**
   * Starts a save as soon as no child is in the way; settles with it.
   *
   * @throws {SnapshotError} at once if none is, and no child could be started.
   */
  schedule(): Promise<SnapshotReport> {
    return this.#isBlocked ? this.scheduleLater() : this.start()
  }

  /** The same, in a later turn of the event loop in any case. */
  scheduleLater(): Promise<SnapshotReport> {
    this.#scheduled ??= makeScheduled()
    this.#vigil ??= setInterval(() => this.tick(), LOOK_MS)
    return this.#scheduled.report
  }

  /** Gives up what is scheduled. */
  giveUp(code: SnapforkErrorCode): void {
    this.#takeScheduled()?.follow(Promise.reject(new SnapshotError(code)))
  }

  /** Starts what is due. (V2) To be called several times a second. */
  tick(): void {
    const log = this.#parts.log()
    if (this.#isBlocked) return
    log?.rewriteIfScheduled()
    this.#saveIf((state) => isSaveDue(this.#parts.rules(), state))
    if (!this.isBusy) log?.rewriteIfGrown()
    if (this.#scheduled !== null) this.#saveIf(mayRetry)
  }

  #saveIf(isDue: (state: SaveState) => boolean): void {
    if (this.isBusy) return
    if (this.#scheduled === null && this.#parts.rules().length === 0) return
    const { changes, savedAtMs, attemptedAtMs, failures } = this.#parts.snapshots.status
    const nowMs = this.#now()
    const refusedAtMs = this.#refusedAtMs ?? Number.NEGATIVE_INFINITY
    if (nowMs - refusedAtMs <= retryDelayMs(1)) return
    if (!isDue({ nowMs, changes, savedAtMs, attemptedAtMs, failures })) return
    // How it ends is told by an event, and to whoever has scheduled it.
    const scheduled = this.#takeScheduled()
    try {
      const save = this.#parts.snapshots.start()
      save.catch(() => {})
      scheduled?.follow(save)
    } catch (error) {
      this.#refusedAtMs = nowMs
      scheduled?.follow(Promise.reject(error))
    }
  }

  #takeScheduled(): ScheduledSave | null {
    const scheduled = this.#scheduled
    this.#scheduled = null
    if (this.#vigil !== null) clearInterval(this.#vigil)
    this.#vigil = null
    return scheduled
  }
}

function makeScheduled(): ScheduledSave {
  let follow: (save: Promise<SnapshotReport>) => void = () => {}
  const report = new Promise<SnapshotReport>((resolve) => {
    follow = resolve
  })
  // Nobody need wait for it: a failure is told by an event too.
  report.catch(() => {})
  return { report, follow: (save) => follow(save) }
}
