/**
 * Typed methods of the string commands.
 *
 * @module
 */

import { arityError, syntaxError } from '../commands/args.js'
import { type ExpiryUnit, expireAt } from '../commands/expiry-time.js'
import { assignString, checkOffset, getString, negate } from '../commands/strings.js'
import { invalidArgument } from '../errors.js'
import {
  BULK_BUFFER,
  BULK_UTF8,
  type BulkMode,
  type Int64,
  NO_EXPIRY,
  SET_IF_ABSENT,
  SET_IF_PRESENT,
  SET_KEEP_EXPIRY,
} from '../native/engine.js'
import { type CallReply, CommandApi } from './command-api.js'
import {
  checkInteger,
  checkKey,
  flattenPairs,
  type Integer,
  type Key,
  type KeyValuePairs,
  optionWords,
  toBytes,
  type Value,
} from './values.js'

/** When a value expires: at most one of these. */
export interface ExpiryOptions {
  /** Seconds from now. */
  EX?: Integer | undefined
  /** Milliseconds from now. */
  PX?: Integer | undefined
  /** Unix time in seconds. */
  EXAT?: Integer | undefined
  /** Unix time in milliseconds. */
  PXAT?: Integer | undefined
}

export interface SetOptions extends ExpiryOptions {
  /** Keep the expiry that the key has. Excludes the four times. */
  KEEPTTL?: boolean | undefined
  /** Only if the key does not exist. Excludes XX. */
  NX?: boolean | undefined
  /** Only if the key exists. Excludes NX. */
  XX?: boolean | undefined
  /** Return the old value instead of 'OK'. */
  GET?: boolean | undefined
}

/** Of LCS with `IDX`. */
export interface LcsOptions {
  /** Leave out shorter stretches. */
  MINMATCHLEN?: Integer | undefined
  /** Tell the length of each stretch. */
  WITHMATCHLEN?: boolean | undefined
}

export interface GetexOptions extends ExpiryOptions {
  /** Remove the expiry. Excludes the four times. */
  PERSIST?: boolean | undefined
}

interface CompiledSet {
  flags: number
  get: boolean
  at: Int64
}

export abstract class StringApi extends CommandApi {
  /**
   * The value of a key as text, or null if there is no such key.
   *
   * Bytes that are no UTF-8 become U+FFFD; {@link getBuffer} returns them as they are.
   *
   * @throws {ReplyError} WRONGTYPE if the key holds no string. So do all methods of strings.
   */
  get(key: Key): string | null {
    return this.native.stringGet(this.dbIndex, checkKey(key), BULK_UTF8) as string | null
  }

  /** The value of a key as bytes, or null if there is no such key. */
  getBuffer(key: Key): Buffer | null {
    return this.native.stringGet(this.dbIndex, checkKey(key), BULK_BUFFER) as Buffer | null
  }

  /**
   * Sets a key, whatever type its value had before. An expiry it had is gone, unless `KEEPTTL`.
   *
   * @returns 'OK', or null if `NX` or `XX` kept the key from being set. With `GET` the old value,
   *   or null if there was none.
   *
   * @example
   * db.set('session:1', token, { EX: 3600, NX: true })
   */
  set(key: Key, value: Value): 'OK'
  set(key: Key, value: Value, options: SetOptions & { GET: true }): string | null
  set(key: Key, value: Value, options?: SetOptions & { GET?: false }): 'OK' | null
  set(key: Key, value: Value, options?: SetOptions): string | null
  set(key: Key, value: Value, options?: SetOptions): string | null {
    const target = checkKey(key)
    const bytes = toBytes(value)
    if (options === undefined) {
      this.native.stringSet(this.dbIndex, target, bytes, 0, NO_EXPIRY)
      return 'OK'
    }
    const { flags, get, at } = compileSet(options, this.now())
    if (get) {
      const { native, dbIndex } = this
      return assignString(native, dbIndex, target, bytes, flags, at, BULK_UTF8) as string | null
    }
    return this.native.stringSet(this.dbIndex, target, bytes, flags, at) ? 'OK' : null
  }

