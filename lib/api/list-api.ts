/**
 * Typed methods of the list commands.
 *
 * @module
 */

import { BULK_BUFFER } from '../native/engine.js'
import { HyperLogLogApi } from './hyperloglog-api.js'
import {
  checkInteger,
  checkKey,
  countedKeys,
  type Integer,
  type Key,
  optionWords,
  toBytes,
  type Value,
} from './values.js'

export type ListEnd = 'LEFT' | 'RIGHT'

export interface LposOptions {
  /** Which match to begin with: 1 the first, -1 the last. */
  RANK?: Integer | undefined
  /** How many matches, 0 for all. */
  COUNT?: Integer | undefined
  /** How many elements to look at, 0 for all. */
  MAXLEN?: Integer | undefined
}

export interface CountOptions {
  /** How many at most; 1 if it is left out. */
  COUNT?: Integer | undefined
}

function countWord(count: Integer | undefined): Integer[] {
  return count === undefined ? [] : [checkInteger(count, 'count')]
}

export abstract class ListApi extends HyperLogLogApi {
  /** Adds elements at the left end; the new length. */
  lpush(key: Key, ...elements: readonly Value[]): number {
    return this.runText('LPUSH', checkKey(key), ...elements.map(toBytes)) as number
  }

  /** Adds elements at the right end; the new length. */
  rpush(key: Key, ...elements: readonly Value[]): number {
    return this.runText('RPUSH', checkKey(key), ...elements.map(toBytes)) as number
  }

  /** {@link lpush} if there is a list, else 0. */
  lpushx(key: Key, ...elements: readonly Value[]): number {
    return this.runText('LPUSHX', checkKey(key), ...elements.map(toBytes)) as number
  }

  /** {@link rpush} if there is a list, else 0. */
  rpushx(key: Key, ...elements: readonly Value[]): number {
    return this.runText('RPUSHX', checkKey(key), ...elements.map(toBytes)) as number
  }

  /** Takes an element from the left end, with `count` several; null if there is no list. */
  lpop(key: Key): string | null
  lpop(key: Key, count: Integer): string[] | null
  lpop(key: Key, count?: Integer): string | string[] | null {
    return this.runText('LPOP', checkKey(key), ...countWord(count)) as string | string[] | null
  }

  /** As {@link lpop}, with Buffers. */
  lpopBuffer(key: Key): Buffer | null
  lpopBuffer(key: Key, count: Integer): Buffer[] | null
  lpopBuffer(key: Key, count?: Integer): Buffer | Buffer[] | null {
    const reply = this.run(BULK_BUFFER, 'LPOP', checkKey(key), ...countWord(count))
    return reply as Buffer | Buffer[] | null
  }

  /** Takes an element from the right end, with `count` several; null if there is no list. */
  rpop(key: Key): string | null
  rpop(key: Key, count: Integer): string[] | null
  rpop(key: Key, count?: Integer): string | string[] | null {
    return this.runText('RPOP', checkKey(key), ...countWord(count)) as string | string[] | null
  }

  /** As {@link rpop}, with Buffers. */
  rpopBuffer(key: Key): Buffer | null
  rpopBuffer(key: Key, count: Integer): Buffer[] | null
  rpopBuffer(key: Key, count?: Integer): Buffer | Buffer[] | null {
    const reply = this.run(BULK_BUFFER, 'RPOP', checkKey(key), ...countWord(count))
    return reply as Buffer | Buffer[] | null
  }

  /** The number of elements, 0 if there is no list. */
  llen(key: Key): number {
    return this.runText('LLEN', checkKey(key)) as number
  }

  /** The element at an index, which counts from the end if it is negative. */
  lindex(key: Key, index: Integer): string | null {
    return this.runText('LINDEX', checkKey(key), checkInteger(index, 'index')) as string | null
  }

