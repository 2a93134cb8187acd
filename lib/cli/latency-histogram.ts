/**
 * Counts of durations, so that a million of them need no memory and no sorting.
 *
 * Buckets are log-linear: 32 to each power of two, so a percentile is off by at most 3 %. The
 * longest duration is kept exactly.
 *
 * @module
 */

const SUBBUCKET_BITS = 5
const SUBBUCKETS = 1 << SUBBUCKET_BITS
/** Durations from 2^31 ns (2.1 s) on share the last bucket; the longest is exact anyway. */
const NANOS_MAX = 2 ** 31 - 1

export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketOf(NANOS_MAX) + 1)
  #count = 0
  #longest = 0

  record(nanos: number): void {
    const bucket = bucketOf(Math.min(nanos, NANOS_MAX))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    ++this.#count
    if (nanos > this.#longest) this.#longest = nanos
  }

  get count(): number {
    return this.#count
  }

  /** In nanoseconds; 0 if nothing was recorded. */
  get longest(): number {
    return this.#longest
  }

  /** The duration in nanoseconds that `share` (0 to 1) of all do not exceed. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.#count)
    if (left <= 0) return 0
    for (let bucket = 0; bucket < this.#counts.length; ++bucket) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return Math.min(upperBound(bucket), this.#longest)
    }
    return this.#longest
  }
}

function bucketOf(nanos: number): number {
  const whole = nanos < 0 ? 0 : Math.trunc(nanos)
  if (whole < SUBBUCKETS) return whole
  const shift = 31 - Math.clz32(whole) - SUBBUCKET_BITS
  return ((shift + 1) << SUBBUCKET_BITS) + ((whole >>> shift) - SUBBUCKETS)
}

/** The largest whole number of nanoseconds in a bucket. */
function upperBound(bucket: number): number {
  if (bucket < SUBBUCKETS) return bucket
  const shift = (bucket >> SUBBUCKET_BITS) - 1
  return ((bucket & (SUBBUCKETS - 1)) + SUBBUCKETS + 1) * 2 ** shift - 1
}
