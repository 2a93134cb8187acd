/**
 * Runs scripts and functions: does what they ask for, until they have come to something.
 *
 *     start --call, check, log--> resume ... --done, failed--> reply
 *               |
 *               +--paused--> (another turn of the event loop) --> resume
 *
 * Invariants
 *  (N1) What a script changes is one unit of the log, from before its first command to after its
 *       last, however many turns that takes.
 *  (N2) One script runs at a time in an engine. While it is paused, others are refused with BUSY.
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CommandContext, ScriptCall } from '../commands/context.js'
import { lookUp } from '../commands/look-up.js'
import { asReply, logBroken } from '../commands/propagation.js'
import { shapeOf } from '../commands/reply-shapes.js'
import { encodeError, encodeReply } from '../commands/resp-encoder.js'
import { run } from '../commands/run.js'
import {
  type CommandSpec,
  EncodedReply,
  type FindCommand,
  fits,
  PendingReply,
  type Reply,
} from '../commands/spec.js'
import { ReplyError, SnapforkError } from '../errors.js'
import { BULK_BUFFER, BULK_LATIN1, type NativeEngine } from '../native/engine.js'
import {
  MACHINE,
  type Machine,
  OUTCOME,
  OUTCOME_ARGC,
  OUTCOME_LOGGED,
  OUTCOME_MASK,
  OUTCOME_RESP3,
  START_FREE,
  START_MAY_PAUSE,
  START_READ_ONLY,
  START_RESP3,
} from '../native/scripts.js'
import { noteCounted } from './counted-errors.js'
import { decodeReply, errorsOf } from './reply-text.js'

/** Levels of redis.log, by number. */
export const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface RunnerSettings {
  /** Milliseconds after which a script counts as slow, where the event loop can go on. */
  slowMs: number
  /** The same where it cannot: the script is ended, unless it has written. 0: never. */
  blockingLimitMs: number
  /** Is told what scripts log; the text is latin1, a character a byte. */
  onLog: ((level: LogLevel, text: string) => void) | null
}

/** What is to be run: keys, and arguments behind them, are in the argument vector. */
export interface Job {
  readonly machine: Machine
  readonly ref: number
  /** In errors: a SHA-1, or the name of a function. */
  readonly name: string
  readonly isReadOnly: boolean
  readonly firstKey: number
  readonly keys: number
  readonly args: number
}

/** A job that runs. */
interface Running {
  readonly job: Job
  readonly context: CommandContext
  /** In which its commands run: what they select is forgotten with it. */
  readonly inner: CommandContext
  readonly find: FindCommand
  readonly startedAt: number
  /** The words of the command that has started it. */
  readonly words: readonly Buffer[]
  hasWritten: boolean
  /** What a command has thrown that is no reply. */
  cause: unknown
  /** The errors that its commands have come to. */
  readonly callErrors: Set<string>
  isHeld: boolean
}

const NOT_BUSY = 'NOTBUSY No scripts in execution right now.'
const UNKILLABLE =
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can ' +
  'either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE ' +
  'command.'
const UNKNOWN = 'ERR Unknown Redis command called from script'
const WRONG_ARITY = 'ERR Wrong number of args calling Redis command from script'
const NOT_ALLOWED = 'ERR This Redis command is not allowed from script'
const READ_ONLY = 'ERR Write commands are not allowed from read-only scripts.'

export class ScriptRunner {
  readonly settings: RunnerSettings = { slowMs: 5000, blockingLimitMs: 0, onLog: null }
  readonly #native: NativeEngine
  #running: Running | null = null

  constructor(native: NativeEngine) {
    this.#native = native
  }

  /** Whether a script is paused: then nothing but its end, or its kill, should be served. */
  get isBusy(): boolean {
    return this.#running !== null
  }

