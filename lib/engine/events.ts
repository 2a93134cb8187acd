/**
 * What an engine tells its listeners.
 *
 * @module
 */

import type { CowSample } from '../cow/cow-report.js'
import type { SnapforkError, SnapshotError } from '../errors.js'
import type { SnapshotReport } from '../persist/snapshot-report.js'
import type { SaveMemoryEvent } from './memory-guard.js'

/** Events by name, with the arguments of their listeners. */
export interface SnapforkEvents {
  /** A background save wrote its file, whoever asked for it. */
  snapshot: [report: SnapshotReport]
  /** A background save failed. Without a listener nothing happens: `bgsave` rejects as well. */
  'snapshot-error': [error: SnapshotError]
  /** The append-only log has a new base, whoever asked for it. */
  rewrite: [report: SnapshotReport]
  /**
   * What a save or a rewrite that is under way costs in memory: a reading, at least 50 ms after the
   * last one.
   */
  cow: [sample: CowSample]
  /** The file of `reportFile` could not be written. The next save tries again. */
  'report-error': [error: SnapforkError]
  /** The log cannot be written or synced: writes are refused until `log-recovered`. */
  'log-error': [error: SnapforkError]
  'log-recovered': []
  /** What was done, or is to be done, as a save takes more memory than is left. */
  'save-memory': [event: SaveMemoryEvent]
}

export type SnapforkEvent = keyof SnapforkEvents
export type SnapforkListener<E extends SnapforkEvent> = (...args: SnapforkEvents[E]) => void
