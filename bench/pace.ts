/**
 * How long a row of writes goes on, and how fast.
 *
 * @module
 */

export interface Pace {
  /** Writes at most. */
  readonly count: number
  /** Whether the row ends with the child; it goes on to `count` otherwise. */
  readonly endsWithChild?: boolean
  /** Writes a second at most; as fast as they can be without it. */
  readonly perSecond?: number
}

/** So many may be done by now, in a row that began at `startedAt` (of `performance.now`). */
export function allowedBy({ count, perSecond }: Pace, startedAt: number): number {
  if (perSecond === undefined) return count
  return Math.min(count, ((performance.now() - startedAt) / 1000) * perSecond)
}
