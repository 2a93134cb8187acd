/**
 * The collections of the trial `types`: each type, compact and large.
 *
 * Members are ten characters and values ten, all different, as ids and short texts are. A shape is
 * made by the same commands in every engine.
 *
 * @module
 */

import { word } from './words.js'

export interface Shape {
  readonly name: string
  /** Elements of one key: members, fields, entries. */
  readonly elementsPerKey: (elements: number) => number
  /** The command that adds elements `from` to `to - 1` to a key. */
  readonly add: (key: string, from: number, to: number) => string[]
  /** Elements one command takes at most. */
  readonly batch: number
}

/** Keys of a large shape. */
export const LARGE_KEYS = 4
const COMPACT_ELEMENTS = 50
const BATCH = 100

export function range<T>(from: number, to: number, make: (index: number) => T): T[] {
  return Array.from({ length: to - from }, (_, at) => make(from + at))
}

const list = (key: string, from: number, to: number) => [
  ...['RPUSH', key],
  ...range(from, to, (index) => word('v', index)),
]
const set = (key: string, from: number, to: number) => [
  ...['SADD', key],
  ...range(from, to, (index) => word('m', index)),
]
const integers = (key: string, from: number, to: number) => [
  ...['SADD', key],
  ...range(from, to, (index) => String(index * 3)),
]
const hash = (key: string, from: number, to: number) => [
  ...['HSET', key],
  ...range(from, to, (index) => [word('f', index), word('v', index)]).flat(),
]
const zset = (key: string, from: number, to: number) => [
  ...['ZADD', key],
  ...range(from, to, (index) => [numberOf(index), word('m', index)]).flat(),
]
const stream = (key: string, from: number) => [
  ...['XADD', key, `${1_700_000_000_000 + from * 7}-0`],
  ...['sensor', word('s', from % 100), 'value', word('v', from)],
]

/** Half of them integers, as counters are; half of them fractions. */
export function numberOf(index: number): string {
  const mixed = (index * 2_654_435_761) % 1_000_003
  return index % 2 === 0 ? String(mixed) : String(mixed / 1024)
}

const few = () => COMPACT_ELEMENTS
const many = (elements: number) => Math.ceil(elements / LARGE_KEYS)

export const SHAPES: readonly Shape[] = [
  { name: 'list, compact', elementsPerKey: few, add: list, batch: BATCH },
  { name: 'list, large', elementsPerKey: many, add: list, batch: BATCH },
  { name: 'hash, compact', elementsPerKey: few, add: hash, batch: BATCH },
  { name: 'hash, large', elementsPerKey: many, add: hash, batch: BATCH },
  { name: 'set, compact', elementsPerKey: few, add: set, batch: BATCH },
  { name: 'set of integers, compact', elementsPerKey: few, add: integers, batch: BATCH },
  { name: 'set, large', elementsPerKey: many, add: set, batch: BATCH },
  { name: 'zset, compact', elementsPerKey: few, add: zset, batch: BATCH },
  { name: 'zset, large', elementsPerKey: many, add: zset, batch: BATCH },
  { name: 'stream, compact', elementsPerKey: few, add: stream, batch: 1 },
  { name: 'stream, large', elementsPerKey: many, add: stream, batch: 1 },
]

export function shapeOf(name: string): Shape {
  const shape = SHAPES.find((one) => one.name === name)
  if (shape === undefined) throw new Error(`there is no shape '${name}'`)
  return shape
}

/** The commands that make elements `first` to `last - 1`, of `elements` in all. */
export function commandsOf(
  shape: Shape,
  elements: number,
): (first: number, last: number) => Iterable<string[]> {
  const perKey = shape.elementsPerKey(elements)
  return function* commands(first, last) {
    for (let start = first; start < last; start += perKey) {
      const end = Math.min(last, start + perKey)
      const key = `key:${start / perKey}`
      for (let from = start; from < end; from += shape.batch) {
        yield shape.add(key, from, Math.min(end, from + shape.batch))
      }
    }
  }
}
