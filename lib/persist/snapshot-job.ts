/**
 * One background save, from fork(2) to the renamed file.
 *
 *     idle --start()--> running --end of child, complete file--> saved
 *                          |
 *                          +--any other end of child--> failed
 *
 * The child writes a temporary file, syncs it, renames it and syncs the directory. Its end is seen
 * by the end of a pipe that nobody writes to, and its result is read by waitpid(2) for its pid.
 *
 * Invariants
 *  (J1) At most one job per process is `running`, whichever engine or copy of this package it
 *       belongs to: two children would share the disk, and double what a save costs in memory.
 *  (J2) The target path names a complete file at every instant: only a complete temporary file is
 *       renamed.
 *  (J3) A job that is not `running` has no child, no temporary file, no timer and no descriptor.
 *
 * A running job keeps the process alive, as any pending I/O of Node does: otherwise a program whose
 * last statement is `await db.bgsave()` would end before the file is there. Its timers do not.
 *
 * This file uses node:net for a pipe, not for the network: libuv polls a pipe's descriptor, while a
 * read by node:fs would block a thread of the pool as long as the child lives.
 *
 * Called from: snapshotter.ts. Main thread only.
 *
 * @module
 */

import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { CowReport } from '../cow/cow-report.js'
import { CowSampler, readParentMemory } from '../cow/cow-sampler.js'
import { type ChildEnd, SnapforkError, type SnapforkErrorCode, SnapshotError } from '../errors.js'
import type { ChildExit, ChildProgress, ForkOptions, NativeEngine } from '../native/engine.js'
import { codeOfStatus, systemError } from '../native/status.js'
import { monotonicMs } from '../util/clock.js'
import type { SaveGuard } from './save-guard.js'
import { outcomeOf, type SaveRecord, type SaveWatch } from './save-record.js'
import type { SnapshotReport } from './snapshot-report.js'

/** Values of `ChildProgress.phase` by their meaning. */
const PHASES = ['start', 'write', 'sync', 'rename', 'done', 'failed'] as const
const PHASE_SYNC = 2
const PHASE_RENAME = 3

/** In which the target may already be the new file. */
const RENAMING: ReadonlySet<string> = new Set(['rename', 'done'])

/** How much longer than while it writes a child may take to sync without any progress. */
const SYNC_PATIENCE = 10
/** The watchdog looks so many times within the limit. */
const LOOKS_PER_LIMIT = 4
const LOOK_MS_MAX = 5000
const REAP_RETRY_MS_MAX = 50

/** Where the process keeps its running job. (J1) A symbol of the registry, for all copies. */
const RUNNING = Symbol.for('snapfork.runningJob')
const processWide = globalThis as { [RUNNING]?: unknown }
const CHILD_LOOK_MS = 10

/** Whether a job of any engine of this process runs. (J1) */
export function isChildRunning(): boolean {
  return processWide[RUNNING] !== undefined
}

/** Knows whether a script is paused: a file would then hold a part of what it does. */
export type ScriptWatch = Pick<NativeEngine, 'scriptIsSuspended'>

/** Whether a job may begin: none of any engine runs, and no script of this one is halfway. */
export function mayBeginJob(native: ScriptWatch): boolean {
  return !isChildRunning() && !native.scriptIsSuspended()
}

/** Resolves in a turn of the event loop in which that is so, or `isOver`. */
export async function whenJobMayBegin(native: ScriptWatch, isOver: () => boolean): Promise<void> {
  while (!mayBeginJob(native) && !isOver()) await nextLook()
}

/** Resolves in a turn of the event loop in which no script is halfway. */
export async function whenNoScriptIsHalfway(native: ScriptWatch): Promise<void> {
  while (native.scriptIsSuspended()) await nextLook()
}

function nextLook(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, CHILD_LOOK_MS))
}

export type SnapshotState = 'idle' | 'running' | 'saved' | 'failed'

export interface SnapshotJobOptions {
  readonly fork: ForkOptions
  /** The child may stand still for so long, in milliseconds. */
  readonly stallTimeoutMs: number
  /** Who watches over its memory, or null. */
  readonly guard: SaveGuard | null
  readonly watch: SaveWatch
  /** It may live for so long, in milliseconds; 0: without limit. */
  readonly timeLimitMs: number
}

export class SnapshotJob {
  readonly #native: NativeEngine
  readonly #options: SnapshotJobOptions
  #state: SnapshotState = 'idle'
  #startedAtMs = 0
  /** Unix time in milliseconds. */
  #startedAt = 0
  #pid = 0
  #forkMicros = 0
  #sampler: CowSampler | null = null
  #watchdog: NodeJS.Timeout | null = null
  #unwatch: (() => void) | null = null
  #deadline: NodeJS.Timeout | null = null
  #progress = ''
  #progressAtMs = 0
  /** Why the child was killed by us: the code of the error to report. */
  #killedFor: SnapforkErrorCode | null = null

