/**
 * Typed methods of the sorted set commands.
 *
 * @module
 */

import { invalidArgument } from '../errors.js'
import { BULK_BUFFER } from '../native/engine.js'
import type { CountOptions } from './list-api.js'
import { type ScanElementsOptions, SetApi } from './set-api.js'
import {
  checkCursor,
  checkInteger,
  checkKey,
  countedKeys,
  describe,
  type Integer,
  type Key,
  optionWords,
  pairsOf,
  toBytes,
  type Value,
} from './values.js'

/** A score; Infinity and -Infinity are legal. */
export type Score = number | bigint | string

/** Members and their scores: pairs, an object or a Map. */
export type ScoredMembers =
  | Readonly<Record<string, Score>>
  | Iterable<readonly [member: Value, score: Score]>

/** A number, or text such as `(5`, `-inf` and `[name`. */
export type Bound = Integer | number | string

export interface ZaddOptions {
  /** Only add members. */
  NX?: boolean | undefined
  /** Only change members. */
  XX?: boolean | undefined
  /** Only to greater scores. */
  GT?: boolean | undefined
  /** Only to lesser scores. */
  LT?: boolean | undefined
  /** Count changed members too. */
  CH?: boolean | undefined
  /** Add to the score of the one member. */
  INCR?: boolean | undefined
}

export interface LimitOptions {
  /** Skip so many elements, then return so many; -1 for all. */
  LIMIT?: readonly [offset: Integer, count: Integer] | undefined
}

export interface WithScores {
  /** Members and scores in turn. */
  WITHSCORES?: boolean | undefined
}

export interface ScoreRangeOptions extends LimitOptions, WithScores {}

export interface ZrangeOptions extends ScoreRangeOptions {
  BYSCORE?: boolean | undefined
  BYLEX?: boolean | undefined
  /** Highest first; the bounds then come in that order too. */
  REV?: boolean | undefined
}

export interface ZcombineOptions extends WithScores {
  /** What the scores of each set are multiplied by. */
  WEIGHTS?: readonly number[] | undefined
  AGGREGATE?: 'SUM' | 'MIN' | 'MAX' | undefined
}

function scoreText(score: Score): string {
  if (typeof score === 'string') return score
  if (typeof score === 'bigint' || Number.isFinite(score)) return String(score)
  if (typeof score === 'number') return score > 0 ? 'inf' : score < 0 ? '-inf' : 'nan'
  throw invalidArgument(`A score must be a number, a bigint or a string, not ${describe(score)}.`)
}

function parseScore(text: string): number {
  return text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text)
}

function optionalScore(text: string | null): number | null {
  return text === null ? null : parseScore(text)
}

/** Scores and members in turn. */
function scoredWords(members: ScoredMembers): Key[] {
  const words: Key[] = []
  for (const [member, score] of pairsOf(members, 'Members'))
    words.push(scoreText(score), toBytes(member))
  return words
}

export abstract class SortedSetApi extends SetApi {
  /**
   * Adds members, or gives them other scores.
   *
   * @returns how many are new, with `CH` also how many changed; with `INCR` the new score, or null
   *   if an option kept it from being set.
   */
  zadd(key: Key, members: ScoredMembers, options: ZaddOptions = {}): number | null {
    const words = [...optionWords(options), ...scoredWords(members)]
    const reply = this.runText('ZADD', checkKey(key), ...words) as number | string | null
    return typeof reply === 'string' ? parseScore(reply) : reply
  }

  /** Adds to the score of a member; the new score. */
  zincrby(key: Key, increment: Score, member: Value): number {
    return parseScore(
      this.runText('ZINCRBY', checkKey(key), scoreText(increment), toBytes(member)) as string,
    )
  }

  /** Removes members; how many there were. */
  zrem(key: Key, ...members: readonly Value[]): number {
    return this.runText('ZREM', checkKey(key), ...members.map(toBytes)) as number
  }

  /** The number of members. */
  zcard(key: Key): number {
    return this.runText('ZCARD', checkKey(key)) as number
  }

  /** The score of a member, or null. */
  zscore(key: Key, member: Value): number | null {
    return optionalScore(this.runText('ZSCORE', checkKey(key), toBytes(member)) as string | null)
  }

