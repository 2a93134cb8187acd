/**
 * How long the calls of a command took, as LATENCY HISTOGRAM and INFO's latencystats tell it.
 *
 * Nanoseconds are counted in the buckets of native/server/lane_durations.h, which are also those
 * that Redis's replies show.
 *
 * @module
 */

import { logLinear } from '../util/log-linear.js'

/** What is longer counts as that. */
const NANOS_MAX = 1e9
const { bucketOf, firstOf, lastOf } = logLinear(7)
const BUCKETS = bucketOf(NANOS_MAX) + 1
/** The last nanosecond of the power of two that NANOS_MAX lies in. */
const NANOS_END = 2 ** 30 - 1
/** Powers of two of nanoseconds that LATENCY HISTOGRAM may count up to. */
const FIRST_POWER = 10
const LAST_POWER = 30

export class DurationHistogram {
  readonly #counts: Float64Array
  #count: number

  /** @param other Is copied. */
  constructor(other?: DurationHistogram) {
    this.#counts = other === undefined ? new Float64Array(BUCKETS) : other.#counts.slice()
    this.#count = other?.count ?? 0
  }

  /** @param nanos Of one call. */
  record(nanos: number): void {
    this.add(bucketOf(Math.min(Math.max(nanos, 1), NANOS_MAX)), 1)
  }

  /** Adds what was counted elsewhere. */
  add(bucket: number, count: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    this.#count += count
  }

  get count(): number {
    return this.#count
  }

  /** In nanoseconds; REQUIRES: something was counted. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.floor((percent / 100) * this.#count + 0.5))
    const bucket = this.#counts.findIndex((count) => {
      left -= count
      return left <= 0
    })
    return percent === 0 ? firstOf(bucket) : lastOf(bucket)
  }

  /** Microseconds, and how many calls took no longer; those at which that number grows. */
  cumulative(): [micros: number, calls: number][] {
    const steps: [number, number][] = []
    let bucket = 0
    let calls = 0
    let told = 0
    for (let power = FIRST_POWER; power <= LAST_POWER; ++power) {
      const end = bucketOf(2 ** power)
      for (; bucket <= end; ++bucket) calls += this.#counts[bucket] ?? 0
      if (calls > told) steps.push([Math.floor(Math.min(lastOf(end), NANOS_END) / 1000), calls])
      told = calls
    }
    return steps
  }
}
