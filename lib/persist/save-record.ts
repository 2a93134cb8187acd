/**
 * How a background save or a rewrite of the log ended, and who is told.
 *
 * @module
 */

import type { CowReport } from '../cow/cow-report.js'
import type { SamplerOptions } from '../cow/cow-sampler.js'
import { type SnapforkErrorCode, SnapshotError } from '../errors.js'

/** One save or rewrite by a child, however it ended. */
export interface SaveRecord {
  readonly kind: 'snapshot' | 'rewrite'
  /** `canceled`: given up on purpose, by FLUSHALL or `close`. */
  readonly outcome: 'saved' | 'failed' | 'canceled'
  /** null if it was saved. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** Unix time in milliseconds. */
  readonly startedAtMs: number
  /** Absolute path of the file. */
  readonly path: string
  /** Process id of the child; null if there was none. */
  readonly pid: number | null
  /** Keys that were written. */
  readonly keys: number
  /** Bytes of the file that were written. */
  readonly bytes: number
  readonly durationMs: number
  /** How long the fork held up this process, in microseconds; null if there was none. */
  readonly forkMicros: number | null
  /** null if there was no child. */
  readonly cow: CowReport | null
}

/** Who is told of saves. */
export interface SaveWatch extends SamplerOptions {
  ended(record: SaveRecord): void
}

/** Reasons for which nothing was begun: no save. */
const NOT_BEGUN: ReadonlySet<SnapforkErrorCode> = new Set<SnapforkErrorCode>([
  'ERR_SNAPFORK_CHILD_ACTIVE',
  'ERR_SNAPFORK_WORKER_THREAD',
])
const ON_PURPOSE: ReadonlySet<SnapforkErrorCode> = new Set<SnapforkErrorCode>([
  'ERR_SNAPFORK_CANCELED',
  'ERR_SNAPFORK_CLOSED',
])

/** By what a save rejects with, undefined if it does not; null if there was no save. */
export function outcomeOf(error: unknown): Pick<SaveRecord, 'outcome' | 'error'> | null {
  if (error === undefined) return { outcome: 'saved', error: null }
  if (!(error instanceof SnapshotError) || NOT_BEGUN.has(error.code)) return null
  const { code, message } = error
  return { outcome: ON_PURPOSE.has(code) ? 'canceled' : 'failed', error: { code, message } }
}
