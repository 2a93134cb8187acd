/**
 * A pause between two readings that can be cut short.
 *
 * @module
 */

export class Pause {
  #isOver = false
  #wake: (() => void) | null = null

  /** Whether `end` was called: there are no pauses any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Resolves when the time is over or `end` is called. The timer keeps no process alive. */
  wait(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(wake, ms)
      timer.unref()
      this.#wake = wake
    })
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }
}
