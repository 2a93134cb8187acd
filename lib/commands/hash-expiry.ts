/**
 * The commands about when single fields of a hash expire. They came with Redis 7.4.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { EXPIRY_REMOVED, type Int64 } from '../native/engine.js'
import { expireTimeError, readInteger, readOption } from './args.js'
import type { CommandContext } from './context.js'
import { EXPIRY_CONDITIONS } from './expiry.js'
import { addTime, remaining } from './expiry-time.js'
import {
  FIRST_KEY,
  GROW_FAST,
  type Handler,
  READ_FAST,
  type Reply,
  row,
  rowsOf,
  WRITE_FAST,
} from './spec.js'

/** The latest time a field may have: 2^46 - 1 ms, as the command accepts it. */
const FIELD_EXPIRY_MAX = 2 ** 46 - 1

/** Reads `FIELDS count field ...` at `index`; returns where the fields are. */
function readFields(context: CommandContext, index: number): { first: number; count: number } {
  if (index + 1 >= context.argc || readOption(context, index) !== 'FIELDS') {
    const where = 'is missing or not at the right position'
    throw new ReplyError(`ERR Mandatory argument FIELDS ${where}`)
  }
  const message = 'ERR Parameter `numFields` should be greater than 0'
  const count = readInteger(context, index + 1, message)
  if (count < 1) throw new ReplyError(message)
  if (Number(count) !== context.argc - index - 2) {
    throw new ReplyError('ERR The `numfields` parameter must match the number of arguments')
  }
  return { first: index + 2, count: Number(count) }
}

function eachField(context: CommandContext, index: number, reply: (field: number) => Int64): Reply {
  const { first, count } = readFields(context, index)
  return Array.from({ length: count }, (_, at) => reply(first + at))
}

function expire(command: string, unitMs: 1 | 1000, isRelative: boolean): Handler {
  return (context) => {
    const time = readInteger(context, 2)
    const at = time < 0 ? null : addTime(time, unitMs, isRelative ? context.now() : 0)
    if (at === null || at > FIELD_EXPIRY_MAX) throw expireTimeError(command)
    let index = 3
    const flags = EXPIRY_CONDITIONS.get(readOption(context, index)) ?? 0
    if (flags !== 0) index += 1
    const { native, db } = context
    const outcomes: Int64[] = []
    const reply = eachField(context, index, (field) => {
      const outcome = native.hashSetExpiry(db, 1, field, at, flags)
      outcomes.push(outcome)
      return outcome
    })
    if (context.isLogged) logOutcomes(context, outcomes, at, index)
    return reply
  }
}

/** The absolute time for the fields that got it; a removal of those for which it was past. */
function logOutcomes(
  context: CommandContext,
  outcomes: readonly Int64[],
  at: Int64,
  fieldsIndex: number,
): void {
  const key = context.bytes(1)
  const fieldsOf = (wanted: number) =>
    outcomes.flatMap((one, field) =>
      Number(one) === wanted ? [context.bytes(fieldsIndex + 2 + field)] : [],
    )
  const set = fieldsOf(1)
  const removed = fieldsOf(EXPIRY_REMOVED)
  const condition = fieldsIndex > 3 ? [context.bytes(3)] : []
  if (set.length > 0) {
    const words = [...condition, 'FIELDS', String(set.length), ...set]
    context.logAs('HPEXPIREAT', key, String(at), ...words)
  }
  if (removed.length > 0) context.logAs('HDEL', key, ...removed)
}

/** What stands for "no field" and "no expiry" is negative and the reply itself. */
function expiry(reply: (atMs: Int64, nowMs: number) => Int64): Handler {
  return (context) =>
    eachField(context, 2, (field) => {
      const at = context.native.hashFieldExpiry(context.db, 1, field)
      return at < 0 ? at : reply(at, context.now())
    })
}

/** Milliseconds as seconds, a part of one counted as one. */
function roundUpToSeconds(ms: Int64): Int64 {
  return Math.ceil(Number(ms) / 1000)
}

function hpersist(context: CommandContext): Reply {
  const { native, db } = context
  return eachField(context, 2, (field) => native.hashPersist(db, 1, field))
}

const SINCE = '7.4.0'

export const HASH_EXPIRY_COMMANDS = rowsOf('hash', [
  row(
    'HEXPIRE',
    -6,
    GROW_FAST,
    FIRST_KEY,
    SINCE,
    'Makes fields expire after seconds.',
    expire('hexpire', 1000, true),
  ),
  row(
    'HPEXPIRE',
    -6,
    GROW_FAST,
    FIRST_KEY,
    SINCE,
    'Makes fields expire after milliseconds.',
    expire('hpexpire', 1, true),
  ),
  row(
    'HEXPIREAT',
    -6,
    GROW_FAST,
    FIRST_KEY,
    SINCE,
    'Makes fields expire at a Unix time in seconds.',
    expire('hexpireat', 1000, false),
  ),
  row(
    'HPEXPIREAT',
    -6,
    GROW_FAST,
    FIRST_KEY,
    SINCE,
    'Makes fields expire at a Unix time in milliseconds.',
    expire('hpexpireat', 1, false),
  ),
  row(
    'HTTL',
    -5,
    READ_FAST,
    FIRST_KEY,
    SINCE,
    'Seconds until fields expire.',
    expiry((at, now) => roundUpToSeconds(remaining(at, now))),
  ),
  row(
    'HPTTL',
    -5,
    READ_FAST,
    FIRST_KEY,
    SINCE,
    'Milliseconds until fields expire.',
    expiry(remaining),
  ),
  row(
    'HEXPIRETIME',
    -5,
    READ_FAST,
    FIRST_KEY,
    SINCE,
    'Unix time in seconds at which fields expire.',
    expiry(roundUpToSeconds),
  ),
  row(
    'HPEXPIRETIME',
    -5,
    READ_FAST,
    FIRST_KEY,
    SINCE,
    'Unix time in milliseconds at which fields expire.',
    expiry((at) => at),
  ),
  row(
    'HPERSIST',
    -5,
    WRITE_FAST,
    FIRST_KEY,
    SINCE,
    'Makes fields live as long as their hash.',
    hpersist,
  ),
])
