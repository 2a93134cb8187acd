/**
 * How much memory a save may take: the arithmetic. Pure.
 *
 * @module
 */

const MIB = 2 ** 20

/** What is left alone: a fiftieth of the limit, in bounds. */
export function reserveBytes(limitBytes: number): number {
  return Math.min(Math.max(limitBytes / 50, 16 * MIB), 256 * MIB)
}

/**
 * What a child takes whatever is written meanwhile: buffers for output and compression, the page
 * tables, its copies of the tables of what is in use, and chunks that are backed ahead of need.
 */
export function fixedBytes(metaBytes: number): number {
  return 32 * MIB + metaBytes
}

/** Bytes a second that may be taken, so that `left` bytes last for so many seconds. */
export function allowedGrowth(left: number, seconds: number): number {
  return Math.max(0, left) / Math.max(seconds, 0.1)
}

export interface RateFacts {
  /** To which writers are held now, in bytes a second; 0: not at all. */
  readonly rate: number
  /** What they have taken a second since. */
  readonly allocated: number
  /** By how much memory grew a second. */
  readonly growth: number
  /** By how much it may grow. */
  readonly allowed: number
}

/** Lower than this it is never: a writer that stands still keeps the whole process. */
export const RATE_MIN = 256 * 1024
/** Memory that is used again behind the child is taken without growth: so writers may take more. */
const SLOW_SHARE = 0.8

/** The next rate: what was taken, as far as growth is over or under what it may be. 0: no limit. */
export function nextRate({ rate, allocated, growth, allowed }: RateFacts): number {
  const isFree = rate === 0
  if (isFree && growth <= allowed * SLOW_SHARE) return 0
  if (growth > allowed * SLOW_SHARE) {
    const share = (allowed * SLOW_SHARE) / growth
    // Of new entries only growth tells.
    const taken = Math.max(allocated, growth)
    const from = isFree ? taken : Math.min(rate, Math.max(taken, RATE_MIN))
    return Math.max(RATE_MIN, Math.floor(from * share))
  }
  // There is room: a quarter more, and no limit at all where it holds nobody back.
  return allocated < rate / 2 ? 0 : Math.floor(rate * 1.25)
}
