/**
 * The commands that wait until a key has something for them, where there is somebody who can.
 *
 * Each does what its namesake without a B does, and is logged as that.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { indexesFrom, readBytes, wrongTypeError } from './args.js'
import type { CommandContext } from './context.js'
import { readEnd, readManyPop } from './lists.js'
import type { Reply } from './reply.js'
import { pairUp, popFrom } from './sorted-sets.js'
import {
  type CommandFlag,
  FIRST_TWO_KEYS,
  type Handler,
  type KeyRange,
  row,
  rowsOf,
} from './spec.js'

const TYPE_LIST = 2
const TYPE_ZSET = 4
/** Redis keeps milliseconds in 64 bits, counted from now. */
const SECONDS_MAX = 2 ** 63 / 1000

/** The time to wait that an argument tells in seconds, in milliseconds; 0 is for ever. */
function readTimeout(context: CommandContext, index: number): number {
  const text = readBytes(context, index)
  let seconds: number
  try {
    seconds = context.native.parseFloat(index)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    throw new ReplyError('ERR timeout is not a float or out of range')
  }
  if (text === '' || Number.isNaN(seconds)) {
    throw new ReplyError('ERR timeout is not a float or out of range')
  }
  if (seconds > SECONDS_MAX) throw new ReplyError('ERR timeout is out of range')
  if (seconds < 0) throw new ReplyError('ERR timeout is negative')
  return Math.ceil(seconds * 1000)
}

/** The first of some keys that holds a value of a type. One of another type is an error. */
function firstOf(context: CommandContext, keys: readonly number[], type: number): number | null {
  const { native, db } = context
  for (const key of keys) {
    const found = native.keyType(db, key)
    if (found === 0) continue
    if (found === type) return key
    // One that waits is not disturbed by a key that has become something else.
    if (context.isRetry) continue
    throw wrongTypeError()
  }
  return null
}

function blockingPop(right: boolean): Handler {
  return (context) => {
    const { native, db, argc, mode } = context
    const timeoutMs = readTimeout(context, argc - 1)
    const keys = indexesFrom(1, argc - 2)
    const key = firstOf(context, keys, TYPE_LIST)
    if (key === null) return context.wait(keys, timeoutMs)
    const [element = null] = native.listPop(db, key, right, 1, mode) ?? []
    if (context.isLogged) context.logAs(right ? 'RPOP' : 'LPOP', context.bytes(key))
    return [native.argument(key, mode), element]
  }
}

function moveOrWait(
  context: CommandContext,
  fromRight: boolean,
  toRight: boolean,
  timeoutMs: number,
): Reply {
  const { native, db, mode } = context
  if (context.isRetry && native.keyType(db, 1) !== TYPE_LIST) return context.wait([1], 0)
  const element = native.listMove(db, 1, fromRight, 2, toRight, mode)
  if (element === null) return context.wait([1], timeoutMs)
  if (context.isLogged) {
    const ends = [fromRight, toRight].map((right) => (right ? 'RIGHT' : 'LEFT'))
    context.logAs('LMOVE', context.bytes(1), context.bytes(2), ...ends)
  }
  return element
}

function blmove(context: CommandContext): Reply {
  const fromRight = readEnd(context, 3)
  const toRight = readEnd(context, 4)
  return moveOrWait(context, fromRight, toRight, readTimeout(context, 5))
}

function brpoplpush(context: CommandContext): Reply {
  return moveOrWait(context, true, false, readTimeout(context, 3))
}

function blmpop(context: CommandContext): Reply {
  const { native, db, mode } = context
  const timeoutMs = readTimeout(context, 1)
  const { keys, where, count } = readManyPop(context, 2, ['LEFT', 'RIGHT'])
  const key = firstOf(context, keys, TYPE_LIST)
  if (key === null) return context.wait(keys, timeoutMs)
  const elements = native.listPop(db, key, where === 'RIGHT', count, mode) ?? []
  if (context.isLogged) {
    const name = where === 'RIGHT' ? 'RPOP' : 'LPOP'
    context.logAs(name, context.bytes(key), String(elements.length))
  }
  return [native.argument(key, mode), elements]
}

function blockingZpop(fromTop: boolean): Handler {
  return (context) => {
    const { native, argc, mode } = context
    const timeoutMs = readTimeout(context, argc - 1)
    const keys = indexesFrom(1, argc - 2)
    const key = firstOf(context, keys, TYPE_ZSET)
    if (key === null) return context.wait(keys, timeoutMs)
    const taken = popFrom(context, key, fromTop, 1)
    if (context.isLogged) context.logAs(fromTop ? 'ZPOPMAX' : 'ZPOPMIN', context.bytes(key))
    return [native.argument(key, mode), ...taken]
  }
}

function bzmpop(context: CommandContext): Reply {
  const { native, mode } = context
  const timeoutMs = readTimeout(context, 1)
  const { keys, where, count } = readManyPop(context, 2, ['MIN', 'MAX'])
  const key = firstOf(context, keys, TYPE_ZSET)
  if (key === null) return context.wait(keys, timeoutMs)
  const flat = popFrom(context, key, where === 'MAX', count)
  const pairs = pairUp(flat)
  if (context.isLogged) context.logAs(`ZPOP${where}`, context.bytes(key), String(pairs.length))
  return [native.argument(key, mode), pairs]
}

const BLOCKS: readonly CommandFlag[] = ['write', 'noscript', 'blocking']
const BLOCKS_FAST: readonly CommandFlag[] = ['write', 'noscript', 'blocking', 'fast']
const BLOCKS_GROW: readonly CommandFlag[] = ['write', 'denyoom', 'noscript', 'blocking']
/** All arguments but the last one. */
const KEYS: KeyRange = { first: 1, last: -2, step: 1 }

/** There are no methods: where nobody can wait, those without a B do the same. */
export const BLOCKING_COMMANDS = [
  ...rowsOf('list', [
    row('BLPOP', -3, BLOCKS, KEYS, '2.0.0', 'LPOP that waits.', blockingPop(false)),
    row('BRPOP', -3, BLOCKS, KEYS, '2.0.0', 'RPOP that waits.', blockingPop(true)),
    row('BLMOVE', 6, BLOCKS_GROW, FIRST_TWO_KEYS, '6.2.0', 'LMOVE that waits.', blmove),
    row('BRPOPLPUSH', 4, BLOCKS_GROW, FIRST_TWO_KEYS, '2.2.0', 'RPOPLPUSH that waits.', brpoplpush),
    row('BLMPOP', -5, ['write', 'blocking'], null, '7.0.0', 'LMPOP that waits.', blmpop),
  ]),
  ...rowsOf('sorted-set', [
    row('BZPOPMIN', -3, BLOCKS_FAST, KEYS, '5.0.0', 'ZPOPMIN that waits.', blockingZpop(false)),
    row('BZPOPMAX', -3, BLOCKS_FAST, KEYS, '5.0.0', 'ZPOPMAX that waits.', blockingZpop(true)),
    row('BZMPOP', -5, ['write', 'blocking'], null, '7.0.0', 'ZMPOP that waits.', bzmpop),
  ]),
].map((command) => ({ ...command, method: null }))
