/**
 * The types of the command table: one row a command, and what its handler returns.
 *
 * A row is data that COMMAND, the documentation, key extraction and dispatch read; its handler
 * addresses the native argument vector by index and never holds the arguments themselves.
 *
 * @module
 */

import type { CommandContext } from './context.js'
import { type LookupRule, lookupRuleOf } from './lookup-counts.js'
import type { Reply } from './reply.js'
import { REPLY_SHAPES, type ReplyShape } from './reply-shapes.js'

export { EncodedReply, OK, PendingReply, type Reply, Status } from './reply.js'

/** Redis's names of the command flags, in the order in which COMMAND INFO lists them. */
export const COMMAND_FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'may_replicate',
  'sentinel',
  'only_sentinel',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'allow_busy',
  'movablekeys',
] as const

/** `movablekeys` follows from the keys: no row has it. */
export type CommandFlag = (typeof COMMAND_FLAGS)[number]

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
  | 'generic'
  | 'server'
  | 'connection'
  | 'pubsub'
  | 'scripting'
  | 'transactions'
  | 'cluster'

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
  /** In lower case; of a subcommand `container|name`. */
  readonly fullName: string
  /** Which of the keys that it looks for count as found or missed. */
  readonly lookups: LookupRule
  /** What RESP3 makes of its reply. */
  readonly shape: ReplyShape | null
  /** A command with subcommands has rows for them, and a handler that is never called. */
  readonly subcommands?: ReadonlyMap<string, CommandSpec>
  readonly run: Handler
}

/** The row of a command in any spelling. */
export type FindCommand = (name: string) => CommandSpec | undefined

/** A row as its family's file writes it. */
export interface CommandRow
  extends Omit<CommandSpec, 'family' | 'method' | 'fullName' | 'lookups' | 'shape'> {
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
  return rows.map((row) => complete(row, family, row.name))
}

/** The rows of a command's subcommands, by name. */
export function subcommandsOf(
  container: string,
  family: CommandFamily,
  rows: readonly CommandRow[],
): ReadonlyMap<string, CommandSpec> {
  return new Map(
    rows.map((row) => [row.name, complete(row, family, `${container}|${row.name}`)] as const),
  )
}

function complete(row: CommandRow, family: CommandFamily, name: string): CommandSpec {
  const shape = REPLY_SHAPES[name] ?? null
  const fullName = name.toLowerCase()
  const lookups = lookupRuleOf({ ...row, fullName, family })
  return { method: row.name.toLowerCase(), ...row, family, fullName, lookups, shape }
}

export const FIRST_KEY: KeyRange = { first: 1, last: 1, step: 1 }
export const FIRST_TWO_KEYS: KeyRange = { first: 1, last: 2, step: 1 }
export const ALL_KEYS: KeyRange = { first: 1, last: -1, step: 1 }
export const KEY_VALUE_PAIRS: KeyRange = { first: 1, last: -1, step: 2 }

/** Whether a command takes so many arguments, its name included. */
export function fits({ arity }: Pick<CommandSpec, 'arity'>, argc: number): boolean {
  return arity < 0 ? argc >= -arity : argc === arity
}
