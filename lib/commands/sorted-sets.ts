/**
 * The sorted set commands about single members.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import {
  ZADD_IF_ABSENT,
  ZADD_IF_GREATER,
  ZADD_IF_LESS,
  ZADD_IF_PRESENT,
  ZADD_INCREMENT,
} from '../native/sorted-sets.js'
import { rangeError, readOption, readPositive, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { readDraw } from './hashes.js'
import { readManyPop } from './lists.js'
import { scanElements } from './scan-options.js'
import {
  FIRST_KEY,
  GROW_FAST,
  type Handler,
  READ,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE,
  WRITE_FAST,
} from './spec.js'

const INT64_MAX = 2n ** 63n - 1n

const ZADD_OPTIONS: ReadonlyMap<string, number> = new Map([
  ['NX', ZADD_IF_ABSENT],
  ['XX', ZADD_IF_PRESENT],
  ['GT', ZADD_IF_GREATER],
  ['LT', ZADD_IF_LESS],
  ['INCR', ZADD_INCREMENT],
])

function zadd(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  let flags = 0
  let countsChanges = false
  let first = 2
  for (; first < argc; ++first) {
    const word = readOption(context, first)
    const flag = ZADD_OPTIONS.get(word)
    if (flag === undefined && word !== 'CH') break
    if (flag === undefined) countsChanges = true
    else flags |= flag
  }
  const count = argc - first
  if (count % 2 === 1 || count === 0) throw syntaxError()
  checkZaddFlags(flags, count)
  const [added, updated, score] = native.zsetAddRange(db, 1, flags, first, count, mode)
  if (flags & ZADD_INCREMENT) return score
  return countsChanges ? added + updated : added
}

function checkZaddFlags(flags: number, count: number): void {
  const conditions = [ZADD_IF_ABSENT, ZADD_IF_GREATER, ZADD_IF_LESS].filter((one) => flags & one)
  if (flags & ZADD_IF_ABSENT && flags & ZADD_IF_PRESENT) {
    throw new ReplyError('ERR XX and NX options at the same time are not compatible')
  }
  if (conditions.length > 1) {
    throw new ReplyError('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  if (flags & ZADD_INCREMENT && count > 2) {
    throw new ReplyError('ERR INCR option supports a single increment-element pair')
  }
}

function zincrby({ native, db, mode }: CommandContext): Reply {
  return native.zsetAddRange(db, 1, ZADD_INCREMENT, 2, 2, mode)[2]
}

function zrem({ native, db, argc }: CommandContext): Reply {
  return native.zsetRemoveRange(db, 1, 2, argc - 2)
}

function zcard({ native, db }: CommandContext): number {
  return native.zsetLength(db, 1)
}

function zscore({ native, db, mode }: CommandContext): Reply {
  return native.zsetScore(db, 1, 2, mode)
}

function zmscore({ native, db, argc, mode }: CommandContext): Reply {
  const scores: Reply[] = []
  for (let index = 2; index < argc; ++index) scores.push(native.zsetScore(db, 1, index, mode))
  return scores
}

function zrank({ native, db }: CommandContext): Reply {
  return native.zsetRank(db, 1, 2)
}

function zrevrank({ native, db }: CommandContext): Reply {
  const rank = native.zsetRank(db, 1, 2)
  return rank === null ? null : native.zsetLength(db, 1) - 1 - rank
}

/** Takes up to `count` elements from an end: members and scores in turn. */
export function popFrom(
  { native, db, mode }: CommandContext,
  key: number,
  fromTop: boolean,
  count: number | bigint,
): Reply[] {
  const length = native.zsetLength(db, key)
  const taken = Math.min(length, Number(count))
  if (taken === 0) return []
  const lowest = fromTop ? length - taken : 0
  const first = fromTop ? length - 1 : 0
  const elements = native.zsetRange(db, key, first, taken, fromTop, true, mode)
  native.zsetRemoveRanks(db, key, lowest, taken)
  return elements
}

function zpop(fromTop: boolean): Handler {
  return (context) => {
    if (context.argc > 3) throw syntaxError()
    const count = context.argc === 3 ? readPositive(context, 2) : 1
    return popFrom(context, 1, fromTop, count)
  }
}

function zmpop(context: CommandContext): Reply {
  const { native, mode } = context
  const { keys, where, count } = readManyPop(context, 1, ['MIN', 'MAX'])
  for (const key of keys) {
    const flat = popFrom(context, key, where === 'MAX', count)
    if (flat.length === 0) continue
    if (context.isLogged) {
      context.logAs(`ZPOP${where}`, context.bytes(key), String(flat.length / 2))
    }
    return [native.argument(key, mode), pairUp(flat)]
  }
  return null
}

/** Members and scores in turn as twos. */
export function pairUp(flat: readonly Reply[]): Reply[] {
  const pairs: Reply[] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push(flat.slice(at, at + 2))
  return pairs
}

function zrandmember(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  if (argc === 2) return native.zsetRandom(db, 1, 1, true, false, mode)[0] ?? null
  const [count, distinct] = readDraw(context, 2)
  if (argc > 4 || (argc === 4 && readOption(context, 3) !== 'WITHSCORES')) throw syntaxError()
  // Twice as many elements have to be countable.
  if (argc === 4 && BigInt(count) > INT64_MAX / 2n) throw rangeError()
  return native.zsetRandom(db, 1, count, distinct, argc === 4, mode)
}

const zscan = scanElements(zcard, ({ native, db, mode }, cursor, count, pattern) =>
  native.zsetScan(db, 1, cursor, count, pattern, mode),
)

export const SORTED_SET_COMMANDS = rowsOf('sorted-set', [
  row('ZADD', -4, GROW_FAST, FIRST_KEY, '1.2.0', 'Adds members, or gives them other scores.', zadd),
  row('ZINCRBY', 4, GROW_FAST, FIRST_KEY, '1.2.0', 'Adds to the score of a member.', zincrby),
  row('ZREM', -3, WRITE_FAST, FIRST_KEY, '1.2.0', 'Removes members.', zrem),
  row('ZCARD', 2, READ_FAST, FIRST_KEY, '1.2.0', 'The number of members.', zcard),
  row('ZSCORE', 3, READ_FAST, FIRST_KEY, '1.2.0', 'The score of a member.', zscore),
  row('ZMSCORE', -3, READ_FAST, FIRST_KEY, '6.2.0', 'The scores of several members.', zmscore),
  row(
    'ZRANK',
    3,
    READ_FAST,
    FIRST_KEY,
    '2.0.0',
    'The place of a member, lowest score first.',
    zrank,
  ),
  row(
    'ZREVRANK',
    3,
    READ_FAST,
    FIRST_KEY,
    '2.0.0',
    'The place of a member, highest score first.',
    zrevrank,
  ),
  row(
    'ZPOPMIN',
    -2,
    WRITE_FAST,
    FIRST_KEY,
    '5.0.0',
    'Takes members with the lowest scores.',
    zpop(false),
  ),
  row(
    'ZPOPMAX',
    -2,
    WRITE_FAST,
    FIRST_KEY,
    '5.0.0',
    'Takes members with the highest scores.',
    zpop(true),
  ),
  row('ZMPOP', -4, WRITE, null, '7.0.0', 'Takes members from the first set that has some.', zmpop),
  row('ZRANDMEMBER', -2, READ, FIRST_KEY, '6.2.0', 'Members drawn at random.', zrandmember),
  row(
    'ZSCAN',
    -3,
    READ,
    FIRST_KEY,
    '2.8.0',
    'A part of the members, and the cursor for more.',
    zscan,
  ),
])
