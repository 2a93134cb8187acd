/**
 * MEMORY: what keys and the engine take.
 *
 * @module
 */

import { readInteger, readOption, syntaxError } from '../../commands/args.js'
import { DoubleReply, MapReply, type Reply } from '../../commands/reply.js'
import { type CommandFlag, FIRST_KEY, OK, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { clientRow, helpRow, type ServerContext } from './row.js'

function usage(context: ServerContext): Reply {
  const { native, db, argc } = context
  for (let index = 3; index < argc; index += 2) {
    if (readOption(context, index) !== 'SAMPLES' || index + 1 >= argc) throw syntaxError()
    // Whatever it says: sizes are known, and nothing is estimated from a sample.
    if (readInteger(context, index + 1) < 0) throw syntaxError()
  }
  return native.keyBytes(db, 2)
}

function stats({ native, server }: ServerContext): Reply {
  const { usedBytes, indexBytes, metaBytes, dataBytes, keys } = native.stats()
  const overhead = indexBytes + metaBytes
  const rss = process.memoryUsage.rss()
  const total = usedBytes + overhead
  const entries: Reply[] = [
    ...['peak.allocated', Math.max(total, dataBytes), 'total.allocated', total],
    ...['startup.allocated', 0, 'replication.backlog', 0, 'clients.slaves', 0],
    ...['clients.normal', 0, 'cluster.links', 0, 'aof.buffer', 0],
    ...['lua.caches', 0, 'functions.caches', 0],
  ]
  for (let db = 0; db < server.databases; ++db) {
    if (native.databaseSize(db) === 0) continue
    const database = ['overhead.hashtable.main', 0, 'overhead.hashtable.expires', 0]
    entries.push(`db.${db}`, new MapReply(database))
  }
  entries.push(
    ...['overhead.total', overhead, 'keys.count', keys],
    ...['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(total / keys)],
    ...['dataset.bytes', usedBytes],
    ...['dataset.percentage', new DoubleReply((usedBytes * 100) / Math.max(1, total))],
    ...['peak.percentage', new DoubleReply((total * 100) / Math.max(1, total, dataBytes))],
    ...['allocator.allocated', usedBytes, 'allocator.active', dataBytes],
    ...['allocator.resident', dataBytes],
    ...['allocator-fragmentation.ratio', new DoubleReply(dataBytes / Math.max(1, usedBytes))],
    ...['allocator-fragmentation.bytes', Math.max(0, dataBytes - usedBytes)],
    ...['fragmentation', new DoubleReply(rss / Math.max(1, total))],
    ...['fragmentation.bytes', rss - total],
  )
  return new MapReply(entries)
}

/** Redis's own words where there is nothing to complain of. */
function doctor({ native }: ServerContext): Reply {
  const { usedBytes, dataBytes } = native.stats()
  const isSparse = dataBytes > 2 * usedBytes && dataBytes - usedBytes > 100 << 20
  if (isSparse) {
    return (
      'Sam, I detected a few issues in this Redis instance memory implants:\n\n' +
      ' * High fragmentation: more than half of the memory of the data lies idle. ' +
      'Active defragmentation (defragCpuPercent) gives it back.\n'
    )
  }
  return (
    'Hi Sam, I can not find any memory issue in your instance. I can only account for what ' +
    'occurs on this base.\n'
  )
}

function purge(): Reply {
  return OK
}

function mallocStats(): Reply {
  throw new ReplyError('ERR Stats not supported for the current allocator')
}

const READ: readonly CommandFlag[] = ['readonly']

const MEMORY = subcommandsOf('MEMORY', 'server', [
  clientRow(
    'USAGE',
    -3,
    READ,
    { ...FIRST_KEY, first: 2, last: 2 },
    '4.0.0',
    'Bytes that a key takes.',
    usage,
  ),
  clientRow('STATS', 2, [], null, '4.0.0', 'What takes how much.', stats),
  clientRow('DOCTOR', 2, [], null, '4.0.0', 'What is wrong with the memory.', doctor),
  clientRow('PURGE', 2, [], null, '4.0.0', 'Gives memory back, which is done anyway.', purge),
  clientRow('MALLOC-STATS', 2, [], null, '4.0.0', 'Of an allocator not used here.', mallocStats),
  helpRow('MEMORY', '4.0.0', [
    'DOCTOR',
    '    Return memory problems reports.',
    'MALLOC-STATS',
    '    Return internal statistics report from the memory allocator.',
    'PURGE',
    '    Attempt to purge dirty pages for reclamation by the allocator.',
    'STATS',
    '    Return information about the memory usage of the server.',
    'USAGE <key> [SAMPLES <count>]',
    '    Return memory in bytes used by <key> and its value. Nested values are',
    '    sampled up to <count> times (default: 5, 0 means sample all).',
  ]),
])

export const MEMORY_COMMANDS = rowsOf('server', [
  {
    ...clientRow('MEMORY', -2, [], null, '4.0.0', 'What memory is used for.', () => null),
    subcommands: MEMORY,
  },
])
