/**
 * The native functions on scripts and libraries of functions.
 *
 * A script runs until it asks for something: see `ScriptVm` of the engine. Texts are latin1, a
 * character a byte.
 *
 * @module
 */

import type { Bulk, BulkMode, Operand } from './operands.js'

/** The states of Lua: `ScriptVm::Kind`. */
export const MACHINE = { scripts: 0, functions: 1 } as const
export type Machine = (typeof MACHINE)[keyof typeof MACHINE]

/** `ScriptOutcome`: the lowest 3 bits of what {@link ScriptPrimitives.scriptStart} returns. */
export const OUTCOME = {
  /** `scriptResult` has what it came to. */
  done: 0,
  /** `scriptFailure` has the error. */
  failed: 1,
  /** The argument vector holds a command that the script calls: resume with its reply. */
  call: 2,
  /** The argument vector holds a command: resume with `:1` if it may be run, else an error. */
  check: 3,
  /** The argument vector holds a level and a line for the log. */
  log: 4,
  /** Its time is over: resume in another turn of the event loop. */
  paused: 5,
  /** The argument vector holds a command that was run in part: see `scriptBroken`. */
  broken: 6,
} as const

/** Bits of an outcome behind those of {@link OUTCOME}. */
export const OUTCOME_MASK = 7
export const OUTCOME_RESP3 = 8
/** Whether effects go to the log: redis.REPL_AOF. */
export const OUTCOME_LOGGED = 16
/** Number of arguments: the outcome divided by this. */
export const OUTCOME_ARGC = 64

/** Bits of `scriptStart`'s `options`. */
export const START_RESP3 = 1
export const START_READ_ONLY = 2
export const START_MAY_PAUSE = 4
/** Nobody has to see its commands: those that are hot are run natively. */
export const START_FREE = 8

/** Flags of a script, by bit. */
export const SCRIPT_FLAGS = [
  'no-writes',
  'allow-oom',
  'allow-stale',
  'no-cluster',
  'allow-cross-slot-keys',
] as const
export const NO_WRITES = 1

export type RegisteredFunction = [
  name: string,
  description: string | null,
  flags: number,
  ref: number,
]

export interface ScriptPrimitives {
  /** SHA-1 in 40 digits. */
  scriptSha(code: Operand): string
  /** A number to start it with; -1 if it does not compile: `scriptFailure`. */
  scriptCompile(machine: Machine, code: Operand): number
  /**
   * Runs a script whose keys, and arguments behind them, are in the argument vector. `limitMs`:
   * when it is paused, or else ended if it has not written; 0: never. `nowMs`: the time, which
   * stands still for it. An outcome with its bits.
   */
  scriptStart(
    machine: Machine,
    ref: number,
    firstKey: number,
    keys: number,
    args: number,
    options: number,
    limitMs: number,
    db: number,
    nowMs: number,
  ): number
  /**
   * Goes on with a reply in RESP, or null; `wrote`: the command was one that writes; `db`: where
   * the next ones run.
   */
  scriptResume(reply: string | null, wrote: boolean, db: number): number
  /** Whether a script waits for its next turn, or for a command of its own. */
  scriptIsSuspended(): boolean
  /** Ends the script that is suspended when it is resumed; false if it has written. */
  scriptKill(): boolean
  /** Throws why a command was broken. */
  scriptBroken(): never
  /** What the last run came to, in RESP. */
  scriptResult(mode: BulkMode): Bulk
  /** Of the last run or compilation; the line is -1 if there is none. */
  scriptFailure(): [text: string, source: string, line: number]
  scriptForget(machine: Machine, ref: number): void
  /** Drops a machine with all that was compiled. */
  scriptsFlush(machine: Machine): void
  /** Bytes of a machine's state. */
  scriptMemory(machine: Machine): number
  /** Runs a library of functions: an outcome, as of `scriptStart`. */
  libraryLoad(machine: Machine, code: Operand, limitMs: number): number
  /** What the library that was loaded last has registered, also if it failed. */
  libraryFunctions(): RegisteredFunction[]
  /** The libraries that snapshots and bases of the log hold. */
  functionTexts(): Buffer[]
  setFunctionTexts(texts: readonly Uint8Array[]): void
  /** Those texts as FUNCTION DUMP gives them. */
  functionsDump(mode: BulkMode): Bulk
  /** The texts in such a payload. Throws the statuses BadPayload, BadPayloadValue, NotFunctions. */
  functionsOfPayload(payload: Operand): Buffer[]
}
