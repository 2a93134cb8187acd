/**
 * The string commands.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import {
  type Bulk,
  type BulkMode,
  type Int64,
  type NativeEngine,
  NO_EXPIRY,
  type Operand,
  SET_IF_ABSENT,
  SET_IF_PRESENT,
  SET_KEEP_EXPIRY,
} from '../native/engine.js'
import { arityError, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { logExpiry } from './expiry.js'
import { type ExpiryUnit, expireAt, INT64_MIN } from './expiry-time.js'
import { countLookup } from './lookup-counts.js'
import {
  ALL_KEYS,
  type CommandFlag,
  FIRST_KEY,
  type Handler,
  KEY_VALUE_PAIRS,
  OK,
  type Reply,
  rowsOf,
} from './spec.js'

/** What `keyType` returns for a string; 0 is no key. */
const TYPE_STRING = 1

const EXPIRY_OPTIONS: ReadonlySet<string> = new Set(['EX', 'PX', 'EXAT', 'PXAT'])

/** GET for MGET: a key that holds another type counts as missing. */
export function getString(
  native: NativeEngine,
  db: number,
  key: Operand,
  mode: BulkMode,
): Bulk | null {
  try {
    return native.stringGet(db, key, mode)
  } catch (error) {
    if (!(error instanceof ReplyError) || native.keyType(db, key) <= TYPE_STRING) throw error
    countLookup({ native }, true)
    return null
  }
}

/** DECRBY's amount as INCRBY's. */
export function negate(amount: Int64): Int64 {
  if (typeof amount === 'number') return 0 - amount
  if (amount === INT64_MIN) throw new ReplyError('ERR decrement would overflow')
  return -amount
}

export function checkOffset(offset: Int64): Int64 {
  if (offset < 0) throw new ReplyError('ERR offset is out of range')
  return offset
}

function get({ native, db, mode }: CommandContext): Reply {
  return native.stringGet(db, 1, mode)
}

/** Options after the value of SET, or after the key of GETEX. */
interface StringOptions {
  /** SET_ bits. */
  flags: number
  get: boolean
  persist: boolean
  unit: ExpiryUnit | null
  /** Index of the time that `unit` counts. */
  timeIndex: number
}

function parseSetOptions(context: CommandContext): StringOptions {
  const options: StringOptions = { flags: 0, get: false, persist: false, unit: null, timeIndex: 0 }
  for (let index = 3; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (word === 'GET') {
      options.get = true
    } else if (word === 'NX' && !(options.flags & SET_IF_PRESENT)) {
      options.flags |= SET_IF_ABSENT
    } else if (word === 'XX' && !(options.flags & SET_IF_ABSENT)) {
      options.flags |= SET_IF_PRESENT
    } else if (word === 'KEEPTTL' && options.unit === null) {
      options.flags |= SET_KEEP_EXPIRY
    } else if (!(options.flags & SET_KEEP_EXPIRY) && takesTime(context, options, word, index)) {
      index += 1
    } else {
      throw syntaxError()
    }
  }
  return options
}

function parseGetexOptions(context: CommandContext): StringOptions {
  const options: StringOptions = { flags: 0, get: true, persist: false, unit: null, timeIndex: 0 }
  for (let index = 2; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (word === 'PERSIST' && options.unit === null) {
      options.persist = true
    } else if (!options.persist && takesTime(context, options, word, index)) {
      index += 1
    } else {
      throw syntaxError()
    }
  }
  return options
}

/** EX, PX, EXAT or PXAT with a time after it. The same one may come again: the last counts. */
function takesTime(
  { argc }: CommandContext,
  options: StringOptions,
  word: string,
  index: number,
): boolean {
  if (!EXPIRY_OPTIONS.has(word) || index + 1 >= argc) return false
  if (options.unit !== null && options.unit !== word) return false
  options.unit = word as ExpiryUnit
  options.timeIndex = index + 1
  return true
}

function readExpireAt(context: CommandContext, options: StringOptions, command: string): Int64 {
  if (options.unit === null) return NO_EXPIRY
  const time = readInteger(context, options.timeIndex)
  return expireAt(time, options.unit, context.now(), command)
}

/** SET with GET: sets the key if `flags` allow it, and returns the old value in any case. */
export function assignString(
  native: NativeEngine,
  db: number,
  key: Operand,
  value: Operand,
  flags: number,
  expireAtMs: Int64,
  mode: BulkMode,
): Bulk | null {
  const old = native.stringGet(db, key, mode)
  native.stringSet(db, key, value, flags, expireAtMs)
  return old
}

