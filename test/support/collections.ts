/**
 * Collections of every type and form, as the commands that make them, and their content as replies.
 *
 * @module
 */

import type { CallReply } from '../../dist/api/command-api.js'
import { type Database, ReplyError } from '../../dist/index.js'
import { ErrorReply, type RespClient, type RespReply, SimpleString } from './resp-client.js'

/** Whoever runs commands: an engine or a server. Text is latin1, a character a byte. */
export interface CommandRunner {
  run(...args: readonly string[]): Promise<RespReply>
}

export class EngineRunner implements CommandRunner {
  readonly #engine: Database

  constructor(engine: Database) {
    this.#engine = engine
  }

  async run(...words: readonly string[]): Promise<RespReply> {
    const [name = '', ...args] = words
    const bytes = args.map((text) => Buffer.from(text, 'latin1'))
    return latin1(this.#engine.callBuffer(name, ...bytes))
  }
}

export class ServerRunner implements CommandRunner {
  readonly #client: RespClient

  constructor(client: RespClient) {
    this.#client = client
  }

  async run(...args: readonly string[]): Promise<RespReply> {
    const reply = await this.#client.send(...args.map((text) => Buffer.from(text, 'latin1')))
    if (reply instanceof ErrorReply) throw new Error(`${args[0]}: ${reply.text}`)
    return reply instanceof SimpleString ? reply.text : reply
  }
}

function latin1(reply: CallReply<Buffer>): RespReply {
  if (reply instanceof ReplyError) return new ErrorReply(reply.bytes.toString('latin1'))
  if (Buffer.isBuffer(reply)) return reply.toString('latin1')
  return Array.isArray(reply) ? reply.map(latin1) : reply
}

/** Elements of every size class a pack has, and of every class of integers. */
const SAMPLES = [
  ...['', 'a', '0', '-1', '127', '128', '-4096', '4095', '4096', '-4097', '32767', '-32769'],
  ...['8388607', '-8388609', '2147483647', '-2147483649', '9223372036854775807'],
  ...['-9223372036854775808', '9223372036854775808', '01', '-0', '\0\xff\r\n', '3.25'],
]
const LENGTHS = [63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 16_383, 70_000]
/** Around the default limits, and what needs trees of several levels. */
const SIZES = [1, 2, 127, 128, 129, 511, 512, 513, 5000]

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`)
}

/** A command for every so many words. */
function inParts(head: string[], words: readonly string[], size: number): string[][] {
  const parts: string[][] = []
  for (let at = 0; at < words.length; at += size)
    parts.push([...head, ...words.slice(at, at + size)])
  return parts
}

function scoreOf(at: number): string {
  const scores = ['0', '1', '-1', '1.5', '-0.1', 'inf', '-inf', '1e300', '4611686018427387904', '3']
  return scores[at % scores.length] as string
}

/** Commands that make the collections; each key has one type. */
export function collectionCommands(): string[][] {
  const commands: string[][] = []
  const long = LENGTHS.map((length) => 'x'.repeat(length))
  for (const size of SIZES) {
    const members = names('member:', size)
    const integers = members.map((_, at) => `${(at * 7919) % 65_536}`)
    commands.push(...inParts(['RPUSH', `list:${size}`], members, 100))
    commands.push(...inParts(['SADD', `set:${size}`], members, 100))
    commands.push(...inParts(['SADD', `integers:${size}`], integers, 100))
    commands.push(
      ...inParts(
        ['HSET', `hash:${size}`],
        members.flatMap((name) => [name, `v${name}`]),
        100,
      ),
    )
    const scored = members.flatMap((name, at) => [scoreOf(at), name])
    commands.push(...inParts(['ZADD', `zset:${size}`], scored, 100))
  }
  for (const [at, text] of [...SAMPLES, ...long].entries()) {
    commands.push(['RPUSH', `list:of:${at}`, text, 'end'])
    commands.push(['SADD', `set:of:${at}`, text, 'end'])
    commands.push(['HSET', `hash:of:${at}`, text, text, 'end', ''])
    commands.push(['ZADD', `zset:of:${at}`, '1', text, '2', 'end'])
  }
  commands.push(['RPUSH', 'list:mixed', ...SAMPLES, ...long, ...SAMPLES])
  commands.push(['SADD', 'set:mixed', ...SAMPLES, ...long])
  commands.push(['HSET', 'hash:mixed', ...[...SAMPLES, ...long].flatMap((text) => [text, text])])
  commands.push([
    'ZADD',
    'zset:mixed',
    ...[...SAMPLES, ...long].flatMap((text, at) => [scoreOf(at), text]),
  ])
  for (const width of ['1', '40000', '3000000000', '-9223372036854775808']) {
    commands.push(['SADD', `integers:of:${width}`, width, '2', '3'])
  }
  commands.push(...streamCommands())
  commands.push(
    ['PEXPIREAT', 'list:1', '4102444800000'],
    ['PEXPIREAT', 'zset:5000', '4102444800001'],
  )
  return commands
}

/** Around the limit of a node, which is 100 entries or 4096 bytes. */
const STREAM_SIZES = [1, 2, 99, 100, 101, 1000]

/** Streams of one node and of many, with deleted entries, and with groups that have read a part. */
function streamCommands(): string[][] {
  const commands: string[][] = []
  for (const size of STREAM_SIZES) {
    const key = `stream:${size}`
    for (let at = 0; at < size; ++at) {
      // The fields of the node, and now and then others.
      const fields = at % 7 === 3 ? ['other', `${at}`, 'field', ''] : ['field', `value:${at}`]
      commands.push(['XADD', key, `${1000 + Math.trunc(at / 3)}-${at % 3}`, ...fields])
    }
    commands.push(['XGROUP', 'CREATE', key, 'all', '0'], ['XGROUP', 'CREATE', key, 'none', '$'])
    for (const consumer of ['alice', 'bob']) {
      const read = ['XREADGROUP', 'GROUP', 'all', consumer, 'COUNT', `${Math.ceil(size / 3)}`]
      commands.push([...read, 'STREAMS', key, '>'])
    }
    commands.push(['XACK', key, 'all', '1000-0'], ['XGROUP', 'CREATECONSUMER', key, 'all', 'idle'])
    commands.push(['XDEL', key, '1000-1', '1001-2', `${1000 + size}-0`])
  }
  const sizes = LENGTHS.map((length) => 'y'.repeat(length))
  commands.push([
    'XADD',
    'stream:mixed',
    '5-5',
    ...[...SAMPLES, ...sizes].flatMap((text) => [text, text]),
  ])
  for (const [at, text] of [...SAMPLES, ...sizes].entries()) {
    commands.push(['XADD', 'stream:mixed', `18446744073709551615-${at}`, 'f', text])
  }
  commands.push(['XADD', 'stream:empty', '7-7', 'f', 'v'], ['XDEL', 'stream:empty', '7-7'])
  return commands
}

const READERS: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  hash: (key) => ['HGETALL', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  stream: (key) => ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
}

/** Every key with its type, expiry and content, in an order of its own. */
export async function contentOf(runner: CommandRunner): Promise<Map<string, unknown>> {
  const keys = (await runner.run('KEYS', '*')) as string[]
  const content = new Map<string, unknown>()
  for (const key of keys.sort()) content.set(key, await readValue(runner, key))
  return content
}

export async function readValue(runner: CommandRunner, key: string): Promise<unknown> {
  const type = (await runner.run('TYPE', key)) as string
  const read = READERS[type]
  if (read === undefined) throw new Error(`${key} is a ${type}`)
  const reply = (await runner.run(...read(key))) as string[]
  const expiry = await runner.run('PEXPIRETIME', key)
  const value = isUnordered(type) ? sortItems(type, reply) : reply
  return [type, expiry, type === 'stream' ? withoutTreeNodes(reply) : value]
}

/** How a tree is built is an engine's own. */
function withoutTreeNodes(reply: readonly unknown[]): unknown[] {
  const at = reply.indexOf('radix-tree-nodes')
  return reply.filter((_, index) => index !== at + 1)
}

function isUnordered(type: string): boolean {
  return type === 'set' || type === 'hash'
}

function sortItems(type: string, reply: readonly string[]): string[] {
  if (type === 'set') return [...reply].sort()
  const pairs: string[] = []
  for (let at = 0; at < reply.length; at += 2) pairs.push(`${reply[at]}\0=${reply[at + 1]}`)
  return pairs.sort()
}
