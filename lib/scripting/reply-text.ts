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

class Decoder {
  readonly #text: string
  readonly #mode: BulkMode
  #at = 0

  constructor(text: string, mode: BulkMode) {
    this.#text = text
    this.#mode = mode
  }

  decode(): Reply {
    const end = this.#text.indexOf('\r', this.#at)
    const sign = this.#text[this.#at]
    const line = this.#text.slice(this.#at + 1, end)
    this.#at = end + 2
    switch (sign) {
      case '$':
        return line === '-1' ? null : this.#bulk(Number(line))
      case ':':
        return integer(line)
      case '+':
        return new Status(line)
      case '-':
        return ReplyError.ofLatin1(line)
      default:
        return this.#array(Number(line))
    }
  }

  #bulk(length: number): Bulk {
    const latin1 = this.#text.slice(this.#at, this.#at + length)
    this.#at += length + 2
    return bulkOf(latin1, this.#mode)
  }

  #array(length: number): Reply[] {
    const replies: Reply[] = []
    for (let index = 0; index < length; ++index) replies.push(this.decode())
    return replies
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
