/**
 * Typed methods of the commands about keys of any type, and about when they expire.
 *
 * @module
 */

import { arityError } from '../commands/args.js'
import { BULK_BUFFER, BULK_UTF8, type Int64 } from '../native/engine.js'
import { StreamApi } from './stream-api.js'
import {
  checkCursor,
  checkInteger,
  checkKey,
  type ExpireCondition,
  type Integer,
  type Key,
  optionWords,
  toBytes,
} from './values.js'

export interface CopyOptions {
  /** Database of the copy; the source's if it is left out. */
  DB?: number | undefined
  /** Replace a key that exists. */
  REPLACE?: boolean | undefined
}

export interface ScanOptions {
  /** Glob-style pattern that keys have to match. */
  MATCH?: Key | undefined
  /** About how many keys to look at in one call; 10 if it is left out. */
  COUNT?: number | undefined
  /** Only keys with a value of this type. */
  TYPE?: string | undefined
}

export interface RestoreOptions {
  REPLACE?: boolean | undefined
  /** The time to live is a Unix time in milliseconds. */
  ABSTTL?: boolean | undefined
  /** Seconds since it was used; of use with an LRU policy. */
  IDLETIME?: Integer | undefined
  /** How often it is used, 0 to 255; of use with an LFU policy. */
  FREQ?: Integer | undefined
}

export interface SortOptions {
  /** Pattern of keys (`weight_*`) or fields (`h_*->f`) whose values to sort by. */
  BY?: string | undefined
  LIMIT?: readonly [offset: Integer, count: Integer] | undefined
  /** Patterns of what to return for each element; `#` is the element itself. */
  GET?: readonly string[] | undefined
  ASC?: boolean | undefined
  DESC?: boolean | undefined
  ALPHA?: boolean | undefined
}

export abstract class KeyApi extends StreamApi {
  /** Removes keys; returns how many there were. */
  del(...keys: readonly Key[]): number {
    return this.#count(keys, 'del', (key) => this.native.keyRemove(this.dbIndex, key))
  }

  /** As {@link del}: the memory of large values comes back off the event loop either way. */
  unlink(...keys: readonly Key[]): number {
    return this.#count(keys, 'unlink', (key) => this.native.keyRemove(this.dbIndex, key))
  }

  /** How many of the keys exist; one that is named twice counts twice. */
  exists(...keys: readonly Key[]): number {
    return this.#count(keys, 'exists', (key) => this.native.keyExists(this.dbIndex, key))
  }

  /** As {@link exists}. */
  touch(...keys: readonly Key[]): number {
    return this.#count(keys, 'touch', (key) => this.native.keyTouch(this.dbIndex, key))
  }

  /** 'string', 'list', 'set', 'zset', 'hash' or 'stream'; 'none' if there is no such key. */
  type(key: Key): string {
    return this.runText('TYPE', checkKey(key)) as string
  }

  /**
   * Makes a key expire after `seconds`; a time that is past removes the key.
   *
   * @returns 1, or 0 if there is no such key or the condition does not hold.
   */
  expire(key: Key, seconds: Integer, condition?: ExpireCondition): number {
    return this.#expire('EXPIRE', key, checkInteger(seconds, 'seconds'), condition)
  }

  /** {@link expire} in milliseconds. */
  pexpire(key: Key, milliseconds: Integer, condition?: ExpireCondition): number {
    return this.#expire('PEXPIRE', key, checkInteger(milliseconds, 'milliseconds'), condition)
  }

  /** {@link expire} at a Unix time in seconds. */
  expireat(key: Key, unixSeconds: Integer, condition?: ExpireCondition): number {
    return this.#expire('EXPIREAT', key, checkInteger(unixSeconds, 'unixSeconds'), condition)
  }

  /** {@link expire} at a Unix time in milliseconds. */
  pexpireat(key: Key, unixMs: Integer, condition?: ExpireCondition): number {
    return this.#expire('PEXPIREAT', key, checkInteger(unixMs, 'unixMs'), condition)
  }

  /** Seconds until a key expires; -1 if it never does, -2 if there is no such key. */
  ttl(key: Key): Int64 {
    return this.runText('TTL', checkKey(key)) as Int64
  }

  /** {@link ttl} in milliseconds. */
  pttl(key: Key): Int64 {
    return this.runText('PTTL', checkKey(key)) as Int64
  }

  /** Unix time in seconds at which a key expires; -1 if never, -2 if there is no such key. */
  expiretime(key: Key): Int64 {
    return this.runText('EXPIRETIME', checkKey(key)) as Int64
  }

  /** {@link expiretime} in milliseconds. */
  pexpiretime(key: Key): Int64 {
    return this.native.keyExpiry(this.dbIndex, checkKey(key))
  }

  /** Makes a key live for ever: 1 if it had an expiry, else 0. */
  persist(key: Key): number {
    return this.native.keyPersist(this.dbIndex, checkKey(key)) ? 1 : 0
  }

  /**
   * Gives a key another name; a key that has that name is replaced.
   *
   * @throws {ReplyError} `ERR no such key`
   */
  rename(key: Key, newKey: Key): 'OK' {
    return this.runText('RENAME', checkKey(key), checkKey(newKey)) as 'OK'
  }

  /** {@link rename} if no key has the new name: 1 if it was done, else 0. */
  renamenx(key: Key, newKey: Key): number {
    return this.runText('RENAMENX', checkKey(key), checkKey(newKey)) as number
  }

