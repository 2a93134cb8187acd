/**
 * Replies as they go on the wire, in RESP2 and RESP3, as latin1 text: a character a byte.
 *
 * The text is put together by concatenation alone: the engine's strings are ropes until they are
 * written, so that a large reply is copied once.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import {
  BigNumberReply,
  BooleanReply,
  DoubleReply,
  EncodedReply,
  MapReply,
  NullArrayReply,
  OK,
  PendingReply,
  PushReply,
  type Reply,
  type RichReply,
  SetReply,
  ShapedReply,
  Status,
  VerbatimReply,
} from './reply.js'
import type { Protocol, ShapeName } from './reply-shapes.js'

/** Integers and lengths below it are written once. */
const CACHED_NUMBERS = 1024

function linesOf(sign: string): readonly string[] {
  return Array.from({ length: CACHED_NUMBERS }, (_, number) => `${sign}${number}\r\n`)
}

const INTEGERS = linesOf(':')
const BULK_HEADS = linesOf('$')
const ARRAY_HEADS = linesOf('*')

const NULL = '_\r\n'
const NULL_BULK = '$-1\r\n'
const NULL_ARRAY = '*-1\r\n'
const OK_LINE = '+OK\r\n'

/**
 * A reply with everything in it, whose bulk strings are latin1 text or Buffers.
 *
 * @param shape What `shapeOf` tells of the command's reply.
 */
export function encodeReply(
  reply: Reply,
  protocol: Protocol,
  shape: ShapeName | null = null,
): string {
  if (shape !== null) {
    if (protocol === 3) return SHAPES3[shape](reply)
    const encode = SHAPES2[shape]
    if (encode !== undefined) return encode(reply)
  }
  if (typeof reply === 'string') return encodeBulk(reply)
  if (typeof reply === 'number') return encodeInteger(reply)
  if (reply === null) return protocol === 3 ? NULL : NULL_BULK
  if (reply === OK) return OK_LINE
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (Array.isArray(reply)) return encodeArray(reply, protocol)
  if (typeof reply === 'bigint') return `:${reply}\r\n`
  if (Buffer.isBuffer(reply)) return encodeBulk(reply.toString('latin1'))
  if (reply instanceof ReplyError) return encodeError(reply)
  if (reply instanceof EncodedReply) return reply.bytes.toString('latin1')
  if (reply instanceof PendingReply) throw new TypeError('a reply that is pending has no bytes')
  return encodeRich(reply, protocol)
}

/** An error reply, line ends in it as blanks. */
export function encodeError(error: ReplyError): string {
  return `-${error.bytes.toString('latin1').replace(/[\r\n]/g, ' ')}\r\n`
}

export function encodeBulk(text: string): string {
  const { length } = text
  const head = length < CACHED_NUMBERS ? BULK_HEADS[length] : `$${length}\r\n`
  return `${head}${text}\r\n`
}

export function encodeInteger(value: number): string {
  const cached = INTEGERS[value]
  return cached === undefined ? `:${value}\r\n` : cached
}

export function encodeArrayHead(length: number): string {
  return ARRAY_HEADS[length] ?? `*${length}\r\n`
}

function encodeArray(items: readonly Reply[], protocol: Protocol): string {
  return encodeArrayHead(items.length) + encodeItems(items, protocol)
}

function encodeItems(items: readonly Reply[], protocol: Protocol): string {
  let text = ''
  for (const item of items) text += encodeReply(item, protocol)
  return text
}

function encodeRich(reply: RichReply, protocol: Protocol): string {
  if (reply instanceof ShapedReply) return encodeReply(reply.plain, protocol, reply.shape)
  if (reply instanceof NullArrayReply) return protocol === 3 ? NULL : NULL_ARRAY
  if (protocol === 2) return encodeReply(reply.plain, 2)
  if (reply instanceof MapReply) return encodeMap(reply.plain)
  if (reply instanceof SetReply) return `~${reply.plain.length}\r\n${encodeItems(reply.plain, 3)}`
  if (reply instanceof PushReply) return `>${reply.plain.length}\r\n${encodeItems(reply.plain, 3)}`
  if (reply instanceof DoubleReply) return `,${reply.plain}\r\n`
  if (reply instanceof BooleanReply) return reply.plain === 1 ? '#t\r\n' : '#f\r\n'
  if (reply instanceof BigNumberReply) return `(${reply.plain}\r\n`
  if (reply instanceof VerbatimReply) return encodeVerbatim(reply.plain, reply.format)
  return encodeReply(reply.plain, 3)
}

function encodeMap(flat: readonly Reply[]): string {
  return `%${flat.length / 2}\r\n${encodeItems(flat, 3)}`
}

