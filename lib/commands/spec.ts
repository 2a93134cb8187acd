/**
 * The types of the command table: one row a command, and what its handler returns.
 *
 * A row is data that COMMAND, the documentation, key extraction and dispatch read; its handler
 * addresses the native argument vector by index and never holds the arguments themselves.
 *
 * @module
 */

import type { ReplyError } from '../errors.js'
import type { CommandContext } from './context.js'

/**
 * A simple string reply, `+OK` on the wire.
 *
 * It has a class of its own, since a bulk string with the same text is another reply.
 */
export class Status {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** What a user of `call` sees. */
  toString(): string {
    return this.text
  }
}

export const OK = new Status('OK')

/** A reply that is there already as it goes on the wire, in the RESP version of its context. */
export class EncodedReply {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

/** A reply that comes later. Only to a context that `mayPause`. */
export class PendingReply {
  /** Rejects as the handler would have thrown. */
  readonly promise: Promise<Reply>

  constructor(promise: Promise<Reply>) {
    this.promise = promise
  }
}

/**
 * What a handler returns. Bulk strings come in the context's mode: as strings or as Buffers. An
 * error is a reply where it is a part of another one; else it is thrown.
 */
export type Reply =
  | null
  | number
  | bigint
  | string
  | Buffer
  | Status
  | ReplyError
  | EncodedReply
  | PendingReply
  | Reply[]

/** Redis's names of the command flags, as COMMAND INFO lists them; nothing blocks here so far. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'noscript'
  | 'no_async_loading'
  | 'no_multi'
  | 'fast'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'no_mandatory_keys'
  | 'allow_busy'

/** Where the keys are among the arguments; `last` counts from the end if it is negative. */
export interface KeyRange {
  readonly first: number
  readonly last: number
  readonly step: number
}

/** Groups of the documentation; Redis's own names. */
export type CommandFamily =
  | 'string'
  | 'bitmap'
  | 'hyperloglog'
  | 'list'
  | 'hash'
  | 'set'
  | 'sorted-set'
  | 'geo'
  | 'stream'
  | 'scripting'
  | 'generic'
  | 'server'

export type Handler = (context: CommandContext) => Reply

export interface CommandSpec {
  /** Upper case; of a subcommand the word after the command's. */
  readonly name: string
  /** Number of arguments, the name included; at least that many if it is negative. */
  readonly arity: number
  readonly flags: readonly CommandFlag[]
  /** null: no argument is a key. */
  readonly keys: KeyRange | null
  readonly family: CommandFamily
  /** Version of Redis that brought the command. */
  readonly since: string
  /** One sentence for the documentation. */
  readonly summary: string
  /** The typed method of `Database` or `Snapfork`, or null if only `call` has the command. */
  readonly method: string | null
  /** A command with subcommands has rows for them, and a handler that is never called. */
  readonly subcommands?: ReadonlyMap<string, CommandSpec>
  readonly run: Handler
}

/** A row as its family's file writes it. */
export interface CommandRow extends Omit<CommandSpec, 'family' | 'method'> {
  /** The name in lower case if it is left out. */
  readonly method?: string | null
}

/** A row on one line, for families of many commands. */
export function row(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  keys: KeyRange | null,
  since: string,
  summary: string,
  run: Handler,
): CommandRow {
  return { name, arity, flags, keys, since, summary, run }
}

export const READ: readonly CommandFlag[] = ['readonly']
export const READ_FAST: readonly CommandFlag[] = ['readonly', 'fast']
/** Writes that need no memory: they take away. */
export const WRITE: readonly CommandFlag[] = ['write']
export const WRITE_FAST: readonly CommandFlag[] = ['write', 'fast']
export const GROW: readonly CommandFlag[] = ['write', 'denyoom']
export const GROW_FAST: readonly CommandFlag[] = ['write', 'denyoom', 'fast']

/** Completes the rows of one family. */
export function rowsOf(family: CommandFamily, rows: readonly CommandRow[]): readonly CommandSpec[] {
  return rows.map((row) => ({ method: row.name.toLowerCase(), ...row, family }))
}

export const FIRST_KEY: KeyRange = { first: 1, last: 1, step: 1 }
export const FIRST_TWO_KEYS: KeyRange = { first: 1, last: 2, step: 1 }
export const ALL_KEYS: KeyRange = { first: 1, last: -1, step: 1 }
export const KEY_VALUE_PAIRS: KeyRange = { first: 1, last: -1, step: 2 }