  /** Sets a key that expires after `seconds`. */
  setex(key: Key, seconds: Integer, value: Value): 'OK' {
    const at = expireAt(checkInteger(seconds, 'seconds'), 'EX', this.now(), 'setex')
    this.native.stringSet(this.dbIndex, checkKey(key), toBytes(value), 0, at)
    return 'OK'
  }

  /** Sets a key that expires after `milliseconds`. */
  psetex(key: Key, milliseconds: Integer, value: Value): 'OK' {
    const at = expireAt(checkInteger(milliseconds, 'milliseconds'), 'PX', this.now(), 'psetex')
    this.native.stringSet(this.dbIndex, checkKey(key), toBytes(value), 0, at)
    return 'OK'
  }

  /** Sets a key if it does not exist: 1 if it was set, else 0. */
  setnx(key: Key, value: Value): number {
    const bytes = toBytes(value)
    return this.native.stringSet(this.dbIndex, checkKey(key), bytes, SET_IF_ABSENT, NO_EXPIRY)
      ? 1
      : 0
  }

  /** Sets a key and returns its old value. */
  getset(key: Key, value: Value): string | null {
    return this.runText('GETSET', checkKey(key), toBytes(value)) as string | null
  }

  /** Removes a key and returns the value it had. */
  getdel(key: Key): string | null {
    return this.runText('GETDEL', checkKey(key)) as string | null
  }

  /** The value of a key, whose expiry is set or removed. Without options it is {@link get}. */
  getex(key: Key, options: GetexOptions = {}): string | null {
    return this.runText('GETEX', checkKey(key), ...getexWords(options)) as string | null
  }

  /** The values of keys, in their order; null for one that is missing or holds no string. */
  mget(...keys: readonly Key[]): (string | null)[] {
    return this.#getAll(keys, BULK_UTF8) as (string | null)[]
  }

  /** As {@link mget}, with Buffers. */
  mgetBuffer(...keys: readonly Key[]): (Buffer | null)[] {
    return this.#getAll(keys, BULK_BUFFER) as (Buffer | null)[]
  }

  /**
   * Sets several keys. If a key comes twice, the last value counts.
   *
   * @example
   * db.mset({ a: 1, b: 2 })
   * db.mset(new Map([[Buffer.from([0]), 'x']]))
   */
  mset(pairs: KeyValuePairs): 'OK' {
    return this.runText('MSET', ...flattenPairs(pairs)) as 'OK'
  }

  /** Sets several keys if none of them exists: 1 if they were set, else 0. */
  msetnx(pairs: KeyValuePairs): number {
    return this.runText('MSETNX', ...flattenPairs(pairs)) as number
  }

  /** Adds bytes to the end of a value; returns its new length in bytes. */
  append(key: Key, value: Value): number {
    return this.native.stringAppend(this.dbIndex, checkKey(key), toBytes(value))
  }

  /** The length of a value in bytes, 0 if there is no such key. */
  strlen(key: Key): number {
    return this.native.stringLength(this.dbIndex, checkKey(key))
  }

  /**
   * The bytes from `start` to `end`, both included, as text; negative offsets count from the end.
   *
   * Offsets are bytes and may cut a character: {@link getrangeBuffer} returns them as they are.
   */
  getrange(key: Key, start: Integer, end: Integer): string {
    return this.#getRange(key, start, end, BULK_UTF8) as string
  }

  /** As {@link getrange}, with a Buffer. */
  getrangeBuffer(key: Key, start: Integer, end: Integer): Buffer {
    return this.#getRange(key, start, end, BULK_BUFFER) as Buffer
  }

  /**
   * The longest common subsequence of two values: its text, with `LEN` its length, with `IDX` where
   * its stretches lie. Cost: time and memory of the product of both lengths.
   */
  lcs(a: Key, b: Key): string
  lcs(a: Key, b: Key, options: { LEN: true }): number
  lcs(a: Key, b: Key, options: LcsOptions & { IDX: true }): CallReply[]
  lcs(a: Key, b: Key, options: LcsOptions & { LEN?: boolean; IDX?: boolean } = {}): CallReply {
    return this.runText('LCS', checkKey(a), checkKey(b), ...optionWords(options))
  }

