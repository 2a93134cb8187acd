/**
 * Keys, values and updates: the same for every engine, since they follow from a seed.
 *
 * Names have 12 bytes. Values are random text of one length that LZF cannot shorten, as tokens and
 * ciphertext; both engines try to, since compression is on by default in both.
 *
 * @module
 */

import { KEYS_MAX, keyName, makeValue, Random } from '../dist/cli/tour-data.js'

export { KEYS_MAX, keyName, Random }

const POOL_VALUES = 4096
/** Keys of `Driver.setOne` and `getOne`. */
export const PAIR_KEYS = 1000

export function makeValues(length: number): string[] {
  const random = new Random(0xbe9c)
  return Array.from({ length: POOL_VALUES }, () => makeValue(length, random))
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
