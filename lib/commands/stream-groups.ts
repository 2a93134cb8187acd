/**
 * The stream commands about consumer groups, and XINFO.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_UTF8, type Bulk, type Int64 } from '../native/engine.js'
import type { ClaimOptions, StreamEntry } from '../native/streams.js'
import {
  echoed,
  indexesFrom,
  readBytes,
  readCString,
  readInteger,
  readOption,
  syntaxError,
} from './args.js'
import type { CommandContext } from './context.js'
import { help } from './help.js'
import { countedOnce, countLookup, uncounted } from './lookup-counts.js'
import {
  type CommandRow,
  type CommandSpec,
  FIRST_KEY,
  GROW,
  OK,
  READ,
  type Reply,
  row,
  rowsOf,
  subcommandsOf,
  WRITE,
  WRITE_FAST,
} from './spec.js'
import {
  type Delivery,
  logClaims,
  logGroupPosition,
  type PendingEntry,
  pendingEntries,
} from './stream-effects.js'
import { parseReadOptions, type ReadOptions } from './streams.js'

const SECOND_KEY = { first: 2, last: 2, step: 1 } as const

const NEW_IDS: ReadonlySet<string> = new Set(['>', '18446744073709551615-18446744073709551615'])

/** No key, or no group: one text for both. */
function noGroupError(context: CommandContext, key: number, group: number, where = ''): ReplyError {
  const names = `'${readBytes(context, key)}' or consumer group '${readBytes(context, group)}'`
  return ReplyError.ofLatin1(`NOGROUP No such key ${echoed(names, names.length)}${where}`)
}

function noGroupOfKeyError(context: CommandContext, key: number, group: number): ReplyError {
  const names = `'${readBytes(context, group)}' for key name '${readBytes(context, key)}'`
  return ReplyError.ofLatin1(`NOGROUP No such consumer group ${echoed(names, names.length)}`)
}

/** The key of XGROUP, which must exist. */
function checkGroupKey({ native, db }: CommandContext): void {
  native.streamLength(db, 2)
  if (native.keyType(db, 2) === 0) {
    throw new ReplyError(
      'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want ' +
        'to use the MKSTREAM option to create an empty stream automatically.',
    )
  }
}

function checkGroup(context: CommandContext): void {
  checkGroupKey(context)
  if (!context.native.groupExists(context.db, 2, 3)) throw noGroupOfKeyError(context, 2, 3)
}

interface GroupOptions {
  makesStream: boolean
  entriesRead: Int64
}

function subcommandError(context: CommandContext, command: string): ReplyError {
  const name = echoed(readCString(context, 1))
  const what = `unknown subcommand or wrong number of arguments for '${name}'`
  return ReplyError.ofLatin1(`ERR ${what}. Try ${command} HELP.`)
}

function parseGroupOptions(context: CommandContext, creates: boolean): GroupOptions {
  const options: GroupOptions = { makesStream: false, entriesRead: -1 }
  for (let index = 5; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (creates && word === 'MKSTREAM') {
      options.makesStream = true
    } else if (word === 'ENTRIESREAD' && index + 1 < context.argc) {
      index += 1
      options.entriesRead = readInteger(context, index)
      if (options.entriesRead < 0 && options.entriesRead !== -1) {
        throw new ReplyError('ERR value for ENTRIESREAD must be positive or -1')
      }
    } else {
      throw subcommandError(context, 'XGROUP')
    }
  }
  return options
}

function groupCreate(context: CommandContext): Reply {
  const { native, db } = context
  const { makesStream, entriesRead } = parseGroupOptions(context, true)
  if (!makesStream) checkGroupKey(context)
  else native.streamLength(db, 2)
  if (context.argc > 8) throw subcommandError(context, 'XGROUP')
  native.groupCreate(db, 2, 3, 4, entriesRead, makesStream)
  return OK
}

function groupSetId(context: CommandContext): Reply {
  const { entriesRead } = parseGroupOptions(context, false)
  checkGroup(context)
  if (context.argc !== 5 && context.argc !== 7) throw subcommandError(context, 'XGROUP')
  context.native.groupSetId(context.db, 2, 3, 4, entriesRead)
  return OK
}

