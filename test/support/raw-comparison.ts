/**
 * Runs the same commands here and in redis-server, and compares the bytes of the replies.
 *
 * What Redis leaves open is compared for what it is made of: unordered replies with their items in
 * one order, times and what is drawn by their types alone.
 *
 * @module
 */

import { CommandContext } from '../../dist/commands/context.js'
import { resolve } from '../../dist/commands/dispatch.js'
import { type Protocol, shapeOf } from '../../dist/commands/reply-shapes.js'
import { encodeError, encodeReply } from '../../dist/commands/resp-encoder.js'
import { run } from '../../dist/commands/run.js'
import { ReplyError } from '../../dist/errors.js'
import { BULK_LATIN1, type NativeEngine } from '../../dist/native/engine.js'
import { DATABASES, resolveTimes, type Step, wordsOf } from './command-arbitraries.js'
import { type Node, parseRaw, type RawClient } from './raw-client.js'

/** Who is compared with redis-server: the reply to a command, as latin1 text. */
export interface Side {
  send(step: Step): string | Promise<string>
}

/** A server, at the other end of a socket. */
export class OverSocket implements Side {
  readonly #client: RawClient
  #db = 0

  constructor(client: RawClient) {
    this.#client = client
  }

  async send({ db, args }: Step): Promise<string> {
    if (db !== this.#db) await this.#client.send('SELECT', db)
    this.#db = db
    return this.#client.send(...args)
  }
}

/** redis-server, whose SORT takes the error of the last number out of range for its own. */
export class RedisSocket extends OverSocket {
  override async send(step: Step): Promise<string> {
    // A command that changes nothing, and reads a good number.
    const readsOne = { db: step.db, args: ['ZADD', 'no key', 'XX', '1', 'a'] }
    if (/^sort(_ro)?$/i.test(step.args[0] ?? '')) await super.send(readsOne)
    return super.send(step)
  }
}

/** The engine in this process: what a server would write. */
export class OurBytes implements Side {
  readonly #native: NativeEngine
  readonly #protocol: Protocol
  readonly #contexts: CommandContext[]

  constructor(native: NativeEngine, protocol: Protocol) {
    this.#native = native
    this.#protocol = protocol
    this.#contexts = Array.from({ length: DATABASES }, (_, db) => new CommandContext(native, db))
  }

