/**
 * The commands about whole databases.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { checkDatabase, readInt32, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { type CommandFlag, OK, type Reply, rowsOf } from './spec.js'

/** SYNC and ASYNC are accepted; memory comes back off the event loop either way. */
function checkFlushMode(context: CommandContext): void {
  if (context.argc === 1) return
  const word = readOption(context, 1)
  if (context.argc > 2 || (word !== 'SYNC' && word !== 'ASYNC')) throw syntaxError()
}

function flushdb(context: CommandContext): Reply {
  checkFlushMode(context)
  context.native.databaseFlush(context.db)
  return OK
}

function flushall(context: CommandContext): Reply {
  checkFlushMode(context)
  context.native.databaseFlushAll()
  context.host?.allKeysRemoved()
  return OK
}

function swapdb(context: CommandContext): Reply {
  const first = readIndex(context, 1, 'first')
  const second = readIndex(context, 2, 'second')
  context.native.databaseSwap(checkDatabase(context, first), checkDatabase(context, second))
  return OK
}

/** Any text that is no C int gets one error, whatever is wrong with it. */
function readIndex(context: CommandContext, index: number, which: 'first' | 'second'): number {
  try {
    return readInt32(context, index)
  } catch (error) {
    if (error instanceof ReplyError) throw new ReplyError(`ERR invalid ${which} DB index`)
    throw error
  }
}

function dbsize({ native, db }: CommandContext): Reply {
  return native.databaseSize(db)
}

const WRITE: readonly CommandFlag[] = ['write']

export const DATABASE_COMMANDS = rowsOf('server', [
  {
    name: 'DBSIZE',
    arity: 1,
    flags: ['readonly', 'fast'],
    keys: null,
    since: '1.0.0',
    summary: 'How many keys the database has.',
    run: dbsize,
  },
  {
    name: 'SWAPDB',
    arity: 3,
    flags: ['write', 'fast'],
    keys: null,
    since: '4.0.0',
    summary: 'Exchanges two databases.',
    run: swapdb,
  },
  {
    name: 'FLUSHDB',
    arity: -1,
    flags: WRITE,
    keys: null,
    since: '1.0.0',
    summary: 'Removes all keys of the database.',
    run: flushdb,
  },
  {
    name: 'FLUSHALL',
    arity: -1,
    flags: WRITE,
    keys: null,
    since: '1.0.0',
    summary: 'Removes all keys of all databases.',
    run: flushall,
  },
])
