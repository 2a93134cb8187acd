/**
 * What a save hands to the caller.
 *
 * @module
 */

import type { CowReport } from '../cow/cow-report.js'

/** A file that was written. */
export interface SaveReport {
  /** Its form: an RDB, or commands. */
  readonly kind: 'rdb' | 'aof'
  /** Absolute path of the file. */
  readonly path: string
  /** Keys in it, those included that expired but were not removed yet. */
  readonly keys: number
  /** Its length in bytes. */
  readonly bytes: number
  /** From the call to the file and its directory being synced and renamed, in milliseconds. */
  readonly durationMs: number
}

/** A file that a child wrote. */
export interface SnapshotReport extends SaveReport {
  /** Process id of the child. */
  readonly pid: number
  /** How long fork(2) and all around it held up this process, in microseconds. */
  readonly forkMicros: number
  /** What it cost in memory. */
  readonly cow: CowReport
}
