/**
 * The arguments of SCAN, HSCAN, SSCAN and ZSCAN.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { type Bulk, TYPE_NAMES } from '../native/engine.js'
import { readCString, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import type { Handler, Reply } from './spec.js'

const DEFAULT_SCAN_COUNT = 10
/** More elements than a reply can hold. */
const SCAN_COUNT_MAX = 2 ** 32 - 1
const UINT64_MAX = 2n ** 64n - 1n

/** A cursor as strtoul(3) reads it: a sign is legal, and no digits at all are 0. */
export function readCursor(context: CommandContext, index: number): bigint {
  const text = readCString(context, index)
  const digits = /^[+-]?([0-9]+)$/.exec(text)?.[1] ?? (text === '' ? '0' : null)
  const value = digits === null ? null : BigInt(digits)
  if (value === null || value > UINT64_MAX) throw new ReplyError('ERR invalid cursor')
  return text.startsWith('-') ? BigInt.asUintN(64, -value) : value
}

export interface ScanOptions {
  count: number
  /** Index of the pattern, or null for all. */
  pattern: number | null
  /** Number of the type, 0 for all, or null for one that no key has. */
  type: number | null
}

/** Options from argument `from` on. Only SCAN itself has TYPE. */
export function parseScanOptions(
  context: CommandContext,
  from: number,
  takesType: boolean,
): ScanOptions {
  const options: ScanOptions = { count: DEFAULT_SCAN_COUNT, pattern: null, type: 0 }
  for (let index = from; index < context.argc; index += 2) {
    const word = readOption(context, index)
    if (index + 1 >= context.argc) throw syntaxError()
    if (word === 'COUNT') {
      const count = readInteger(context, index + 1)
      if (count < 1) throw syntaxError()
      options.count = Math.min(Number(count), SCAN_COUNT_MAX)
    } else if (word === 'MATCH') {
      options.pattern = index + 1
    } else if (word === 'TYPE' && takesType) {
      const name = readOption(context, index + 1).toLowerCase()
      const number = (TYPE_NAMES as readonly string[]).indexOf(name)
      options.type = number > 0 ? number : null
    } else {
      throw syntaxError()
    }
  }
  return options
}

/** What HSCAN, SSCAN and ZSCAN ask the engine. */
export type ScanElements = (
  context: CommandContext,
  cursor: bigint,
  count: number,
  pattern: number | string,
) => [cursor: bigint, elements: Bulk[]]

/** Handles `key cursor [MATCH pattern] [COUNT count]`; `length` tells whether there is a key. */
export function scanElements(
  length: (context: CommandContext) => number,
  scan: ScanElements,
): Handler {
  return (context): Reply => {
    const cursor = readCursor(context, 2)
    // A missing key is answered before its options are looked at.
    if (length(context) === 0) return [context.bulk('0'), []]
    const { count, pattern } = parseScanOptions(context, 3, false)
    const [next, elements] = scan(context, cursor, count, pattern ?? '*')
    return [context.bulk(next.toString()), elements]
  }
}
