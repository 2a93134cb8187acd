/**
 * The native functions on the limit of memory, and on how keys are used.
 *
 * @module
 */

import type { Operand } from './operands.js'

/** What is noted of a key's use, as `accessKind` numbers it. */
export const ACCESS_NONE = 0
export const ACCESS_TIME = 1
export const ACCESS_FREQUENCY = 2

export interface EvictionPrimitives {
  /**
   * `policy` is an index into EVICTION_POLICIES. Typed methods that take memory make room for it
   * from now on, or throw the status MaxMemory.
   */
  limitMemory(
    maxBytes: number,
    policy: number,
    samples: number,
    lfuLogFactor: number,
    lfuDecayMinutes: number,
  ): void
  /**
   * Evicts until memory is within its limit, for about a millisecond. False if it is over the
   * limit and nothing can go.
   */
  makeRoom(): boolean
  /** The same while nothing waits for it: up to `limit` keys; `limit` if there are more to go. */
  evictSome(limit: number): number
  /** One of ACCESS_... */
  accessKind(): number
  /** null: no such key. Throws the status InvalidArgument where it is not noted. */
  keyIdleSeconds(db: number, key: Operand): number | null
  /** The same for the counter of uses, 0 to 255. */
  keyFrequency(db: number, key: Operand): number | null
}
