/**
 * Writes to random keys as fast as it can, in slices the event loop can live with, and measures
 * every write.
 *
 * What a write is made of is prepared before it is measured, so the clock (about 40 ns, part of
 * every figure) is all that is added.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Snapfork } from '../index.js'
import { LatencyHistogram } from '../util/latency-histogram.js'
import { keyName, type Random } from './tour-data.js'

const BATCH = 256
const SLICE_MS = 2
const NANOS_PER_MS = 1e6

/** How writing went in one phase of the tour. */
export interface WriteFigures {
  readonly writes: number
  /** Nanoseconds. */
  readonly median: number
  readonly percentile99: number
  readonly longest: number
  /** The longest time between two turns of the event loop, this writer's slices included. */
  readonly longestTurn: number
}

export class TourWriter {
  readonly #db: Snapfork
  readonly #keys: number
  readonly #values: readonly string[]
  readonly #random: Random
  readonly #batchKeys: string[] = new Array(BATCH).fill('')
  readonly #batchValues: string[] = new Array(BATCH).fill('')

  constructor(db: Snapfork, keys: number, values: readonly string[], random: Random) {
    this.#db = db
    this.#keys = keys
    this.#values = values
    this.#random = random
  }

  /** Writes every key once; `progress` gets how many it has written. */
  async fill(signal: AbortSignal, progress: (done: number) => void): Promise<void> {
    let done = 0
    while (done < this.#keys) {
      const endMs = performance.now() + SLICE_MS
      while (done < this.#keys && performance.now() < endMs) {
        const end = Math.min(this.#keys, done + BATCH)
        for (; done < end; ++done) this.#db.set(keyName(done), this.#anyValue())
      }
      progress(done)
      await nextTurn()
      signal.throwIfAborted()
    }
  }

  /**
   * Writes until `isOver` says so, which is asked once a turn of the event loop.
   *
   * @param startedAtMs when the first turn began: what came before the first write counts as well
   */
  async writeUntil(
    isOver: () => boolean,
    signal: AbortSignal,
    startedAtMs = performance.now(),
  ): Promise<WriteFigures> {
    const histogram = new LatencyHistogram()
    let longestTurnMs = 0
    let turnAtMs = startedAtMs
    while (!isOver()) {
      const endMs = performance.now() + SLICE_MS
      while (performance.now() < endMs) this.#writeBatch(histogram)
      await nextTurn()
      const now = performance.now()
      longestTurnMs = Math.max(longestTurnMs, now - turnAtMs)
      turnAtMs = now
      signal.throwIfAborted()
    }
    return {
      writes: histogram.count,
      median: histogram.percentile(0.5),
      percentile99: histogram.percentile(0.99),
      longest: histogram.longest,
      longestTurn: longestTurnMs * NANOS_PER_MS,
    }
  }

  #writeBatch(histogram: LatencyHistogram): void {
    for (let index = 0; index < BATCH; ++index) {
      this.#batchKeys[index] = keyName(this.#random.below(this.#keys))
      this.#batchValues[index] = this.#anyValue()
    }
    let before = performance.now()
    for (let index = 0; index < BATCH; ++index) {
      this.#db.set(this.#batchKeys[index] as string, this.#batchValues[index] as string)
      const after = performance.now()
      histogram.record((after - before) * NANOS_PER_MS)
      before = after
    }
  }

  #anyValue(): string {
    return this.#values[this.#random.below(this.#values.length)] as string
  }
}
