/**
 * What the native functions take and return, whichever family they are of.
 *
 * @module
 */

/** Index into the native argument vector, or the bytes themselves (strings as UTF-8). */
export type Operand = number | string | Uint8Array

/** An int64: a number where it is a safe integer, else a bigint. */
export type Int64 = number | bigint

/** BULK_UTF8, BULK_BUFFER or BULK_LATIN1. */
export type BulkMode = 0 | 1 | 2
export type Bulk = string | Buffer
