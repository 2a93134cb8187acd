/**
 * The stream commands about entries.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BULK_UTF8, type Int64 } from '../native/engine.js'
import { arityError, indexesFrom, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { uncounted } from './lookup-counts.js'
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
  WRITE,
  WRITE_FAST,
} from './spec.js'

/** Stands for the first entry of a stream without any. */
const HIGHEST_ID = '18446744073709551615-18446744073709551615'

/** Entries a node has at most: approximate trimming looks at so many nodes at a time. */
const TRIM_LIMIT_NODES = 100
const NODE_ENTRIES = 100

interface Trimming {
  byId: boolean
  approximate: boolean
  /** Index of the threshold. */
  threshold: number
  /** null: what fits the kind of trimming. */
  limit: Int64 | null
}

interface AddOptions {
  trimming: Trimming | null
  makesStream: boolean
  /** Index of the id, or behind the options of XTRIM. */
  next: number
}

/** Options of XADD up to the id, or all of XTRIM. */
function parseAddOptions(context: CommandContext, adds: boolean): AddOptions {
  const { argc } = context
  let trimming: Trimming | null = null
  let limit: Int64 | null = null
  let makesStream = true
  let index = 2
  for (; index < argc; ++index) {
    const word = readOption(context, index)
    const left = argc - 1 - index
    if ((word === 'MAXLEN' || word === 'MINID') && left > 0) {
      if (trimming !== null)
        throw new ReplyError(
          'ERR syntax error, MAXLEN and MINID options at the same time are not compatible',
        )
      trimming = readTrimming(context, index, word === 'MINID')
      index = trimming.threshold
    } else if (word === 'LIMIT' && left > 0) {
      limit = readInteger(context, index + 1)
      if (limit < 0) throw new ReplyError('ERR The LIMIT argument must be >= 0.')
      index += 1
    } else if (adds && word === 'NOMKSTREAM') {
      makesStream = false
    } else if (adds) {
      break
    } else {
      throw syntaxError()
    }
  }
  // A log has it beside a trimming that was made exact.
  const hasLimit = limit !== null && !context.isReplay
  if (hasLimit && (trimming === null || !trimming.approximate)) {
    throw new ReplyError('ERR syntax error, LIMIT cannot be used without the special ~ option')
  }
  if (!adds && trimming === null) {
    throw new ReplyError(
      'ERR syntax error, XTRIM must be called with either MAXLEN or MINID options',
    )
  }
  if (trimming !== null) trimming.limit = limit
  return { trimming, makesStream, next: index }
}

function readTrimming(context: CommandContext, index: number, byId: boolean): Trimming {
  const mark = readOption(context, index + 1)
  const hasMark = (mark === '~' || mark === '=') && index + 2 < context.argc
  const threshold = index + (hasMark ? 2 : 1)
  if (byId) {
    context.native.checkStreamId(threshold)
  } else if (readInteger(context, threshold) < 0) {
    throw new ReplyError('ERR The MAXLEN argument must be >= 0.')
  }
  return { byId, approximate: hasMark && mark === '~', threshold, limit: null }
}

function trim(context: CommandContext, { byId, approximate, threshold, limit }: Trimming): number {
  const { native, db } = context
  const most = limit ?? (approximate ? TRIM_LIMIT_NODES * NODE_ENTRIES : 0)
  const to = byId ? threshold : readInteger(context, threshold)
  return native.streamTrim(db, 1, byId, approximate, to, most)
}

function xadd(context: CommandContext): Reply {
  const { native, db, argc, mode } = context
  const { trimming, makesStream, next } = parseAddOptions(context, true)
  if (next < argc) native.checkStreamIdRequest(next, false)
  const count = argc - next - 1
  if (count < 2 || count % 2 === 1) throw arityError('xadd')
  // Before the key is looked at.
  native.checkStreamIdRequest(next, true)
  const id = native.streamAdd(db, 1, next, context.now(), makesStream, next + 1, count, mode)
  if (id !== null && trimming !== null && trim(context, trimming) > 0) {
    context.noteEvent('xtrim', 1)
  }
  if (context.isLogged && id !== null) logAdd(context, trimming, next)
  return id
}

/** An id that was made, and what an approximate trimming came to, in the place of the arguments. */
function logAdd(context: CommandContext, trimming: Trimming | null, next: number): void {
  const { native, db } = context
  const made = (native.argument(next, BULK_UTF8) as string).includes('*')
  if (!made && !trimming?.approximate) return
  const words = exactWords(context, trimming, next)
  if (made) words[next] = native.streamLastId(db, 1, BULK_UTF8)
  context.logAs(...words)
}

