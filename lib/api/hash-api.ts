/**
 * Typed methods of the hash commands.
 *
 * @module
 */

import { isUint8Array } from 'node:util/types'
import { arityError } from '../commands/args.js'
import { invalidArgument } from '../errors.js'
import { BULK_BUFFER, BULK_UTF8, type Int64 } from '../native/engine.js'
import { HASH_IF_ABSENT } from '../native/hashes.js'
import { ListApi } from './list-api.js'
import {
  checkCursor,
  checkInteger,
  checkKey,
  describe,
  type ExpireCondition,
  flattenPairs,
  type Integer,
  type Key,
  type KeyValuePairs,
  toBytes,
  type Value,
} from './values.js'

export interface HscanOptions {
  /** Glob-style pattern that fields have to match. */
  MATCH?: Key | undefined
  /** About how many fields to look at in one call; 10 if it is left out. */
  COUNT?: number | undefined
}

export abstract class HashApi extends ListApi {
  /**
   * Sets fields of a hash. One that had an expiry has none any more.
   *
   * @returns how many fields are new.
   * @throws {ReplyError} WRONGTYPE if the key holds no hash. So do all methods of hashes.
   *
   * @example
   * db.hset('user:1', { name: 'Ada', born: 1815 })
   * db.hset('user:1', 'name', 'Ada')
   */
  hset(key: Key, field: Key, value: Value): number
  hset(key: Key, pairs: KeyValuePairs): number
  hset(key: Key, fieldOrPairs: Key | KeyValuePairs, value?: Value): number {
    const target = checkKey(key)
    if (isKey(fieldOrPairs)) {
      const bytes = toBytes(value as Value)
      return this.native.hashSet(this.dbIndex, target, fieldOrPairs, bytes, 0) ? 1 : 0
    }
    return this.runText('HSET', target, ...flattenPairs(fieldOrPairs)) as number
  }

  /** {@link hset} with another reply. */
  hmset(key: Key, pairs: KeyValuePairs): 'OK' {
    return this.runText('HMSET', checkKey(key), ...flattenPairs(pairs)) as 'OK'
  }

  /** Sets a field that does not exist: 1 if it was set, else 0. */
  hsetnx(key: Key, field: Key, value: Value): number {
    const { native, dbIndex } = this
    const bytes = toBytes(value)
    return native.hashSet(dbIndex, checkKey(key), checkKey(field), bytes, HASH_IF_ABSENT) ? 1 : 0
  }

  /** The value of a field, or null if there is no such field or key. */
  hget(key: Key, field: Key): string | null {
    const { native, dbIndex } = this
    return native.hashGet(dbIndex, checkKey(key), checkKey(field), BULK_UTF8) as string | null
  }

  /** As {@link hget}, with a Buffer. */
  hgetBuffer(key: Key, field: Key): Buffer | null {
    const { native, dbIndex } = this
    return native.hashGet(dbIndex, checkKey(key), checkKey(field), BULK_BUFFER) as Buffer | null
  }

  /** The values of fields, in their order; null for one that is missing. */
  hmget(key: Key, ...fields: readonly Key[]): (string | null)[] {
    return this.runText('HMGET', checkKey(key), ...fields.map(checkKey)) as (string | null)[]
  }

  /** As {@link hmget}, with Buffers. */
  hmgetBuffer(key: Key, ...fields: readonly Key[]): (Buffer | null)[] {
    const reply = this.run(BULK_BUFFER, 'HMGET', checkKey(key), ...fields.map(checkKey))
    return reply as (Buffer | null)[]
  }

  /**
   * All fields and values, as an object without prototype. Its properties are in the hash's order,
   * but for names that are array indexes: JavaScript puts those first.
   *
   * Fields that are no UTF-8 may fall together: {@link hgetallBuffer} keeps them apart.
   */
  hgetall(key: Key): Record<string, string> {
    const flat = this.runText('HGETALL', checkKey(key)) as string[]
    const all: Record<string, string> = Object.create(null)
    for (let index = 0; index < flat.length; index += 2) {
      all[flat[index] as string] = flat[index + 1] as string
    }
    return all
  }

  /** All fields and values, as pairs of Buffers. */
  hgetallBuffer(key: Key): [field: Buffer, value: Buffer][] {
    return toPairs(this.run(BULK_BUFFER, 'HGETALL', checkKey(key)) as Buffer[])
  }

