/**
 * The native functions on serialised values.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

export interface DumpPrimitives {
  /** The value as DUMP gives it; null if there is no such key. */
  dump(db: number, key: Operand, mode: BulkMode): Bulk | null
  /**
   * Throws the statuses KeyExists, BadPayload and BadPayloadValue; then nothing has changed. `deep`
   * also refuses what is safe but contradicts itself. The idle time or frequency, -1 for none, is
   * set where that is noted.
   */
  restore(
    db: number,
    key: Operand,
    payload: Operand,
    expireAtMs: Int64,
    replace: boolean,
    deep: boolean,
    idleSeconds: Int64,
    frequency: Int64,
  ): void
  /** Version and checksum alone: throws the status BadPayload. */
  checkPayload(payload: Operand): void
}