function groupDestroy(context: CommandContext): Reply {
  checkGroupKey(context)
  return context.native.groupDestroy(context.db, 2, 3) ? 1 : 0
}

function consumerCreate(context: CommandContext): Reply {
  checkGroup(context)
  return context.native.consumerCreate(context.db, 2, 3, 4, context.now()) ? 1 : 0
}

function consumerDelete(context: CommandContext): Reply {
  checkGroup(context)
  return context.native.consumerDelete(context.db, 2, 3, 4)
}

function xreadgroup(context: CommandContext): Reply {
  const { native, db } = context
  const options = parseReadOptions(context, true)
  const { group, keys, streams, blockMs } = options
  if (group === null) throw syntaxError()
  for (let key = keys; key < keys + streams; ++key) {
    const hasGroup = countedOnce(context, () => {
      native.streamLength(db, key)
      return native.groupExists(db, key, group)
    })
    if (!hasGroup) {
      throw noGroupError(context, key, group, ' in XREADGROUP with GROUP option')
    }
    const id = key + streams
    const word = readOption(context, id)
    if (word === '$') {
      throw new ReplyError(
        'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the ' +
          'history of this consumer by specifying a proper ID, or use the > ID to get new ' +
          'messages. The $ ID would just return an empty result set.',
      )
    }
    if (word !== '>') native.checkStreamId(id)
  }
  const replies = uncounted(context, () => readGroups(context, options, group))
  for (let key = keys; key < keys + streams; ++key) countLookup(context, true)
  if (replies.length > 0) return replies
  return blockMs === null ? null : context.wait(indexesFrom(keys, streams), blockMs)
}

/** What XREADGROUP replies of the streams that have something. */
function readGroups(context: CommandContext, options: ReadOptions, group: number): Reply[] {
  const { native, db, mode } = context
  const { keys, streams, count, noAck } = options
  const replies: Reply[] = []
  const now = context.now()
  for (let key = keys; key < keys + streams; ++key) {
    const id = key + streams
    // Redis takes the highest id for the same.
    const isNew = NEW_IDS.has(readOption(context, id))
    const place = { key, group, consumer: group + 1 }
    // Claims would make it.
    const mayMake = context.isLogged && (noAck || !isNew) && !hasConsumer(context, place)
    const entries = mayMakeConsumer(context, place, () => {
      return native.groupRead(db, key, group, group + 1, id, count, noAck, now, mode)
    })
    if (mayMake && hasConsumer(context, place)) logConsumer(context, place)
    if (context.isLogged && isNew && entries !== null) {
      if (!noAck) logClaims(context, place, deliveriesOf(context, place, entries), true)
      logGroupPosition(context, place)
    }
    if (entries !== null) replies.push([native.argument(key, mode), entries])
  }
  return replies
}

function xack(context: CommandContext): Reply {
  const { native, db, argc } = context
  native.streamLength(db, 1)
  if (!native.groupExists(db, 1, 2)) return 0
  return native.groupAcknowledge(db, 1, 2, 3, argc - 3)
}

function xpending(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  let index = 3
  let idle: Int64 = 0
  if (argc > 9 || (argc > 3 && argc < 6)) throw syntaxError()
  if (argc >= 6) {
    if (readOption(context, 3) === 'IDLE') {
      idle = readInteger(context, 4)
      if (argc < 8) throw syntaxError()
      index = 5
    }
  }
  const count = argc > 3 ? readInteger(context, index + 2) : 0
  // The bounds are looked at before the key.
  if (argc > 3) native.checkStreamRange(index, index + 1)
  native.streamLength(db, 1)
  if (!native.groupExists(db, 1, 2)) throw noGroupError(context, 1, 2)
  if (argc === 3) return native.groupPending(db, 1, 2, mode)
  const consumer = index + 3 < argc ? index + 3 : null
  const now = context.now()
  return native.groupPendingRange(db, 1, 2, index, index + 1, count, consumer, idle, now, mode)
}