  /** All fields. */
  hkeys(key: Key): string[] {
    return this.runText('HKEYS', checkKey(key)) as string[]
  }

  /** As {@link hkeys}, with Buffers. */
  hkeysBuffer(key: Key): Buffer[] {
    return this.run(BULK_BUFFER, 'HKEYS', checkKey(key)) as Buffer[]
  }

  /** All values. */
  hvals(key: Key): string[] {
    return this.runText('HVALS', checkKey(key)) as string[]
  }

  /** As {@link hvals}, with Buffers. */
  hvalsBuffer(key: Key): Buffer[] {
    return this.run(BULK_BUFFER, 'HVALS', checkKey(key)) as Buffer[]
  }

  /** How many fields there are; expired ones count until they are removed. */
  hlen(key: Key): number {
    return this.native.hashLength(this.dbIndex, checkKey(key))
  }

  /** 1 if there is such a field, else 0. */
  hexists(key: Key, field: Key): number {
    return this.native.hashHas(this.dbIndex, checkKey(key), checkKey(field)) ? 1 : 0
  }

  /** Removes fields, and the key with the last one; returns how many fields there were. */
  hdel(key: Key, ...fields: readonly Key[]): number {
    return this.runText('HDEL', checkKey(key), ...fields.map(checkKey)) as number
  }

  /** Length of a field's value in bytes, 0 if there is none. */
  hstrlen(key: Key, field: Key): number {
    return this.native.hashValueLength(this.dbIndex, checkKey(key), checkKey(field))
  }

  /**
   * Adds to the integer in a field, which is 0 if there is none; its expiry stays.
   *
   * @throws {ReplyError} if it holds no 64-bit integer, or the sum would be none.
   */
  hincrby(key: Key, field: Key, increment: Integer): Int64 {
    const delta = checkInteger(increment, 'increment')
    return this.native.hashIncrement(this.dbIndex, checkKey(key), checkKey(field), delta)
  }

  /** Adds to the number in a field; returns the sum as text, as Redis formats it. */
  hincrbyfloat(key: Key, field: Key, increment: Value): string {
    const delta = toBytes(increment)
    return this.runText('HINCRBYFLOAT', checkKey(key), checkKey(field), delta) as string
  }

  /**
   * Fields drawn at random, all with the same chance: one, or null if there is no such key; `count`
   * different ones, or all if there are not as many; or -`count` that may come several times. With
   * values each is a pair.
   */
  hrandfield(key: Key): string | null
  hrandfield(key: Key, count: Integer): string[]
  hrandfield(key: Key, count: Integer, withValues: 'WITHVALUES'): [field: string, value: string][]
  hrandfield(
    key: Key,
    count?: Integer,
    withValues?: 'WITHVALUES',
  ): string | null | string[] | [string, string][] {
    if (count === undefined) return this.runText('HRANDFIELD', checkKey(key)) as string | null
    const words = withValues === undefined ? [] : [checkKey(withValues)]
    const drawn = checkInteger(count, 'count')
    const reply = this.runText('HRANDFIELD', checkKey(key), drawn, ...words) as string[]
    return withValues === undefined ? reply : toPairs(reply)
  }

  /**
   * Some fields with their values, and the cursor for the next call: '0' starts, and '0' comes back
   * at the end.
   *
   * A field that is there from the first call to the last is returned exactly once in a large hash,
   * whatever is written in between. A compact hash is returned as a whole.
   */
  hscan(
    key: Key,
    cursor: string | Integer,
    options: HscanOptions = {},
  ): [cursor: string, fields: [field: string, value: string][]] {
    const words: (Key | Integer)[] = []
    if (options.MATCH !== undefined) words.push('MATCH', checkKey(options.MATCH))
    if (options.COUNT !== undefined) words.push('COUNT', checkInteger(options.COUNT, 'COUNT'))
    const reply = this.runText('HSCAN', checkKey(key), checkCursor(cursor), ...words)
    const [next, flat] = reply as [string, string[]]
    return [next, toPairs(flat)]
  }