  constructor(native: NativeEngine, options: SnapshotJobOptions) {
    this.#native = native
    this.#options = options
  }

  get state(): SnapshotState {
    return this.#state
  }

  /** Milliseconds since the job was started. */
  get elapsedMs(): number {
    return monotonicMs() - this.#startedAtMs
  }

  get pid(): number {
    return this.#pid
  }

  get forkMicros(): number {
    return this.#forkMicros
  }

  /** Readings of the child's memory, while it runs. */
  get sampler(): CowSampler | null {
    return this.#sampler
  }

  /** What the child says of itself, or null when there is none. */
  get progress(): ChildProgress | null {
    return this.#state === 'running' ? this.#native.childProgress() : null
  }

  /**
   * Forks. The child has its picture of the keyspace when this returns; the promise is for its end.
   *
   * @returns Resolves, or rejects with a {@link SnapshotError}, when nothing is left of the child.
   * @throws {SnapshotError} at once if there is no child: `ERR_SNAPFORK_CHILD_ACTIVE`,
   *   `ERR_SNAPFORK_FORK_FAILED`, `ERR_SNAPFORK_WORKER_THREAD`. (J3)
   */
  start(): Promise<SnapshotReport> {
    if (isChildRunning()) {
      const detail = 'A child of another engine in this process is still saving.'
      throw new SnapshotError('ERR_SNAPFORK_CHILD_ACTIVE', detail)
    }
    this.#options.guard?.admit()
    this.#enter('idle', 'running')
    this.#startedAtMs = monotonicMs()
    this.#startedAt = Date.now()
    try {
      const atFork = readParentMemory(this.#native.stats())
      const { pid, endFd, forkMicros } = this.#native.forkSave(this.#options.fork)
      this.#pid = pid
      this.#forkMicros = forkMicros
      const end = waitForEnd(endFd)
      this.#sampler = new CowSampler(this.#native, pid, atFork, this.#options.watch)
      this.#startWatchdog()
      this.#unwatch = this.#options.guard?.watch(this) ?? null
      return this.#finish(end)
    } catch (error) {
      this.#enter('running', 'failed')
      const refusal = startError(error)
      this.#note({ error: refusal, durationMs: this.elapsedMs })
      throw refusal
    }
  }

  /** Kills the child. The promise of `start` then rejects with `code`, unless the file was done. */
  cancel(code: SnapforkErrorCode): void {
    if (this.#state !== 'running') return
    this.#killedFor ??= code
    this.#native.childKill(constants.signals.SIGKILL)
  }

  async #finish(end: Promise<void>): Promise<SnapshotReport> {
    await end
    const exit = await this.#reap()
    const { elapsedMs: durationMs } = this
    this.#stopWatchdog()
    this.#unwatch?.()
    const cow = await this.#stopSampler(exit)
    if (isComplete(exit)) {
      this.#enter('running', 'saved')
      this.#note({ durationMs, exit, cow })
      return this.#report(exit, durationMs, cow)
    }
    await rm(this.#options.fork.temporaryPath, { force: true }).catch(() => {})
    this.#enter('running', 'failed')
    const error = this.#error(exit)
    this.#note({ error, durationMs, exit, cow })
    throw error
  }

  /** The pipe ends a moment before the process does. */
  async #reap(): Promise<ChildExit> {
    for (let delayMs = 0; ; delayMs = Math.min(delayMs * 2 + 1, REAP_RETRY_MS_MAX)) {
      const exit = this.#native.childReap()
      if (exit !== null) return exit
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }

  async #stopSampler(exit: ChildExit): Promise<CowReport> {
    const sampler = this.#sampler
    this.#sampler = null
    if (sampler === null) throw new SnapforkError('ERR_SNAPFORK_INTERNAL', 'A save ended twice.')
    return sampler.stop(exit)
  }

  #report({ keys, bytes }: ChildExit, durationMs: number, cow: CowReport): SnapshotReport {
    return {
      kind: this.#options.fork.asCommands ? 'aof' : 'rdb',
      path: this.#options.fork.path,
      keys,
      bytes,
      durationMs,
      pid: this.#pid,
      forkMicros: this.#forkMicros,
      cow,
    }
  }

