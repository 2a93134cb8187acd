/**
 * Typed methods of the stream commands.
 *
 * @module
 */

import { invalidArgument } from '../errors.js'
import type { CallReply } from './command-api.js'
import { GeoApi } from './geo-api.js'
import type { CountOptions } from './list-api.js'
import {
  checkArray,
  checkInteger,
  checkKey,
  checkObject,
  flattenPairs,
  type Integer,
  type Key,
  type KeyValuePairs,
  optionWords,
  pairsOf,
  toBytes,
  type Value,
} from './values.js'

export type StreamEntry = [id: string, fields: string[]]
/** An entry that was delivered; without fields if it was deleted since. */
export type DeliveredEntry = [id: string, fields: string[] | null]
/** `ms-seq`, `ms`, or what the command takes instead, such as `$`. */
export type StreamId = string | Integer
export type StreamReply = [key: string, entries: StreamEntry[]]
/** Streams and the ids behind which to read. */
export type StreamIds =
  | Readonly<Record<string, StreamId>>
  | Iterable<readonly [key: Key, id: StreamId]>

/** At most so many entries, or none before an id. */
export interface TrimOptions {
  MAXLEN?: Integer | undefined
  MINID?: StreamId | undefined
  /** Only whole nodes: faster, and a few entries more may stay. */
  approximate?: boolean | undefined
  /** With `approximate`: entries removed at most. */
  LIMIT?: Integer | undefined
}

export interface XaddOptions extends TrimOptions {
  NOMKSTREAM?: boolean | undefined
}

export interface XsetidOptions {
  ENTRIESADDED?: Integer | undefined
  MAXDELETEDID?: StreamId | undefined
}

export interface XreadgroupOptions extends CountOptions {
  NOACK?: boolean | undefined
}

export interface XclaimOptions {
  IDLE?: Integer | undefined
  TIME?: Integer | undefined
  RETRYCOUNT?: Integer | undefined
  FORCE?: boolean | undefined
  JUSTID?: boolean | undefined
  LASTID?: StreamId | undefined
}

export interface XautoclaimOptions extends CountOptions {
  JUSTID?: boolean | undefined
}

function trimWords(options: XaddOptions): Key[] {
  const { NOMKSTREAM, MAXLEN, MINID, approximate, LIMIT, ...others } = checkObject(
    options,
    'options',
  )
  for (const name of Object.keys(others)) throw invalidArgument(`There is no option '${name}'.`)
  const mark = approximate === true ? '~' : '='
  return [
    ...optionWords({ NOMKSTREAM }),
    ...(MAXLEN === undefined ? [] : ['MAXLEN', mark, toBytes(MAXLEN)]),
    ...(MINID === undefined ? [] : ['MINID', mark, toBytes(MINID)]),
    ...optionWords({ LIMIT }),
  ]
}

/** All keys, then all ids. */
function streamWords(streams: StreamIds): Key[] {
  const pairs = [...pairsOf(streams, 'Streams')]
  return [...pairs.map(([key]) => checkKey(key)), ...pairs.map(([, id]) => toBytes(id))]
}

export abstract class StreamApi extends GeoApi {
  /**
   * Adds an entry; its id. `'*'` makes one of the time. null with `NOMKSTREAM` if there is no
   * stream.
   */
  xadd(key: Key, id: StreamId, fields: KeyValuePairs, options: XaddOptions = {}): string | null {
    return this.runText(
      'XADD',
      checkKey(key),
      ...trimWords(options),
      toBytes(id),
      ...flattenPairs(fields),
    ) as string | null
  }

  /** Removes old entries; how many. */
  xtrim(key: Key, options: TrimOptions): number {
    return this.runText('XTRIM', checkKey(key), ...trimWords(options)) as number
  }

  /** Removes entries; how many there were. */
  xdel(key: Key, ...ids: readonly StreamId[]): number {
    return this.runText('XDEL', checkKey(key), ...ids.map(toBytes)) as number
  }

  /** The number of entries. */
  xlen(key: Key): number {
    return this.runText('XLEN', checkKey(key)) as number
  }