  send({ db, args }: Step): string {
    const context = this.#contexts[db] as CommandContext
    const bytes = args.map((text) => Buffer.from(text, 'latin1'))
    context.begin(this.#native.setArguments(bytes), BULK_LATIN1)
    try {
      const command = resolve(context)
      const reply = run(command, context)
      return encodeReply(reply, this.#protocol, shapeOf(command, context, this.#protocol))
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      return encodeError(error)
    }
  }
}

type Look = (node: Node) => string

/** All of it. */
const exactly: Look = ({ sign, text, items }) => {
  return `${sign}${JSON.stringify(text)}[${items.map(exactly).join(' ')}]`
}
/** Types alone. */
const types: Look = ({ sign, items }) => `${sign}[${items.map(types).join(' ')}]`
/** Without numbers, and without how often an item of the same form comes. */
const forms: Look = ({ sign, text, items }) => {
  const inner = [...new Set(items.map(forms))].sort().join(' ')
  return `${sign}${sign === ':' ? '' : JSON.stringify(text)}[${inner}]`
}
/** The first level, as an order of its own is in it; what is in an item counts in its order. */
const unordered: Look = ({ sign, text, items }) => {
  const parts = items.map(exactly)
  if (sign === '%') {
    const pairs = parts.flatMap((part, at) => (at % 2 ? [] : `${part}=${parts[at + 1]}`))
    return `%[${pairs.sort().join(' ')}]`
  }
  return `${sign}${JSON.stringify(text)}[${parts.sort().join(' ')}]`
}
const withoutNumbers: Look = ({ sign, text, items }) => {
  return sign === ':' ? ':' : `${sign}${JSON.stringify(text)}[${items.map(withoutNumbers)}]`
}
/** Of the first level. */
const firstTypes: Look = ({ sign, items }) => `${sign}[${items.map((item) => item.sign)}]`
const unorderedTypes: Look = ({ sign, items }) => `${sign}[${items.map(types).sort()}]`

const LOOKS: Readonly<Record<string, Look>> = {
  KEYS: unordered,
  HGETALL: unordered,
  HKEYS: unordered,
  HVALS: unordered,
  SMEMBERS: unordered,
  SINTER: unordered,
  SUNION: unordered,
  SDIFF: unordered,
  TTL: types,
  PTTL: types,
  EXPIRETIME: types,
  PEXPIRETIME: types,
  RANDOMKEY: types,
  HRANDFIELD: types,
  SRANDMEMBER: types,
  ZRANDMEMBER: types,
  SCAN: firstTypes,
  HSCAN: firstTypes,
  SSCAN: firstTypes,
  ZSCAN: firstTypes,
  GEOSEARCH: unordered,
  GEORADIUS: unordered,
  GEORADIUSBYMEMBER: unordered,
  GEORADIUS_RO: unordered,
  GEORADIUSBYMEMBER_RO: unordered,
  XPENDING: withoutNumbers,
  // A tree of another form has other numbers of nodes.
  XINFO: forms,
}
/** With places of one distance it is open which of them are left. */
const LIMITED_LOOKS: Readonly<Record<string, Look>> = {
  GEOSEARCH: unorderedTypes,
  GEORADIUS: unorderedTypes,
  GEORADIUSBYMEMBER: unorderedTypes,
  GEORADIUS_RO: unorderedTypes,
  GEORADIUSBYMEMBER_RO: unorderedTypes,
}

export class RawComparison {
  readonly #ours: Side
  readonly #theirs: RedisSocket
  /** Replies that were the same byte for byte. */
  same = 0
  /** All that were compared. */
  commands = 0

  constructor(ours: Side, theirs: RawClient) {
    this.#ours = ours
    this.#theirs = new RedisSocket(theirs)
  }

  async runSequence(sequence: readonly Step[]): Promise<void> {
    await this.compare({ db: 0, args: ['FLUSHALL'] })
    for (const step of resolveTimes(sequence)) await this.compare(step)
  }

  async compare(step: Step): Promise<void> {
    const name = step.args[0]?.toUpperCase() ?? ''
    if (name === 'SPOP') return this.#comparePop(step)
    const ours = await this.#ours.send(step)
    this.#check(step, ours, await this.#send(step))
  }

  /** What is popped at random here is removed by name there; the types are those of a draw. */
  async #comparePop(step: Step): Promise<void> {
    const [, key = '', count] = step.args
    const draw = ['SRANDMEMBER', key, ...(count === undefined ? [] : [count])]
    const drawn = await this.#send({ db: step.db, args: draw })
    const ours = await this.#ours.send(step)
    if (ours.startsWith('-')) return this.#check(step, ours, await this.#send(step))
    const { sign, text, items } = parseRaw(ours)
    const members = sign === '$' ? [text] : items.map((item) => item.text)
    const set = drawn.startsWith('*') && !ours.startsWith('*') ? `~${drawn.slice(1)}` : drawn
    if (members.length > 0) await this.#send({ db: step.db, args: ['SREM', key, ...members] })
    this.#report(step, types(parseRaw(ours)), types(parseRaw(set)), ours, drawn)
  }

  #send(step: Step): Promise<string> {
    return this.#theirs.send(step)
  }

  #check(step: Step, ours: string, theirs: string): void {
    this.commands += 1
    if (ours === theirs) this.same += 1
    else this.#compareLooks(step, ours, theirs)
  }

  #compareLooks(step: Step, ours: string, theirs: string): void {
    const words = step.args.map((word) => word.toUpperCase())
    const [name = ''] = words
    const isLimited = words.includes('COUNT') && name in LIMITED_LOOKS
    const look = (isLimited ? LIMITED_LOOKS : LOOKS)[name] ?? exactly
    const [a, b] = [parseRaw(ours), parseRaw(theirs)].map((node) => {
      return look(name.startsWith('Z') ? withoutMinusZero(node) : node)
    }) as [string, string]
    this.#report(step, a, b, ours, theirs)
  }

  #report(step: Step, a: string, b: string, ours: string, theirs: string): void {
    if (a === b || isLaterCursor(step)) return
    const words = wordsOf(step)
    const show = (raw: string) => JSON.stringify(raw)
    throw new Error(
      `database ${step.db}: ${words}\n  snapfork ${show(ours)}\n  redis    ${show(theirs)}`,
    )
  }
}

/** Redis keeps the sign of a zero in a large sorted set, and not in a compact one. */
function withoutMinusZero(node: Node): Node {
  return {
    sign: node.sign,
    text: node.text === '-0' ? '0' : node.text,
    items: node.items.map(withoutMinusZero),
  }
}

/** Another cursor than a zero means other keys in other implementations. */
function isLaterCursor({ args }: Step): boolean {
  return /SCAN$/i.test(args[0] as string)
}
