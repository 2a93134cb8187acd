/**
 * The native functions on sorted sets. Scores of replies are text as Redis prints it.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

/** Bits of `zsetAddRange`'s `flags`. */
export const ZADD_IF_ABSENT = 1
export const ZADD_IF_PRESENT = 2
export const ZADD_IF_GREATER = 4
export const ZADD_IF_LESS = 8
export const ZADD_INCREMENT = 16

export const ZSET_UNION = 0
export const ZSET_INTERSECTION = 1
export const ZSET_DIFFERENCE = 2
export type ZsetOperation = 0 | 1 | 2

export const AGGREGATE_SUM = 0
export const AGGREGATE_MIN = 1
export const AGGREGATE_MAX = 2
export type Aggregate = 0 | 1 | 2

/** First rank and number of elements. */
export type RankRange = [first: number, count: number]

export interface SortedSetPrimitives {
  /** A double as ZADD takes it, else the status NotAFloat is thrown. */
  parseFloat(value: Operand): number
  /** A bound of ZRANGEBYSCORE, or null for what is none. */
  parseScoreBound(value: Operand): [score: number, isExclusive: boolean] | null
  formatFloat(value: number, mode: BulkMode): Bulk
  /**
   * Scores and members in turn, from argument `first` on. `score` is that of the last member, null
   * if a condition kept it from being set.
   */
  zsetAddRange(
    db: number,
    key: Operand,
    flags: number,
    first: number,
    count: number,
    mode: BulkMode,
  ): [added: number, updated: number, score: Bulk | null]
  /** The same for scores and members that are no arguments. */
  zsetAddAll(
    db: number,
    key: Operand,
    flags: number,
    scores: readonly number[],
    members: readonly Uint8Array[],
  ): [added: number, updated: number]
  zsetRemoveRange(db: number, key: Operand, first: number, count: number): number
  zsetLength(db: number, key: Operand): number
  zsetScore(db: number, key: Operand, member: Operand, mode: BulkMode): Bulk | null
  zsetScoreNumber(db: number, key: Operand, member: Operand): number | null
  zsetRank(db: number, key: Operand, member: Operand): number | null
  zsetRanksByScore(
    db: number,
    key: Operand,
    min: number,
    minIsExclusive: boolean,
    max: number,
    maxIsExclusive: boolean,
  ): RankRange
  /** Bounds as ZRANGEBYLEX writes them, else the status NotALexRange is thrown. */
  zsetRanksByLex(db: number, key: Operand, min: Operand, max: Operand): RankRange
  /** Elements from rank `first` on, upwards or downwards; they must exist. */
  zsetRange(
    db: number,
    key: Operand,
    first: number,
    count: number,
    downwards: boolean,
    withScores: boolean,
    mode: BulkMode,
  ): Bulk[]
  zsetRemoveRanks(db: number, key: Operand, first: number, count: number): void
  zsetScan(
    db: number,
    key: Operand,
    cursor: bigint,
    count: number,
    pattern: Operand,
    mode: BulkMode,
  ): [cursor: bigint, elements: Bulk[]]
  zsetRandom(
    db: number,
    key: Operand,
    count: Int64,
    distinct: boolean,
    withScores: boolean,
    mode: BulkMode,
  ): Bulk[]
  /** Of the keys from argument `first` on; `weights` has one a key, or is null. */
  zsetCombine(
    db: number,
    operation: ZsetOperation,
    first: number,
    count: number,
    weights: number[] | null,
    aggregate: Aggregate,
    withScores: boolean,
    mode: BulkMode,
  ): Bulk[]
  zsetCombineStore(
    db: number,
    operation: ZsetOperation,
    first: number,
    count: number,
    weights: number[] | null,
    aggregate: Aggregate,
    to: Operand,
  ): number
  zsetIntersectionCount(db: number, first: number, count: number, limit: Int64): number
  /** Stores elements of a range of ranks under another key. */
  zsetStoreRange(db: number, key: Operand, first: number, count: number, to: Operand): number
}
