/**
 * The native functions on lists. An end is `true` for the right one.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

export interface ListPrimitives {
  /** Pushes arguments from `first` on; the length, 0 if the list must exist and does not. */
  listPushRange(
    db: number,
    key: Operand,
    right: boolean,
    onlyIfThere: boolean,
    first: number,
    count: number,
  ): number
  /** Pushes elements that are no arguments at the right end. */
  listPushAll(db: number, key: Operand, elements: readonly Uint8Array[]): number
  /** Up to `count` elements, or null if there is no list. */
  listPop(db: number, key: Operand, right: boolean, count: Int64, mode: BulkMode): Bulk[] | null
  /** null if there is no list to take from. */
  listMove(
    db: number,
    from: Operand,
    fromRight: boolean,
    to: Operand,
    toRight: boolean,
    mode: BulkMode,
  ): Bulk | null
  listLength(db: number, key: Operand): number
  listAt(db: number, key: Operand, index: Int64, mode: BulkMode): Bulk | null
  listRange(db: number, key: Operand, start: Int64, stop: Int64, mode: BulkMode): Bulk[]
  listSet(db: number, key: Operand, index: Int64, element: Operand): void
  /** The new length, 0 without a list, -1 without the pivot. */
  listInsert(db: number, key: Operand, before: boolean, pivot: Operand, element: Operand): number
  listRemove(db: number, key: Operand, count: Int64, element: Operand): number
  listTrim(db: number, key: Operand, start: Int64, stop: Int64): void
  /** As LPOS: `count` 0 is all, `comparedMax` 0 looks at all elements. */
  listPositions(
    db: number,
    key: Operand,
    element: Operand,
    rank: Int64,
    count: Int64,
    comparedMax: Int64,
  ): number[]
}
