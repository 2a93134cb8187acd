/**
 * The sorted set commands about ranges: by rank, by score, by name.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import type { Int64 } from '../native/engine.js'
import type { RankRange } from '../native/sorted-sets.js'
import { readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import {
  FIRST_KEY,
  FIRST_TWO_KEYS,
  GROW,
  type Handler,
  READ,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE,
} from './spec.js'

type By = 'rank' | 'score' | 'lex'

interface RangeOptions {
  by: By
  reverse: boolean
  withScores: boolean
  offset: Int64
  /** Less than 0: all. */
  limit: Int64
}

/** Elements by rank: from `first` on, upwards or downwards. */
interface Selection {
  first: number
  count: number
}

/** What a command fixes, or null for what its options say. */
interface Fixed {
  by: By | null
  reverse: boolean | null
  store: boolean
}

function parseRangeOptions(context: CommandContext, from: number, fixed: Fixed): RangeOptions {
  let by = fixed.by
  let reverse = fixed.reverse
  let withScores = false
  let hasLimit = false
  let offset: Int64 = 0
  let limit: Int64 = -1
  for (let index = from; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (word === 'WITHSCORES' && !fixed.store) {
      withScores = true
    } else if (word === 'LIMIT' && index + 2 < context.argc) {
      offset = readInteger(context, index + 1)
      limit = readInteger(context, index + 2)
      hasLimit = true
      index += 2
    } else if (word === 'REV' && reverse === null) {
      reverse = true
    } else if (word === 'BYLEX' && by === null) {
      by = 'lex'
    } else if (word === 'BYSCORE' && by === null) {
      by = 'score'
    } else {
      throw syntaxError()
    }
  }
  by ??= 'rank'
  if (hasLimit && limit !== -1 && by === 'rank') {
    const where = 'LIMIT is only supported in combination with either BYSCORE or BYLEX'
    throw new ReplyError(`ERR syntax error, ${where}`)
  }
  if (withScores && by === 'lex') {
    const where = 'WITHSCORES not supported in combination with BYLEX'
    throw new ReplyError(`ERR syntax error, ${where}`)
  }
  return { by, reverse: reverse ?? false, withScores, offset, limit }
}

function readScoreBound(context: CommandContext, index: number): [score: number, excl: boolean] {
  const bound = context.native.parseScoreBound(index)
  if (bound === null) throw new ReplyError('ERR min or max is not a float')
  return bound
}

function ranksByScore(context: CommandContext, key: number, min: number, max: number): RankRange {
  const [minScore, minIsExclusive] = readScoreBound(context, min)
  const [maxScore, maxIsExclusive] = readScoreBound(context, max)
  const { native, db } = context
  return native.zsetRanksByScore(db, key, minScore, minIsExclusive, maxScore, maxIsExclusive)
}

function ranksByLex(
  { native, db }: CommandContext,
  key: number,
  min: number,
  max: number,
): RankRange {
  return native.zsetRanksByLex(db, key, min, max)
}

/** Ranks `start` to `stop`, both included; negative ones count from the end. */
function ranksByIndex(
  context: CommandContext,
  key: number,
  at: number,
  reverse: boolean,
): RankRange {
  const from = readInteger(context, at)
  const to = readInteger(context, at + 1)
  const length = context.native.zsetLength(context.db, key)
  const start = Math.max(0, Number(from < 0 ? BigInt(from) + BigInt(length) : from))
  const stop = Math.min(length - 1, Number(to < 0 ? BigInt(to) + BigInt(length) : to))
  if (start > stop || start >= length) return [0, 0]
  const count = stop - start + 1
  return [reverse ? length - start - count : start, count]
}

/** The part of a range that LIMIT leaves. Of ranks it takes nothing away. */
function select([first, count]: RankRange, options: RangeOptions): Selection {
  const { by, reverse, limit } = options
  const offset = by === 'rank' ? 0 : options.offset
  if (offset < 0 || offset >= count) return { first: 0, count: 0 }
  const skipped = Number(offset)
  const left = count - skipped
  const taken = limit < 0 ? left : Math.min(left, Number(limit))
  return { first: reverse ? first + count - 1 - skipped : first + skipped, count: taken }
}