/** The arguments, with an approximate trimming, up to `end`, made exact. */
function exactWords(
  context: CommandContext,
  trimming: Trimming | null,
  end: number,
): (string | Uint8Array)[] {
  const { native, db, argc } = context
  const words: (string | Uint8Array)[] = []
  for (let index = 0; index < argc; ++index) {
    if (!trimming?.approximate || index < 2 || index >= end) {
      words.push(context.bytes(index))
    } else if (index === trimming.threshold - 1) {
      words.push('=')
    } else if (index === trimming.threshold) {
      const [first] = native.streamRange(db, 1, '-', '+', 1, false, BULK_UTF8)
      const lowest = first?.[0] ?? HIGHEST_ID
      words.push(trimming.byId ? lowest : String(native.streamLength(db, 1)))
    } else {
      words.push(context.bytes(index))
    }
  }
  return words
}

function xtrim(context: CommandContext): Reply {
  const { trimming } = parseAddOptions(context, false)
  const removed = trimming === null ? 0 : trim(context, trimming)
  if (context.isLogged && removed > 0 && trimming?.approximate) {
    context.logAs(...exactWords(context, trimming, context.argc))
  }
  return removed
}

function xlen({ native, db }: CommandContext): Reply {
  return native.streamLength(db, 1)
}

function xdel({ native, db, argc }: CommandContext): Reply {
  // Without a stream the ids are not looked at.
  if (native.streamLength(db, 1) === 0 && native.keyType(db, 1) === 0) return 0
  return native.streamDeleteRange(db, 1, 2, argc - 2)
}

function xrange(backwards: boolean): Handler {
  return (context) => {
    const { native, db, argc, mode } = context
    const [start, end] = backwards ? [3, 2] : [2, 3]
    let count: Int64 = -1
    // The bounds are looked at before the options.
    native.checkStreamRange(start, end)
    for (let index = 4; index < argc; index += 2) {
      if (readOption(context, index) !== 'COUNT' || index + 1 >= argc) throw syntaxError()
      count = readInteger(context, index + 1)
      if (count < 0) count = 0
    }
    if (native.streamLength(db, 1) === 0 && native.keyType(db, 1) === 0) return []
    if (count === 0) return null
    return native.streamRange(db, 1, start, end, count === -1 ? 0 : count, backwards, mode)
  }
}

function xsetid(context: CommandContext): Reply {
  const { native, db, argc } = context
  native.checkStreamId(2)
  let added: Int64 | null = null
  let deleted: number | null = null
  for (let index = 3; index < argc; index += 2) {
    const word = readOption(context, index)
    if (index + 1 >= argc) throw syntaxError()
    if (word === 'ENTRIESADDED') {
      added = readInteger(context, index + 1)
      if (added < 0) throw new ReplyError('ERR entries_added must be positive')
    } else if (word === 'MAXDELETEDID') {
      deleted = index + 1
      native.checkStreamId(deleted)
      if (isBefore(context, 2, deleted)) {
        throw new ReplyError(
          'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
        )
      }
    } else {
      throw syntaxError()
    }
  }
  native.streamSetId(db, 1, 2, added, deleted)
  return OK
}

/** Whether one id comes before another. */
function isBefore({ native }: CommandContext, a: number, b: number): boolean {
  const wordsOf = (index: number) => {
    const [ms = '0', seq = '0'] = String(native.argument(index, 2)).split('-')
    return [BigInt(ms), BigInt(seq)] as const
  }
  const [aMs, aSeq] = wordsOf(a)
  const [bMs, bSeq] = wordsOf(b)
  return aMs !== bMs ? aMs < bMs : aSeq < bSeq
}

export interface ReadOptions {
  count: Int64
  noAck: boolean
  /** Indexes of group and consumer, or null. */
  group: number | null
  /** Keys from here on, ids behind them. */
  keys: number
  streams: number
  /** Milliseconds to wait for entries, 0 for ever; null: not at all. */
  blockMs: number | null
}

function blockInScriptError(isGroup: boolean): ReplyError {
  const name = isGroup ? 'xreadgroup' : 'xread'
  return new ReplyError(`ERR ${name} command is not allowed with BLOCK option from scripts`)
}

