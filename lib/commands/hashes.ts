/**
 * The hash commands.
 *
 * @module
 */

import type { Int64 } from '../native/engine.js'
import { HASH_FIELDS, HASH_IF_ABSENT, HASH_VALUES } from '../native/hashes.js'
import {
  arityError,
  betweenError,
  rangeError,
  readInteger,
  readOption,
  syntaxError,
} from './args.js'
import type { CommandContext } from './context.js'
import { scanElements } from './scan-options.js'
import {
  FIRST_KEY,
  GROW_FAST,
  type Handler,
  OK,
  READ,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE_FAST,
} from './spec.js'

const INT64_MAX = 2n ** 63n - 1n

function hset({ native, db, argc }: CommandContext): number {
  if (argc % 2 === 1) throw arityError('hset')
  return native.hashSetRange(db, 1, 2, argc - 2)
}

function hmset({ native, db, argc }: CommandContext): Reply {
  if (argc % 2 === 1) throw arityError('hmset')
  native.hashSetRange(db, 1, 2, argc - 2)
  return OK
}

function hsetnx({ native, db }: CommandContext): Reply {
  return native.hashSet(db, 1, 2, 3, HASH_IF_ABSENT) ? 1 : 0
}

function hget({ native, db, mode }: CommandContext): Reply {
  return native.hashGet(db, 1, 2, mode)
}

function hmget({ native, db, argc, mode }: CommandContext): Reply {
  return native.hashGetRange(db, 1, 2, argc - 2, mode)
}

function all(parts: number): Handler {
  return ({ native, db, mode }) => native.hashAll(db, 1, parts, mode)
}

function hexists({ native, db }: CommandContext): Reply {
  return native.hashHas(db, 1, 2) ? 1 : 0
}

function hdel({ native, db, argc }: CommandContext): Reply {
  return native.hashRemoveRange(db, 1, 2, argc - 2)
}

function hlen({ native, db }: CommandContext): number {
  return native.hashLength(db, 1)
}

function hstrlen({ native, db }: CommandContext): Reply {
  return native.hashValueLength(db, 1, 2)
}

function hincrby(context: CommandContext): Reply {
  const { native, db } = context
  return native.hashIncrement(db, 1, 2, readInteger(context, 3))
}

function hincrbyfloat(context: CommandContext): Reply {
  const { native, db, mode } = context
  const sum = native.hashIncrementFloat(db, 1, 2, 3, mode)
  if (context.isLogged) context.logAs('HSET', context.bytes(1), context.bytes(2), sum)
  return sum
}

/** How many to draw, and whether all are to be different. */
export function readDraw(
  context: CommandContext,
  index: number,
): [count: Int64, distinct: boolean] {
  const count = readInteger(context, index)
  if (count >= 0) return [count, true]
  // Its opposite is no int64.
  if (BigInt(count) < -INT64_MAX) throw betweenError(-INT64_MAX, INT64_MAX)
  return [-count, false]
}

function hrandfield(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  if (argc === 2) return native.hashRandom(db, 1, 1, true, HASH_FIELDS, mode)[0] ?? null
  const [count, distinct] = readDraw(context, 2)
  let parts = HASH_FIELDS
  if (argc > 4 || (argc === 4 && readOption(context, 3) !== 'WITHVALUES')) throw syntaxError()
  if (argc === 4) {
    parts |= HASH_VALUES
    // Twice as many elements have to be countable.
    if (BigInt(count) > INT64_MAX / 2n) throw rangeError()
  }
  return native.hashRandom(db, 1, count, distinct, parts, mode)
}

const hscan = scanElements(hlen, ({ native, db, mode }, cursor, count, pattern) =>
  native.hashScan(db, 1, cursor, count, pattern, mode),
)

export const HASH_COMMANDS = rowsOf('hash', [
  row('HSET', -4, GROW_FAST, FIRST_KEY, '2.0.0', 'Sets fields of a hash.', hset),
  row('HSETNX', 4, GROW_FAST, FIRST_KEY, '2.0.0', 'Sets a field that does not exist.', hsetnx),
  row('HMSET', -4, GROW_FAST, FIRST_KEY, '2.0.0', 'HSET with another reply.', hmset),
  row('HGET', 3, READ_FAST, FIRST_KEY, '2.0.0', 'The value of a field.', hget),
  row('HMGET', -3, READ_FAST, FIRST_KEY, '2.0.0', 'The values of several fields.', hmget),
  row(
    'HGETALL',
    2,
    READ,
    FIRST_KEY,
    '2.0.0',
    'All fields and values.',
    all(HASH_FIELDS | HASH_VALUES),
  ),
  row('HKEYS', 2, READ, FIRST_KEY, '2.0.0', 'All fields.', all(HASH_FIELDS)),
  row('HVALS', 2, READ, FIRST_KEY, '2.0.0', 'All values.', all(HASH_VALUES)),
  row('HLEN', 2, READ_FAST, FIRST_KEY, '2.0.0', 'The number of fields.', hlen),
  row('HEXISTS', 3, READ_FAST, FIRST_KEY, '2.0.0', 'Whether there is a field.', hexists),
  row('HDEL', -3, WRITE_FAST, FIRST_KEY, '2.0.0', 'Removes fields.', hdel),
  row('HSTRLEN', 3, READ_FAST, FIRST_KEY, '3.2.0', 'The length of a value in bytes.', hstrlen),
  row('HINCRBY', 4, GROW_FAST, FIRST_KEY, '2.0.0', 'Adds to an integer in a field.', hincrby),
  row(
    'HINCRBYFLOAT',
    4,
    GROW_FAST,
    FIRST_KEY,
    '2.6.0',
    'Adds to a number in a field.',
    hincrbyfloat,
  ),
  row('HRANDFIELD', -2, READ, FIRST_KEY, '6.2.0', 'Fields drawn at random.', hrandfield),
  row(
    'HSCAN',
    -3,
    READ,
    FIRST_KEY,
    '2.8.0',
    'A part of the fields, and the cursor for more.',
    hscan,
  ),
])
