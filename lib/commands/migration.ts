/**
 * What MIGRATE asks for.
 *
 * @module
 */

import { ReplyError } from '../errors.js'

/** Keys that are to go to another server. */
export interface Migration {
  readonly host: string
  /** As a C program reads it: no port if it is out of range. */
  readonly port: number
  /** Number of the database there, in digits. */
  readonly db: string
  /** How long nothing may happen in any step. */
  readonly timeoutMs: number
  /** Whether they stay here as well. */
  readonly copies: boolean
  /** Whether keys of the same name there give way. */
  readonly replaces: boolean
  /** A password, or a user and a password, or nothing. */
  readonly credentials: readonly Uint8Array[]
  readonly keys: readonly Uint8Array[]
}

/** Where nobody can wait for an answer from elsewhere. */
export function noMigrationError(): ReplyError {
  return new ReplyError('ERR MIGRATE is for clients of a server, outside of scripts and MULTI')
}