  /** The scores of members; null for one that is missing. */
  zmscore(key: Key, ...members: readonly Value[]): (number | null)[] {
    return (
      this.runText('ZMSCORE', checkKey(key), ...members.map(toBytes)) as (string | null)[]
    ).map(optionalScore)
  }

  /** The place of a member, lowest score first, or null. */
  zrank(key: Key, member: Value): number | null {
    return this.runText('ZRANK', checkKey(key), toBytes(member)) as number | null
  }

  /** The place of a member, highest score first, or null. */
  zrevrank(key: Key, member: Value): number | null {
    return this.runText('ZREVRANK', checkKey(key), toBytes(member)) as number | null
  }

  /** How many members have a score from `min` to `max`; `(` before a bound excludes it. */
  zcount(key: Key, min: Bound, max: Bound): number {
    return this.runText('ZCOUNT', checkKey(key), toBytes(min), toBytes(max)) as number
  }

  /** How many members a range of names has: bounds with `[` or `(`, or `-` and `+`. */
  zlexcount(key: Key, min: string, max: string): number {
    return this.runText('ZLEXCOUNT', checkKey(key), min, max) as number
  }

  /**
   * Members of a range of ranks, scores (`BYSCORE`) or names (`BYLEX`); with `WITHSCORES` members
   * and scores in turn.
   */
  zrange(key: Key, start: Bound, stop: Bound, options: ZrangeOptions = {}): string[] {
    return this.runText(
      'ZRANGE',
      checkKey(key),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as string[]
  }

  /** As {@link zrange}, with Buffers. */
  zrangeBuffer(key: Key, start: Bound, stop: Bound, options: ZrangeOptions = {}): Buffer[] {
    return this.run(
      BULK_BUFFER,
      'ZRANGE',
      checkKey(key),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as Buffer[]
  }

  /** Stores members of a range; how many there are. */
  zrangestore(
    destination: Key,
    source: Key,
    start: Bound,
    stop: Bound,
    options: Omit<ZrangeOptions, 'WITHSCORES'> = {},
  ): number {
    return this.runText(
      'ZRANGESTORE',
      checkKey(destination),
      checkKey(source),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as number
  }

  /** Members of a range of scores. */
  zrangebyscore(key: Key, start: Bound, stop: Bound, options: ScoreRangeOptions = {}): string[] {
    return this.runText(
      'ZRANGEBYSCORE',
      checkKey(key),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as string[]
  }

  /** Members of a range of scores, highest first. */
  zrevrangebyscore(key: Key, start: Bound, stop: Bound, options: ScoreRangeOptions = {}): string[] {
    return this.runText(
      'ZREVRANGEBYSCORE',
      checkKey(key),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as string[]
  }

  /** Members of a range of ranks, highest score first. */
  zrevrange(key: Key, start: Bound, stop: Bound, options: WithScores = {}): string[] {
    return this.runText(
      'ZREVRANGE',
      checkKey(key),
      toBytes(start),
      toBytes(stop),
      ...optionWords(options),
    ) as string[]
  }

  /** Members of a range of names. */
  zrangebylex(key: Key, start: string, stop: string, options: LimitOptions = {}): string[] {
    return this.runText(
      'ZRANGEBYLEX',
      checkKey(key),
      start,
      stop,
      ...optionWords(options),
    ) as string[]
  }

  /** Members of a range of names, last first. */
  zrevrangebylex(key: Key, start: string, stop: string, options: LimitOptions = {}): string[] {
    return this.runText(
      'ZREVRANGEBYLEX',
      checkKey(key),
      start,
      stop,
      ...optionWords(options),
    ) as string[]
  }

  /** Removes a range of ranks; how many there were. */
  zremrangebyrank(key: Key, start: Integer, stop: Integer): number {
    return this.runText(
      'ZREMRANGEBYRANK',
      checkKey(key),
      checkInteger(start, 'start'),
      checkInteger(stop, 'stop'),
    ) as number
  }

  /** Removes a range of scores. */
  zremrangebyscore(key: Key, min: Bound, max: Bound): number {
    return this.runText('ZREMRANGEBYSCORE', checkKey(key), toBytes(min), toBytes(max)) as number
  }

  /** Removes a range of names. */
  zremrangebylex(key: Key, min: string, max: string): number {
    return this.runText('ZREMRANGEBYLEX', checkKey(key), min, max) as number
  }

  /** Takes members with the lowest scores: members and scores in turn. */
  zpopmin(key: Key, count: Integer = 1): string[] {
    return this.runText('ZPOPMIN', checkKey(key), checkInteger(count, 'count')) as string[]
  }

  /** Takes members with the highest scores: members and scores in turn. */
  zpopmax(key: Key, count: Integer = 1): string[] {
    return this.runText('ZPOPMAX', checkKey(key), checkInteger(count, 'count')) as string[]
  }

  /** Takes members from the first of the sets that has some: its key, and pairs. */
  zmpop(
    keys: readonly Key[],
    where: 'MIN' | 'MAX',
    options: CountOptions = {},
  ): [key: string, elements: [member: string, score: string][]] | null {
    return this.runText('ZMPOP', ...countedKeys(keys), where, ...optionWords(options)) as
      | [key: string, elements: [member: string, score: string][]]
      | null
  }

  /** A member drawn at random; with `count` several, different ones unless it is negative. */
  zrandmember(key: Key, count?: Integer, options: WithScores = {}): string | null | string[] {
    if (count === undefined && options.WITHSCORES) {
      throw invalidArgument('WITHSCORES takes a count.')
    }
    return this.runText(
      'ZRANDMEMBER',
      checkKey(key),
      ...(count === undefined ? [] : [checkInteger(count, 'count'), ...optionWords(options)]),
    ) as string | null | string[]
  }

  /** A part of the members with scores, and the cursor for more; 0 begins and ends. */
  zscan(
    key: Key,
    cursor: Integer | string,
    options: ScanElementsOptions = {},
  ): [cursor: string, elements: string[]] {
    return this.runText('ZSCAN', checkKey(key), checkCursor(cursor), ...optionWords(options)) as [
      cursor: string,
      elements: string[],
    ]
  }

  /** The members of all sets. */
  zunion(keys: readonly Key[], options: ZcombineOptions = {}): string[] {
    return this.runText('ZUNION', ...countedKeys(keys), ...optionWords(options)) as string[]
  }

  /** Stores what {@link zunion} returns; how many members it has. */
  zunionstore(
    destination: Key,
    keys: readonly Key[],
    options: Omit<ZcombineOptions, 'WITHSCORES'> = {},
  ): number {
    return this.runText(
      'ZUNIONSTORE',
      checkKey(destination),
      ...countedKeys(keys),
      ...optionWords(options),
    ) as number
  }

  /** The members that all sets have. */
  zinter(keys: readonly Key[], options: ZcombineOptions = {}): string[] {
    return this.runText('ZINTER', ...countedKeys(keys), ...optionWords(options)) as string[]
  }

  /** Stores what {@link zinter} returns; how many members it has. */
  zinterstore(
    destination: Key,
    keys: readonly Key[],
    options: Omit<ZcombineOptions, 'WITHSCORES'> = {},
  ): number {
    return this.runText(
      'ZINTERSTORE',
      checkKey(destination),
      ...countedKeys(keys),
      ...optionWords(options),
    ) as number
  }

  /** The members that only the first set has. */
  zdiff(keys: readonly Key[], options: WithScores = {}): string[] {
    return this.runText('ZDIFF', ...countedKeys(keys), ...optionWords(options)) as string[]
  }

  /** Stores what {@link zdiff} returns; how many members it has. */
  zdiffstore(destination: Key, keys: readonly Key[]): number {
    return this.runText('ZDIFFSTORE', checkKey(destination), ...countedKeys(keys)) as number
  }

  /** How many members all sets have, at most `LIMIT` unless it is 0. */
  zintercard(keys: readonly Key[], options: { LIMIT?: Integer | undefined } = {}): number {
    return this.runText('ZINTERCARD', ...countedKeys(keys), ...optionWords(options)) as number
  }
}
