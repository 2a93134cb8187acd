/**
 * Runs the same commands here and in redis-server, and compares every reply and what is left.
 *
 * What Redis leaves open is compared for what it promises: unordered replies as sets, a whole SCAN
 * as a set, what is drawn at random as elements that are there. Time that passes between the two
 * replies is allowed for in TTL and PTTL.
 *
 * @module
 */

import { type Clock, CommandContext } from '../../dist/commands/context.js'
import { execute } from '../../dist/commands/dispatch.js'
import {
  EncodedReply,
  PendingReply,
  type Reply,
  RichReply,
  Status,
} from '../../dist/commands/reply.js'
import { ReplyError } from '../../dist/errors.js'
import { BULK_LATIN1, type NativeEngine } from '../../dist/native/engine.js'
import { KEYS, type TimeMode } from './arbitraries/common.js'
import { DATABASES, resolveTimes, type Step } from './command-arbitraries.js'
import { ErrorReply, type RespClient, type RespReply, SimpleString } from './resp-client.js'

const CLOCK_MS_MAX = 10_000
const SCAN_CALLS_MAX = 10_000

/** Unit of the time in a reply, in ms. */
const TIME_REPLIES: Readonly<Record<string, number>> = {
  TTL: 1000,
  PTTL: 1,
  EXPIRETIME: 1000,
  PEXPIRETIME: 1,
}
/** Commands that scan, and where their cursor is. */
const SCANS: Readonly<Record<string, number>> = { SCAN: 1, HSCAN: 2, SSCAN: 2, ZSCAN: 2 }
/** Commands that draw, what lists all there is to draw from, and how far apart it is in there. */
const DRAWS: Readonly<Record<string, [list: string[], width: number]>> = {
  RANDOMKEY: [['KEYS', '*'], 1],
  HRANDFIELD: [['HGETALL', '@key'], 2],
  SRANDMEMBER: [['SMEMBERS', '@key'], 1],
  ZRANDMEMBER: [['ZRANGE', '@key', '0', '-1', 'WITHSCORES'], 2],
}
const REPLY_ORDERS: Readonly<Record<string, Order>> = {
  KEYS: 'set',
  HGETALL: 'pairs',
  HKEYS: 'bag',
  HVALS: 'bag',
  SMEMBERS: 'bag',
  SINTER: 'bag',
  SUNION: 'bag',
  SDIFF: 'bag',
}
/** Replies with times or inner numbers, without them. */
const VOLATILE: Readonly<Record<string, (reply: RespReply) => RespReply>> = {
  // Places of one distance, or all of an unsorted search, come in any order.
  GEOSEARCH: sortedRows,
  GEORADIUS: sortedRows,
  GEORADIUSBYMEMBER: sortedRows,
  GEORADIUS_RO: sortedRows,
  GEORADIUSBYMEMBER_RO: sortedRows,
  XPENDING: (reply) => withoutAt(reply, 2, 4),
  XINFO: (reply) => withoutNames(reply),
}
/** Of XINFO: what depends on the time, or on how Redis builds its trees. */
const NODES = 'radix-tree-keys'
const INFO_NAMES: ReadonlySet<unknown> = new Set([NODES, 'radix-tree-nodes', 'idle', 'seen-time'])

/** Redis keeps the sign of a zero in a large sorted set, and not in a compact one. */
function withoutMinusZero(reply: RespReply): RespReply {
  if (Array.isArray(reply)) return (reply as RespReply[]).map(withoutMinusZero)
  return reply === '-0' ? '0' : reply
}

function sortedRows(reply: RespReply): RespReply {
  if (!Array.isArray(reply)) return reply
  return [...(reply as RespReply[])].sort((a, b) => (show(a) < show(b) ? -1 : 1))
}

/** Item `at` of every row that has `width` items is a time. */
function withoutAt(reply: RespReply, at: number, width: number): RespReply {
  if (!Array.isArray(reply)) return reply
  const rows = reply as RespReply[]
  const isRow = rows.length === width && typeof rows[at] === 'number' && typeof rows[0] === 'string'
  return isRow
    ? rows.filter((_, index) => index !== at)
    : rows.map((one) => withoutAt(one, at, width))
}

