/**
 * The commands about the server: its time, its slow commands, its end.
 *
 * @module
 */

import { readInteger, readOption, syntaxError } from '../../commands/args.js'
import { PendingReply, type Reply } from '../../commands/reply.js'
import { type CommandFlag, OK, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { clientRow, helpRow, type ServerContext } from './row.js'

function time({ server }: ServerContext): Reply {
  const nowMs = server.now()
  const seconds = Math.floor(nowMs / 1000)
  return [String(seconds), String(Math.floor((nowMs - seconds * 1000) * 1000))]
}

function monitor({ client, server }: ServerContext): Reply {
  server.monitors.add(client)
  server.configureLanes()
  return OK
}

function slowlogGet(context: ServerContext): Reply {
  let count = 10
  if (context.argc > 2) {
    const message = 'ERR count should be greater than or equal to -1'
    count = Number(readInteger(context, 2, message))
    if (count < -1) throw new ReplyError(message)
  }
  const entries = context.server.slowlog.entries
  return entries.slice(0, count < 0 ? entries.length : count).map((entry) => {
    const { id, second, micros, args, address, clientName } = entry
    return [id, second, micros, [...args], address, clientName]
  })
}

function slowlogReset({ server }: ServerContext): Reply {
  server.slowlog.reset()
  return OK
}

/** No replica can acknowledge anything: there are none. */
function wait(context: ServerContext): Reply {
  readInteger(context, 1)
  const message = 'ERR timeout is not an integer or out of range'
  if (readInteger(context, 2, message) < 0) throw new ReplyError('ERR timeout is negative')
  return 0
}

function role(): Reply {
  return ['master', 0, []]
}

interface Shutdown {
  save: boolean | null
  now: boolean
  force: boolean
  abort: boolean
}

function shutdown(context: ServerContext): Reply {
  const options: Shutdown = { save: null, now: false, force: false, abort: false }
  for (let index = 1; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (word === 'SAVE' && options.save !== false) options.save = true
    else if (word === 'NOSAVE' && options.save !== true) options.save = false
    else if (word === 'NOW') options.now = true
    else if (word === 'FORCE') options.force = true
    else if (word === 'ABORT') options.abort = true
    else throw syntaxError()
  }
  if (options.abort) {
    if (context.argc > 2) throw syntaxError()
    throw new ReplyError('ERR No shutdown in progress.')
  }
  const { runner } = context.server.scripts
  // What it would save has half a script in it.
  if (runner.isBusy && options.save !== false) throw runner.busyError()
  return new PendingReply(context.server.shutdown(options))
}

const SLOWLOG = subcommandsOf('SLOWLOG', 'server', [
  clientRow('GET', -2, ['admin', 'loading', 'stale'], null, '2.2.12', 'The last ones.', slowlogGet),
  clientRow('LEN', 2, ['admin', 'loading', 'stale'], null, '2.2.12', 'How many.', (context) => {
    return context.server.slowlog.entries.length
  }),
  clientRow('RESET', 2, ['admin', 'loading', 'stale'], null, '2.2.12', 'Drops all.', slowlogReset),
  helpRow('SLOWLOG', '6.2.0', [
    'GET [<count>]',
    '    Return top <count> entries from the slowlog (default: 10, -1 mean all).',
    '    Entries are made of:',
    '    id, timestamp, time in microseconds, arguments array, client IP and port,',
    '    client name',
    'LEN',
    '    Return the length of the slowlog.',
    'RESET',
    '    Reset the slowlog.',
  ]),
])

const PICTURE = `
     .----.
    /      \\     fork
   |        |----------.
    \\      /            \\
     '----'    a page is copied when it is written, and not before

snapfork
`

function lolwut(context: ServerContext): Reply {
  return context.bulk(PICTURE)
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

export const SERVER_COMMANDS = [
  ...rowsOf('server', [
    clientRow(
      'TIME',
      1,
      ['loading', 'stale', 'fast'],
      null,
      '2.6.0',
      'The time of the server.',
      time,
    ),
    clientRow('MONITOR', 1, ADMIN, null, '1.0.0', 'Shows every command that is run.', monitor),
    clientRow(
      'ROLE',
      1,
      ['noscript', 'loading', 'stale', 'fast'],
      null,
      '2.8.12',
      'Its role.',
      role,
    ),
    clientRow(
      'SHUTDOWN',
      -1,
      [...ADMIN, 'no_multi', 'allow_busy'],
      null,
      '1.0.0',
      'Saves as configured, and ends.',
      shutdown,
    ),
    clientRow('LOLWUT', -1, ['readonly', 'fast'], null, '5.0.0', 'A picture.', lolwut),
    {
      ...clientRow('SLOWLOG', -2, [], null, '2.2.12', 'Commands that took long.', () => null),
      subcommands: SLOWLOG,
    },
  ]),
  ...rowsOf('generic', [
    clientRow('WAIT', 3, ['noscript'], null, '3.0.0', 'Replicas that have what was written.', wait),
  ]),
]
