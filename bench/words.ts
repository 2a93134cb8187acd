/**
 * Short texts for the elements of collections: the same for the same number, all different, and
 * nothing that LZF can shorten. Quick to make, since they are made while writes are measured.
 *
 * @module
 */

import { makeValue, Random } from '../dist/cli/tour-data.js'

const HALVES = 1 << 14
const HALF_CHARS = 5
const SEED = 0x303d5

/** Different ones: two of them make a word. */
const halves = makeHalves()

function makeHalves(): string[] {
  const random = new Random(SEED)
  const made = new Set<string>()
  while (made.size < HALVES) made.add(makeValue(HALF_CHARS, random))
  return [...made]
}

/** Ten characters. Of one kind (a single letter) there are 2^28. */
export function word(kind: string, index: number): string {
  const first = index + kind.charCodeAt(0) * 31
  // Neither half is the same in neighbours.
  const second = Math.floor(index / HALVES) + first * 37
  return (halves[first % HALVES] as string) + (halves[second % HALVES] as string)
}