  /** What runs: for FUNCTION STATS. */
  get running(): { name: string; words: readonly Buffer[]; durationMs: number } | null {
    if (this.#running === null) return null
    const { job, words, startedAt } = this.#running
    return { name: job.name, words, durationMs: Math.floor(performance.now() - startedAt) }
  }

  /** @throws {ReplyError} BUSY while a script is paused. */
  checkIdle(): void {
    if (this.#running !== null) throw this.busyError()
  }

  /** What commands are answered with while a script is paused. */
  busyError(): ReplyError {
    const isFunction = this.#running?.job.machine === MACHINE.functions
    const kill = isFunction ? 'FUNCTION KILL' : 'SCRIPT KILL'
    return new ReplyError(
      `BUSY Redis is busy running a script. You can only call ${kill} or SHUTDOWN NOSAVE.`,
    )
  }

  /**
   * Ends the script that is paused, when its turn comes.
   *
   * @throws {ReplyError} if there is none, if it is of the other kind, or if it has written.
   */
  kill(machine: Machine): void {
    if (this.#running === null) throw new ReplyError(NOT_BUSY)
    if (this.#running.job.machine !== machine) throw this.busyError()
    if (!this.#native.scriptKill()) throw new ReplyError(UNKILLABLE)
  }

  /**
   * Runs a job whose arguments are in the engine's vector. Its reply, or one that is pending if it
   * is slow and the context `mayPause`.
   *
   * @throws {ReplyError} the error that it came to.
   */
  start(job: Job, context: CommandContext, find: FindCommand): Reply {
    this.checkIdle()
    const running = this.#begin(job, context, find)
    const { slowMs, blockingLimitMs } = this.settings
    const options =
      (context.encodes === 3 ? START_RESP3 : 0) |
      (job.isReadOnly ? START_READ_ONLY : 0) |
      (context.mayPause ? START_MAY_PAUSE : 0) |
      (context.isFree ? START_FREE : 0)
    const limitMs = context.mayPause ? slowMs : blockingLimitMs
    let isPending = false
    try {
      const outcome = this.#serve(this.#startMachine(job, options, limitMs, running.inner), running)
      if ((outcome & OUTCOME_MASK) !== OUTCOME.paused) return this.#finish(outcome, running)
      isPending = true
      return new PendingReply(this.#goOn(running))
    } finally {
      if (!isPending) this.#end(running)
    }
  }

  #startMachine(job: Job, options: number, limitMs: number, { db, now }: CommandContext): number {
    const { machine, ref, firstKey, keys, args } = job
    const native = this.#native
    return native.scriptStart(machine, ref, firstKey, keys, args, options, limitMs, db, now())
  }

  /**
   * Runs the text of a library, which may log, and nothing else.
   *
   * @returns false if it failed: `scriptFailure`.
   */
  load(code: number | string | Uint8Array, limitMs: number): boolean {
    this.checkIdle()
    let outcome = this.#native.libraryLoad(MACHINE.functions, code, limitMs)
    while ((outcome & OUTCOME_MASK) === OUTCOME.log) {
      this.#log()
      outcome = this.#native.scriptResume(null, false, 0)
    }
    return (outcome & OUTCOME_MASK) === OUTCOME.done
  }

  #begin(job: Job, context: CommandContext, find: FindCommand): Running {
    const { native, host } = context
    // Time stands still for a script.
    const now = context.now()
    const inner = context.makeInner(now)
    inner.isOfScript = true
    const running: Running = {
      job,
      context,
      inner,
      find,
      startedAt: performance.now(),
      words: context.mayPause ? context.allBytes() : [],
      hasWritten: false,
      cause: null,
      callErrors: new Set(),
      isHeld: host?.log.isOn ?? false,
    }
    if (running.isHeld) native.logHold() // (N1)
    return running
  }

  #end(running: Running): void {
    const log = running.context.host?.log
    if (running.isHeld && log?.isOn) log.accepts = this.#native.logRelease() // (N1)
    this.#running = null
  }

  /** Goes on in other turns of the event loop until it is over. */
  async #goOn(running: Running): Promise<Reply> {
    this.#running = running // (N2)
    try {
      let outcome: number = OUTCOME.paused
      while ((outcome & OUTCOME_MASK) === OUTCOME.paused) {
        await nextTurn()
        outcome = this.#serve(this.#resume(null, running), running)
      }
      return this.#finish(outcome, running)
    } finally {
      this.#end(running)
    }
  }

  /** Does what the script asks for, until it pauses or ends. */
  #serve(first: number, running: Running): number {
    let outcome = first
    while (true) {
      const kind = outcome & OUTCOME_MASK
      if (kind === OUTCOME.call) {
        outcome = this.#resume(this.#call(outcome, running), running)
      } else if (kind === OUTCOME.check) {
        outcome = this.#resume(this.#check(outcome, running), running)
      } else if (kind === OUTCOME.broken) {
        outcome = this.#resume(this.#finishBroken(outcome, running), running)
      } else if (kind === OUTCOME.log) {
        this.#log()
        outcome = this.#resume(null, running)
      } else {
        return outcome
      }
    }
  }

  #resume(reply: string | null, { hasWritten, inner }: Running): number {
    return this.#native.scriptResume(reply, hasWritten, inner.db)
  }

