/**
 * How much comes and goes.
 *
 * @module
 */

/** Seconds over which the rate of commands is formed. */
const SAMPLES = 4

export class Traffic {
  #samples: { atMs: number; commands: number }[] = []

  /** To be called every second or so, with how many commands were run in all. */
  sample(nowMs: number, commands: number): void {
    this.#samples = [...this.#samples, { atMs: nowMs, commands }].slice(-SAMPLES)
  }

  /** Of the last seconds. */
  commandsPerSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0
    return Math.round(((last.commands - first.commands) * 1000) / (last.atMs - first.atMs))
  }

  reset(): void {
    this.#samples = []
  }
}
