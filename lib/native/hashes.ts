/**
 * The native functions on hashes.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

/** Bits of `hashSet`'s `flags`. */
export const HASH_IF_ABSENT = 1

/** Bits of `parts`: what a reply holds of each field. */
export const HASH_FIELDS = 1
export const HASH_VALUES = 2

export interface HashPrimitives {
  hashGet(db: number, key: Operand, field: Operand, mode: BulkMode): Bulk | null
  hashHas(db: number, key: Operand, field: Operand): boolean
  /** The values of the fields named from argument `first` on. */
  hashGetRange(
    db: number,
    key: Operand,
    first: number,
    count: number,
    mode: BulkMode,
  ): (Bulk | null)[]
  /** Whether the field is new. */
  hashSet(db: number, key: Operand, field: Operand, value: Operand, flags: number): boolean
  /** Sets fields and values from argument `first` on; returns how many fields are new. */
  hashSetRange(db: number, key: Operand, first: number, count: number): number
  /** Removes the fields named from argument `first` on; returns how many there were. */
  hashRemoveRange(db: number, key: Operand, first: number, count: number): number
  /** Length of a field's value in bytes, 0 if there is none. */
  hashValueLength(db: number, key: Operand, field: Operand): number
  hashLength(db: number, key: Operand): number
  /** Fields, values, or both in turn. */
  hashAll(db: number, key: Operand, parts: number, mode: BulkMode): Bulk[]
  hashScan(
    db: number,
    key: Operand,
    cursor: bigint,
    count: number,
    pattern: Operand,
    mode: BulkMode,
  ): [cursor: bigint, elements: Bulk[]]
  /** `count` fields drawn at random, all different if `distinct`. */
  hashRandom(
    db: number,
    key: Operand,
    count: Int64,
    distinct: boolean,
    parts: number,
    mode: BulkMode,
  ): Bulk[]
  hashIncrement(db: number, key: Operand, field: Operand, delta: Int64): Int64
  hashIncrementFloat(db: number, key: Operand, field: Operand, delta: Operand, mode: BulkMode): Bulk
  /** -2 no such field, 0 the condition failed, 1 set, 2 removed as the time is past. */
  hashSetExpiry(db: number, key: Operand, field: Operand, expireAtMs: Int64, flags: number): number
  /** -2 no such field, -1 no expiry, else Unix ms. */
  hashFieldExpiry(db: number, key: Operand, field: Operand): Int64
  /** -2 no such field, -1 no expiry, 1 done. */
  hashPersist(db: number, key: Operand, field: Operand): number
  /** Removes up to `limit` fields whose time has come; returns how many. */
  expireDueFields(limit: number): number
}
