/**
 * The list commands, without those that wait.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import type { Int64 } from '../native/engine.js'
import {
  arityError,
  indexesFrom,
  readInteger,
  readNumberOfKeys,
  readOption,
  readPositive,
  syntaxError,
} from './args.js'
import type { CommandContext } from './context.js'
import {
  FIRST_KEY,
  FIRST_TWO_KEYS,
  GROW,
  GROW_FAST,
  type Handler,
  OK,
  READ,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE,
  WRITE_FAST,
} from './spec.js'

const INT64_MIN = -(2n ** 63n)
const LEFT = false
const RIGHT = true

function push(right: boolean, onlyIfThere: boolean): Handler {
  return ({ native, db, argc }) => native.listPushRange(db, 1, right, onlyIfThere, 2, argc - 2)
}

function pop(right: boolean): Handler {
  return (context) => {
    const { native, db, argc, mode } = context
    if (argc === 2) return native.listPop(db, 1, right, 1, mode)?.[0] ?? null
    if (argc > 3) throw arityError(right ? 'rpop' : 'lpop')
    return native.listPop(db, 1, right, readPositive(context, 2), mode)
  }
}

function llen({ native, db }: CommandContext): Reply {
  return native.listLength(db, 1)
}

function lindex(context: CommandContext): Reply {
  const { native, db, mode } = context
  // Without a list the index is not looked at.
  if (native.listLength(db, 1) === 0) return null
  return native.listAt(db, 1, readInteger(context, 2), mode)
}

function lrange(context: CommandContext): Reply {
  const { native, db, mode } = context
  return native.listRange(db, 1, readInteger(context, 2), readInteger(context, 3), mode)
}

function lset(context: CommandContext): Reply {
  const { native, db } = context
  if (native.listLength(db, 1) === 0) throw new ReplyError('ERR no such key')
  native.listSet(db, 1, readInteger(context, 2), 3)
  return OK
}

function linsert(context: CommandContext): Reply {
  const { native, db } = context
  const where = readOption(context, 2)
  if (where !== 'BEFORE' && where !== 'AFTER') throw syntaxError()
  return native.listInsert(db, 1, where === 'BEFORE', 3, 4)
}

function lrem(context: CommandContext): Reply {
  return context.native.listRemove(context.db, 1, readInteger(context, 2), 3)
}

function ltrim(context: CommandContext): Reply {
  const { native, db } = context
  const [start, end] = [readInteger(context, 2), readInteger(context, 3)]
  // Also where nothing is taken away.
  if (context.afterRun !== null && native.listLength(db, 1) > 0) context.noteEvent('ltrim', 1)
  native.listTrim(db, 1, start, end)
  return OK
}

/** LEFT or RIGHT; true for the right one. */
export function readEnd(context: CommandContext, index: number): boolean {
  const word = readOption(context, index)
  if (word !== 'LEFT' && word !== 'RIGHT') throw syntaxError()
  return word === 'RIGHT'
}

function lmove(context: CommandContext): Reply {
  const { native, db, mode } = context
  const fromRight = readEnd(context, 3)
  return native.listMove(db, 1, fromRight, 2, readEnd(context, 4), mode)
}

function rpoplpush({ native, db, mode }: CommandContext): Reply {
  return native.listMove(db, 1, RIGHT, 2, LEFT, mode)
}

function lmpop(context: CommandContext): Reply {
  const { native, db, mode } = context
  const { keys, where, count } = readManyPop(context, 1, ['LEFT', 'RIGHT'])
  const right = where === 'RIGHT'
  for (const key of keys) {
    const elements = native.listPop(db, key, right, count, mode)
    if (elements === null) continue
    if (context.isLogged) {
      context.logAs(right ? 'RPOP' : 'LPOP', context.bytes(key), String(elements.length))
    }
    return [native.argument(key, mode), elements]
  }
  return null
}

/** What LMPOP, ZMPOP and those of them that wait are asked for. */
export interface ManyPop {
  /** Indexes of the keys. */
  readonly keys: readonly number[]
  /** One of the words for the two ends. */
  readonly where: string
  readonly count: Int64
}

/** From argument `first` on: number of keys, keys, which end, and perhaps how many. */
export function readManyPop(
  context: CommandContext,
  first: number,
  ends: readonly string[],
): ManyPop {
  const { argc } = context
  const keyCount = readNumberOfKeys(context, first, syntaxError)
  const at = first + 1 + keyCount
  const where = at < argc ? readOption(context, at) : ''
  if (!ends.includes(where)) throw syntaxError()
  let count: Int64 | null = null
  for (let index = at + 1; index < argc; index += 2) {
    const isCount = readOption(context, index) === 'COUNT' && count === null && index + 1 < argc
    if (!isCount) throw syntaxError()
    count = readCount(context, index + 1)
  }
  return { keys: indexesFrom(first + 1, keyCount), where, count: count ?? 1 }
}

