/**
 * Runs the commands of one append-only file, with pauses for the event loop.
 *
 * What ends a file too early is told apart: a tail that was torn off, or that was never written
 * (NULs, garbage behind which no whole command follows), may be cut; damage in the middle may not.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { CommandContext } from '../commands/context.js'
import { resolve } from '../commands/dispatch.js'
import { CorruptFileError, ReplyError, SnapforkError } from '../errors.js'
import { BULK_UTF8, type NativeEngine } from '../native/engine.js'
import { REPLAY, type ReplayState } from '../native/replay.js'
import { systemError } from '../native/status.js'

/** Between two turns of the event loop, in microseconds. */
const SLICE_MICROS = 10_000

export interface ReplayResult {
  readonly commands: number
  readonly bytes: number
  /** Where the last command ends: behind it there may be room that was not written. */
  readonly commandsEnd: number
  /** Where the tail begins that holds no whole command; null if there is none. */
  readonly tornAt: number | null
  /** Where what was logged too late begins; null if there is none. */
  readonly stoppedAt: number | null
}

export interface ReplayOptions {
  /** Where the first command begins. */
  readonly offset: number
  /** Whether commands are only read; else they are run. */
  readonly onlyReads?: boolean
  /** Unix time in seconds: nothing that was logged after it is run. */
  readonly lastSecond?: number
  /** Is told where it has come to, now and then. */
  readonly onProgress?: (offset: number) => void
  /** Ends it before its end. */
  readonly signal?: AbortSignal
}

/**
 * @throws {CorruptFileError} with path, offset and reason for damage in the middle, and for a
 *   command that cannot be run.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`; `ERR_SNAPFORK_CLOSED` behind a signal.
 */
export async function replayLog(
  native: NativeEngine,
  path: string,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const { offset, onlyReads = false, lastSecond = Number.MAX_SAFE_INTEGER } = options
  native.replayOpen(path, offset, onlyReads, lastSecond)
  const context = new CommandContext(native, 0, () => 0)
  context.isReplay = true
  try {
    while (true) {
      const outcome = native.replayRun(SLICE_MICROS)
      if (outcome === REPLAY.command) {
        runCommand(native, context, path)
        continue
      }
      if (outcome !== REPLAY.paused) return finish(native, outcome, native.replayState(), path)
      options.onProgress?.(native.replayState().offset)
      await nextTurn()
      if (options.signal?.aborted) throw new SnapforkError('ERR_SNAPFORK_CLOSED')
    }
  } finally {
    native.replayClose()
  }
}

function runCommand(native: NativeEngine, context: CommandContext, path: string): void {
  const { database, argc, offset } = native.replayState()
  context.db = database
  context.begin(argc, BULK_UTF8)
  try {
    resolve(context).run(context)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    throw new CorruptFileError({ path, offset, reason: `a command fails (${error.message})` })
  }
}

function finish(
  native: NativeEngine,
  outcome: number,
  state: ReplayState,
  path: string,
): ReplayResult {
  const { commands, offset, totalBytes, status, errno } = state
  const done = { commands, bytes: totalBytes, commandsEnd: offset, tornAt: null, stoppedAt: null }
  if (outcome === REPLAY.end) return done
  if (outcome === REPLAY.torn) return { ...done, tornAt: offset }
  if (outcome === REPLAY.stopped) return { ...done, stoppedAt: offset }
  if (outcome === REPLAY.failed) {
    const options = errno === 0 ? {} : { cause: systemError(errno) }
    throw new SnapforkError('ERR_SNAPFORK_IO', `${path} could not be read.`, options)
  }
  if (outcome === REPLAY.refused) {
    throw new CorruptFileError({ path, offset, reason: `a command fails (status ${status})` })
  }
  if (native.replayHasCommandBehind()) {
    throw new CorruptFileError({
      path,
      offset,
      reason: 'there is no command, or a damaged block, but more behind it',
    })
  }
  return { ...done, tornAt: offset }
}
