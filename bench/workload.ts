/**
 * Keys, values and updates: the same for every engine, since they follow from a seed.
 *
 * Names have 11 bytes. Values are random text of one length that LZF cannot shorten, as tokens and
 * ciphertext; both engines try to, since compression is on by default in both.
 *
 * @module
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const DIGITS = 7
const POOL_VALUES = 4096

export const KEY_BYTES = 4 + DIGITS
/** So many keys have names of one length. */
export const KEYS_MAX = 10 ** DIGITS

export function keyName(index: number): string {
  return `key:${String(index).padStart(DIGITS, '0')}`
}

/** xorshift32. */
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

export function makeValues(length: number): string[] {
  const random = new Random(0xbe9c)
  return Array.from({ length: POOL_VALUES }, () => {
    let value = ''
    while (value.length < length) value += ALPHABET[random.below(ALPHABET.length)]
    // A string of its own, not a chain of pieces that the first reader would have to join.
    return Buffer.from(value, 'latin1').toString('latin1')
  })
}

/** One write: index of the key, and of the value in the pool. */
export interface Update {
  key: number
  value: number
}

/** Key `index` with the value it is filled with. */
export function fillOf(index: number, to: Update): void {
  to.key = index
  to.value = Math.imul(index, 0x9e3779b1) >>> 20
}

/** A random key with a random value. */
export function randomUpdate(random: Random, keys: number, to: Update): void {
  to.key = random.below(keys)
  to.value = random.below(POOL_VALUES)
}
