/**
 * The collections of the trial `collections`: three types in three sizes, and one write of each.
 *
 * Elements have ten characters, values of hashes and lists 16 to 64 random ones.
 *
 * @module
 */

import { makeValue } from '../dist/cli/tour-data.js'
import { numberOf, range, type Shape } from './shapes.js'
import { word } from './words.js'
import { Random } from './workload.js'

export interface WrittenShape extends Shape {
  /** Command that changes one element that is there. */
  readonly update: string
  /** Its arguments; `version` is any number below `VERSIONS`. */
  readonly argsOf: (key: string, index: number, version: number) => string[]
}

export const VERSIONS = 4096
const SIZES = [50, 500, 10_000]
const BATCH = 100
const VALUE_BYTES_MIN = 16
const VALUE_BYTES_MAX = 64

const values = makeValues()

function makeValues(): string[] {
  const random = new Random(0x7a1e)
  return Array.from({ length: VERSIONS }, () => {
    const length = VALUE_BYTES_MIN + random.below(VALUE_BYTES_MAX - VALUE_BYTES_MIN + 1)
    return makeValue(length, random)
  })
}

/** The value with which an element is made: no two neighbours have the same. */
function firstOf(index: number): string {
  return values[Math.imul(index, 0x9e3779b1) >>> 20] as string
}

const hash = (size: number): WrittenShape => ({
  name: `hash of ${size}`,
  elementsPerKey: () => size,
  add: (key, from, to) => [
    ...['HSET', key],
    ...range(from, to, (index) => [word('f', index), firstOf(index)]).flat(),
  ],
  batch: BATCH,
  update: 'HSET',
  argsOf: (key, index, version) => [key, word('f', index), values[version] as string],
})

const zset = (size: number): WrittenShape => ({
  name: `zset of ${size}`,
  elementsPerKey: () => size,
  add: (key, from, to) => [
    ...['ZADD', key],
    ...range(from, to, (index) => [numberOf(index), word('m', index)]).flat(),
  ],
  batch: BATCH,
  update: 'ZADD',
  argsOf: (key, index, version) => [key, numberOf(index + version * 3), word('m', index)],
})

const list = (size: number): WrittenShape => ({
  name: `list of ${size}`,
  elementsPerKey: () => size,
  add: (key, from, to) => ['RPUSH', key, ...range(from, to, firstOf)],
  batch: BATCH,
  update: 'LSET',
  argsOf: (key, index, version) => [key, String(index % size), values[version] as string],
})

export const WRITTEN_SHAPES: readonly WrittenShape[] = [hash, zset, list].flatMap((make) =>
  SIZES.map(make),
)

export function writtenShapeOf(name: string): WrittenShape {
  const shape = WRITTEN_SHAPES.find((one) => one.name === name)
  if (shape === undefined) throw new Error(`there is no shape '${name}'`)
  return shape
}

/** Arguments of one write to a random element of all `elements`. */
export function randomWrite(shape: WrittenShape, elements: number, random: Random): string[] {
  const index = random.below(elements)
  const key = `key:${Math.floor(index / shape.elementsPerKey(elements))}`
  return shape.argsOf(key, index, random.below(VERSIONS))
}
