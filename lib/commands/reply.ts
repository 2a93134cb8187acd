/**
 * What a command replies with.
 *
 * A handler returns the values of RESP2: text, integers, null, arrays. What RESP3 has beyond them
 * follows from the command's row (lib/commands/reply-shapes.ts); where no rule can tell, as inside
 * of nested replies, the handler says it with one of the classes here.
 *
 * @module
 */

import type { ReplyError } from '../errors.js'

/**
 * What is made of a reply; one of another type, such as an integer where an array is meant, is
 * written as it is.
 *
 * - `array`: its null is that of an array.
 * - `map`, `set`: an array, of keys and values in turn, or of members.
 * - `maps`: an array of such maps.
 * - `double`, `doubles`: text of a number, or an array of them.
 * - `pairs`: an array of twos, which is flat in RESP2.
 * - `scores`: the same of members and their scores.
 * - `score`: an array that ends with a score; null is that of an array.
 * - `popped`: a name, and members with their scores; null is that of an array.
 * - `streams`: names with entries; null is that of an array.
 * - `stream`: XINFO STREAM.
 * - `pending`: XPENDING, whose last null is that of an array.
 * - `places`: longitudes and latitudes; a null among them is that of an array.
 * - `found`: rows that may end with a longitude and a latitude.
 * - `verbatim`: text for people.
 */
export type ShapeName =
  | 'array'
  | 'map'
  | 'set'
  | 'maps'
  | 'double'
  | 'doubles'
  | 'pairs'
  | 'scores'
  | 'score'
  | 'popped'
  | 'streams'
  | 'stream'
  | 'pending'
  | 'places'
  | 'found'
  | 'verbatim'

export type Protocol = 2 | 3

/**
 * A simple string reply, `+OK` on the wire.
 *
 * It has a class of its own, since a bulk string with the same text is another reply.
 */
export class Status {
  /** Latin1 text, a character a byte. */
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** What a user of `call` sees. */
  toString(): string {
    return this.text
  }
}

export const OK = new Status('OK')

/** What a handler returns. Bulk strings come in the context's mode: as strings or as Buffers. */
export type Reply =
  | null
  | number
  | bigint
  | string
  | Buffer
  | Status
  | ReplyError
  | RichReply
  | EncodedReply
  | PendingReply
  | Reply[]

/** A reply that is there already as it goes on the wire, in the RESP version of its context. */
export class EncodedReply {
  readonly bytes: Buffer
  /** Whether there are errors in it. */
  readonly isFailure: boolean
  /** Errors in it that no command has come to. */
  readonly errors: readonly string[]

  constructor(bytes: Buffer, isFailure: boolean, errors: readonly string[]) {
    this.bytes = bytes
    this.isFailure = isFailure
    this.errors = errors
  }
}

/** A reply that comes later. Only to a context that `mayPause`. */
export class PendingReply {
  /** Rejects as the handler would have thrown. */
  readonly promise: Promise<Reply>

  constructor(promise: Promise<Reply>) {
    this.promise = promise
  }
}

/** What RESP3 tells apart and RESP2 does not. */
export abstract class RichReply {
  /** What RESP2 has for it. */
  abstract readonly plain: Reply
}

/** Replies whose RESP2 form is an array. */
abstract class AggregateReply extends RichReply {
  readonly plain: Reply[]

  constructor(items: Reply[]) {
    super()
    this.plain = items
  }
}

/** Keys and values in turn. */
export class MapReply extends AggregateReply {
  /** @param entries Such as `{ name: 1 }`; its names are ASCII. */
  static of(entries: Readonly<Record<string, Reply>>): MapReply {
    return new MapReply(Object.entries(entries).flat())
  }
}

export class SetReply extends AggregateReply {}

/** A message that no command asked for; in RESP2 an array. */
export class PushReply extends AggregateReply {}

/** The null that RESP2 writes `*-1` instead of `$-1`. */
export class NullArrayReply extends RichReply {
  readonly plain = null
}

export const NULL_ARRAY = new NullArrayReply()

export class DoubleReply extends RichReply {
  readonly plain: string

  /** @param value A number, or its text as it goes on the wire. */
  constructor(value: number | string) {
    super()
    this.plain = typeof value === 'number' ? formatDouble(value) : value
  }
}

export class BooleanReply extends RichReply {
  readonly plain: number

  constructor(value: boolean) {
    super()
    this.plain = value ? 1 : 0
  }
}

/** An integer beyond 64 bits, as decimal text. */
export class BigNumberReply extends RichReply {
  readonly plain: string

  constructor(digits: string) {
    super()
    this.plain = digits
  }
}

/** Text for people, with its format. */
export class VerbatimReply extends RichReply {
  readonly plain: string | Buffer
  /** Three letters. */
  readonly format: string

  constructor(text: string | Buffer, format = 'txt') {
    super()
    this.plain = text
    this.format = format
  }
}

/** A command's reply inside of another one's, as in that of EXEC. */
export class ShapedReply extends RichReply {
  readonly plain: Reply
  readonly shape: ShapeName

  constructor(reply: Reply, shape: ShapeName) {
    super()
    this.plain = reply
    this.shape = shape
  }
}

/** `reply` with the shape that goes with it, if there is one. */
export function withShape(reply: Reply, shape: ShapeName | null): Reply {
  return shape === null ? reply : new ShapedReply(reply, shape)
}

const SIGNIFICANT_DIGITS = 17

/** As C's `%.17g`, which reads back as the same number. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0'
  if (Number.isSafeInteger(value)) return String(value)
  const [mantissa, exponent] = toSignificant(value)
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const sign = exponent < 0 ? '-' : '+'
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  const digits = '0'.repeat(Math.max(-exponent, 0)) + mantissa.replace(/[-.]/g, '')
  const point = Math.max(exponent, 0) + 1
  return withoutZeros(`${value < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`)
}

/** The 17 digits that C rounds to, `d.d...`, and the power of ten. */
function toSignificant(value: number): [mantissa: string, exponent: number] {
  // What lies halfway goes to the even digit in C, and away from zero in JavaScript. The longest
  // text that JavaScript makes tells whether it lies there: no double is so near without being it.
  const [longer = '', power] = value.toExponential(SIGNIFICANT_DIGITS).split('e')
  if (/[02468]5$/.test(longer) && /^50+e/.test(value.toExponential(100).slice(longer.length - 1))) {
    return [longer.slice(0, -1), Number(power)]
  }
  const [mantissa = '', exponent] = value.toExponential(SIGNIFICANT_DIGITS - 1).split('e')
  return [mantissa, Number(exponent)]
}

/** Drops the zeros behind the last digit of a fraction. */
function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0*$/, '') : text
}
