/**
 * Typed methods of the set commands.
 *
 * @module
 */

import { BULK_BUFFER } from '../native/engine.js'
import { HashApi } from './hash-api.js'
import {
  checkCursor,
  checkInteger,
  checkKey,
  countedKeys,
  type Integer,
  type Key,
  optionWords,
  toBytes,
  type Value,
} from './values.js'

export interface ScanElementsOptions {
  /** Glob-style pattern. */
  MATCH?: Key | undefined
  /** About how many elements to look at in one call; 10 if it is left out. */
  COUNT?: Integer | undefined
}

export abstract class SetApi extends HashApi {
  /** Adds members; how many are new. */
  sadd(key: Key, ...members: readonly Value[]): number {
    return this.runText('SADD', checkKey(key), ...members.map(toBytes)) as number
  }

  /** Removes members; how many there were. */
  srem(key: Key, ...members: readonly Value[]): number {
    return this.runText('SREM', checkKey(key), ...members.map(toBytes)) as number
  }

  /** The number of members. */
  scard(key: Key): number {
    return this.runText('SCARD', checkKey(key)) as number
  }

  /** 1 if there is a member, else 0. */
  sismember(key: Key, member: Value): number {
    return this.runText('SISMEMBER', checkKey(key), toBytes(member)) as number
  }

  /** 1 or 0 for each member. */
  smismember(key: Key, ...members: readonly Value[]): number[] {
    return this.runText('SMISMEMBER', checkKey(key), ...members.map(toBytes)) as number[]
  }

  /** All members. */
  smembers(key: Key): string[] {
    return this.runText('SMEMBERS', checkKey(key)) as string[]
  }

  /** As {@link smembers}, with Buffers. */
  smembersBuffer(key: Key): Buffer[] {
    return this.run(BULK_BUFFER, 'SMEMBERS', checkKey(key)) as Buffer[]
  }

  /** Removes a member drawn at random; with `count` several. */
  spop(key: Key, count?: Integer): string | null | string[] {
    return this.runText(
      'SPOP',
      checkKey(key),
      ...(count === undefined ? [] : [checkInteger(count, 'count')]),
    ) as string | null | string[]
  }

  /** A member drawn at random; with `count` several, different ones unless it is negative. */
  srandmember(key: Key, count?: Integer): string | null | string[] {
    return this.runText(
      'SRANDMEMBER',
      checkKey(key),
      ...(count === undefined ? [] : [checkInteger(count, 'count')]),
    ) as string | null | string[]
  }

  /** Moves a member to another set: 1 if it was there, else 0. */
  smove(source: Key, destination: Key, member: Value): number {
    return this.runText('SMOVE', checkKey(source), checkKey(destination), toBytes(member)) as number
  }

  /** The members that all sets have. */
  sinter(...keys: readonly Key[]): string[] {
    return this.runText('SINTER', ...keys.map(checkKey)) as string[]
  }

  /** As {@link sinter}, with Buffers. */
  sinterBuffer(...keys: readonly Key[]): Buffer[] {
    return this.run(BULK_BUFFER, 'SINTER', ...keys.map(checkKey)) as Buffer[]
  }

  /** Stores what {@link sinter} returns; how many members it has. */
  sinterstore(destination: Key, ...keys: readonly Key[]): number {
    return this.runText('SINTERSTORE', checkKey(destination), ...keys.map(checkKey)) as number
  }

  /** The members of all sets. */
  sunion(...keys: readonly Key[]): string[] {
    return this.runText('SUNION', ...keys.map(checkKey)) as string[]
  }

  /** As {@link sunion}, with Buffers. */
  sunionBuffer(...keys: readonly Key[]): Buffer[] {
    return this.run(BULK_BUFFER, 'SUNION', ...keys.map(checkKey)) as Buffer[]
  }

  /** Stores what {@link sunion} returns; how many members it has. */
  sunionstore(destination: Key, ...keys: readonly Key[]): number {
    return this.runText('SUNIONSTORE', checkKey(destination), ...keys.map(checkKey)) as number
  }

  /** The members that only the first set has. */
  sdiff(...keys: readonly Key[]): string[] {
    return this.runText('SDIFF', ...keys.map(checkKey)) as string[]
  }

  /** As {@link sdiff}, with Buffers. */
  sdiffBuffer(...keys: readonly Key[]): Buffer[] {
    return this.run(BULK_BUFFER, 'SDIFF', ...keys.map(checkKey)) as Buffer[]
  }

  /** Stores what {@link sdiff} returns; how many members it has. */
  sdiffstore(destination: Key, ...keys: readonly Key[]): number {
    return this.runText('SDIFFSTORE', checkKey(destination), ...keys.map(checkKey)) as number
  }

  /** How many members all sets have, at most `LIMIT` unless it is 0. */
  sintercard(keys: readonly Key[], options: { LIMIT?: Integer | undefined } = {}): number {
    return this.runText('SINTERCARD', ...countedKeys(keys), ...optionWords(options)) as number
  }

  /** A part of the members, and the cursor for more; 0 begins and ends. */
  sscan(
    key: Key,
    cursor: Integer | string,
    options: ScanElementsOptions = {},
  ): [cursor: string, members: string[]] {
    return this.runText('SSCAN', checkKey(key), checkCursor(cursor), ...optionWords(options)) as [
      cursor: string,
      members: string[],
    ]
  }
}
