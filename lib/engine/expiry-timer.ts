/**
 * Removes entries and fields of hashes whose time has come though nobody asks for them.
 *
 * The engine keeps them in the order of their time, so a turn that finds nothing due costs next to
 * nothing. A turn lasts about a millisecond at most; while more is due, the next one comes soon.
 *
 * The timer keeps no process alive.
 *
 * @module
 */

import { monotonicMs } from '../util/clock.js'

const REST_MS = 100
/** Between two turns while more is due: a fifth of a core at most. */
const BUSY_REST_MS = 4
const TURN_MS = 1
/** Entries removed between two looks at the clock. */
const SLICE = 100

export class ExpiryTimer {
  readonly #removeDue: (limit: number) => number
  #timer: NodeJS.Timeout | null = null

  /** `removeDue` removes up to `limit` entries and returns how many they were. */
  constructor(removeDue: (limit: number) => number) {
    this.#removeDue = removeDue
  }

  start(): void {
    this.#schedule(REST_MS)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => this.#turn(), delayMs)
    this.#timer.unref()
  }

  #turn(): void {
    const endMs = monotonicMs() + TURN_MS
    let removed: number
    do {
      removed = this.#removeDue(SLICE)
    } while (removed === SLICE && monotonicMs() < endMs)
    this.#schedule(removed === SLICE ? BUSY_REST_MS : REST_MS)
  }
}
