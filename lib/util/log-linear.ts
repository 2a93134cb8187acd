/**
 * Log-linear buckets of whole numbers below 2^31: so many to each power of two, which is always the
 * first of one.
 *
 * @module
 */

export interface LogLinear {
  /** What is below 0 counts as 0. */
  bucketOf(value: number): number
  /** The least number in a bucket. */
  firstOf(bucket: number): number
  /** The greatest one. */
  lastOf(bucket: number): number
}

/** @param bits Each power of two has 2^bits buckets: numbers in one differ by 1/2^bits at most. */
export function logLinear(bits: number): LogLinear {
  const each = 1 << bits
  const firstOf = (bucket: number): number => {
    if (bucket < each) return bucket
    return ((bucket & (each - 1)) + each) * 2 ** ((bucket >> bits) - 1)
  }
  return {
    bucketOf(value) {
      const whole = value < 0 ? 0 : Math.trunc(value)
      if (whole < each) return whole
      const shift = 31 - Math.clz32(whole) - bits
      return ((shift + 1) << bits) + ((whole >>> shift) - each)
    },
    firstOf,
    lastOf: (bucket) => firstOf(bucket + 1) - 1,
  }
}
