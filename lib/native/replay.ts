/**
 * The native primitives that run an append-only file.
 *
 * @module
 */

/** `LogReplay::Outcome` of the engine. */
export const REPLAY = {
  /** The words of a command are in the argument vector, to be run by the caller. */
  command: 0,
  /** The time is over: call again. */
  paused: 1,
  end: 2,
  /** The file ends inside of a command or transaction, or in NULs. */
  torn: 3,
  /** No command is where one should be. */
  bad: 4,
  /** The file could not be read. */
  failed: 5,
  /** A command could not be run. */
  refused: 6,
  /** What follows was logged after the last second that was wanted. */
  stopped: 7,
} as const

export interface ReplayState {
  /** The selected one. */
  database: number
  /** Words in the argument vector. */
  argc: number
  /** Where the command, or what is wrong, begins. */
  offset: number
  totalBytes: number
  commands: number
  status: number
  errno: number
}

export interface ReplayPrimitives {
  /** `onlyReads` runs nothing; nothing that was logged after `lastSecond` is read. */
  replayOpen(path: string, offset: number, onlyReads: boolean, lastSecond: number): void
  /** Runs commands for about so many microseconds; a value of {@link REPLAY}. */
  replayRun(micros: number): number
  replayState(): ReplayState
  /** Whether a whole command follows anywhere behind the damage. Loses the position. */
  replayHasCommandBehind(): boolean
  replayClose(): void
}
