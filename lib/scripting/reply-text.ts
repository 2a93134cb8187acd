/**
 * Replies of scripts as values, from RESP in latin1 text.
 *
 * @module
 */

import { type Reply, Status } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_LATIN1, BULK_UTF8, type Bulk, type BulkMode } from '../native/engine.js'

/** The reply in RESP2 text that a script has given. An error that is all of it is returned too. */
export function decodeReply(text: string, mode: BulkMode): Reply {
  return new Decoder(text, mode).decode()
}

/** The errors in an encoded reply, wherever they are in it: what is behind their signs. */
export function errorsOf(bytes: Buffer): string[] {
  const isPlain = bytes[0] !== ERROR_SIGN && !bytes.includes('\r\n-')
  if (isPlain) return []
  const text = bytes.toString('latin1')
  const errors: string[] = []
  for (let at = 0; at < text.length; ) {
    const sign = text[at] as string
    const end = text.indexOf('\r', at)
    const line = text.slice(at + 1, end)
    if (sign === '-') errors.push(line)
    at = end + 2
    if (STRINGS.includes(sign) && !line.startsWith('-')) at += Number(line) + 2
  }
  return errors
}

const ERROR_SIGN = 0x2d
/** Signs of what has its length in its line. */
const STRINGS = '$='

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
