/**
 * How far an engine has come with its files.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import { monotonicMs } from '../util/clock.js'

/** What INFO says of it. */
export interface LoadingFacts {
  /** Unix time in seconds. */
  readonly startedAtSeconds: number
  readonly totalBytes: number
  readonly loadedBytes: number
  /** At the speed so far. */
  readonly secondsLeft: number
}

export class Loading {
  /** Aborted if nobody wants the engine any more. */
  readonly signal: AbortSignal
  readonly #native: Pick<NativeEngine, 'loadProgress' | 'loadCancel'>
  readonly #controller = new AbortController()
  readonly #startedAtMs = monotonicMs()
  readonly #startedAtSeconds: number
  #totalBytes = 0
  /** Of files, or parts of them, that were loaded, but for a snapshot that is being loaded. */
  #doneBytes = 0

  constructor(native: Pick<NativeEngine, 'loadProgress' | 'loadCancel'>, nowMs: number) {
    this.#native = native
    this.#startedAtSeconds = Math.floor(nowMs / 1000)
    this.signal = this.#controller.signal
  }

  /** Tells how long all files are. */
  expect(bytes: number): void {
    this.#totalBytes = bytes
  }

  /** Tells how much of them was loaded. */
  reach(bytes: number): void {
    this.#doneBytes = bytes
  }

  /** Ends it: what loads is rejected with `ERR_SNAPFORK_CLOSED`. */
  abort(): void {
    this.#controller.abort()
    this.#native.loadCancel()
  }

  get facts(): LoadingFacts {
    const { bytes, totalBytes } = this.#native.loadProgress()
    const total = Math.max(this.#totalBytes, totalBytes)
    const loaded = Math.min(total, this.#doneBytes + bytes)
    const seconds = (monotonicMs() - this.#startedAtMs) / 1000
    const left = loaded === 0 ? 1 : ((total - loaded) / loaded) * seconds
    return {
      startedAtSeconds: this.#startedAtSeconds,
      totalBytes: total,
      loadedBytes: loaded,
      secondsLeft: Math.ceil(left),
    }
  }
}
