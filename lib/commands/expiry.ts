/**
 * The commands about when a key expires.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import {
  EXPIRY_IF_EARLIER,
  EXPIRY_IF_LATER,
  EXPIRY_IF_NONE,
  EXPIRY_IF_SOME,
  EXPIRY_REMOVED,
  type Int64,
} from '../native/engine.js'
import { echoed, expireTimeError, readCString, readInteger, upperCase } from './args.js'
import type { CommandContext } from './context.js'
import { addTime, remaining, roundToSeconds } from './expiry-time.js'
import { countLookup } from './lookup-counts.js'
import { type CommandFlag, FIRST_KEY, type Handler, rowsOf } from './spec.js'

export const EXPIRY_CONDITIONS: ReadonlyMap<string, number> = new Map([
  ['NX', EXPIRY_IF_NONE],
  ['XX', EXPIRY_IF_SOME],
  ['GT', EXPIRY_IF_LATER],
  ['LT', EXPIRY_IF_EARLIER],
])

function parseConditions(context: CommandContext): number {
  let flags = 0
  for (let index = 3; index < context.argc; ++index) {
    const word = readCString(context, index)
    const flag = EXPIRY_CONDITIONS.get(upperCase(word))
    if (flag === undefined) {
      throw ReplyError.ofLatin1(`ERR Unsupported option ${echoed(word, word.length)}`)
    }
    flags |= flag
  }
  const order = flags & (EXPIRY_IF_LATER | EXPIRY_IF_EARLIER)
  if (flags & EXPIRY_IF_NONE && flags !== EXPIRY_IF_NONE) {
    throw new ReplyError('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (order === (EXPIRY_IF_LATER | EXPIRY_IF_EARLIER)) {
    throw new ReplyError('ERR GT and LT options at the same time are not compatible')
  }
  return flags
}

/** EXPIRE and its kin; a relative time counts from now. */
function expire(command: string, unitMs: 1 | 1000, isRelative: boolean): Handler {
  return (context) => {
    const flags = parseConditions(context)
    const time = readInteger(context, 2)
    const at = addTime(time, unitMs, isRelative ? context.now() : 0)
    if (at === null) throw expireTimeError(command)
    const outcome = context.native.keySetExpiry(context.db, 1, at, flags)
    // The absolute form is logged as it was sent.
    const isAsSent = outcome === 1 && unitMs === 1 && !isRelative
    if (context.isLogged && !isAsSent) logExpiry(context, outcome, at, 3)
    return outcome === 0 ? 0 : 1
  }
}

/** The absolute time, with conditions from argument `from` on; a removal if it was in the past. */
export function logExpiry(
  context: CommandContext,
  outcome: number,
  at: Int64,
  from = context.argc,
): void {
  if (outcome === EXPIRY_REMOVED) {
    context.logAs('DEL', context.bytes(1))
  } else if (outcome !== 0) {
    const conditions: Uint8Array[] = []
    for (let index = from; index < context.argc; ++index) conditions.push(context.bytes(index))
    context.logAs('PEXPIREAT', context.bytes(1), String(at), ...conditions)
  }
}

/** What `keyExpiry` returns where there is no key. */
const EXPIRY_OF_NO_KEY = -2

/** TTL and its kin. What stands for "no key" and "no expiry" is negative and the reply itself. */
function expiry(reply: (atMs: Int64, nowMs: number) => Int64): Handler {
  return (context) => {
    const at = context.native.keyExpiry(context.db, 1)
    countLookup(context, at !== EXPIRY_OF_NO_KEY)
    return at < 0 ? at : reply(at, context.now())
  }
}

const WRITE: readonly CommandFlag[] = ['write', 'fast']
const READ: readonly CommandFlag[] = ['readonly', 'fast']

export const EXPIRY_COMMANDS = rowsOf('generic', [
  {
    name: 'EXPIRE',
    arity: -3,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Makes a key expire after a number of seconds.',
    run: expire('expire', 1000, true),
  },
  {
    name: 'PEXPIRE',
    arity: -3,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.6.0',
    summary: 'Makes a key expire after a number of milliseconds.',
    run: expire('pexpire', 1, true),
  },
  {
    name: 'EXPIREAT',
    arity: -3,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '1.2.0',
    summary: 'Makes a key expire at a Unix time in seconds.',
    run: expire('expireat', 1000, false),
  },
  {
    name: 'PEXPIREAT',
    arity: -3,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.6.0',
    summary: 'Makes a key expire at a Unix time in milliseconds.',
    run: expire('pexpireat', 1, false),
  },
  {
    name: 'TTL',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Seconds until a key expires.',
    run: expiry((at, now) => roundToSeconds(remaining(at, now))),
  },
  {
    name: 'PTTL',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '2.6.0',
    summary: 'Milliseconds until a key expires.',
    run: expiry(remaining),
  },
  {
    name: 'EXPIRETIME',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '7.0.0',
    summary: 'Unix time in seconds at which a key expires.',
    run: expiry(roundToSeconds),
  },
  {
    name: 'PEXPIRETIME',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '7.0.0',
    summary: 'Unix time in milliseconds at which a key expires.',
    run: expiry((at) => at),
  },
  {
    name: 'PERSIST',
    arity: 2,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.2.0',
    summary: 'Makes a key live for ever.',
    run: ({ native, db }) => (native.keyPersist(db, 1) ? 1 : 0),
  },
])