  /** Tells who watches how it ended. Where there is no `exit` there was no child. */
  #note(end: { error?: unknown; durationMs: number; exit?: ChildExit; cow?: CowReport }): void {
    const { error, durationMs, exit, cow } = end
    const outcome = outcomeOf(error)
    if (outcome === null) return
    const { path, isBase } = this.#options.fork
    const record: SaveRecord = {
      kind: isBase ? 'rewrite' : 'snapshot',
      ...outcome,
      startedAtMs: this.#startedAt,
      path,
      pid: exit === undefined ? null : this.#pid,
      keys: exit?.keys ?? 0,
      bytes: exit?.bytes ?? 0,
      durationMs,
      forkMicros: exit === undefined ? null : this.#forkMicros,
      cow: cow ?? null,
    }
    this.#options.watch.ended(record)
  }

  #error(exit: ChildExit): SnapshotError {
    const end = describeEnd(exit)
    const code = this.#killedFor ?? codeOfStatus(exit.status) ?? 'ERR_SNAPFORK_CHILD_DIED'
    const cause = exit.errno === 0 ? {} : { cause: systemError(exit.errno) }
    return new SnapshotError(code, explain(code, end, this.#options), {
      pid: this.#pid,
      exit: end,
      ...cause,
    })
  }

  #startWatchdog(): void {
    const { stallTimeoutMs, timeLimitMs } = this.#options
    this.#progressAtMs = monotonicMs()
    const lookMs = Math.min(LOOK_MS_MAX, stallTimeoutMs / LOOKS_PER_LIMIT)
    this.#watchdog = setInterval(() => this.#look(), lookMs)
    this.#watchdog.unref()
    if (timeLimitMs === 0) return
    this.#deadline = setTimeout(() => this.cancel('ERR_SNAPFORK_CHILD_TIMEOUT'), timeLimitMs)
    this.#deadline.unref()
  }

  #stopWatchdog(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog)
    this.#watchdog = null
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = null
  }

  /** Kills a child that has done nothing since the limit. */
  #look(): void {
    const progress = this.#native.childProgress()
    if (progress === null) return
    const { phase, keys, bytes, beats } = progress
    const seen = `${phase} ${keys} ${bytes} ${beats}`
    const now = monotonicMs()
    if (seen !== this.#progress) {
      this.#progress = seen
      this.#progressAtMs = now
      return
    }
    const waitsForDisk = phase === PHASE_SYNC || phase === PHASE_RENAME
    const patience = waitsForDisk ? SYNC_PATIENCE : 1
    if (now - this.#progressAtMs > this.#options.stallTimeoutMs * patience) {
      this.cancel('ERR_SNAPFORK_CHILD_STALLED')
    }
  }

  /** The only place that changes the state. */
  #enter(from: SnapshotState, to: SnapshotState): void {
    if (this.#state !== from) {
      const detail = `A save cannot go from ${this.#state} to ${to}.`
      throw new SnapforkError('ERR_SNAPFORK_INTERNAL', detail)
    }
    this.#state = to
    processWide[RUNNING] = to === 'running' ? this : undefined
  }
}

/** Resolves when the other end of the pipe is closed; closes this one. */
function waitForEnd(fd: number): Promise<void> {
  const pipe = new Socket({ fd, readable: true, writable: false })
  return new Promise((resolve) => {
    // An error can only mean that there is nothing more to wait for; waitpid tells what happened.
    pipe.on('error', () => {})
    pipe.on('close', () => resolve())
    pipe.resume()
  })
}

/** Whether the new file is in place. A child that was killed after that has still done its work. */
function isComplete(exit: ChildExit): boolean {
  return exit.finished && exit.status === 0
}

function describeEnd({ code, signal, phase }: ChildExit): ChildEnd {
  return { code, signal: signal === null ? null : signalName(signal), phase: PHASES[phase] ?? '' }
}

function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number)
  return entry?.[0] ?? `signal ${number}`
}

function explain(code: SnapforkErrorCode, end: ChildEnd, options: SnapshotJobOptions): string {
  const how = end.signal === null ? `exit status ${end.code}` : end.signal
  // The file is put in place at the very end: a child that died in there may have done it.
  const state = RENAMING.has(end.phase) ? 'is complete, old or new' : 'is as it was'
  const where = `${options.fork.path} ${state} (phase: ${end.phase}, ${how}).`
  if (code === 'ERR_SNAPFORK_CHILD_STALLED') {
    return `The saving child made no progress for ${options.stallTimeoutMs} ms or longer; ${where}`
  }
  if (code === 'ERR_SNAPFORK_SAVE_MEMORY') {
    return `The save was ended, as too little memory was left; ${where}`
  }
  if (code === 'ERR_SNAPFORK_CHILD_TIMEOUT') {
    return `The saving child took longer than ${options.timeLimitMs} ms; ${where}`
  }
  if (code === 'ERR_SNAPFORK_CANCELED') return `The save was given up; ${where}`
  if (code === 'ERR_SNAPFORK_CLOSED') return `The engine was closed during the save; ${where}`
  return `The saving child failed; ${where}`
}

/** What kept the child from being started, as a SnapshotError. Misuse stays what it is. */
function startError(error: unknown): unknown {
  if (!(error instanceof SnapforkError) || error.code === 'ERR_SNAPFORK_CLOSED') return error
  return new SnapshotError(error.code, error.message, { cause: error.cause })
}
