/**
 * What the typed methods take: keys and values, and the checks that stand before the engine.
 *
 * Invariants
 *  (V1) Nothing but a string or bytes reaches the engine as a key or value: it reads a number as an
 *       index into its argument vector.
 *
 * @module
 */

import { isUint8Array } from 'node:util/types'
import { INT64_MAX, INT64_MIN } from '../commands/expiry-time.js'
import { invalidArgument } from '../errors.js'
import type { Int64 } from '../native/engine.js'

/** A key: text, which is stored as UTF-8, or any bytes. */
export type Key = string | Uint8Array

/** A value: text (UTF-8), any bytes, or a number, which is stored as its decimal text. */
export type Value = string | Uint8Array | number | bigint

/** Keys and values of `mset`: an object, a Map, or any iterable of pairs. */
export type KeyValuePairs = Readonly<Record<string, Value>> | Iterable<readonly [Key, Value]>

/** NX: it has no expiry, XX: it has one, GT: the new one is later, LT: the new one is earlier. */
export type ExpireCondition = 'NX' | 'XX' | 'GT' | 'LT'

/** An integer argument. A number has to be a safe integer. */
export type Integer = Int64

/** Keeps a number from being taken for an index. (V1) */
export function checkKey(key: Key): Key {
  if (typeof key === 'string' || isUint8Array(key)) return key
  throw invalidArgument(`A key must be a string or a Uint8Array, not ${describe(key)}.`)
}

/** The value as the engine takes it. (V1) */
export function toBytes(value: Value): Key {
  if (typeof value === 'string' || isUint8Array(value)) return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw invalidArgument(
    `A value must be a string, a Uint8Array, a number or a bigint, not ${describe(value)}.`,
  )
}

/** What has to be an array, such as several keys or the ends of a range. */
export function checkArray<T>(values: readonly T[], name: string): readonly T[] {
  if (Array.isArray(values)) return values
  throw invalidArgument(`${name} must be an array, not ${describe(values)}.`)
}

/** Keys behind their number, as commands with more behind them want it. */
export function countedKeys(keys: readonly Key[]): Key[] {
  return [String(checkArray(keys, 'keys').length), ...keys.map(checkKey)]
}

export function checkInteger(value: Integer, name: string): Integer {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX) return value
  throw invalidArgument(`${name} must be a safe integer or a 64-bit bigint, not ${String(value)}.`)
}

/** The cursor of a scan as text. */
export function checkCursor(cursor: string | Integer): string {
  if (typeof cursor === 'string') return cursor
  if (typeof cursor === 'bigint' || Number.isSafeInteger(cursor)) return String(cursor)
  throw invalidArgument(`A cursor must be a string or an integer, not ${String(cursor)}.`)
}

/** Pairs as they can be walked; text and bytes are no pairs. */
export function pairsOf<K, V>(
  pairs: Readonly<Record<string, V>> | Iterable<readonly [K, V]>,
  name: string,
): Iterable<readonly [K | string, V]> {
  if (typeof pairs !== 'object' || pairs === null || isUint8Array(pairs)) {
    const kinds = 'an object, a Map or an iterable of pairs'
    throw invalidArgument(`${name} must be ${kinds}, not ${describe(pairs)}.`)
  }
  return Symbol.iterator in pairs
    ? (pairs as Iterable<readonly [K, V]>)
    : Object.entries(pairs as Readonly<Record<string, V>>)
}

/** Keys and values in turn, all checked before the first is used. */
export function flattenPairs(pairs: KeyValuePairs): Key[] {
  const flat: Key[] = []
  for (const [key, value] of pairsOf(pairs, 'Pairs')) flat.push(checkKey(key), toBytes(value))
  return flat
}

/** For a message: what the caller passed, without its content. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? `an instance of ${value.constructor?.name}` : typeof value
}

/** Options of a command: a flag, a word with an argument, or a word with several. */
export type CommandOptions = Readonly<
  Record<string, boolean | Value | readonly Value[] | undefined>
>

/** What has to be an object that is no array. */
export function checkObject<T extends object>(value: T, name: string): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalidArgument(`${name} must be an object, not ${describe(value)}.`)
}

/** `{ COUNT: 5, REV: true }` as `COUNT 5 REV`. What is false or undefined is left out. */
export function optionWords(options: object): Key[] {
  checkObject(options, 'options')
  const words: Key[] = []
  for (const [name, value] of Object.entries(options as CommandOptions)) {
    if (value === undefined || value === false) continue
    words.push(name)
    if (value === true) continue
    if (Array.isArray(value)) words.push(...value.map(toBytes))
    else words.push(toBytes(value as Value))
  }
  return words
}