/** Drops the values behind INFO_NAMES, and delivery times in lists of pending entries. */
function withoutNames(reply: RespReply): RespReply {
  if (!Array.isArray(reply)) return reply
  const rows = reply as RespReply[]
  return rows
    .filter((_, index) => !INFO_NAMES.has(rows[index - 1]))
    .map((one) => (typeof one === 'number' && one > 1e11 ? 0 : withoutNames(one)))
}

/** What reads a whole value, by type. */
const READERS: Readonly<Record<string, readonly string[][]>> = {
  string: [
    ['GET', '@key'],
    ['OBJECT', 'ENCODING', '@key'],
  ],
  hash: [
    ['HGETALL', '@key'],
    ['HLEN', '@key'],
  ],
  list: [
    ['LRANGE', '@key', '0', '-1'],
    ['LLEN', '@key'],
  ],
  set: [
    ['SMEMBERS', '@key'],
    ['SCARD', '@key'],
  ],
  zset: [
    ['ZRANGE', '@key', '0', '-1', 'WITHSCORES'],
    ['ZCARD', '@key'],
  ],
  stream: [
    ['XRANGE', '@key', '-', '+'],
    ['XINFO', 'STREAM', '@key'],
    ['XINFO', 'GROUPS', '@key'],
  ],
}
const PASSING_TIME: ReadonlySet<string> = new Set(['TTL', 'PTTL'])

/** Our side: the commands as the server will run them, with errors as replies. */
export class Ours {
  readonly #native: NativeEngine
  readonly #contexts: CommandContext[]

  constructor(native: NativeEngine, clock: Clock = Date.now) {
    this.#native = native
    this.#contexts = Array.from({ length: DATABASES }, (_, db) => {
      return new CommandContext(native, db, clock)
    })
  }

  send({ db, args }: Step): RespReply {
    const context = this.#contexts[db] as CommandContext
    const bytes = args.map((text) => Buffer.from(text, 'latin1'))
    context.begin(this.#native.setArguments(bytes), BULK_LATIN1)
    try {
      return toResp(execute(context))
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      return new ErrorReply(error.bytes.toString('latin1'))
    }
  }
}

export class Theirs {
  readonly #client: RespClient
  #db = 0

  constructor(client: RespClient) {
    this.#client = client
  }

  async send({ db, args }: Step): Promise<RespReply> {
    if (db !== this.#db) {
      await this.#client.send('SELECT', db)
      this.#db = db
    }
    return this.#client.send(...args)
  }
}

function toResp(reply: Reply): RespReply {
  if (reply instanceof Status) return new SimpleString(reply.text)
  if (Array.isArray(reply)) return reply.map(toResp)
  if (reply instanceof RichReply) return toResp(reply.plain)
  if (reply instanceof ReplyError) return new ErrorReply(reply.bytes.toString('latin1'))
  if (reply instanceof EncodedReply || reply instanceof PendingReply) {
    throw new TypeError('a reply for a connection')
  }
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
}

/** One line of text that tells types apart. */
function show(reply: RespReply): string {
  if (reply instanceof SimpleString) return `+${reply.text}`
  if (reply instanceof ErrorReply) return `-${reply.text}`
  if (Array.isArray(reply)) return `[${reply.map(show).join(', ')}]`
  return typeof reply === 'string' ? JSON.stringify(reply) : `${reply}`
}

type Order = 'set' | 'bag' | 'pairs'

/** How a reply is shown whose order means nothing; a scan may return an element twice. */
function showAs(order: Order | undefined): (reply: RespReply) => string {
  return (reply) => {
    if (order === undefined || !Array.isArray(reply)) return show(reply)
    const items = order === 'pairs' ? pairsOf(reply as string[]) : (reply as string[])
    return show(order === 'bag' ? [...items].sort() : [...new Set(items)].sort())
  }
}

function pairsOf(items: readonly string[]): string[] {
  return everyNth(items, 2).map((item, at) => `${item}\0=${items[2 * at + 1]}`)
}

function everyNth(items: readonly string[], width: number): string[] {
  return items.filter((_, at) => at % width === 0)
}

