/**
 * Has sparse chunks emptied a little at a time, so that memory that deletions have left in them
 * goes back to the kernel. Where it is needed for the next save, all of it does.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import { TurnTimer } from '../util/turn-timer.js'

/** Looks for something to do. */
const REST_MS = 100
const TURN_MS = 1

export type DefragmentationOptions = Pick<
  ResolvedOptions,
  'defragCpuPercent' | 'defragIgnoredBytes' | 'defragThresholdPercent'
>

export class Defragmentation {
  readonly #native: NativeEngine
  readonly #options: () => DefragmentationOptions
  readonly #isShort: () => boolean
  readonly #timer = new TurnTimer(REST_MS, () => this.#turn())

  constructor(
    native: NativeEngine,
    options: () => DefragmentationOptions,
    isMemoryShort: () => boolean,
  ) {
    this.#native = native
    this.#options = options
    this.#isShort = isMemoryShort
  }

  start(): void {
    this.#timer.start()
  }

  stop(): void {
    this.#timer.stop()
  }

  #turn(): number {
    const { defragCpuPercent, defragIgnoredBytes, defragThresholdPercent } = this.#options()
    // No time at all ends what was begun.
    const micros = defragCpuPercent > 0 ? TURN_MS * 1000 : 0
    const isShort = this.#isShort()
    const worked = this.#native.defragment(
      isShort ? 0 : defragIgnoredBytes,
      isShort ? 0 : defragThresholdPercent,
      micros,
    )
    return worked ? TURN_MS * (100 / defragCpuPercent - 1) : REST_MS
  }
}
