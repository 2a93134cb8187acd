/**
 * What a command handler runs in: the engine, a database, and the argument vector.
 *
 * A context belongs to one user of the commands (a `Database`, a client's connection, a log being
 * replayed) and is used again for each of its commands. The arguments are in the engine; a handler
 * sees their number and names them by index, where 0 is the command's name.
 *
 * Invariants
 *  (C1) Between `begin` and the handler's return nobody else fills the engine's argument vector:
 *       handlers are synchronous and call no user code.
 *
 * @module
 */

import {
  BULK_BUFFER,
  BULK_UTF8,
  type Bulk,
  type BulkMode,
  type NativeEngine,
} from '../native/engine.js'
import type { CommandHost } from './host.js'

/** Reads Unix time in milliseconds. */
export type Clock = () => number

export class CommandContext {
  readonly native: NativeEngine
  /** The selected database; SELECT changes it. */
  db: number
  /** What relative expiry times are counted from. */
  readonly now: Clock
  /** Who saves and knows of files, or null in an engine without any. */
  readonly host: CommandHost | null
  /** Number of arguments, the name included. */
  argc = 0
  /** How bulk strings of the reply come back. */
  mode: BulkMode = BULK_UTF8

  constructor(
    native: NativeEngine,
    db: number,
    now: Clock = Date.now,
    host: CommandHost | null = null,
  ) {
    this.native = native
    this.db = db
    this.now = now
    this.host = host
  }

  /** Starts a command whose arguments are already in the engine's vector. */
  begin(argc: number, mode: BulkMode): void {
    this.argc = argc
    this.mode = mode
  }

  /** Text of ours as a bulk string. */
  bulk(text: string): Bulk {
    return this.mode === BULK_BUFFER ? Buffer.from(text) : text
  }
}