/** A time that must not be negative counts as zero. */
function readIdle(context: CommandContext, index: number, command: string): number {
  const message = `ERR Invalid min-idle-time argument for ${command}`
  return Math.max(0, Number(readInteger(context, index, message)))
}

function xclaim(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  native.streamLength(db, 1)
  if (!native.groupExists(db, 1, 2)) throw noGroupError(context, 1, 2)
  const idleMin = readIdle(context, 4, 'XCLAIM')
  let last = 5
  while (last < argc && isStreamId(context, last)) last += 1
  const now = context.now()
  let delivered = -1
  const options: ClaimOptions = [idleMin, now, -1, 0, 0, 0]
  let lastId: number | string = '0-0'
  for (let index = last; index < argc; ++index) {
    const word = readOption(context, index)
    const hasValue = index + 1 < argc
    if (word === 'FORCE') {
      options[3] = 1
    } else if (word === 'JUSTID') {
      options[4] = 1
    } else if (word === 'IDLE' && hasValue) {
      index += 1
      delivered =
        now - Number(readInteger(context, index, 'ERR Invalid IDLE option argument for XCLAIM'))
    } else if (word === 'TIME' && hasValue) {
      index += 1
      delivered = Number(readInteger(context, index, 'ERR Invalid TIME option argument for XCLAIM'))
    } else if (word === 'RETRYCOUNT' && hasValue) {
      index += 1
      options[2] = Number(
        readInteger(context, index, 'ERR Invalid RETRYCOUNT option argument for XCLAIM'),
      )
    } else if (word === 'LASTID' && hasValue) {
      index += 1
      native.checkStreamId(index)
      lastId = index
    } else {
      throw ReplyError.ofLatin1(
        `ERR Unrecognized XCLAIM option '${echoed(readBytes(context, index))}'`,
      )
    }
  }
  // Neither in the future nor before all time.
  const isLater = delivered > now && !context.isReplay
  options[1] = delivered < 0 || isLater ? now : delivered
  // What is pending and in the stream no longer is dropped.
  const place = { key: 1, group: 2, consumer: 3 }
  const dropped = context.isLogged ? pendingWithoutEntry(context, place, 5, last) : []
  // In a log the delivery is when the consumer was seen, and a claim of no entry tells that alone.
  const seen = context.isReplay ? options[1] : now
  if (context.isReplay && native.argument(5, BULK_UTF8) === '0-0') options[5] = 1
  const claimed = mayMakeConsumer(context, place, () => {
    return native.groupClaim(db, 1, 2, 3, seen, options, lastId, 5, last - 5, mode)
  })
  if (context.isLogged && native.logIsBehind()) {
    const claims = [...deliveriesOf(context, place, claimed), ...dropped]
    // Without a claim that says so, how far the group was set.
    if (claims.length === 0) logGroupPosition(context, place)
    else logClaims(context, place, claims)
  }
  return claimed
}

/** Of the ids from argument `first` to before `end`. */
function pendingWithoutEntry(
  context: CommandContext,
  place: Delivery,
  first: number,
  end: number,
): PendingEntry[] {
  const { native, db } = context
  const pending: PendingEntry[] = []
  for (let index = first; index < end; ++index) {
    const id = native.argument(index, BULK_UTF8) as string
    const isThere = native.streamRange(db, place.key, id, id, 1, false, BULK_UTF8).length > 0
    if (!isThere) pending.push(...pendingEntries(context, place, id, id))
  }
  return pending
}

/** What is known of entries that were just delivered: themselves, or their ids alone. */
function deliveriesOf(
  context: CommandContext,
  place: Delivery,
  entries: readonly (StreamEntry | Bulk)[],
): PendingEntry[] {
  return entries.flatMap((entry) => {
    const id = String(Array.isArray(entry) ? entry[0] : entry)
    return pendingEntries(context, place, id, id)
  })
}

function hasConsumer(context: CommandContext, { key, group, consumer }: Delivery): boolean {
  const rows = context.native.consumersInfo(context.db, key, group, 0, BULK_BUFFER)
  const name = context.bytes(consumer)
  return (rows as unknown[][]).some((row) => (row[1] as Buffer).equals(name))
}