function set(context: CommandContext): Reply {
  const { native, db, mode } = context
  if (context.argc === 3) {
    native.stringSet(db, 1, 2, 0, NO_EXPIRY)
    return OK
  }
  const options = parseSetOptions(context)
  const at = readExpireAt(context, options, 'set')
  const old = options.get ? native.stringGet(db, 1, mode) : null
  const done = native.stringSet(db, 1, 2, options.flags, at)
  if (done && context.isLogged) logSet(context, options, at)
  return options.get ? old : done ? OK : null
}

/** Relative times become absolute, and what GET asked for is left out. */
function logSet(context: CommandContext, options: StringOptions, at: Int64): void {
  if (options.unit !== null) {
    context.logAs('SET', context.bytes(1), context.bytes(2), 'PXAT', String(at))
  } else if (options.get) {
    const words: Uint8Array[] = []
    for (let index = 0; index < context.argc; ++index) {
      if (index < 3 || readOption(context, index) !== 'GET') words.push(context.bytes(index))
    }
    context.logAs(...words)
  }
}

function setWithTime(unit: ExpiryUnit, command: string): Handler {
  return (context) => {
    const at = expireAt(readInteger(context, 2), unit, context.now(), command)
    context.native.stringSet(context.db, 1, 3, 0, at)
    if (context.isLogged) {
      context.logAs('SET', context.bytes(1), context.bytes(3), 'PXAT', String(at))
    }
    return OK
  }
}

function setnx({ native, db }: CommandContext): Reply {
  return native.stringSet(db, 1, 2, SET_IF_ABSENT, NO_EXPIRY) ? 1 : 0
}

function getset(context: CommandContext): Reply {
  const { native, db, mode } = context
  const old = assignString(native, db, 1, 2, 0, NO_EXPIRY, mode)
  if (context.isLogged) context.logAs('SET', context.bytes(1), context.bytes(2))
  return old
}

function getdel(context: CommandContext): Reply {
  const { native, db, mode } = context
  const old = native.stringGet(db, 1, mode)
  if (old === null) return old
  native.keyRemove(db, 1)
  if (context.isLogged) context.logAs('DEL', context.bytes(1))
  return old
}

function getex(context: CommandContext): Reply {
  const { native, db, mode } = context
  const options = parseGetexOptions(context)
  const value = native.stringGet(db, 1, mode)
  // A key that is not there hides a time that is none.
  if (value === null) return null
  if (options.unit !== null) {
    const at = readExpireAt(context, options, 'getex')
    const outcome = native.keySetExpiry(db, 1, at, 0)
    if (context.isLogged) logExpiry(context, outcome, at)
  } else if (options.persist && native.keyPersist(db, 1) && context.isLogged) {
    context.logAs('PERSIST', context.bytes(1))
  }
  return value
}

function mget({ native, db, argc, mode }: CommandContext): Reply {
  const values: Reply[] = []
  for (let index = 1; index < argc; ++index) values.push(getString(native, db, index, mode))
  return values
}

function setPairs({ native, db, argc }: CommandContext): void {
  for (let index = 1; index < argc; index += 2) {
    native.stringSet(db, index, index + 1, 0, NO_EXPIRY)
  }
}

function mset(context: CommandContext): Reply {
  if (context.argc % 2 === 0) throw arityError('mset')
  setPairs(context)
  return OK
}

function msetnx(context: CommandContext): Reply {
  const { native, db, argc } = context
  if (argc % 2 === 0) throw arityError('msetnx')
  for (let index = 1; index < argc; index += 2) {
    if (native.keyType(db, index) !== 0) return 0
  }
  setPairs(context)
  return 1
}

function append({ native, db }: CommandContext): Reply {
  return native.stringAppend(db, 1, 2)
}

function strlen({ native, db }: CommandContext): Reply {
  return native.stringLength(db, 1)
}

function getrange(context: CommandContext): Reply {
  const start = readInteger(context, 2)
  const end = readInteger(context, 3)
  return context.native.stringGetRange(context.db, 1, start, end, context.mode)
}

function setrange(context: CommandContext): Reply {
  const offset = checkOffset(readInteger(context, 2))
  return context.native.stringSetRange(context.db, 1, offset, 3)
}

