/**
 * The native primitives of the append-only log.
 *
 * @module
 */

/** When what is logged is synced: `LogSync` of the engine. */
export const LOG_SYNC = { always: 0, everysec: 1, no: 2 } as const

/** Bytes since the start of the log, over all its files. */
export interface LogProgress {
  appended: number
  written: number
  synced: number
  /** Of heads of blocks, which are written beside. */
  headBytes: number
  /** Of a write or sync that failed and has not succeeded since; 0: none. */
  writeErrno: number
  syncErrno: number
  /** Whether writes are taken. */
  accepts: boolean
}

export interface LogPrimitives {
  /**
   * Starts the log at the end of a file; the descriptor is the log's from now on. `onProgress` is
   * called after the next sync that was asked for, and when a failure begins or ends. Without
   * `counts` nothing that is on disk is durable until `logCount`.
   */
  logStart(
    fd: number,
    bytes: number,
    sync: number,
    timestamps: boolean,
    counts: boolean,
    onProgress: () => void,
  ): void
  /**
   * Logs the command in the argument vector if it has changed something, or `always`, and ends the
   * unit. Whether more writes are taken.
   */
  logCommand(db: number, always: boolean, atomic: boolean): boolean
  /** Adds another command to the unit. */
  logWords(db: number, words: readonly (string | Uint8Array)[]): void
  /** Ends the unit. Whether more writes are taken. */
  logCommit(atomic: boolean): boolean
  /** From now on what is on disk is durable. */
  logCount(): void
  /** Until `logRelease`, what commands change is one unit. May be nested. */
  logHold(): void
  /** Ends the unit, unless it is held by another. Whether more writes are taken. */
  logRelease(): boolean
  /** Whether something has changed that is not logged yet. */
  logIsBehind(): boolean
  /** What comes from now on goes to another file, which is empty. */
  logRotate(fd: number): void
  /** What came before the last rotation is in a durable base: its failures are over. */
  logForgive(): void
  /** Syncs all there is at once, whatever the policy; then calls `onProgress`. */
  logRequestSync(): void
  /** Of what comes from now on. */
  logConfigure(sync: number, timestamps: boolean): void
  logProgress(): LogProgress
  /** `appended` of it alone, at less cost. */
  logAppended(): number
  /** Writes and syncs what there is, and ends the log. Rejects if that failed. */
  logStop(): Promise<void>
}