/** Notes the event if a consumer comes to be. */
function mayMakeConsumer<T>(context: CommandContext, place: Delivery, act: () => T): T {
  if (context.afterRun === null || hasConsumer(context, place)) return act()
  const result = act()
  if (hasConsumer(context, place)) context.noteEvent('xgroup-createconsumer', place.key)
  return result
}

function logConsumer(context: CommandContext, { key, group, consumer }: Delivery): void {
  const words = [context.bytes(key), context.bytes(group), context.bytes(consumer)]
  context.logAs('XGROUP', 'CREATECONSUMER', ...words)
}

function isStreamId({ native }: CommandContext, index: number): boolean {
  try {
    native.checkStreamId(index)
    return true
  } catch {
    return false
  }
}

const AUTOCLAIM_COUNT = 100
const AUTOCLAIM_COUNT_MAX = 2n ** 60n
/** Pending entries it looks at for each one it claims. */
const AUTOCLAIM_ATTEMPTS = 10n

function xautoclaim(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  const idleMin = readIdle(context, 4, 'XAUTOCLAIM')
  native.checkStreamRange(5, '+')
  let count: Int64 = AUTOCLAIM_COUNT
  let justId = 0
  for (let index = 6; index < argc; ++index) {
    const word = readOption(context, index)
    if (word === 'COUNT' && index + 1 < argc) {
      index += 1
      count = readInteger(context, index, 'ERR COUNT must be > 0')
      if (count < 1 || count > AUTOCLAIM_COUNT_MAX) throw new ReplyError('ERR COUNT must be > 0')
    } else if (word === 'JUSTID') {
      justId = 1
    } else {
      throw syntaxError()
    }
  }
  native.streamLength(db, 1)
  if (!native.groupExists(db, 1, 2)) throw noGroupError(context, 1, 2)
  const now = context.now()
  const options: ClaimOptions = [idleMin, now, -1, 0, justId, 0]
  const place = { key: 1, group: 2, consumer: 3 }
  const most = BigInt(count) * AUTOCLAIM_ATTEMPTS
  const before = context.isLogged ? pendingEntries(context, place, 5, '+', most) : []
  const reply = mayMakeConsumer(context, place, () => {
    return native.groupAutoClaim(db, 1, 2, 3, now, options, 5, count, mode)
  })
  if (context.isLogged && native.logIsBehind()) {
    const [, claimed, gone] = reply as [Bulk, (StreamEntry | Bulk)[], Bulk[]]
    const dropped = new Set(gone.map(String))
    const claims = deliveriesOf(context, place, claimed)
    logClaims(context, place, [...claims, ...before.filter(({ id }) => dropped.has(id))])
  }
  return reply
}

const FULL_COUNT = 10

function infoStream(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  if (argc === 3) return native.streamInfo(db, 2, mode)
  // Without a stream the options are not looked at.
  if (native.streamLength(db, 2) === 0 && native.keyType(db, 2) === 0) {
    throw new ReplyError('ERR no such key')
  }
  if (readOption(context, 3) !== 'FULL') throw subcommandError(context, 'XINFO')
  let count: Int64 = FULL_COUNT
  if (argc > 4) {
    if (argc !== 6 || readOption(context, 4) !== 'COUNT') throw subcommandError(context, 'XINFO')
    count = readInteger(context, 5)
    if (count < 0) count = FULL_COUNT
  }
  return native.streamInfoFull(db, 2, count, mode)
}

function infoGroups({ native, db, mode }: CommandContext): Reply {
  return native.groupsInfo(db, 2, mode)
}

function infoConsumers(context: CommandContext): Reply {
  const { native, db, mode } = context
  native.streamLength(db, 2)
  if (native.keyType(db, 2) === 0) throw new ReplyError('ERR no such key')
  if (!native.groupExists(db, 2, 3)) throw noGroupOfKeyError(context, 2, 3)
  return native.consumersInfo(db, 2, 3, context.now(), mode)
}

