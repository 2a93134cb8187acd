/**
 * Typed readers for arguments of the native vector, with Redis's error texts.
 *
 * Option words are compared as C strings there: without regard to ASCII case, up to the first NUL.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BULK_LATIN1, type Int64 } from '../native/engine.js'
import type { CommandContext } from './context.js'

/** Longest piece of a user's text that an error repeats, in bytes. */
export const ECHOED_BYTES_MAX = 128

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

export function syntaxError(): ReplyError {
  return new ReplyError('ERR syntax error')
}

export function rangeError(): ReplyError {
  return new ReplyError('ERR value is out of range')
}

export function betweenError(min: Int64, max: Int64): ReplyError {
  return new ReplyError(`ERR value is out of range, value must between ${min} and ${max}`)
}

export function databaseRangeError(): ReplyError {
  return new ReplyError('ERR DB index is out of range')
}

export function wrongTypeError(): ReplyError {
  return new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value')
}

export function sameObjectError(): ReplyError {
  return new ReplyError('ERR source and destination objects are the same')
}

/** `name` in lower case, `container|name` for a subcommand. */
export function arityError(name: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${name}' command`)
}

/** `name` in lower case. */
export function expireTimeError(name: string): ReplyError {
  return new ReplyError(`ERR invalid expire time in '${name}' command`)
}

/** ASCII upper case: other letters are no part of any name ('\u00df' must not become 'SS'). */
export function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** The argument as latin1 text, a character a byte. */
export function readBytes(context: CommandContext, index: number): string {
  return context.native.argument(index, BULK_LATIN1) as string
}

/** The arguments from one on, as {@link readBytes}. */
export function readWords(context: CommandContext, first: number): string[] {
  const words: string[] = []
  for (let index = first; index < context.argc; ++index) words.push(readBytes(context, index))
  return words
}

/** So many indexes of arguments from one on. */
export function indexesFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** The argument as C sees it: latin1 text up to the first NUL. */
export function readCString(context: CommandContext, index: number): string {
  const text = readBytes(context, index)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** An option word in upper case. */
export function readOption(context: CommandContext, index: number): string {
  return upperCase(readCString(context, index))
}

/** An int64, or the error Redis gives for what is none: `message` where it has another. */
export function readInteger(context: CommandContext, index: number, message?: string): Int64 {
  if (message === undefined) return context.native.parseInteger(index)
  try {
    return context.native.parseInteger(index)
  } catch (error) {
    throw error instanceof ReplyError ? new ReplyError(message) : error
  }
}

/** A number of elements, 0 or more. */
export function readPositive(context: CommandContext, index: number): Int64 {
  const message = 'ERR value is out of range, must be positive'
  const value = readInteger(context, index, message)
  if (value < 0) throw new ReplyError(message)
  return value
}

/** How many keys follow: at least one, and no more than there are arguments. */
export function readNumberOfKeys(
  context: CommandContext,
  index: number,
  tooMany = () => new ReplyError("ERR Number of keys can't be greater than number of args"),
): number {
  const message = 'ERR numkeys should be greater than 0'
  const count = readInteger(context, index, message)
  if (count < 1) throw new ReplyError(message)
  if (count > context.argc - index - 1) throw tooMany()
  return Number(count)
}

/** A C int. */
export function readInt32(context: CommandContext, index: number): number {
  const value = readInteger(context, index)
  if (value < INT32_MIN || value > INT32_MAX) {
    throw betweenError(INT32_MIN, INT32_MAX)
  }
  return Number(value)
}

/** A database index that exists. */
export function readDatabase(context: CommandContext, index: number): number {
  return checkDatabase(context, readInt32(context, index))
}

export function checkDatabase(context: CommandContext, db: number): number {
  if (db < 0) throw databaseRangeError()
  // The engine knows how many there are, and throws.
  context.native.databaseSize(db)
  return db
}

/** Whether two arguments have the same bytes. */
export function sameArguments(context: CommandContext, a: number, b: number): boolean {
  return readBytes(context, a) === readBytes(context, b)
}

/** Text of {@link readCString}, fit for one line of an error made by `ReplyError.ofLatin1`. */
export function echoed(bytes: string, limit: number = ECHOED_BYTES_MAX): string {
  return bytes.slice(0, Math.max(0, limit)).replace(/[\r\n]/g, ' ')
}
