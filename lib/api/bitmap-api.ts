/**
 * Typed methods of the bitmap commands.
 *
 * @module
 */

import { StringApi } from './string-api.js'
import {
  checkArray,
  checkInteger,
  checkKey,
  type Integer,
  type Key,
  toBytes,
  type Value,
} from './values.js'

function rangeWords(range: readonly (Value | undefined)[] = []): Key[] {
  const words = checkArray(range, 'range').filter((word) => word !== undefined)
  return words.map(toBytes)
}

export abstract class BitmapApi extends StringApi {
  /** Sets a bit; the old one. */
  setbit(key: Key, offset: Integer, bit: 0 | 1): number {
    return this.runText(
      'SETBIT',
      checkKey(key),
      checkInteger(offset, 'offset'),
      toBytes(bit),
    ) as number
  }

  /** A bit, 0 behind the end. */
  getbit(key: Key, offset: Integer): number {
    return this.runText('GETBIT', checkKey(key), checkInteger(offset, 'offset')) as number
  }

  /** How many bits are set, in a range of bytes or bits if one is given. */
  bitcount(
    key: Key,
    range?: readonly [start: Integer, end: Integer, unit?: 'BYTE' | 'BIT'],
  ): number {
    return this.runText('BITCOUNT', checkKey(key), ...rangeWords(range)) as number
  }

  /** The first bit that has a value, or -1. */
  bitpos(
    key: Key,
    bit: 0 | 1,
    range?: readonly [start: Integer, end?: Integer, unit?: 'BYTE' | 'BIT'],
  ): number {
    return this.runText('BITPOS', checkKey(key), toBytes(bit), ...rangeWords(range)) as number
  }

  /** Stores strings combined bit by bit; the length of the result. */
  bitop(
    operation: 'AND' | 'OR' | 'XOR' | 'NOT',
    destination: Key,
    ...keys: readonly Key[]
  ): number {
    return this.runText('BITOP', operation, checkKey(destination), ...keys.map(checkKey)) as number
  }

  /** Reads and changes integers of any width: words as on Redis's command line. */
  bitfield(key: Key, ...words: readonly Value[]): (number | bigint | null)[] {
    return this.runText('BITFIELD', checkKey(key), ...words.map(toBytes)) as (
      | number
      | bigint
      | null
    )[]
  }

  /** Reads integers of any width. */
  bitfield_ro(key: Key, ...words: readonly Value[]): (number | bigint)[] {
    return this.runText('BITFIELD_RO', checkKey(key), ...words.map(toBytes)) as (number | bigint)[]
  }
}
