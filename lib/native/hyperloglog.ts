/**
 * The native functions on HyperLogLogs.
 *
 * @module
 */

import type { Operand } from './operands.js'

export interface HyperLogLogPrimitives {
  /** Adds elements from argument `first` on; whether the estimate may have changed. */
  sketchAdd(db: number, key: Operand, first: number, count: number): boolean
  /** The estimate of the keys from argument `first` on together. */
  sketchCount(db: number, first: number, count: number): number
  /** Merges the keys from argument `first` on into the first of them. */
  sketchMerge(db: number, first: number, count: number): void
}