function incrbyfloat(context: CommandContext): Reply {
  const { native, db, mode } = context
  const sum = native.stringIncrementFloat(db, 1, 2, mode)
  if (context.isLogged) context.logAs('SET', context.bytes(1), sum, 'KEEPTTL')
  return sum
}

function increment(step: 1 | -1): Handler {
  return ({ native, db }) => native.stringIncrement(db, 1, step)
}

function incrby(context: CommandContext): Reply {
  return context.native.stringIncrement(context.db, 1, readInteger(context, 2))
}

function decrby(context: CommandContext): Reply {
  return context.native.stringIncrement(context.db, 1, negate(readInteger(context, 2)))
}

const READ: readonly CommandFlag[] = ['readonly', 'fast']
const WRITE: readonly CommandFlag[] = ['write', 'denyoom']
const WRITE_FAST: readonly CommandFlag[] = ['write', 'denyoom', 'fast']
const TAKE: readonly CommandFlag[] = ['write', 'fast']

export const STRING_COMMANDS = rowsOf('string', [
  {
    name: 'GET',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'The value of a key.',
    run: get,
  },
  {
    name: 'SET',
    arity: -3,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Sets a key, with conditions and an expiry if asked to.',
    run: set,
  },
  {
    name: 'SETEX',
    arity: 4,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.0.0',
    summary: 'Sets a key that expires after a number of seconds.',
    run: setWithTime('EX', 'setex'),
  },
  {
    name: 'PSETEX',
    arity: 4,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.6.0',
    summary: 'Sets a key that expires after a number of milliseconds.',
    run: setWithTime('PX', 'psetex'),
  },
  {
    name: 'SETNX',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Sets a key if it does not exist.',
    run: setnx,
  },
  {
    name: 'GETSET',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Sets a key and returns its old value.',
    run: getset,
  },
  {
    name: 'GETDEL',
    arity: 2,
    flags: TAKE,
    keys: FIRST_KEY,
    since: '6.2.0',
    summary: 'Removes a key and returns its value.',
    run: getdel,
  },
  {
    name: 'GETEX',
    arity: -2,
    flags: TAKE,
    keys: FIRST_KEY,
    since: '6.2.0',
    summary: 'The value of a key, whose expiry is changed.',
    run: getex,
  },
  {
    name: 'MGET',
    arity: -2,
    flags: READ,
    keys: ALL_KEYS,
    since: '1.0.0',
    summary: 'The values of several keys.',
    run: mget,
  },
  {
    name: 'MSET',
    arity: -3,
    flags: WRITE,
    keys: KEY_VALUE_PAIRS,
    since: '1.0.1',
    summary: 'Sets several keys.',
    run: mset,
  },
  {
    name: 'MSETNX',
    arity: -3,
    flags: WRITE,
    keys: KEY_VALUE_PAIRS,
    since: '1.0.1',
    summary: 'Sets several keys if none of them exists.',
    run: msetnx,
  },
  {
    name: 'APPEND',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '2.0.0',
    summary: 'Adds bytes to the end of a value.',
    run: append,
  },
  {
    name: 'STRLEN',
    arity: 2,
    flags: READ,
    keys: FIRST_KEY,
    since: '2.2.0',
    summary: 'The length of a value in bytes.',
    run: strlen,
  },
  {
    name: 'GETRANGE',
    arity: 4,
    flags: ['readonly'],
    keys: FIRST_KEY,
    since: '2.4.0',
    summary: 'A part of a value.',
    run: getrange,
  },
  {
    name: 'SUBSTR',
    arity: 4,
    flags: ['readonly'],
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'GETRANGE by its old name.',
    method: null,
    run: getrange,
  },
  {
    name: 'SETRANGE',
    arity: 4,
    flags: WRITE,
    keys: FIRST_KEY,
    since: '2.2.0',
    summary: 'Overwrites a part of a value.',
    run: setrange,
  },
  {
    name: 'INCR',
    arity: 2,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Adds one to an integer.',
    run: increment(1),
  },
  {
    name: 'DECR',
    arity: 2,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Takes one from an integer.',
    run: increment(-1),
  },
  {
    name: 'INCRBY',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Adds to an integer.',
    run: incrby,
  },
  {
    name: 'DECRBY',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Takes from an integer.',
    run: decrby,
  },
  {
    name: 'INCRBYFLOAT',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '2.6.0',
    summary: 'Adds to a floating-point number.',
    run: incrbyfloat,
  },
])