  /** Copies value and expiry: 1, or 0 if there is no such key or the destination exists. */
  copy(source: Key, destination: Key, options: CopyOptions = {}): number {
    const words: (string | Integer)[] = []
    if (options.DB !== undefined) words.push('DB', checkInteger(options.DB, 'DB'))
    if (options.REPLACE) words.push('REPLACE')
    return this.runText('COPY', checkKey(source), checkKey(destination), ...words) as number
  }

  /** Moves a key to another database: 1, or 0 if it is not here or already there. */
  move(key: Key, db: number): number {
    return this.runText('MOVE', checkKey(key), checkInteger(db, 'db')) as number
  }

  /**
   * Some of the keys, and the cursor for the next call: '0' starts, and '0' comes back at the end.
   *
   * A key that exists from the first call to the last is returned at least once, whatever is
   * written in between; it may be returned more than once.
   */
  scan(cursor: string | Integer, options: ScanOptions = {}): [cursor: string, keys: string[]] {
    const words: (Key | Integer)[] = []
    if (options.MATCH !== undefined) words.push('MATCH', checkKey(options.MATCH))
    if (options.COUNT !== undefined) words.push('COUNT', checkInteger(options.COUNT, 'COUNT'))
    if (options.TYPE !== undefined) words.push('TYPE', checkKey(options.TYPE))
    return this.runText('SCAN', checkCursor(cursor), ...words) as [string, string[]]
  }

  /**
   * Walks the keys with {@link scan}. Writing while it runs is legal.
   *
   * @example
   * for (const key of db.scanIterator({ MATCH: 'user:*' })) db.unlink(key)
   */
  *scanIterator(options: ScanOptions = {}): Generator<string, void, undefined> {
    let cursor = '0'
    do {
      const [next, keys] = this.scan(cursor, options)
      yield* keys
      cursor = next
    } while (cursor !== '0')
  }

  /** All keys that match a glob-style pattern. It visits every key: prefer {@link scan}. */
  keys(pattern: Key): string[] {
    return this.native.keysMatching(this.dbIndex, checkKey(pattern), BULK_UTF8) as string[]
  }

  /** A key drawn at random, or null if the database is empty. */
  randomkey(): string | null {
    return this.native.keyRandom(this.dbIndex, BULK_UTF8) as string | null
  }

  /** How a value is represented in memory, in Redis's words; null if there is no such key. */
  object(subcommand: 'ENCODING' | 'encoding', key: Key): string | null
  /** How many share a value: 1, or null if there is no such key. */
  object(subcommand: 'REFCOUNT' | 'refcount', key: Key): number | null
  /**
   * Seconds since a key was used, or how often it is, 0 to 255 on a logarithmic scale; null if
   * there is no such key.
   *
   * @throws {ReplyError} ERR unless `maxmemoryPolicy` is an LRU policy, or an LFU policy.
   */
  object(subcommand: 'IDLETIME' | 'idletime' | 'FREQ' | 'freq', key: Key): number | null
  object(subcommand: string, key: Key): string | number | null {
    return this.runText('OBJECT', checkKey(subcommand), checkKey(key)) as string | number | null
  }

  #expire(command: string, key: Key, time: Integer, condition?: ExpireCondition): number {
    const words = condition === undefined ? [] : [checkKey(condition)]
    return this.runText(command, checkKey(key), time, ...words) as number
  }

  /** How many keys `test` holds for. All of them are checked before the first is used. */
  #count(keys: readonly Key[], command: string, test: (key: Key) => boolean): number {
    if (keys.length === 0) throw arityError(command)
    for (const key of keys) checkKey(key)
    let count = 0
    for (const key of keys) {
      if (test(key)) count += 1
    }
    return count
  }

  /** The value of a key in serialised form, or null if there is no such key. */
  dump(key: Key): Buffer | null {
    return this.native.dump(this.dbIndex, checkKey(key), BULK_BUFFER) as Buffer | null
  }

  /**
   * Makes a key of a serialised value. A time to live of 0 is none.
   *
   * @throws {ReplyError} BUSYKEY without `REPLACE` if the key exists; ERR for a payload that is
   *   damaged or of a later version. Then nothing has changed.
   */
  restore(key: Key, ttlMs: Integer, payload: Uint8Array, options: RestoreOptions = {}): 'OK' {
    const words = optionWords(options)
    const ttl = checkInteger(ttlMs, 'ttlMs')
    return this.runText('RESTORE', checkKey(key), ttl, toBytes(payload), ...words) as 'OK'
  }

  /**
   * The elements of a list, set or sorted set, sorted as numbers unless `ALPHA`; with `STORE` how
   * many were stored.
   */
  sort(key: Key, options: SortOptions & { STORE: Key }): number
  sort(key: Key, options?: SortOptions): (string | null)[]
  sort(key: Key, options: SortOptions & { STORE?: Key } = {}): (string | null)[] | number {
    return this.runText('SORT', checkKey(key), ...sortWords(options)) as (string | null)[] | number
  }

  /** {@link sort} that stores nothing. */
  sort_ro(key: Key, options: SortOptions = {}): (string | null)[] {
    return this.runText('SORT_RO', checkKey(key), ...sortWords(options)) as (string | null)[]
  }
}

/** GET may come several times. */
function sortWords({ GET, ...options }: SortOptions & { STORE?: Key }): Key[] {
  return [...optionWords(options), ...(GET ?? []).flatMap((pattern) => ['GET', pattern])]
}