  /** Entries of a range of ids; `-` and `+` are the ends. */
  xrange(key: Key, start: StreamId, end: StreamId, options: CountOptions = {}): StreamEntry[] {
    return this.runText(
      'XRANGE',
      checkKey(key),
      toBytes(start),
      toBytes(end),
      ...optionWords(options),
    ) as StreamEntry[]
  }

  /** Entries of a range of ids, last first. */
  xrevrange(key: Key, end: StreamId, start: StreamId, options: CountOptions = {}): StreamEntry[] {
    return this.runText(
      'XREVRANGE',
      checkKey(key),
      toBytes(end),
      toBytes(start),
      ...optionWords(options),
    ) as StreamEntry[]
  }

  /** Entries behind ids, of several streams; null if there are none. It does not wait. */
  xread(streams: StreamIds, options: CountOptions = {}): StreamReply[] | null {
    return this.runText('XREAD', ...optionWords(options), 'STREAMS', ...streamWords(streams)) as
      | StreamReply[]
      | null
  }

  /** Sets the last id of a stream. */
  xsetid(key: Key, id: StreamId, options: XsetidOptions = {}): 'OK' {
    return this.runText('XSETID', checkKey(key), toBytes(id), ...optionWords(options)) as 'OK'
  }

  /** Makes and changes groups: words as on Redis's command line. */
  xgroup(subcommand: string, ...words: readonly Value[]): CallReply {
    return this.runText('XGROUP', subcommand, ...words.map(toBytes)) as CallReply
  }

  /**
   * Entries for a consumer: new ones for the id `>`, null if there are none; else those that are
   * pending behind the id, which may be none.
   */
  xreadgroup(
    group: Value,
    consumer: Value,
    streams: StreamIds,
    options: XreadgroupOptions = {},
  ): [key: string, entries: DeliveredEntry[]][] | null {
    return this.runText(
      'XREADGROUP',
      'GROUP',
      toBytes(group),
      toBytes(consumer),
      ...optionWords(options),
      'STREAMS',
      ...streamWords(streams),
    ) as [key: string, entries: DeliveredEntry[]][] | null
  }

  /** Acknowledges entries; how many were pending. */
  xack(key: Key, group: Value, ...ids: readonly StreamId[]): number {
    return this.runText('XACK', checkKey(key), toBytes(group), ...ids.map(toBytes)) as number
  }

  /** What is pending: a summary, or with more words a list, as on Redis's command line. */
  xpending(key: Key, group: Value, ...words: readonly Value[]): CallReply {
    return this.runText(
      'XPENDING',
      checkKey(key),
      toBytes(group),
      ...words.map(toBytes),
    ) as CallReply
  }

  /** Gives pending entries to a consumer; they, or with `JUSTID` their ids. */
  xclaim(
    key: Key,
    group: Value,
    consumer: Value,
    minIdleMs: Integer,
    ids: readonly StreamId[],
    options: XclaimOptions = {},
  ): CallReply[] {
    return this.runText(
      'XCLAIM',
      checkKey(key),
      toBytes(group),
      toBytes(consumer),
      checkInteger(minIdleMs, 'minIdleMs'),
      ...checkArray(ids, 'ids').map(toBytes),
      ...optionWords(options),
    ) as CallReply[]
  }

  /** Gives what is pending for long to a consumer: where to go on, entries, ids that are gone. */
  xautoclaim(
    key: Key,
    group: Value,
    consumer: Value,
    minIdleMs: Integer,
    start: StreamId,
    options: XautoclaimOptions = {},
  ): CallReply[] {
    return this.runText(
      'XAUTOCLAIM',
      checkKey(key),
      toBytes(group),
      toBytes(consumer),
      checkInteger(minIdleMs, 'minIdleMs'),
      toBytes(start),
      ...optionWords(options),
    ) as CallReply[]
  }

  /** Tells of streams, groups and consumers: words as on Redis's command line. */
  xinfo(subcommand: string, ...words: readonly Value[]): CallReply {
    return this.runText('XINFO', subcommand, ...words.map(toBytes)) as CallReply
  }
}