/** Options of XREAD and XREADGROUP. */
export function parseReadOptions(context: CommandContext, isGroup: boolean): ReadOptions {
  const { argc } = context
  const options: ReadOptions = {
    count: 0,
    noAck: false,
    group: null,
    keys: 0,
    streams: 0,
    blockMs: null,
  }
  for (let index = 1; index < argc; ++index) {
    const word = readOption(context, index)
    const left = argc - index - 1
    if (word === 'BLOCK' && left > 0) {
      if (context.isOfScript) throw blockInScriptError(isGroup)
      index += 1
      const timeout = readInteger(context, index, 'ERR timeout is not an integer or out of range')
      if (timeout < 0) throw new ReplyError('ERR timeout is negative')
      options.blockMs = Number(timeout)
    } else if (word === 'COUNT' && left > 0) {
      index += 1
      const count = readInteger(context, index)
      options.count = Math.max(Number(count), 0)
    } else if (word === 'STREAMS' && left > 0) {
      options.keys = index + 1
      options.streams = left / 2
      if (left % 2 === 1) {
        const what = "list of streams: for each stream key an ID or '$' must be specified."
        throw new ReplyError(`ERR Unbalanced XREAD ${what}`)
      }
      break
    } else if (word === 'GROUP' && left >= 2) {
      if (!isGroup)
        throw new ReplyError(
          'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
        )
      options.group = index + 1
      index += 2
    } else if (word === 'NOACK') {
      if (!isGroup)
        throw new ReplyError(
          'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
        )
      options.noAck = true
    } else {
      throw syntaxError()
    }
  }
  if (options.keys === 0) throw syntaxError()
  if (isGroup && options.group === null)
    throw new ReplyError('ERR Missing GROUP option for XREADGROUP')
  return options
}

function xread(context: CommandContext): Reply {
  const { native, db, mode } = context
  const { keys, streams, count, blockMs } = parseReadOptions(context, false)
  const after: (number | string)[] = []
  for (let at = 0; at < streams; ++at)
    after.push(readAfter(context, keys + at, keys + streams + at))
  const replies: Reply[] = []
  for (const [at, id] of after.entries()) {
    const entries = native.streamRead(db, keys + at, id, count, mode)
    if (entries !== null) replies.push([native.argument(keys + at, mode), entries])
  }
  if (replies.length > 0) return replies
  if (blockMs === null) return null
  // `$` is the last entry of now, not of the time when one comes.
  const ids = after.flatMap((id, at) =>
    typeof id === 'string' ? [[keys + streams + at, id] as const] : [],
  )
  return context.wait(indexesFrom(keys, streams), blockMs, new Map(ids))
}

/** An id, or the last one for `$`. */
function readAfter(context: CommandContext, key: number, index: number): number | string {
  const { native, db } = context
  const word = readOption(context, index)
  // Another type comes before an id that is wrong.
  native.streamLength(db, key)
  if (word === '$') return uncounted(context, () => native.streamLastId(db, key, 2)) as string
  if (word === '>') {
    throw new ReplyError(
      'ERR The > ID can be specified only when calling XREADGROUP ' +
        'using the GROUP <group> <consumer> option.',
    )
  }
  native.checkStreamId(index)
  return index
}

export const STREAM_COMMANDS = rowsOf('stream', [
  row('XADD', -5, GROW_FAST, FIRST_KEY, '5.0.0', 'Adds an entry to a stream.', xadd),
  row('XTRIM', -4, WRITE, FIRST_KEY, '5.0.0', 'Removes old entries.', xtrim),
  row('XDEL', -3, WRITE_FAST, FIRST_KEY, '5.0.0', 'Removes entries.', xdel),
  row('XLEN', 2, READ_FAST, FIRST_KEY, '5.0.0', 'The number of entries.', xlen),
  row('XRANGE', -4, READ, FIRST_KEY, '5.0.0', 'Entries of a range of ids.', xrange(false)),
  row(
    'XREVRANGE',
    -4,
    READ,
    FIRST_KEY,
    '5.0.0',
    'Entries of a range of ids, last first.',
    xrange(true),
  ),
  row(
    'XREAD',
    -4,
    ['readonly', 'blocking'],
    null,
    '5.0.0',
    'Entries behind an id, of several streams.',
    xread,
  ),
  row('XSETID', -3, GROW_FAST, FIRST_KEY, '5.0.0', 'Sets the last id of a stream.', xsetid),
])
