/**
 * Replies as RESP in latin1 text, which is how scripts are given them and give theirs.
 *
 * @module
 */

import { EncodedReply, PendingReply, type Reply, Status } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_LATIN1, BULK_UTF8, type Bulk, type BulkMode } from '../native/engine.js'

/** What a command's reply is in RESP3, where that is another type. */
type Shape = 'map' | 'set' | 'double' | 'doubles' | 'verbatim'

const SHAPES: Readonly<Record<string, Shape>> = {
  HGETALL: 'map',
  SMEMBERS: 'set',
  SINTER: 'set',
  SUNION: 'set',
  SDIFF: 'set',
  ZSCORE: 'double',
  ZINCRBY: 'double',
  ZMSCORE: 'doubles',
  INFO: 'verbatim',
}

/** A reply whose bulk strings are latin1 text or Buffers, as a script reads it. */
export function encodeReply(reply: Reply, command: string, resp: 2 | 3): string {
  const shape = resp === 3 ? SHAPES[command] : undefined
  if (shape === undefined || reply === null) return encode(reply, resp)
  if (shape === 'double') return `,${String(reply)}\r\n`
  if (shape === 'verbatim') return verbatim(String(reply))
  if (!Array.isArray(reply)) return encode(reply, resp)
  if (shape === 'doubles') {
    const scores = reply.map((one) => (one === null ? '_\r\n' : `,${String(one)}\r\n`))
    return `*${reply.length}\r\n${scores.join('')}`
  }
  const count = shape === 'map' ? `%${reply.length / 2}` : `~${reply.length}`
  return `${count}\r\n${encodeAll(reply, resp)}`
}

export function encodeError(error: ReplyError): string {
  return `-${error.bytes.toString('latin1')}\r\n`
}

function verbatim(text: string): string {
  return `=${text.length + 4}\r\ntxt:${text}\r\n`
}

function encode(reply: Reply, resp: 2 | 3): string {
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (typeof reply === 'number' || typeof reply === 'bigint') return `:${reply}\r\n`
  if (reply === null) return resp === 3 ? '_\r\n' : '$-1\r\n'
  if (Array.isArray(reply)) return `*${reply.length}\r\n${encodeAll(reply, resp)}`
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (Buffer.isBuffer(reply)) return encode(reply.toString('latin1'), resp)
  if (reply instanceof EncodedReply) return reply.bytes.toString('latin1')
  if (reply instanceof PendingReply) throw new TypeError('a command of a script cannot wait')
  return encodeError(reply)
}

function encodeAll(replies: readonly Reply[], resp: 2 | 3): string {
  let text = ''
  for (const reply of replies) text += encode(reply, resp)
  return text
}

/** The reply in RESP2 text that a script has given. An error that is all of it is returned too. */
export function decodeReply(text: string, mode: BulkMode): Reply {
  return new Decoder(text, mode).decode()
}

interface OpenArray {
  readonly replies: Reply[]
  readonly length: number
}

/** Without recursion, since scripts may nest as deeply as they like. */
class Decoder {
  readonly #text: string
  readonly #mode: BulkMode
  #at = 0

  constructor(text: string, mode: BulkMode) {
    this.#text = text
    this.#mode = mode
  }

  decode(): Reply {
    const open: OpenArray[] = []
    while (true) {
      let reply: Reply
      if (this.#text[this.#at] === '*') {
        const array = { replies: [], length: Number(this.#line()) }
        if (array.length > 0) {
          open.push(array)
          continue
        }
        reply = array.replies
      } else {
        reply = this.#leaf()
      }
      let top = open.at(-1)
      for (; top !== undefined; top = open.at(-1)) {
        top.replies.push(reply)
        if (top.replies.length < top.length) break
        reply = top.replies
        open.pop()
      }
      if (top === undefined) return reply
    }
  }

  /** What is behind the sign, up to the end of the line. */
  #line(): string {
    const end = this.#text.indexOf('\r', this.#at)
    const line = this.#text.slice(this.#at + 1, end)
    this.#at = end + 2
    return line
  }

  #leaf(): Reply {
    const sign = this.#text[this.#at]
    const line = this.#line()
    if (sign === '$') return line === '-1' ? null : this.#bulk(Number(line))
    if (sign === ':') return integer(line)
    return sign === '+' ? new Status(line) : ReplyError.ofLatin1(line)
  }

  #bulk(length: number): Bulk {
    const latin1 = this.#text.slice(this.#at, this.#at + length)
    this.#at += length + 2
    return bulkOf(latin1, this.#mode)
  }
}

/** latin1 text as a bulk string of a mode. */
export function bulkOf(latin1: string, mode: BulkMode): Bulk {
  if (mode === BULK_LATIN1) return latin1
  const bytes = Buffer.from(latin1, 'latin1')
  return mode === BULK_BUFFER ? bytes : bytes.toString(mode === BULK_UTF8 ? 'utf8' : 'latin1')
}

function integer(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}
