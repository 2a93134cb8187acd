/**
 * The set commands.
 *
 * @module
 */

import { BULK_BUFFER, type Bulk, type Int64 } from '../native/engine.js'
import { SET_DIFFERENCE, SET_INTERSECTION, SET_UNION, type SetOperation } from '../native/sets.js'
import { readNumberOfKeys, readPositive, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { readDraw } from './hashes.js'
import { scanElements } from './scan-options.js'
import { readLimit } from './sorted-set-algebra.js'
import {
  ALL_KEYS,
  FIRST_KEY,
  FIRST_TWO_KEYS,
  GROW,
  GROW_FAST,
  type Handler,
  READ,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE_FAST,
} from './spec.js'

function sadd({ native, db, argc }: CommandContext): Reply {
  return native.setAddRange(db, 1, 2, argc - 2)
}

function srem({ native, db, argc }: CommandContext): Reply {
  return native.setRemoveRange(db, 1, 2, argc - 2)
}

function scard({ native, db }: CommandContext): number {
  return native.setLength(db, 1)
}

function sismember({ native, db }: CommandContext): Reply {
  return native.setContains(db, 1, 2) ? 1 : 0
}

function smismember({ native, db, argc }: CommandContext): Reply {
  const replies: Reply[] = []
  for (let index = 2; index < argc; ++index) {
    replies.push(native.setContains(db, 1, index) ? 1 : 0)
  }
  return replies
}

function smembers({ native, db, mode }: CommandContext): Reply {
  return native.setMembers(db, 1, mode)
}

/** Members one SREM of the log names at most. */
const LOGGED_MEMBERS_MAX = 1024

function spop(context: CommandContext): Reply {
  const { argc } = context
  if (argc === 2) return popRandom(context, 1, false)[0] ?? null
  if (argc > 3) throw syntaxError()
  return popRandom(context, readPositive(context, 2), true)
}

/** What chance has chosen is logged by name; with `asKey` all of a set as the key. */
function popRandom(context: CommandContext, count: Int64, asKey: boolean): Bulk[] {
  const { native, db, mode } = context
  if (!context.isLogged) return native.setPop(db, 1, count, mode)
  const members = native.setPop(db, 1, count, BULK_BUFFER) as Buffer[]
  const key = context.bytes(1)
  if (asKey && members.length > 0 && native.keyType(db, 1) === 0) {
    context.logAs('DEL', key)
  } else {
    for (let at = 0; at < members.length; at += LOGGED_MEMBERS_MAX) {
      context.logAs('SREM', key, ...members.slice(at, at + LOGGED_MEMBERS_MAX))
    }
  }
  return members.map((member) => context.bulkOf(member))
}

function srandmember(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  if (argc === 2) return native.setRandom(db, 1, 1, true, mode)[0] ?? null
  if (argc > 3) throw syntaxError()
  const [count, distinct] = readDraw(context, 2)
  return native.setRandom(db, 1, count, distinct, mode)
}

function smove({ native, db }: CommandContext): Reply {
  return native.setMove(db, 1, 2, 3) ? 1 : 0
}

function combine(operation: SetOperation): Handler {
  return ({ native, db, argc, mode }) => native.setCombine(db, operation, 1, argc - 1, 0, mode)
}

function store(operation: SetOperation): Handler {
  return ({ native, db, argc }) => native.setCombineStore(db, operation, 2, argc - 2, 0, 1)
}

function sintercard(context: CommandContext): Reply {
  const { native, db, argc } = context
  const keys = readNumberOfKeys(context, 1)
  return native.setCombineCount(db, SET_INTERSECTION, 2, keys, readLimit(context, 2 + keys, argc))
}

const sscan = scanElements(scard, ({ native, db, mode }, cursor, count, pattern) =>
  native.setScan(db, 1, cursor, count, pattern, mode),
)

export const SET_COMMANDS = rowsOf('set', [
  row('SADD', -3, GROW_FAST, FIRST_KEY, '1.0.0', 'Adds members to a set.', sadd),
  row('SREM', -3, WRITE_FAST, FIRST_KEY, '1.0.0', 'Removes members.', srem),
  row('SCARD', 2, READ_FAST, FIRST_KEY, '1.0.0', 'The number of members.', scard),
  row('SISMEMBER', 3, READ_FAST, FIRST_KEY, '1.0.0', 'Whether there is a member.', sismember),
  row(
    'SMISMEMBER',
    -3,
    READ_FAST,
    FIRST_KEY,
    '6.2.0',
    'Which of several members there are.',
    smismember,
  ),
  row('SMEMBERS', 2, READ, FIRST_KEY, '1.0.0', 'All members.', smembers),
  row('SPOP', -2, WRITE_FAST, FIRST_KEY, '1.0.0', 'Removes members drawn at random.', spop),
  row('SRANDMEMBER', -2, READ, FIRST_KEY, '1.0.0', 'Members drawn at random.', srandmember),
  row('SMOVE', 4, WRITE_FAST, FIRST_TWO_KEYS, '1.0.0', 'Moves a member to another set.', smove),
  row(
    'SINTER',
    -2,
    READ,
    ALL_KEYS,
    '1.0.0',
    'The members that all sets have.',
    combine(SET_INTERSECTION),
  ),
  row(
    'SINTERSTORE',
    -3,
    GROW,
    ALL_KEYS,
    '1.0.0',
    'Stores the members that all sets have.',
    store(SET_INTERSECTION),
  ),
  row('SINTERCARD', -3, READ, null, '7.0.0', 'How many members all sets have.', sintercard),
  row('SUNION', -2, READ, ALL_KEYS, '1.0.0', 'The members of all sets.', combine(SET_UNION)),
  row(
    'SUNIONSTORE',
    -3,
    GROW,
    ALL_KEYS,
    '1.0.0',
    'Stores the members of all sets.',
    store(SET_UNION),
  ),
  row(
    'SDIFF',
    -2,
    READ,
    ALL_KEYS,
    '1.0.0',
    'The members that only the first set has.',
    combine(SET_DIFFERENCE),
  ),
  row(
    'SDIFFSTORE',
    -3,
    GROW,
    ALL_KEYS,
    '1.0.0',
    'Stores the members that only the first set has.',
    store(SET_DIFFERENCE),
  ),
  row(
    'SSCAN',
    -3,
    READ,
    FIRST_KEY,
    '2.8.0',
    'A part of the members, and the cursor for more.',
    sscan,
  ),
])
