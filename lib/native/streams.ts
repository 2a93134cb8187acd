/**
 * The native functions on streams. Ids are text as on the wire; a wrong one throws the status
 * NotAStreamId.
 *
 * @module
 */

import type { Bulk, BulkMode, Int64, Operand } from './operands.js'

/** Id and, field by field, content; null for an entry that is no longer there. */
export type StreamEntry = [id: Bulk, fields: Bulk[] | null]

/** Of claims: 0 or 1 for flags; a retry count of -1 adds one. */
export type ClaimOptions = [
  idleMinMs: number,
  deliveredMs: number,
  retryCount: number,
  force: number,
  justId: number,
  touches: number,
]

/** Names and values in turn, as XINFO has them. */
export type InfoRow = (Bulk | Int64 | null | InfoRow | StreamEntry)[]

export interface StreamPrimitives {
  checkStreamId(id: Operand): void
  /** Bounds as XRANGE has them; throws the statuses NotAStreamId, BadStartId and BadEndId. */
  checkStreamRange(start: Operand, end: Operand): void
  /** An id, `*` or `ms-*`. */
  checkStreamIdRequest(id: Operand, refusesZero: boolean): void
  /** Adds fields and values from argument `first` on; null if no stream is there or made. */
  streamAdd(
    db: number,
    key: Operand,
    id: Operand,
    nowMs: number,
    makesStream: boolean,
    first: number,
    count: number,
    mode: BulkMode,
  ): Bulk | null
  /** To a length (an integer) or to an id; `limit` 0 removes any number. Returns how many went. */
  streamTrim(
    db: number,
    key: Operand,
    byId: boolean,
    approximate: boolean,
    threshold: Operand | Int64,
    limit: Int64,
  ): number
  streamDeleteRange(db: number, key: Operand, first: number, count: number): number
  streamLength(db: number, key: Operand): number
  /** 0-0 without a stream. */
  streamLastId(db: number, key: Operand, mode: BulkMode): Bulk
  /** Bounds as XRANGE has them; `count` 0 is all. */
  streamRange(
    db: number,
    key: Operand,
    start: Operand,
    end: Operand,
    count: Int64,
    backwards: boolean,
    mode: BulkMode,
  ): StreamEntry[]
  /** Entries behind an id; null if there is none. */
  streamRead(
    db: number,
    key: Operand,
    after: Operand,
    count: Int64,
    mode: BulkMode,
  ): StreamEntry[] | null
  streamSetId(
    db: number,
    key: Operand,
    id: Operand,
    entriesAdded: Int64 | null,
    maxDeletedId: Operand | null,
  ): void

  // Groups. NoSuchKey without a stream, NoSuchGroup without the group. An id may be `$`.
  groupCreate(
    db: number,
    key: Operand,
    group: Operand,
    id: Operand,
    entriesRead: Int64,
    makesStream: boolean,
  ): void
  groupSetId(db: number, key: Operand, group: Operand, id: Operand, entriesRead: Int64): void
  groupDestroy(db: number, key: Operand, group: Operand): boolean
  groupExists(db: number, key: Operand, group: Operand): boolean
  consumerCreate(
    db: number,
    key: Operand,
    group: Operand,
    consumer: Operand,
    nowMs: number,
  ): boolean
  /** How many entries the consumer had not acknowledged. */
  consumerDelete(db: number, key: Operand, group: Operand, consumer: Operand): number
  /** New entries (`>`; null if there is none), or pending ones behind an id. */
  groupRead(
    db: number,
    key: Operand,
    group: Operand,
    consumer: Operand,
    id: Operand,
    count: Int64,
    noAck: boolean,
    nowMs: number,
    mode: BulkMode,
  ): StreamEntry[] | null
  groupAcknowledge(db: number, key: Operand, group: Operand, first: number, count: number): number
  /** Number, lowest and highest id, and number by consumer. */
  groupPending(db: number, key: Operand, group: Operand, mode: BulkMode): InfoRow
  groupPendingRange(
    db: number,
    key: Operand,
    group: Operand,
    start: Operand,
    end: Operand,
    count: Int64,
    consumer: Operand | null,
    idleMinMs: Int64,
    nowMs: number,
    mode: BulkMode,
  ): InfoRow
  groupClaim(
    db: number,
    key: Operand,
    group: Operand,
    consumer: Operand,
    nowMs: number,
    options: ClaimOptions,
    lastId: Operand,
    first: number,
    count: number,
    mode: BulkMode,
  ): (StreamEntry | Bulk)[]
  groupAutoClaim(
    db: number,
    key: Operand,
    group: Operand,
    consumer: Operand,
    nowMs: number,
    options: ClaimOptions,
    start: Operand,
    count: Int64,
    mode: BulkMode,
  ): InfoRow

  streamInfo(db: number, key: Operand, mode: BulkMode): InfoRow
  streamInfoFull(db: number, key: Operand, count: Int64, mode: BulkMode): InfoRow
  groupsInfo(db: number, key: Operand, mode: BulkMode): InfoRow
  consumersInfo(db: number, key: Operand, group: Operand, nowMs: number, mode: BulkMode): InfoRow
}