  #finish(outcome: number, { job, context, cause, callErrors }: Running): Reply {
    if ((outcome & OUTCOME_MASK) === OUTCOME.failed) {
      const [text, place] = this.#describeFailure(job.name)
      const error = ReplyError.ofLatin1(text + place)
      if (callErrors.has(text)) noteCounted(error)
      throw cause === null ? error : Object.assign(error, { cause })
    }
    if (context.encodes !== null) {
      const bytes = this.#native.scriptResult(BULK_BUFFER) as Buffer
      const errors = errorsOf(bytes)
      const own = errors.filter((error) => !callErrors.has(error))
      return new EncodedReply(bytes, errors.length > 0, own)
    }
    const text = this.#native.scriptResult(BULK_LATIN1) as string
    const reply = decodeReply(text, context.mode)
    if (reply instanceof ReplyError) throw reply
    return reply
  }

  /** The error, and where it was. */
  #describeFailure(name: string): [text: string, place: string] {
    const [text, source, line] = this.#native.scriptFailure()
    const place = line < 0 ? '' : `, on ${source}:${line}.`
    return [onOneLine(text), onOneLine(` script: ${name}${place}`)]
  }

  /** Runs the command in the vector; its reply, or the error that it came to. */
  #call(outcome: number, running: Running): string {
    const { inner } = running
    inner.begin(Math.floor(outcome / OUTCOME_ARGC), BULK_LATIN1)
    const command = lookUp(inner, running.find)
    if (command === null) return this.#refuse(running, command, `-${UNKNOWN}\r\n`)
    const refusal = refusalOf(command, running)
    if (refusal !== null) return this.#refuse(running, command, refusal)
    running.hasWritten ||= command.flags.includes('write')
    inner.isMuted = (outcome & OUTCOME_LOGGED) === 0
    const startedAt = performance.now()
    let reply: string
    let failed = false
    try {
      const resp = (outcome & OUTCOME_RESP3) === 0 ? 2 : 3
      reply = encodeReply(run(command, inner), resp, shapeOf(command, inner, resp))
    } catch (error) {
      failed = true
      reply = this.#failedCall(error, running)
    }
    const micros = (performance.now() - startedAt) * 1000
    this.#tell(running, { command, micros, isRejected: false }, failed ? reply : null)
    return reply
  }

  #refuse(running: Running, command: CommandSpec | null, refusal: string): string {
    this.#tell(running, { command, micros: 0, isRejected: true }, refusal)
    return refusal
  }

  /** @param failure The encoded error that a call has come to, or null. */
  #tell(
    { inner, callErrors }: Running,
    call: Omit<ScriptCall, 'context' | 'error'>,
    failure: string | null,
  ): void {
    const error = failure === null ? null : failure.slice(1, -2)
    if (error !== null) callErrors.add(error)
    inner.onScriptCall?.({ ...call, context: inner, error })
  }

  /** Logs what a command that has failed in the middle has done; its error. */
  #finishBroken(outcome: number, running: Running): string {
    const { inner } = running
    inner.begin(Math.floor(outcome / OUTCOME_ARGC), BULK_LATIN1)
    const command = lookUp(inner, running.find)
    try {
      return this.#native.scriptBroken()
    } catch (error) {
      if (inner.host?.log.isOn && command !== null) logBroken(command, inner)
      const reply = this.#failedCall(error, running)
      this.#tell(running, { command, micros: 0, isRejected: false }, reply)
      return reply
    }
  }

  #failedCall(error: unknown, running: Running): string {
    const reply = asReply(error)
    if (reply instanceof ReplyError) return encodeError(reply)
    running.cause = error
    const text = error instanceof Error ? error.message : String(error)
    const prefix = isLogFailure(error) ? 'MISCONF' : 'ERR'
    return encodeError(new ReplyError(`${prefix} ${text}`))
  }

  /** Whether a command exists and is allowed. */
  #check(outcome: number, running: Running): string {
    const { inner } = running
    inner.begin(Math.floor(outcome / OUTCOME_ARGC), BULK_LATIN1)
    const command = lookUp(inner, running.find)
    if (command === null) return '-ERR\r\n'
    return inner.deny(command) === null ? ':1\r\n' : ':0\r\n'
  }

  #log(): void {
    const level = LOG_LEVELS[Number(this.#native.argument(0, BULK_LATIN1))] as LogLevel
    const text = this.#native.argument(1, BULK_LATIN1) as string
    this.settings.onLog?.(level, text)
  }
}

/** Why a script may not run a command: an encoded error in the words of scripts, or null. */
function refusalOf(command: CommandSpec, { inner, job }: Running): string | null {
  const isWhole = command.subcommands === undefined && fits(command, inner.argc)
  if (!isWhole) return `-${WRONG_ARITY}\r\n`
  if (command.flags.includes('noscript')) return `-${NOT_ALLOWED}\r\n`
  const denial = inner.deny(command)
  if (denial !== null) return encodeError(denial)
  return command.flags.includes('write') && job.isReadOnly ? `-${READ_ONLY}\r\n` : null
}

function onOneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ')
}

function isLogFailure(error: unknown): boolean {
  return error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_LOG_FAILED'
}
