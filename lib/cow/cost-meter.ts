/**
 * What a reading of /proc costs this process.
 *
 * @module
 */

import { monotonicMs } from '../util/clock.js'

/**
 * The time a reading took, or, as the result may have waited for a busy event loop, the time this
 * process spent in the kernel meanwhile, whichever is less; and what was done with the result.
 */
export class CostMeter {
  readonly #startedAtMs = monotonicMs()
  readonly #usage = process.cpuUsage()
  #workMs = 0

  /** Runs `work`, whose time counts in full. */
  run<T>(work: () => T): T {
    const startedAtMs = monotonicMs()
    try {
      return work()
    } finally {
      this.#workMs += monotonicMs() - startedAtMs
    }
  }

  get costMs(): number {
    const kernelMs = process.cpuUsage(this.#usage).system / 1000
    return Math.min(monotonicMs() - this.#startedAtMs, kernelMs + this.#workMs)
  }
}
