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

import type { ReplyError } from '../errors.js'
import {
  BULK_BUFFER,
  BULK_UTF8,
  type Bulk,
  type BulkMode,
  type NativeEngine,
  NO_EXPIRY,
} from '../native/engine.js'
import type { CommandHost } from './host.js'
import { type Migration, noMigrationError } from './migration.js'
import type { Reply } from './reply.js'

/** What a context knows of the row of a command. */
export interface CommandName {
  readonly fullName: string
}

/** A command that a script has called. */
export interface ScriptCall {
  /** null: there is none of that name. */
  readonly command: CommandName | null
  /** Its arguments and database. */
  readonly context: CommandContext
  readonly micros: number
  /** It was not run. */
  readonly isRejected: boolean
  /** What it has come to, as latin1 text, if that is an error. */
  readonly error: string | null
}

/** Reads Unix time in milliseconds. */
export type Clock = () => number

const NO_WORDS: ReadonlyMap<number, string> = new Map()

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
  /** In which RESP version the replies of scripts come, as EncodedReply; null: as values. */
  encodes: 2 | 3 | null = null
  /** Whether a reply may be pending: a slow script then lets the event loop go on. */
  mayPause = false
  /** Whether a script calls the commands. */
  isOfScript = false
  /** Whether the commands are those of a log, run again: their times are over. */
  isReplay = false
  /** Whether what commands change is kept out of the log, as a script has asked for. */
  isMuted = false
  /** Whether the running command is logged. */
  isLogged = false
  /** Whether it was logged in other words than it was sent. */
  isRewritten = false

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

  /** Is called behind every command, those of scripts included; null: nobody. */
  afterRun: ((command: CommandName, context: CommandContext) => void) | null = null
  /** Is told of each command that a script has called; null: nobody. */
  onScriptCall: ((call: ScriptCall) => void) | null = null
  /** What changed keys do not tell of a command: names of events, and indexes of their keys. */
  #noted: [name: string, key: number][] = []

  /** Notes an event, once, for whoever is called behind the command. */
  noteEvent(name: string, key: number): void {
    if (this.afterRun === null) return
    const isNoted = this.#noted.some((one) => one[0] === name && one[1] === key)
    if (!isNoted) this.#noted.push([name, key])
  }

  get hasNoted(): boolean {
    return this.#noted.length > 0
  }

  takeNoted(): [name: string, key: number][] {
    return this.#noted.splice(0)
  }

  /** A command that waited is tried once more. */
  isRetry = false

  /**
   * Lets a command wait until one of its keys has changed, and then be tried once more: the handler
   * returns what this returns. Here nobody waits, and the time is over at once.
   *
   * @param _keys Indexes of the keys.
   * @param _timeoutMs 0: for ever.
   * @param _words What arguments are to be then, by index, where not as they are.
   */
  wait(
    _keys: readonly number[],
    _timeoutMs: number,
    _words: ReadonlyMap<number, string> = NO_WORDS,
  ): Reply {
    return null
  }

  /**
   * Moves keys to another server: the handler returns what this returns. Here nobody could wait for
   * that.
   *
   * @throws {ReplyError} where it cannot be done.
   */
  migrate(_migration: Migration): Reply {
    throw noMigrationError()
  }

  /** Starts a command whose arguments are already in the engine's vector. */
  begin(argc: number, mode: BulkMode): void {
    this.argc = argc
    this.mode = mode
  }

  /** Why the command at hand may not be run by a script, or null. `_command` is its row. */
  deny(_command: CommandName): ReplyError | null {
    return null
  }

  /** Whether nobody has to see, or may deny, each command that a script runs. */
  get isFree(): boolean {
    return this.afterRun === null
  }

  /**
   * The context of a script's commands, in the same database: what they select is forgotten with
   * it. Time stands still in it.
   */
  makeInner(nowMs: number): CommandContext {
    return new CommandContext(this.native, this.db, () => nowMs, this.host)
  }

  /** Bytes as a bulk string. */
  bulkOf(bytes: Buffer): Bulk {
    if (this.mode === BULK_BUFFER) return bytes
    return bytes.toString(this.mode === BULK_UTF8 ? 'utf8' : 'latin1')
  }

  /** Logs an effect of the running command in other words than it was sent. */
  logAs(...words: readonly (string | Uint8Array)[]): void {
    if (!this.isLogged) return
    this.isRewritten = true
    this.native.logWords(this.db, words)
  }

  /** Logs what the key of an argument holds now, whatever led to it. */
  logKey(index: number): void {
    const payload = this.native.dump(this.db, index, BULK_BUFFER) as Buffer | null
    const key = this.bytes(index)
    const at = payload === null ? NO_EXPIRY : this.native.keyExpiry(this.db, index)
    if (payload === null) this.logAs('DEL', key)
    else if (at < 0) this.logAs('RESTORE', key, '0', payload, 'REPLACE')
    else this.logAs('RESTORE', key, String(at), payload, 'REPLACE', 'ABSTTL')
  }

  /** All arguments, copied out of the engine. */
  allBytes(): Buffer[] {
    const args: Buffer[] = []
    for (let index = 0; index < this.argc; ++index) {
      args.push(this.native.argument(index, BULK_BUFFER) as Buffer)
    }
    return args
  }

  /** An argument as {@link logAs} takes it. */
  bytes(index: number): Uint8Array {
    return this.native.argument(index, BULK_BUFFER) as Buffer
  }

  /** Text of ours as a bulk string. */
  bulk(text: string): Bulk {
    return this.mode === BULK_BUFFER ? Buffer.from(text) : text
  }
}