  /** Walks the fields with {@link hscan}. Writing while it runs is legal. */
  *hscanIterator(
    key: Key,
    options: HscanOptions = {},
  ): Generator<[field: string, value: string], void, undefined> {
    let cursor = '0'
    do {
      const [next, pairs] = this.hscan(key, cursor, options)
      yield* pairs
      cursor = next
    } while (cursor !== '0')
  }

  /**
   * Makes fields expire after `seconds`; a time that is past removes them.
   *
   * @returns for each field 1, 2 if it was removed, 0 if the condition does not hold, -2 if it or
   *   the key is not there.
   *
   * @example
   * db.hexpire('session:1', 60, ['token'], 'NX') // [1]
   */
  hexpire(
    key: Key,
    seconds: Integer,
    fields: readonly Key[],
    condition?: ExpireCondition,
  ): number[] {
    return this.#expire('HEXPIRE', key, checkInteger(seconds, 'seconds'), fields, condition)
  }

  /** {@link hexpire} in milliseconds. */
  hpexpire(
    key: Key,
    milliseconds: Integer,
    fields: readonly Key[],
    condition?: ExpireCondition,
  ): number[] {
    const time = checkInteger(milliseconds, 'milliseconds')
    return this.#expire('HPEXPIRE', key, time, fields, condition)
  }

  /** {@link hexpire} at a Unix time in seconds. */
  hexpireat(
    key: Key,
    unixSeconds: Integer,
    fields: readonly Key[],
    condition?: ExpireCondition,
  ): number[] {
    const time = checkInteger(unixSeconds, 'unixSeconds')
    return this.#expire('HEXPIREAT', key, time, fields, condition)
  }

  /** {@link hexpire} at a Unix time in milliseconds. */
  hpexpireat(
    key: Key,
    unixMs: Integer,
    fields: readonly Key[],
    condition?: ExpireCondition,
  ): number[] {
    return this.#expire('HPEXPIREAT', key, checkInteger(unixMs, 'unixMs'), fields, condition)
  }

  /** Seconds until each field expires; -1 if it never does, -2 if there is no such field or key. */
  httl(key: Key, ...fields: readonly Key[]): Int64[] {
    return this.#ofFields('HTTL', key, fields)
  }

  /** {@link httl} in milliseconds. */
  hpttl(key: Key, ...fields: readonly Key[]): Int64[] {
    return this.#ofFields('HPTTL', key, fields)
  }

  /** Unix time in seconds at which each field expires; -1 and -2 as for {@link httl}. */
  hexpiretime(key: Key, ...fields: readonly Key[]): Int64[] {
    return this.#ofFields('HEXPIRETIME', key, fields)
  }

  /** {@link hexpiretime} in milliseconds. */
  hpexpiretime(key: Key, ...fields: readonly Key[]): Int64[] {
    return this.#ofFields('HPEXPIRETIME', key, fields)
  }

  /** Makes fields live as long as their hash: 1 each, else -1 or -2 as for {@link httl}. */
  hpersist(key: Key, ...fields: readonly Key[]): number[] {
    return this.#ofFields('HPERSIST', key, fields) as number[]
  }

  #expire(
    command: string,
    key: Key,
    time: Integer,
    fields: readonly Key[],
    condition?: ExpireCondition,
  ): number[] {
    const words = condition === undefined ? [] : [checkKey(condition)]
    return this.runText(
      command,
      checkKey(key),
      time,
      ...words,
      ...fieldWords(command, fields),
    ) as number[]
  }

  #ofFields(command: string, key: Key, fields: readonly Key[]): Int64[] {
    return this.runText(command, checkKey(key), ...fieldWords(command, fields)) as Int64[]
  }
}

function fieldWords(command: string, fields: readonly Key[]): (Key | number)[] {
  if (!Array.isArray(fields)) {
    throw invalidArgument(`Fields must be an array, not ${describe(fields)}.`)
  }
  if (fields.length === 0) throw arityError(command.toLowerCase())
  return ['FIELDS', fields.length, ...fields.map(checkKey)]
}

function isKey(value: unknown): value is Key {
  return typeof value === 'string' || isUint8Array(value)
}

/** Fields and values in turn, as pairs. */
function toPairs<Bulk>(flat: readonly Bulk[]): [Bulk, Bulk][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [
    flat[2 * at] as Bulk,
    flat[2 * at + 1] as Bulk,
  ])
}
