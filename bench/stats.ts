/**
 * Medians and how far apart the runs were.
 *
 * @module
 */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly runs: number
}

/** null where there is nothing. */
export function spreadOf(numbers: readonly number[]): Spread | null {
  if (numbers.length === 0) return null
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
  return { median, min: sorted[0] as number, max: sorted.at(-1) as number, runs: sorted.length }
}

/** 0 where there is nothing. */
export function medianOf(numbers: readonly number[]): number {
  return spreadOf(numbers)?.median ?? 0
}

/** The number that `share` (0 to 1) of all do not exceed. */
export function percentileOf(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return 0
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
}
