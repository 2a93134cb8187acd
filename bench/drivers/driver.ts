/**
 * What a trial asks of an engine.
 *
 * @module
 */

import type { Pace } from '../pace.js'
import type { Update } from '../workload.js'

export type DriverName = 'snapfork' | 'redis'

/** `appendfsync`, or no append-only log at all. */
export type LogPolicy = 'none' | 'no' | 'everysec' | 'always'

/** How a row of writes went. */
export interface WriteFigures {
  readonly writes: number
  /** Those that were done before the child ended. */
  readonly inside: number
  readonly seconds: number
  /** Time of one write in the engine, in nanoseconds. */
  readonly medianNanos: number
  readonly percentile99Nanos: number
  readonly percentile999Nanos: number
  readonly longestNanos: number
}

export interface DurableFigures {
  readonly writes: number
  readonly seconds: number
}

/** What the engine says of its last background save. */
export interface SaveFigures {
  readonly forkMicros: number
  readonly duplicatedBytes: number
  /** The engine's own count of what the save cost; null if it has none. */
  readonly extraBytes: number | null
  readonly movedEntries: number | null
}

export interface LoadFigures {
  readonly keys: number
  /** From the start of the load to the first command that is served. */
  readonly seconds: number
  /** The engine's own figure. */
  readonly reportedSeconds: number
}

export interface Driver {
  /** Process that holds the keys. */
  readonly pid: number
  /** Starts the engine with the file in `dir`, or empty if there is none. */
  open(dir: string, policy?: LogPolicy): Promise<LoadFigures>
  /** Resident memory of the store: of an engine in this process its regions, else the process's. */
  storeBytes(): number
  /**
   * Leaves no garbage of this program in the process that is measured, and nothing of what was done
   * so far in the engine's own figures.
   */
  settle(): Promise<void>
  /** Sets keys `0` to `keys - 1`. */
  fill(keys: number): Promise<void>
  /** Runs commands one after the other; an error reply rejects. */
  run(commands: Iterable<readonly string[]>): Promise<void>
  /** Sets keys; `isOver` tells when the child has ended. */
  write(pace: Pace, next: (to: Update) => void, isOver: () => boolean): Promise<WriteFigures>
  /** The same with a command that replies with a number or a status; `next` gives its arguments. */
  writeCommands(
    pace: Pace,
    name: string,
    next: () => readonly string[],
    isOver: () => boolean,
  ): Promise<WriteFigures>
  /** Writes for so long from so many at a time, each waiting until its write is on disk. */
  writeDurably(seconds: number, writers: number): Promise<DurableFigures>
  /** Sets one of `PAIR_KEYS` keys; false if the engine takes no writes now. */
  setOne(index: number): boolean | Promise<boolean>
  /** Reads one of them. Both may be called while others are under way. */
  getOne(index: number): Promise<void> | undefined
  /** Resolves when what was set is on disk; undefined if the reply to a write tells. */
  untilDurable(): Promise<void> | undefined
  /** Number of keys. */
  size(): Promise<number>
  /** Writes a new base of the log. */
  rewriteLog(): Promise<void>
  /** Forks. Resolves when there is a child. */
  startSave(): Promise<void>
  /** Waits until the engine knows that its save has succeeded. */
  finishSave(): Promise<SaveFigures>
  close(): Promise<void>
}
