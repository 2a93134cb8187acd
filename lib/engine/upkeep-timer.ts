/**
 * Does what nobody waits for: removes entries and fields of hashes whose time has come, evicts what
 * memory over its limit has no room for, and frees large values that were removed, a few nodes at a
 * time.
 *
 * The engine keeps what expires in the order of its time, so a turn that finds nothing due costs
 * next to nothing. A turn lasts about a millisecond at most; while more is to be done, the next one
 * comes soon.
 *
 * @module
 */

import { monotonicMs } from '../util/clock.js'
import { TurnTimer } from '../util/turn-timer.js'

const REST_MS = 100
/** Between two turns while more is to be done: a fifth of a core at most. */
const BUSY_REST_MS = 4
const TURN_MS = 1
/** Entries removed, or nodes freed, between two looks at the clock. */
const SLICE = 100

export class UpkeepTimer {
  readonly #work: (limit: number) => number
  readonly #timer = new TurnTimer(REST_MS, () => this.#turn())

  /** `work` does up to `limit` pieces of each kind and returns how many at most were done. */
  constructor(work: (limit: number) => number) {
    this.#work = work
  }

  start(): void {
    this.#timer.start()
  }

  stop(): void {
    this.#timer.stop()
  }

  #turn(): number {
    const endMs = monotonicMs() + TURN_MS
    let done: number
    do {
      done = this.#work(SLICE)
    } while (done === SLICE && monotonicMs() < endMs)
    return done === SLICE ? BUSY_REST_MS : REST_MS
  }
}
