/**
 * The commands about keys of any type.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { TYPE_NAMES } from '../native/engine.js'
import { ACCESS_FREQUENCY, ACCESS_TIME } from '../native/eviction.js'
import { readDatabase, readOption, sameArguments, sameObjectError, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { countLookup } from './lookup-counts.js'
import { parseScanOptions, readCursor } from './scan-options.js'
import {
  ALL_KEYS,
  type CommandFlag,
  type CommandRow,
  FIRST_KEY,
  FIRST_TWO_KEYS,
  type Handler,
  OK,
  type Reply,
  row,
  rowsOf,
  Status,
  subcommandsOf,
} from './spec.js'

const TYPE_STATUSES: readonly Status[] = TYPE_NAMES.map((name) => new Status(name))

/** RENAME's and RENAMENX's error; the engine only says that there is no such key. */
export function noSuchKeyError(): ReplyError {
  return new ReplyError('ERR no such key')
}

function del({ native, db, argc }: CommandContext): Reply {
  let removed = 0
  for (let index = 1; index < argc; ++index) {
    if (native.keyRemove(db, index)) removed += 1
  }
  return removed
}

function exists({ native, db, argc }: CommandContext): Reply {
  let found = 0
  for (let index = 1; index < argc; ++index) {
    if (native.keyExists(db, index)) found += 1
  }
  return found
}

function touch({ native, db, argc }: CommandContext): Reply {
  let found = 0
  for (let index = 1; index < argc; ++index) {
    if (native.keyTouch(db, index)) found += 1
  }
  return found
}

function type(context: CommandContext): Reply {
  const number = context.native.keyType(context.db, 1)
  countLookup(context, number !== 0)
  return TYPE_STATUSES[number] ?? null
}

function rename({ native, db }: CommandContext): Reply {
  if (native.keyRename(db, 1, 2, false) === 0) throw noSuchKeyError()
  return OK
}

function renamenx({ native, db }: CommandContext): Reply {
  const outcome = native.keyRename(db, 1, 2, true)
  if (outcome === 0) throw noSuchKeyError()
  return outcome === 1 ? 1 : 0
}

function copy(context: CommandContext): Reply {
  const { native, db, argc } = context
  let toDb = db
  let replace = false
  for (let index = 3; index < argc; ++index) {
    const word = readOption(context, index)
    if (word === 'REPLACE') {
      replace = true
    } else if (word === 'DB' && index + 1 < argc) {
      index += 1
      toDb = readDatabase(context, index)
    } else {
      throw syntaxError()
    }
  }
  if (toDb === db && sameArguments(context, 1, 2)) throw sameObjectError()
  return native.keyCopy(db, 1, toDb, 2, replace) ? 1 : 0
}

function move(context: CommandContext): Reply {
  const { native, db } = context
  const toDb = readDatabase(context, 2)
  if (toDb === db) throw sameObjectError()
  return native.keyMove(db, 1, toDb) ? 1 : 0
}

/** A number that no type has. */
const NO_TYPE = 255

function scan(context: CommandContext): Reply {
  const { native, db, mode } = context
  const cursor = readCursor(context, 1)
  const { count, pattern, type } = parseScanOptions(context, 2, true)
  const [next, keys] = native.scan(db, cursor, count, pattern, type ?? NO_TYPE, mode)
  return [context.bulk(next.toString()), type === null ? [] : keys]
}

function keys({ native, db, mode }: CommandContext): Reply {
  return native.keysMatching(db, 1, mode)
}

function objectEncoding(context: CommandContext): Reply {
  const encoding = context.native.keyEncoding(context.db, 2)
  countLookup(context, encoding !== null)
  return encoding === null ? null : context.bulk(encoding)
}

function objectRefcount({ native, db }: CommandContext): Reply {
  return native.keyExists(db, 2) ? 1 : null
}

/** The end of Redis's errors about what the policy of eviction does not track. */
const SWITCHED =
  'Please note that when switching between policies at runtime LRU and LFU data will take some ' +
  'time to adjust.'

function objectFrequency({ native, db }: CommandContext): Reply {
  if (!native.keyExists(db, 2)) return null
  if (native.accessKind() === ACCESS_FREQUENCY) return native.keyFrequency(db, 2)
  throw new ReplyError(
    `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHED}`,
  )
}

/** Redis has the time with any policy but LFU; here a read writes it with LRU alone. */
function objectIdleTime({ native, db }: CommandContext): Reply {
  if (!native.keyExists(db, 2)) return null
  const kind = native.accessKind()
  if (kind === ACCESS_TIME) return native.keyIdleSeconds(db, 2)
  if (kind === ACCESS_FREQUENCY) {
    throw new ReplyError(
      `ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHED}`,
    )
  }
  throw new ReplyError('ERR idle time not tracked: an LRU maxmemory policy is not selected.')
}