  /** As {@link lcs}, with Buffers. */
  lcsBuffer(a: Key, b: Key): Buffer {
    return this.run(BULK_BUFFER, 'LCS', checkKey(a), checkKey(b)) as Buffer
  }

  /** Overwrites bytes from `offset` on, after zeros if the value is shorter; the new length. */
  setrange(key: Key, offset: Integer, value: Value): number {
    const from = checkOffset(checkInteger(offset, 'offset'))
    return this.native.stringSetRange(this.dbIndex, checkKey(key), from, toBytes(value))
  }

  /** Adds one to the integer in a key, 0 if there is none; a bigint where a number is not exact. */
  incr(key: Key): Int64 {
    return this.native.stringIncrement(this.dbIndex, checkKey(key), 1)
  }

  /** Takes one from the integer in a key. */
  decr(key: Key): Int64 {
    return this.native.stringIncrement(this.dbIndex, checkKey(key), -1)
  }

  /** Adds to the integer in a key. */
  incrby(key: Key, increment: Integer): Int64 {
    const delta = checkInteger(increment, 'increment')
    return this.native.stringIncrement(this.dbIndex, checkKey(key), delta)
  }

  /** Takes from the integer in a key. */
  decrby(key: Key, decrement: Integer): Int64 {
    const delta = negate(checkInteger(decrement, 'decrement'))
    return this.native.stringIncrement(this.dbIndex, checkKey(key), delta)
  }

  /** Adds to the number in a key; the sum as text, since it has more digits than a double. */
  incrbyfloat(key: Key, increment: Value): string {
    const { native, dbIndex } = this
    const delta = toBytes(increment)
    return native.stringIncrementFloat(dbIndex, checkKey(key), delta, BULK_UTF8) as string
  }

  #getAll(keys: readonly Key[], mode: BulkMode): (string | Buffer | null)[] {
    if (keys.length === 0) throw arityError('mget')
    return keys.map((key) => getString(this.native, this.dbIndex, checkKey(key), mode))
  }

  #getRange(key: Key, start: Integer, end: Integer, mode: BulkMode): string | Buffer {
    const from = checkInteger(start, 'start')
    const to = checkInteger(end, 'end')
    return this.native.stringGetRange(this.dbIndex, checkKey(key), from, to, mode)
  }
}

/** A misspelt option must not be ignored: the key might then never expire. */
function unknownOption(name: string): TypeError {
  return invalidArgument(`${name} is no option here.`)
}

function isTimeOption(name: string): name is ExpiryUnit {
  return name === 'EX' || name === 'PX' || name === 'EXAT' || name === 'PXAT'
}

function compileSet(options: SetOptions, nowMs: number): CompiledSet {
  const compiled: CompiledSet = { flags: 0, get: false, at: NO_EXPIRY }
  let hasTime = false
  for (const name in options) {
    const value = options[name as keyof SetOptions]
    if (value === undefined) continue
    if (isTimeOption(name)) {
      if (hasTime) throw syntaxError()
      hasTime = true
      compiled.at = expireAt(checkInteger(value as Integer, name), name, nowMs, 'set')
    } else if (name === 'KEEPTTL') {
      if (value) compiled.flags |= SET_KEEP_EXPIRY
    } else if (name === 'NX') {
      if (value) compiled.flags |= SET_IF_ABSENT
    } else if (name === 'XX') {
      if (value) compiled.flags |= SET_IF_PRESENT
    } else if (name === 'GET') {
      compiled.get = Boolean(value)
    } else {
      throw unknownOption(name)
    }
  }
  const conditions = SET_IF_ABSENT | SET_IF_PRESENT
  if ((compiled.flags & conditions) === conditions) throw syntaxError()
  if (hasTime && compiled.flags & SET_KEEP_EXPIRY) throw syntaxError()
  return compiled
}

function getexWords(options: GetexOptions): (string | Integer)[] {
  const words: (string | Integer)[] = []
  for (const name in options) {
    const value = options[name as keyof GetexOptions]
    if (value === undefined || value === false) continue
    if (isTimeOption(name)) {
      words.push(name, checkInteger(value as Integer, name))
    } else if (name === 'PERSIST') {
      words.push(name)
    } else {
      throw unknownOption(name)
    }
  }
  return words
}
