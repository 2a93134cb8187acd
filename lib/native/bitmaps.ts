/**
 * The native functions on strings as rows of bits.
 *
 * @module
 */

import type { Int64, Operand } from './operands.js'

export const BITS_AND = 0
export const BITS_OR = 1
export const BITS_XOR = 2
export const BITS_NOT = 3
export type BitOperation = 0 | 1 | 2 | 3

export interface BitmapPrimitives {
  /** The old bit. */
  bitSet(db: number, key: Operand, offset: Int64, bit: boolean): number
  bitGet(db: number, key: Operand, offset: Int64): number
  /** Bits set from bit `first` to bit `last`, both included; they must lie inside. */
  bitCount(db: number, key: Operand, first: Int64, last: Int64): number
  /** The first such bit in that range, or -1. */
  bitFind(db: number, key: Operand, bit: boolean, first: Int64, last: Int64): number
  /** Of the keys from argument `first` on; an empty result removes the key. Returns its length. */
  bitCombineStore(
    db: number,
    operation: BitOperation,
    first: number,
    count: number,
    to: Operand,
  ): number
  /** An integer of 1 to 64 bits at a bit offset, unsigned. */
  bitsRead(db: number, key: Operand, offset: Int64, bits: number): bigint
  bitsWrite(db: number, key: Operand, offset: Int64, bits: number, value: bigint): void
}
