/**
 * Random numbers that come again with their seed.
 *
 * @module
 */

/** What prints the seed: a tap test. */
interface Commenting {
  comment(text: string): void
}

/** Of the gate, so that it does not find by chance what a change has nothing to do with. */
const GATE_SEED = 0x5eed

/** The seed of this process: SF_SEED (decimal or 0x hex), else a new one but for the gate. */
export const SEED: number = readSeed()

function readSeed(): number {
  const text = process.env.SF_SEED
  if (text === undefined || text === '') {
    return process.env.CI ? GATE_SEED : Math.floor(Math.random() * 2 ** 31)
  }
  const seed = Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`SF_SEED=${text} is no integer`)
  return seed
}

/** Prints the seed, so that a failure can be repeated. */
export function announceSeed(t: Commenting): number {
  t.comment(`seed 0x${SEED.toString(16)}; repeat with SF_SEED=0x${SEED.toString(16)}`)
  return SEED
}

/** SplitMix32: small, fast, and good enough for tests. */
export class Random {
  #state: number

  constructor(seed: number = SEED) {
    this.#state = seed >>> 0
  }

  /** From 0 to 2^32 - 1. */
  uint32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * limit)
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let index = 0; index < length; ++index) bytes[index] = this.uint32() & 0xff
    return bytes
  }
}