/** The elements that arguments `at` and `at + 1` and the options name. */
function selectRange(
  context: CommandContext,
  key: number,
  at: number,
  options: RangeOptions,
): Selection {
  const { by, reverse } = options
  if (by === 'rank') return select(ranksByIndex(context, key, at, reverse), options)
  const ranks = by === 'score' ? ranksByScore : ranksByLex
  // Reversed ranges name their upper bound first.
  const range = reverse ? ranks(context, key, at + 1, at) : ranks(context, key, at, at + 1)
  return select(range, options)
}

function range(fixed: Fixed): Handler {
  return (context) => {
    const { native, db, mode } = context
    const options = parseRangeOptions(context, 4, fixed)
    const { first, count } = selectRange(context, 1, 2, options)
    if (count === 0) {
      native.zsetLength(db, 1)
      return []
    }
    return native.zsetRange(db, 1, first, count, options.reverse, options.withScores, mode)
  }
}

function zrangestore(context: CommandContext): Reply {
  const { native, db } = context
  const options = parseRangeOptions(context, 5, { by: null, reverse: null, store: true })
  const { first, count } = selectRange(context, 2, 3, options)
  const lowest = options.reverse && count > 0 ? first - count + 1 : first
  return native.zsetStoreRange(db, 2, lowest, count, 1)
}

function count(ranks: typeof ranksByScore): Handler {
  return (context) => ranks(context, 1, 2, 3)[1]
}

function remove(ranks: (context: CommandContext) => RankRange): Handler {
  return (context) => {
    const [first, removed] = ranks(context)
    context.native.zsetRemoveRanks(context.db, 1, first, removed)
    return removed
  }
}

const BY_RANK: Fixed = { by: 'rank', reverse: null, store: false }
const OPEN: Fixed = { by: null, reverse: null, store: false }
const UP = false
const DOWN = true

export const SORTED_SET_RANGE_COMMANDS = rowsOf('sorted-set', [
  row('ZRANGE', -4, READ, FIRST_KEY, '1.2.0', 'Members of a range.', range(OPEN)),
  row(
    'ZREVRANGE',
    -4,
    READ,
    FIRST_KEY,
    '1.2.0',
    'Members of a range of ranks, highest first.',
    range({ ...BY_RANK, reverse: DOWN }),
  ),
  row(
    'ZRANGEBYSCORE',
    -4,
    READ,
    FIRST_KEY,
    '1.0.5',
    'Members of a range of scores.',
    range({ ...OPEN, by: 'score', reverse: UP }),
  ),
  row(
    'ZREVRANGEBYSCORE',
    -4,
    READ,
    FIRST_KEY,
    '2.2.0',
    'Members of a range of scores, highest first.',
    range({ ...OPEN, by: 'score', reverse: DOWN }),
  ),
  row(
    'ZRANGEBYLEX',
    -4,
    READ,
    FIRST_KEY,
    '2.8.9',
    'Members of a range of names.',
    range({ ...OPEN, by: 'lex', reverse: UP }),
  ),
  row(
    'ZREVRANGEBYLEX',
    -4,
    READ,
    FIRST_KEY,
    '2.8.9',
    'Members of a range of names, last first.',
    range({ ...OPEN, by: 'lex', reverse: DOWN }),
  ),
  row('ZRANGESTORE', -5, GROW, FIRST_TWO_KEYS, '6.2.0', 'Stores members of a range.', zrangestore),
  row(
    'ZCOUNT',
    4,
    READ_FAST,
    FIRST_KEY,
    '2.0.0',
    'How many members a range of scores has.',
    count(ranksByScore),
  ),
  row(
    'ZLEXCOUNT',
    4,
    READ_FAST,
    FIRST_KEY,
    '2.8.9',
    'How many members a range of names has.',
    count(ranksByLex),
  ),
  row(
    'ZREMRANGEBYRANK',
    4,
    WRITE,
    FIRST_KEY,
    '2.0.0',
    'Removes a range of ranks.',
    remove((context) => ranksByIndex(context, 1, 2, UP)),
  ),
  row(
    'ZREMRANGEBYSCORE',
    4,
    WRITE,
    FIRST_KEY,
    '1.2.0',
    'Removes a range of scores.',
    remove((context) => ranksByScore(context, 1, 2, 3)),
  ),
  row(
    'ZREMRANGEBYLEX',
    4,
    WRITE,
    FIRST_KEY,
    '2.8.9',
    'Removes a range of names.',
    remove((context) => ranksByLex(context, 1, 2, 3)),
  ),
])