  /** As {@link lindex}, with Buffers. */
  lindexBuffer(key: Key, index: Integer): Buffer | null {
    return this.run(
      BULK_BUFFER,
      'LINDEX',
      checkKey(key),
      checkInteger(index, 'index'),
    ) as Buffer | null
  }

  /** The elements from `start` to `stop`, both included; negative ones count from the end. */
  lrange(key: Key, start: Integer, stop: Integer): string[] {
    return this.runText(
      'LRANGE',
      checkKey(key),
      checkInteger(start, 'start'),
      checkInteger(stop, 'stop'),
    ) as string[]
  }

  /** As {@link lrange}, with Buffers. */
  lrangeBuffer(key: Key, start: Integer, stop: Integer): Buffer[] {
    return this.run(
      BULK_BUFFER,
      'LRANGE',
      checkKey(key),
      checkInteger(start, 'start'),
      checkInteger(stop, 'stop'),
    ) as Buffer[]
  }

  /** Replaces the element at an index. */
  lset(key: Key, index: Integer, element: Value): 'OK' {
    return this.runText(
      'LSET',
      checkKey(key),
      checkInteger(index, 'index'),
      toBytes(element),
    ) as 'OK'
  }

  /**
   * Adds an element beside the first one equal to `pivot`; the new length, -1 without one, 0
   * without a list.
   */
  linsert(key: Key, where: 'BEFORE' | 'AFTER', pivot: Value, element: Value): number {
    return this.runText('LINSERT', checkKey(key), where, toBytes(pivot), toBytes(element)) as number
  }

  /** Removes `count` elements equal to one: from the left, from the right if negative, all if 0. */
  lrem(key: Key, count: Integer, element: Value): number {
    return this.runText(
      'LREM',
      checkKey(key),
      checkInteger(count, 'count'),
      toBytes(element),
    ) as number
  }

  /** Removes all elements outside of a range. */
  ltrim(key: Key, start: Integer, stop: Integer): 'OK' {
    return this.runText(
      'LTRIM',
      checkKey(key),
      checkInteger(start, 'start'),
      checkInteger(stop, 'stop'),
    ) as 'OK'
  }

  /** The index of an element equal to one, or null; with `COUNT` an array of indexes. */
  lpos(key: Key, element: Value, options: LposOptions = {}): number | null | number[] {
    return this.runText('LPOS', checkKey(key), toBytes(element), ...optionWords(options)) as
      | number
      | null
      | number[]
  }

  /** Moves an element from an end of one list to an end of another; null without a list. */
  lmove(source: Key, destination: Key, from: ListEnd, to: ListEnd): string | null {
    return this.runText('LMOVE', checkKey(source), checkKey(destination), from, to) as string | null
  }

  /** As {@link lmove}, with Buffers. */
  lmoveBuffer(source: Key, destination: Key, from: ListEnd, to: ListEnd): Buffer | null {
    return this.run(
      BULK_BUFFER,
      'LMOVE',
      checkKey(source),
      checkKey(destination),
      from,
      to,
    ) as Buffer | null
  }

  /** {@link lmove} from right to left. */
  rpoplpush(source: Key, destination: Key): string | null {
    return this.runText('RPOPLPUSH', checkKey(source), checkKey(destination)) as string | null
  }

  /** As {@link rpoplpush}, with Buffers. */
  rpoplpushBuffer(source: Key, destination: Key): Buffer | null {
    return this.run(
      BULK_BUFFER,
      'RPOPLPUSH',
      checkKey(source),
      checkKey(destination),
    ) as Buffer | null
  }

  /** Takes up to `COUNT` elements from the first of the lists that has some: its key and they. */
  lmpop(
    keys: readonly Key[],
    end: ListEnd,
    options: CountOptions = {},
  ): [key: string, elements: string[]] | null {
    return this.runText('LMPOP', ...countedKeys(keys), end, ...optionWords(options)) as
      | [key: string, elements: string[]]
      | null
  }
}