function textOf(bulk: string | Buffer): string {
  return typeof bulk === 'string' ? bulk : bulk.toString('latin1')
}

function encodeVerbatim(bulk: string | Buffer, format: string): string {
  const text = textOf(bulk)
  return `=${format.length + 1 + text.length}\r\n${format}:${text}\r\n`
}

type Encode = (reply: Reply) => string

/** Arrays by `encode`, anything else as it is. */
function ofArray(encode: (items: readonly Reply[]) => string): Encode {
  return (reply) => (Array.isArray(reply) ? encode(reply) : encodeReply(reply, 3))
}

/** Arrays, their items by `encode`. */
function eachOf(encode: Encode): Encode {
  return ofArray((items) => {
    let text = encodeArrayHead(items.length)
    for (const item of items) text += encode(item)
    return text
  })
}

/** Arrays, the last of their items by `encode`. */
function lastOf(encode: Encode): Encode {
  return ofArray((items) => {
    const last = items.length - 1
    if (last < 0) return encodeArrayHead(0)
    return (
      encodeArrayHead(items.length) +
      encodeItems(items.slice(0, last), 3) +
      encode(items[last] as Reply)
    )
  })
}

/** A flat array as one of twos, the second of each by `encode`. */
function pairUp(encode: Encode): Encode {
  return ofArray((flat) => {
    let text = encodeArrayHead(flat.length / 2)
    for (let at = 0; at < flat.length; at += 2) {
      text += encodeArrayHead(2) + encodeReply(flat[at] as Reply, 3)
      text += encode(flat[at + 1] as Reply)
    }
    return text
  })
}

/** Maps in which the value of one key is encoded by `encode`. */
function mapWith(key: string, encode: Encode): Encode {
  return ofArray((flat) => {
    let text = `%${flat.length / 2}\r\n`
    for (let at = 0; at < flat.length; at += 2) {
      const name = flat[at] as Reply
      const value = flat[at + 1] as Reply
      text += encodeReply(name, 3)
      text += String(name) === key ? encode(value) : encodeReply(value, 3)
    }
    return text
  })
}

const plain3: Encode = (reply) => encodeReply(reply, 3)

function isBulk(reply: Reply): reply is string | Buffer {
  return typeof reply === 'string' || Buffer.isBuffer(reply)
}

const double: Encode = (reply) => {
  return isBulk(reply) ? `,${textOf(reply)}\r\n` : encodeReply(reply, 3)
}

const map = ofArray(encodeMap)

const SHAPES3: Readonly<Record<ShapeName, Encode>> = {
  array: plain3,
  map,
  set: ofArray((items) => `~${items.length}\r\n${encodeItems(items, 3)}`),
  maps: eachOf(map),
  double,
  doubles: eachOf(double),
  pairs: pairUp(plain3),
  scores: pairUp(double),
  score: lastOf(double),
  popped: lastOf(eachOf(lastOf(double))),
  streams: ofArray((rows) => {
    let text = `%${rows.length}\r\n`
    for (const row of rows) text += encodeItems(row as Reply[], 3)
    return text
  }),
  stream: mapWith('groups', eachOf(mapWith('consumers', eachOf(map)))),
  pending: plain3,
  places: eachOf(eachOf(double)),
  found: eachOf(lastOf(eachOf(double))),
  verbatim: (reply) => (isBulk(reply) ? encodeVerbatim(reply, 'txt') : encodeReply(reply, 3)),
}

const nullArray: Encode = (reply) => (reply === null ? NULL_ARRAY : encodeReply(reply, 2))

/** Arrays, their items by `encode`; null is that of an array. */
function each2(encode: Encode): Encode {
  return (reply) => {
    if (!Array.isArray(reply)) return nullArray(reply)
    let text = encodeArrayHead(reply.length)
    for (const item of reply) text += encode(item)
    return text
  }
}

/** The same for the last of their items alone. */
function last2(encode: Encode): Encode {
  return (reply) => {
    if (!Array.isArray(reply)) return nullArray(reply)
    const last = reply.length - 1
    if (last < 0) return encodeArrayHead(0)
    const text = encodeArrayHead(reply.length) + encodeItems(reply.slice(0, last), 2)
    return text + encode(reply[last] as Reply)
  }
}

/** Where RESP2 differs: in its nulls. */
const SHAPES2: Readonly<Partial<Record<ShapeName, Encode>>> = {
  array: nullArray,
  score: nullArray,
  popped: nullArray,
  // An entry that was deleted while it was pending has no fields.
  streams: each2(last2(each2(last2(nullArray)))),
  pending: last2(nullArray),
  places: each2(nullArray),
}
