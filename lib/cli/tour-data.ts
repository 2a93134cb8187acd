/**
 * Keys and values of the tour: 12-byte names, and values that do not compress, as tokens do not.
 *
 * @module
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const DIGITS = 8
/** So many keys have names of one length. */
export const KEYS_MAX = 10 ** DIGITS
/** Bytes of all values together that are made in advance. */
const POOL_BYTES = 1024 * 1024
const POOL_VALUES_MAX = 4096

export function keyName(index: number): string {
  return `key:${String(index).padStart(DIGITS, '0')}`
}

/** xorshift32: the same numbers in every run. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }
}

/** Random text that LZF cannot shorten. */
export function makeValue(length: number, random: Random): string {
  const bytes = Buffer.allocUnsafe(length)
  for (let index = 0; index < length; ++index) {
    bytes[index] = ALPHABET.charCodeAt(random.below(ALPHABET.length))
  }
  return bytes.toString('latin1')
}

/** Values of one length, made once: making one takes longer than storing it. */
export function makeValues(length: number, random: Random): string[] {
  const count = Math.max(16, Math.min(POOL_VALUES_MAX, Math.floor(POOL_BYTES / length)))
  return Array.from({ length: count }, () => makeValue(length, random))
}