function objectHelp(): Reply {
  return OBJECT_HELP.map((line) => new Status(line))
}

function object(): never {
  throw syntaxError()
}

const OBJECT_HELP = [
  'OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'ENCODING <key>',
  '    The name of the representation that the value of <key> has.',
  'FREQ <key>',
  '    How often <key> is used, 0 to 255 on a logarithmic scale; with an LFU policy.',
  'HELP',
  '    Prints this help.',
  'IDLETIME <key>',
  '    Seconds since <key> was used; with an LRU policy.',
  'REFCOUNT <key>',
  '    1: no value is shared.',
] as const

const READ: readonly CommandFlag[] = ['readonly']
const READ_FAST: readonly CommandFlag[] = ['readonly', 'fast']
const WRITE: readonly CommandFlag[] = ['write']
const WRITE_FAST: readonly CommandFlag[] = ['write', 'fast']

const SECOND_KEY = { first: 2, last: 2, step: 1 }

function objectRow(name: string, since: string, summary: string, run: Handler): CommandRow {
  return { ...row(name, 3, READ, SECOND_KEY, since, summary, run), method: 'object' }
}

const OBJECT_SUBCOMMANDS = subcommandsOf('OBJECT', 'generic', [
  objectRow('ENCODING', '2.2.3', 'How the value of a key lies in memory.', objectEncoding),
  objectRow('FREQ', '4.0.0', 'How often a key is used, with an LFU policy.', objectFrequency),
  objectRow(
    'IDLETIME',
    '2.2.3',
    'Seconds since a key was used, with an LRU policy.',
    objectIdleTime,
  ),
  objectRow('REFCOUNT', '2.2.3', 'How many share the value of a key: one.', objectRefcount),
  {
    name: 'HELP',
    arity: 2,
    flags: ['loading', 'stale'],
    keys: null,
    since: '6.2.0',
    summary: 'The subcommands of OBJECT.',
    method: null,
    run: objectHelp,
  },
])

export const KEY_COMMANDS = rowsOf('generic', [
  {
    name: 'DEL',
    arity: -2,
    flags: WRITE,
    keys: ALL_KEYS,
    since: '1.0.0',
    summary: 'Removes keys; how many there were.',
    run: del,
  },
  {
    name: 'UNLINK',
    arity: -2,
    flags: WRITE_FAST,
    keys: ALL_KEYS,
    since: '4.0.0',
    summary: 'Removes keys; how many there were.',
    run: del,
  },
  {
    name: 'EXISTS',
    arity: -2,
    flags: READ_FAST,
    keys: ALL_KEYS,
    since: '1.0.0',
    summary: 'How many of the keys exist.',
    run: exists,
  },
  {
    name: 'TOUCH',
    arity: -2,
    flags: READ_FAST,
    keys: ALL_KEYS,
    since: '3.2.1',
    summary: 'How many of the keys exist, which count as used.',
    run: touch,
  },
  {
    name: 'TYPE',
    arity: 2,
    flags: READ_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'The type of the value of a key.',
    run: type,
  },
  {
    name: 'RENAME',
    arity: 3,
    flags: WRITE,
    keys: FIRST_TWO_KEYS,
    since: '1.0.0',
    summary: 'Gives a key another name.',
    run: rename,
  },
  {
    name: 'RENAMENX',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_TWO_KEYS,
    since: '1.0.0',
    summary: 'Gives a key another name if that is free.',
    run: renamenx,
  },
  {
    name: 'COPY',
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: FIRST_TWO_KEYS,
    since: '6.2.0',
    summary: 'Copies a key to another name or database.',
    run: copy,
  },
  {
    name: 'MOVE',
    arity: 3,
    flags: WRITE_FAST,
    keys: FIRST_KEY,
    since: '1.0.0',
    summary: 'Moves a key to another database.',
    run: move,
  },
  {
    name: 'SCAN',
    arity: -2,
    flags: READ,
    keys: null,
    since: '2.8.0',
    summary: 'A few keys, and the cursor for the next ones.',
    run: scan,
  },
  {
    name: 'KEYS',
    arity: 2,
    flags: READ,
    keys: null,
    since: '1.0.0',
    summary: 'All keys that match a pattern.',
    run: keys,
  },
  {
    name: 'RANDOMKEY',
    arity: 1,
    flags: READ,
    keys: null,
    since: '1.0.0',
    summary: 'A key drawn at random.',
    run: ({ native, db, mode }) => native.keyRandom(db, mode),
  },
  {
    name: 'OBJECT',
    arity: -2,
    flags: [],
    keys: null,
    since: '2.2.3',
    summary: 'Tells how a value is stored.',
    subcommands: OBJECT_SUBCOMMANDS,
    run: object,
  },
])
