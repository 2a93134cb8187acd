/**
 * The native functions on sets.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

export const SET_UNION = 0
export const SET_INTERSECTION = 1
export const SET_DIFFERENCE = 2
export type SetOperation = 0 | 1 | 2

export interface SetPrimitives {
  /** Adds members from argument `first` on; returns how many are new. */
  setAddRange(db: number, key: Operand, first: number, count: number): number
  setRemoveRange(db: number, key: Operand, first: number, count: number): number
  setLength(db: number, key: Operand): number
  setContains(db: number, key: Operand, member: Operand): boolean
  setMembers(db: number, key: Operand, mode: BulkMode): Bulk[]
  setScan(
    db: number,
    key: Operand,
    cursor: bigint,
    count: number,
    pattern: Operand,
    mode: BulkMode,
  ): [cursor: bigint, members: Bulk[]]
  /** `count` members drawn at random, all different if `distinct`. */
  setRandom(db: number, key: Operand, count: Int64, distinct: boolean, mode: BulkMode): Bulk[]
  /** Removes up to `count` members drawn at random. */
  setPop(db: number, key: Operand, count: Int64, mode: BulkMode): Bulk[]
  setMove(db: number, from: Operand, to: Operand, member: Operand): boolean
  /** Of the keys from argument `first` on. `limit` 0: all members. */
  setCombine(
    db: number,
    operation: SetOperation,
    first: number,
    count: number,
    limit: Int64,
    mode: BulkMode,
  ): Bulk[]
  setCombineCount(
    db: number,
    operation: SetOperation,
    first: number,
    count: number,
    limit: Int64,
  ): number
  setCombineStore(
    db: number,
    operation: SetOperation,
    first: number,
    count: number,
    limit: Int64,
    to: Operand,
  ): number
}
