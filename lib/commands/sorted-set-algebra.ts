/**
 * The sorted set commands about several sets.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import type { Int64 } from '../native/engine.js'
import {
  AGGREGATE_MAX,
  AGGREGATE_MIN,
  AGGREGATE_SUM,
  type Aggregate,
  ZSET_DIFFERENCE,
  ZSET_INTERSECTION,
  ZSET_UNION,
  type ZsetOperation,
} from '../native/sorted-sets.js'
import { readInteger, readOption, syntaxError, wrongTypeError } from './args.js'
import type { CommandContext } from './context.js'
import { countLookup, uncounted } from './lookup-counts.js'
import { FIRST_KEY, GROW, type Handler, READ, type Reply, row, rowsOf } from './spec.js'

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map([
  ['SUM', AGGREGATE_SUM],
  ['MIN', AGGREGATE_MIN],
  ['MAX', AGGREGATE_MAX],
])

/** None, set and sorted set, as `keyType` numbers them. */
const INPUT_TYPES: ReadonlySet<number> = new Set([0, 3, 4])

interface CombineOptions {
  weights: number[] | null
  aggregate: Aggregate
  withScores: boolean
}

/** At least one, and no more than there are arguments. */
function readInputs(context: CommandContext, index: number, command: string): number {
  const count = readInteger(context, index)
  if (count < 1) throw new ReplyError(`ERR at least 1 input key is needed for '${command}' command`)
  if (count > context.argc - index - 1) throw syntaxError()
  for (let key = index + 1; key <= index + Number(count); ++key) {
    // The types before the options.
    const type = context.native.keyType(context.db, key)
    if (!INPUT_TYPES.has(type)) throw wrongTypeError()
    countLookup(context, type !== 0)
  }
  return Number(count)
}

function parseCombineOptions(
  context: CommandContext,
  from: number,
  keys: number,
  operation: ZsetOperation,
  stores: boolean,
): CombineOptions {
  const options: CombineOptions = { weights: null, aggregate: AGGREGATE_SUM, withScores: false }
  for (let index = from; index < context.argc; ++index) {
    const word = readOption(context, index)
    const left = context.argc - index - 1
    if (word === 'WEIGHTS' && operation !== ZSET_DIFFERENCE && left >= keys) {
      options.weights = Array.from({ length: keys }, (_, at) => readWeight(context, index + 1 + at))
      index += keys
    } else if (word === 'AGGREGATE' && operation !== ZSET_DIFFERENCE && left >= 1) {
      index += 1
      const aggregate = AGGREGATES.get(readOption(context, index))
      if (aggregate === undefined) throw syntaxError()
      options.aggregate = aggregate
    } else if (word === 'WITHSCORES' && !stores) {
      options.withScores = true
    } else {
      throw syntaxError()
    }
  }
  return options
}

function readWeight(context: CommandContext, index: number): number {
  try {
    return context.native.parseFloat(index)
  } catch (error) {
    throw error instanceof ReplyError ? new ReplyError('ERR weight value is not a float') : error
  }
}

function combine(operation: ZsetOperation, command: string): Handler {
  return (context) => {
    const { native, db, mode } = context
    const keys = readInputs(context, 1, command)
    const options = parseCombineOptions(context, 2 + keys, keys, operation, false)
    const { weights, aggregate, withScores } = options
    return uncounted(context, () => {
      return native.zsetCombine(db, operation, 2, keys, weights, aggregate, withScores, mode)
    })
  }
}

function store(operation: ZsetOperation, command: string): Handler {
  return (context) => {
    const { native, db } = context
    const keys = readInputs(context, 2, command)
    const { weights, aggregate } = parseCombineOptions(context, 3 + keys, keys, operation, true)
    return uncounted(context, () => {
      return native.zsetCombineStore(db, operation, 3, keys, weights, aggregate, 1)
    })
  }
}

function zintercard(context: CommandContext): Reply {
  const { native, db, argc } = context
  const keys = readInputs(context, 1, 'zintercard')
  const limit = readLimit(context, 2 + keys, argc)
  return uncounted(context, () => native.zsetIntersectionCount(db, 2, keys, limit))
}

/** LIMIT of ZINTERCARD and SINTERCARD; 0 is all. */
export function readLimit(context: CommandContext, from: number, argc: number): Int64 {
  const message = "ERR LIMIT can't be negative"
  let limit: Int64 = 0
  for (let index = from; index < argc; index += 2) {
    if (readOption(context, index) !== 'LIMIT' || index + 1 >= argc) throw syntaxError()
    limit = readInteger(context, index + 1, message)
    if (limit < 0) throw new ReplyError(message)
  }
  return limit
}

export const SORTED_SET_ALGEBRA_COMMANDS = rowsOf('sorted-set', [
  row('ZUNION', -3, READ, null, '6.2.0', 'The members of all sets.', combine(ZSET_UNION, 'zunion')),
  row(
    'ZUNIONSTORE',
    -4,
    GROW,
    FIRST_KEY,
    '2.0.0',
    'Stores the members of all sets.',
    store(ZSET_UNION, 'zunionstore'),
  ),
  row(
    'ZINTER',
    -3,
    READ,
    null,
    '6.2.0',
    'The members that all sets have.',
    combine(ZSET_INTERSECTION, 'zinter'),
  ),
  row(
    'ZINTERSTORE',
    -4,
    GROW,
    FIRST_KEY,
    '2.0.0',
    'Stores the members that all sets have.',
    store(ZSET_INTERSECTION, 'zinterstore'),
  ),
  row('ZINTERCARD', -3, READ, null, '7.0.0', 'How many members all sets have.', zintercard),
  row(
    'ZDIFF',
    -3,
    READ,
    null,
    '6.2.0',
    'The members that only the first set has.',
    combine(ZSET_DIFFERENCE, 'zdiff'),
  ),
  row(
    'ZDIFFSTORE',
    -4,
    GROW,
    FIRST_KEY,
    '6.2.0',
    'Stores the members that only the first set has.',
    store(ZSET_DIFFERENCE, 'zdiffstore'),
  ),
])
