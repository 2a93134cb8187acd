/**
 * Work that is done a turn at a time, with rests between.
 *
 * The timer keeps no process alive.
 *
 * @module
 */

export class TurnTimer {
  readonly #turn: () => number
  readonly #firstRestMs: number
  #timer: NodeJS.Timeout | null = null

  /** `turn` returns the milliseconds until the next one; the first comes after `firstRestMs`. */
  constructor(firstRestMs: number, turn: () => number) {
    this.#firstRestMs = firstRestMs
    this.#turn = turn
  }

  start(): void {
    this.#schedule(this.#firstRestMs)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => this.#schedule(this.#turn()), delayMs)
    this.#timer.unref()
  }
}