function neverRuns(): never {
  throw syntaxError()
}

const GROUP_HELP = [
  'CREATE <key> <groupname> <id|$> [option]',
  '    Makes a group. Options: MKSTREAM, ENTRIESREAD <count>.',
  'CREATECONSUMER <key> <groupname> <consumer>',
  '    Makes a consumer.',
  'DELCONSUMER <key> <groupname> <consumer>',
  '    Removes a consumer.',
  'DESTROY <key> <groupname>',
  '    Removes a group.',
  'SETID <key> <groupname> <id|$> [ENTRIESREAD <count>]',
  '    Sets the last id that a group has delivered.',
] as const

const INFO_HELP = [
  'CONSUMERS <key> <groupname>',
  '    The consumers of a group.',
  'GROUPS <key>',
  '    The groups of a stream.',
  'STREAM <key> [FULL [COUNT <count>]]',
  '    A stream.',
] as const

function subcommands(
  container: string,
  rows: readonly CommandRow[],
): ReadonlyMap<string, CommandSpec> {
  return subcommandsOf(
    container,
    'stream',
    rows.map((one) => ({ ...one, method: null })),
  )
}

const GROUP_SUBCOMMANDS = subcommands('XGROUP', [
  row('CREATE', -5, GROW, SECOND_KEY, '5.0.0', 'Makes a group.', groupCreate),
  row(
    'SETID',
    -5,
    WRITE,
    SECOND_KEY,
    '5.0.0',
    'Sets the last id that a group has delivered.',
    groupSetId,
  ),
  row('DESTROY', 4, WRITE, SECOND_KEY, '5.0.0', 'Removes a group.', groupDestroy),
  row('CREATECONSUMER', 5, GROW, SECOND_KEY, '6.2.0', 'Makes a consumer.', consumerCreate),
  row('DELCONSUMER', 5, WRITE, SECOND_KEY, '5.0.0', 'Removes a consumer.', consumerDelete),
  row(
    'HELP',
    2,
    ['loading', 'stale'],
    null,
    '5.0.0',
    'Tells the subcommands.',
    help('XGROUP', GROUP_HELP),
  ),
])

const INFO_SUBCOMMANDS = subcommands('XINFO', [
  row('STREAM', -3, READ, SECOND_KEY, '5.0.0', 'A stream.', infoStream),
  row('GROUPS', 3, READ, SECOND_KEY, '5.0.0', 'The groups of a stream.', infoGroups),
  row('CONSUMERS', 4, READ, SECOND_KEY, '5.0.0', 'The consumers of a group.', infoConsumers),
  row(
    'HELP',
    2,
    ['loading', 'stale'],
    null,
    '5.0.0',
    'Tells the subcommands.',
    help('XINFO', INFO_HELP),
  ),
])

export const STREAM_GROUP_COMMANDS = rowsOf('stream', [
  {
    ...row('XGROUP', -2, [], null, '5.0.0', 'Makes and changes groups.', neverRuns),
    subcommands: GROUP_SUBCOMMANDS,
  },
  row(
    'XREADGROUP',
    -7,
    ['write', 'blocking'],
    null,
    '5.0.0',
    'Entries for a consumer of a group.',
    xreadgroup,
  ),
  row('XACK', -4, WRITE_FAST, FIRST_KEY, '5.0.0', 'Acknowledges entries.', xack),
  row('XPENDING', -3, READ, FIRST_KEY, '5.0.0', 'Entries that are not acknowledged.', xpending),
  row(
    'XCLAIM',
    -6,
    WRITE_FAST,
    FIRST_KEY,
    '5.0.0',
    'Gives pending entries to another consumer.',
    xclaim,
  ),
  row(
    'XAUTOCLAIM',
    -6,
    WRITE_FAST,
    FIRST_KEY,
    '6.2.0',
    'Gives entries that are pending for long to a consumer.',
    xautoclaim,
  ),
  {
    ...row('XINFO', -2, [], null, '5.0.0', 'Tells of streams, groups and consumers.', neverRuns),
    subcommands: INFO_SUBCOMMANDS,
  },
])