export class Comparison {
  readonly #ours: Ours
  readonly #theirs: Theirs
  readonly #mode: TimeMode
  commands = 0

  constructor(ours: Ours, theirs: Theirs, mode: TimeMode) {
    this.#ours = ours
    this.#theirs = theirs
    this.#mode = mode
  }

  async runSequence(sequence: readonly Step[]): Promise<void> {
    await this.#both({ db: 0, args: ['FLUSHALL'] })
    for (const step of resolveTimes(sequence)) await this.#runStep(step)
    for (let db = 0; db < DATABASES; ++db) await this.#compareDatabase(db)
  }

  async #runStep(step: Step): Promise<void> {
    this.commands += 1
    const name = step.args[0]?.toUpperCase() ?? ''
    // Expired keys count until something finds them, and that is not the same here and there.
    if (name === 'DBSIZE') await this.#both({ db: step.db, args: ['EXISTS', ...KEYS] })
    if (name === 'SPOP') return this.#comparePops(step)
    // Redis's SORT takes the error of the last number that was out of range for its own: this
    // command, which changes nothing, reads a good one.
    if (name === 'SORT' || name === 'SORT_RO')
      await this.#theirs.send({ db: 0, args: ['ZADD', 'no key', 'XX', '1', 'a'] })
    const [ours, theirs] = await this.#both(step)
    if (ours instanceof ErrorReply || theirs instanceof ErrorReply) {
      this.#same(step, show(ours), show(theirs))
    } else if (name in SCANS) {
      await this.#compareScans(step, ours, theirs)
    } else if (name in DRAWS) {
      await this.#compareDraws(step, ours, theirs)
    } else if (name in VOLATILE) {
      const hide = VOLATILE[name] as (reply: RespReply) => RespReply
      this.#same(step, show(hide(ours)), show(hide(theirs)))
      if (name === 'XINFO') this.#compareNodes(step, ours, theirs)
    } else if (name in TIME_REPLIES) {
      this.#compareTimes(step, name, ours, theirs)
    } else {
      const present = showAs(REPLY_ORDERS[name])
      const scored = name.startsWith('Z') ? withoutMinusZero : (reply: RespReply) => reply
      this.#same(step, present(scored(ours)), present(scored(theirs)))
    }
  }

  /** What is popped at random here is removed by name there. */
  async #comparePops(step: Step): Promise<void> {
    const ours = this.#ours.send(step)
    const members = Array.isArray(ours) ? (ours as string[]) : [ours as string]
    if (ours === null || ours instanceof ErrorReply || members.length === 0) {
      this.#same(step, show(ours), show(await this.#theirs.send(step)))
      return
    }
    const [, key = ''] = step.args
    const [, , count] = step.args
    const size = Number(await this.#theirs.send({ db: step.db, args: ['SCARD', key] }))
    const removed = await this.#theirs.send({ db: step.db, args: ['SREM', key, ...members] })
    const wanted = count === undefined ? 1 : Math.min(size, Number(count))
    this.#same(step, `removed ${members.length}`, `removed ${removed}`)
    this.#same(step, `removed ${members.length}`, `removed ${wanted}`)
  }

  /** After a trim Redis may keep nodes in which every entry is deleted. */
  #compareNodes(step: Step, ours: RespReply, theirs: RespReply): void {
    const nodesOf = (reply: RespReply) => {
      const items = Array.isArray(reply) ? (reply as RespReply[]) : []
      return Number(items[items.indexOf(NODES) + 1])
    }
    if (nodesOf(ours) > nodesOf(theirs)) this.#same(step, show(ours), show(theirs))
  }

  async #both(step: Step): Promise<[RespReply, RespReply]> {
    const ours = this.#ours.send(step)
    return [ours, await this.#theirs.send(step)]
  }

  async #compareScans(step: Step, ours: RespReply, theirs: RespReply): Promise<void> {
    // Another cursor than a zero means other keys in other implementations.
    const at = SCANS[step.args[0]?.toUpperCase() ?? ''] ?? 1
    const isStart = /^[+-]?0*$/.test(step.args[at]?.split('\0', 1)[0] as string)
    if (!isStart) return
    const width =
      step.args[0]?.toUpperCase() === 'HSCAN' || step.args[0]?.toUpperCase() === 'ZSCAN' ? 2 : 1
    const rest = (reply: RespReply, send: (next: Step) => Promise<RespReply>) =>
      collectScan(reply as [string, string[]], (cursor) =>
        send({
          db: step.db,
          args: [...step.args.slice(0, at), cursor, ...step.args.slice(at + 1)],
        }),
      )
    const ourKeys = await rest(ours, async (next) => this.#ours.send(next))
    const theirKeys = await rest(theirs, (next) => this.#theirs.send(next))
    const present = showAs(width === 2 ? 'pairs' : 'set')
    this.#same(step, present(ourKeys), present(theirKeys))
  }

  /** As many here as there, and all of them are there. */
  async #compareDraws(step: Step, ours: RespReply, theirs: RespReply): Promise<void> {
    const size = (reply: RespReply) =>
      Array.isArray(reply) ? `${reply.length} drawn` : typeof reply
    this.#same(step, size(ours), size(theirs))
    if (ours === null) return
    const [name = '', key = ''] = step.args
    const [list, width] = DRAWS[name.toUpperCase()] as [string[], number]
    const all = (await this.#theirs.send({
      db: step.db,
      args: list.map((text) => (text === '@key' ? key : text)),
    })) as string[]
    const isPairs = step.args.length > 3
    const known = new Set(isPairs ? pairsOf(all) : everyNth(all, width))
    const drawn = Array.isArray(ours) ? (ours as string[]) : [ours as string]
    const items = isPairs ? pairsOf(drawn) : drawn
    const isDistinct = !step.args[2]?.startsWith('-')
    for (const item of items) {
      if (!known.has(item)) this.#same(step, `drawn ${item}`, show([...known]))
    }
    if (isDistinct) this.#same(step, `${items.length}`, `${new Set(items).size}`)
  }

  #compareTimes(step: Step, name: string, ours: RespReply, theirs: RespReply): void {
    const mayDiffer = PASSING_TIME.has(name) || this.#mode === 'relative'
    if (mayDiffer && isTime(ours) && isTime(theirs)) {
      const unitMs = TIME_REPLIES[name] as number
      const difference = BigInt(ours) - BigInt(theirs)
      const limit = Math.ceil(CLOCK_MS_MAX / unitMs)
      if (difference <= limit && difference >= -limit) return
    }
    this.#same(step, show(ours), show(theirs))
  }

  async #compareDatabase(db: number): Promise<void> {
    const keys = (await this.#theirs.send({ db, args: ['KEYS', '*'] })) as string[]
    await this.#runStep({ db, args: ['KEYS', '*'] })
    for (const key of keys) {
      await this.#runStep({ db, args: ['TYPE', key] })
      await this.#runStep({ db, args: ['PEXPIRETIME', key] })
      const type = (await this.#theirs.send({ db, args: ['TYPE', key] })) as SimpleString
      for (const args of READERS[type.text] ?? []) {
        await this.#runStep({ db, args: args.map((text) => (text === '@key' ? key : text)) })
      }
    }
    await this.#runStep({ db, args: ['DBSIZE'] })
  }

  #same(step: Step, ours: string, theirs: string): void {
    if (ours === theirs) return
    const words = step.args.map((text) => JSON.stringify(text)).join(' ')
    throw new Error(`database ${step.db}: ${words}\n  snapfork ${ours}\n  redis    ${theirs}`)
  }
}

function isTime(reply: RespReply): reply is number | bigint {
  return (typeof reply === 'number' || typeof reply === 'bigint') && reply >= 0
}

async function collectScan(
  first: [string, string[]],
  next: (cursor: string) => Promise<RespReply>,
): Promise<string[]> {
  const keys: string[] = []
  let reply = first
  for (let calls = 1; ; ++calls) {
    keys.push(...reply[1])
    if (reply[0] === '0') return keys
    if (calls > SCAN_CALLS_MAX) throw new Error('SCAN does not end')
    reply = (await next(reply[0])) as [string, string[]]
  }
}
