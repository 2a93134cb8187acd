/**
 * How many changes a second there are at present: the growth of the engine's counter over the last
 * ten seconds.
 *
 * It is asked for at every turn of the upkeep timer, and reads the counter once a second, which
 * takes 2 us. An event loop that stands still makes no error: a rate is over the time that passed.
 *
 * @module
 */

import type { MonotonicClock } from '../util/clock.js'

const STEP_MS = 1000
const STEPS = 10
/** A rate over less than that says little. */
const SPAN_MS_MIN = 100

interface Reading {
  readonly atMs: number
  readonly changes: number
}

export class ChangeRate {
  readonly #changes: () => number
  readonly #now: MonotonicClock
  readonly #readings: Reading[]

  /** `changes` reads a counter that never goes back. */
  constructor(changes: () => number, now: MonotonicClock) {
    this.#changes = changes
    this.#now = now
    this.#readings = [this.#read()]
  }

  /** Reads the counter if it is time to. */
  sample(): void {
    const last = this.#readings.at(-1) as Reading
    if (this.#now() - last.atMs < STEP_MS) return
    this.#readings.push(this.#read())
    if (this.#readings.length > STEPS) this.#readings.shift()
  }

  /** Changes a second, over at most ten seconds and what has passed since the last reading. */
  perSecond(): number {
    const first = this.#readings[0] as Reading
    const { atMs, changes } = this.#read()
    return ((changes - first.changes) * 1000) / Math.max(SPAN_MS_MIN, atMs - first.atMs)
  }

  #read(): Reading {
    return { atMs: this.#now(), changes: this.#changes() }
  }
}
