/**
 * Counts of durations, so that a million of them need no memory and no sorting.
 *
 * Durations are whole numbers of a unit that the owner chooses. Buckets are log-linear: 32 to each
 * power of two, so a percentile is off by at most 3 %, and a power of two is always the end of one.
 * The longest duration is kept exactly, and so is the sum.
 *
 * @module
 */

import { logLinear } from './log-linear.js'

const { bucketOf, lastOf } = logLinear(5)
/** Durations from 2^31 units on share the last bucket; the longest is exact anyway. */
const UNITS_MAX = 2 ** 31 - 1

export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketOf(UNITS_MAX) + 1)
  #count = 0
  #longest = 0
  #sum = 0

  record(units: number): void {
    const bucket = bucketOf(Math.min(units, UNITS_MAX))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    ++this.#count
    this.#sum += units
    if (units > this.#longest) this.#longest = units
  }

  get count(): number {
    return this.#count
  }

  /** 0 if nothing was recorded. */
  get longest(): number {
    return this.#longest
  }

  get sum(): number {
    return this.#sum
  }

  /** The duration that `share` (0 to 1) of all do not exceed. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.#count)
    if (left <= 0) return 0
    for (let bucket = 0; bucket < this.#counts.length; ++bucket) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return Math.min(lastOf(bucket), this.#longest)
    }
    return this.#longest
  }

  /** How many were shorter than `bound`, a power of two below 2^31: exact. */
  countBelow(bound: number): number {
    const end = bucketOf(bound)
    return this.#counts.subarray(0, end).reduce((sum, count) => sum + count, 0)
  }
}