function readCount(context: CommandContext, index: number): Int64 {
  const message = 'ERR count should be greater than 0'
  const count = readInteger(context, index, message)
  if (count < 1) throw new ReplyError(message)
  return count
}

interface PositionOptions {
  rank: Int64
  /** null: the first match alone, not in an array. */
  count: Int64 | null
  comparedMax: Int64
}

function parsePositionOptions(context: CommandContext): PositionOptions {
  const options: PositionOptions = { rank: 1, count: null, comparedMax: 0 }
  for (let index = 3; index < context.argc; index += 2) {
    const word = readOption(context, index)
    if (index + 1 >= context.argc) throw syntaxError()
    if (word === 'RANK') {
      options.rank = readRank(context, index + 1)
    } else if (word === 'COUNT') {
      options.count = readNotNegative(context, index + 1, 'COUNT')
    } else if (word === 'MAXLEN') {
      options.comparedMax = readNotNegative(context, index + 1, 'MAXLEN')
    } else {
      throw syntaxError()
    }
  }
  return options
}

function readRank(context: CommandContext, index: number): Int64 {
  const rank = readInteger(context, index)
  if (rank === 0) {
    throw new ReplyError(
      "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
        'or use negative to start from the end of the list',
    )
  }
  // Redis negates it in 64 bits, and it comes out as it was: less than any number of matches.
  return rank === INT64_MIN ? -1 : rank
}

function readNotNegative(context: CommandContext, index: number, name: string): Int64 {
  const message = `ERR ${name} can't be negative`
  const value = readInteger(context, index, message)
  if (value < 0) throw new ReplyError(message)
  return value
}

function lpos(context: CommandContext): Reply {
  const { native, db } = context
  const { rank, count, comparedMax } = parsePositionOptions(context)
  const places = native.listPositions(db, 1, 2, rank, count ?? 1, comparedMax)
  return count === null ? (places[0] ?? null) : places
}

export const LIST_COMMANDS = rowsOf('list', [
  row(
    'LPUSH',
    -3,
    GROW_FAST,
    FIRST_KEY,
    '1.0.0',
    'Adds elements at the left end.',
    push(LEFT, false),
  ),
  row(
    'RPUSH',
    -3,
    GROW_FAST,
    FIRST_KEY,
    '1.0.0',
    'Adds elements at the right end.',
    push(RIGHT, false),
  ),
  row('LPUSHX', -3, GROW_FAST, FIRST_KEY, '2.2.0', 'LPUSH if there is a list.', push(LEFT, true)),
  row('RPUSHX', -3, GROW_FAST, FIRST_KEY, '2.2.0', 'RPUSH if there is a list.', push(RIGHT, true)),
  row('LPOP', -2, WRITE_FAST, FIRST_KEY, '1.0.0', 'Takes elements from the left end.', pop(LEFT)),
  row('RPOP', -2, WRITE_FAST, FIRST_KEY, '1.0.0', 'Takes elements from the right end.', pop(RIGHT)),
  row('LLEN', 2, READ_FAST, FIRST_KEY, '1.0.0', 'The number of elements.', llen),
  row('LINDEX', 3, READ, FIRST_KEY, '1.0.0', 'The element at an index.', lindex),
  row('LRANGE', 4, READ, FIRST_KEY, '1.0.0', 'The elements of a range.', lrange),
  row('LSET', 4, GROW, FIRST_KEY, '1.0.0', 'Replaces the element at an index.', lset),
  row('LINSERT', 5, GROW, FIRST_KEY, '2.2.0', 'Adds an element beside another one.', linsert),
  row('LREM', 4, WRITE, FIRST_KEY, '1.0.0', 'Removes elements that are equal to one.', lrem),
  row('LTRIM', 4, WRITE, FIRST_KEY, '1.0.0', 'Removes all elements outside of a range.', ltrim),
  row('LPOS', -3, READ, FIRST_KEY, '6.0.6', 'The indexes of elements that are equal to one.', lpos),
  row(
    'LMOVE',
    5,
    GROW,
    FIRST_TWO_KEYS,
    '6.2.0',
    'Moves an element from one list to another.',
    lmove,
  ),
  row('RPOPLPUSH', 3, GROW, FIRST_TWO_KEYS, '1.2.0', 'LMOVE from right to left.', rpoplpush),
  row(
    'LMPOP',
    -4,
    WRITE,
    null,
    '7.0.0',
    'Takes elements from the first list that has some.',
    lmpop,
  ),
])
