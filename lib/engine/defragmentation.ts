/**
 * Has sparse chunks emptied a little at a time, so that memory that deletions have left in them
 * goes back to the kernel. Where it is needed for the next save, all of it does.
 *
 * The timer keeps no process alive.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'

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
  #timer: NodeJS.Timeout | null = null

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
    const { defragCpuPercent, defragIgnoredBytes, defragThresholdPercent } = this.#options()
    // No time at all ends what was begun.
    const micros = defragCpuPercent > 0 ? TURN_MS * 1000 : 0
    const isShort = this.#isShort()
    const worked = this.#native.defragment(
      isShort ? 0 : defragIgnoredBytes,
      isShort ? 0 : defragThresholdPercent,
      micros,
    )
    this.#schedule(worked ? TURN_MS * (100 / defragCpuPercent - 1) : REST_MS)
  }
}
