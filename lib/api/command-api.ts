/**
 * The untyped face of the commands, and what the typed methods stand on.
 *
 * `Database` is a chain of classes, one a family of commands, since a method needs the engine and
 * nothing else:
 *
 *     CommandApi <- StringApi <- BitmapApi <- HyperLogLogApi <- ListApi <- HashApi <- SetApi
 *       <- SortedSetApi <- GeoApi <- StreamApi
 *       <- KeyApi <- ServerApi <- Database
 *
 * A typed method either calls one native primitive, if it is hot or a single one, or fills the
 * argument vector and runs the command's handler: no command's meaning is written twice.
 *
 * @module
 */

import { type Clock, CommandContext } from '../commands/context.js'
import { execute } from '../commands/dispatch.js'
import type { CommandHost } from '../commands/host.js'
import { asReply } from '../commands/propagation.js'
import { EncodedReply, PendingReply, type Reply, RichReply, Status } from '../commands/reply.js'
import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_UTF8, type BulkMode, type NativeEngine } from '../native/engine.js'
import { type Key, toBytes, type Value } from './values.js'

/**
 * What `call` returns: a simple string and a bulk string are both a string. An error among the
 * elements of an array, as scripts may return it, is a ReplyError.
 */
export type CallReply<Bulk = string> =
  | null
  | number
  | bigint
  | string
  | Bulk
  | ReplyError
  | CallReply<Bulk>[]

export abstract class CommandApi {
  protected readonly native: NativeEngine
  protected readonly dbIndex: number
  readonly #context: CommandContext

  /** @internal */
  constructor(native: NativeEngine, dbIndex: number, clock?: Clock, host?: CommandHost) {
    this.native = native
    this.dbIndex = dbIndex
    this.#context = new CommandContext(native, dbIndex, clock, host)
  }

  /**
   * Runs any command by its name, with its arguments as on Redis's command line.
   *
   * Bulk strings of the reply are decoded as UTF-8; see {@link callBuffer} for bytes.
   *
   * @throws {ReplyError} what Redis would reply with an error.
   *
   * @example
   * db.call('SET', 'user:1', 'Ada', 'EX', 60) // 'OK'
   */
  call(command: string, ...args: readonly Value[]): CallReply {
    return this.#call(BULK_UTF8, command, args) as CallReply
  }

  /** As {@link call}, with the bulk strings of the reply as Buffers. */
  callBuffer(command: string, ...args: readonly Value[]): CallReply<Buffer> {
    return this.#call(BULK_BUFFER, command, args)
  }

  #call(mode: BulkMode, command: string, args: readonly Value[]): CallReply<Buffer> {
    try {
      const reply = plain(this.run(mode, checkCommand(command), ...args.map(toBytes)))
      if (reply instanceof ReplyError) throw reply
      return reply
    } catch (error) {
      throw asReply(error)
    }
  }

  /** Unix time in milliseconds that relative times count from. */
  protected now(): number {
    return this.#context.now()
  }

  /** Runs a command by its row in the table. */
  protected run(mode: BulkMode, ...args: readonly (Key | number | bigint)[]): Reply {
    for (const arg of args) if (typeof arg !== 'string') toBytes(arg)
    this.#context.begin(this.native.setArguments(args), mode)
    return execute(this.#context)
  }

  /** {@link run} for a reply of text and integers. */
  protected runText(...args: readonly (Key | number | bigint)[]): CallReply {
    return plain(this.run(BULK_UTF8, ...args)) as CallReply
  }
}

function checkCommand(command: string): string {
  return typeof command === 'string' ? command : String(toBytes(command))
}

/** A reply as RESP2 has it; an error among others is one of them. */
function plain(reply: Reply): CallReply<Buffer> {
  if (typeof reply !== 'object' || reply === null) return reply
  if (Array.isArray(reply)) return reply.map(plain)
  if (reply instanceof Status) return reply.text
  if (reply instanceof RichReply) return plain(reply.plain)
  if (reply instanceof EncodedReply || reply instanceof PendingReply) {
    throw new TypeError('a reply of this kind is for a connection')
  }
  return reply
}
