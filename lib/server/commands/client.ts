/**
 * CLIENT: clients listed, named, paused and dropped.
 *
 * @module
 */

import { readBytes, readInteger, readOption, syntaxError } from '../../commands/args.js'
import type { Reply } from '../../commands/reply.js'
import { type CommandFlag, OK, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { type Client, NO_REPLY } from '../client.js'
import { describeClient, kindOf } from '../client-list.js'
import { checkName } from './connection.js'
import { clientRow, helpRow, type ServerContext } from './row.js'
import { TRACKING_ROWS } from './tracking.js'

function clientId({ client }: ServerContext): Reply {
  return client.id
}

function getname({ client }: ServerContext): Reply {
  return client.name === '' ? null : client.name
}

function setname(context: ServerContext): Reply {
  context.client.name = checkName(readBytes(context, 2))
  return OK
}

function setinfo(context: ServerContext): Reply {
  const { client } = context
  const attribute = readOption(context, 2)
  const value = readBytes(context, 3)
  if (!/^[!-~]*$/.test(value)) {
    throw new ReplyError(
      `ERR ${attribute.toLowerCase()} cannot contain spaces, newlines or special characters.`,
    )
  }
  if (attribute === 'LIB-NAME') client.libName = value
  else if (attribute === 'LIB-VER') client.libVersion = value
  else throw new ReplyError(`ERR Unrecognized option '${readBytes(context, 2)}'`)
  return OK
}

const KINDS: ReadonlySet<string> = new Set(['NORMAL', 'MASTER', 'REPLICA', 'SLAVE', 'PUBSUB'])

/** A kind of clients as CLIENT LIST and KILL take it, in lower case. */
function readKind(context: ServerContext, index: number): string {
  const kind = readOption(context, index)
  if (KINDS.has(kind)) return kind === 'SLAVE' ? 'replica' : kind.toLowerCase()
  throw ReplyError.ofLatin1(`ERR Unknown client type '${readBytes(context, index)}'`)
}

function list(context: ServerContext): Reply {
  const { server, argc } = context
  let chosen: Client[] = [...server.clients.values()]
  const word = argc > 2 ? readOption(context, 2) : ''
  if (word === 'TYPE' && argc === 4) {
    const kind = readKind(context, 3)
    chosen = chosen.filter((client) => kindOf(client) === kind)
  } else if (word === 'ID' && argc > 3) {
    const ids = new Set<number>()
    for (let index = 3; index < argc; ++index) {
      const message = 'ERR Invalid client ID'
      const id = readInteger(context, index, message)
      if (id < 1) throw new ReplyError(message)
      ids.add(Number(id))
    }
    chosen = chosen.filter(({ id }) => ids.has(id))
  } else if (argc > 2) {
    throw syntaxError()
  }
  return chosen.map((client) => `${describeClient(client, server.now())}\n`).join('')
}

function info({ client, server }: ServerContext): Reply {
  return `${describeClient(client, server.now())}\n`
}

type Filter = (client: Client) => boolean

/** The filters of CLIENT KILL, and whether the caller itself is spared. */
function parseKill(context: ServerContext): { filters: Filter[]; skipsMe: boolean } {
  const filters: Filter[] = []
  let skipsMe = true
  for (let index = 2; index < context.argc; index += 2) {
    if (index + 1 >= context.argc) throw syntaxError()
    const word = readOption(context, index)
    const text = readBytes(context, index + 1)
    if (word === 'ID') {
      const message = 'ERR client-id should be greater than 0'
      const id = readInteger(context, index + 1, message)
      if (id < 1) throw new ReplyError(message)
      filters.push((client) => client.id === Number(id))
    } else if (word === 'TYPE') {
      const kind = readKind(context, index + 1)
      filters.push((client) => kindOf(client) === kind)
    } else if (word === 'ADDR') {
      filters.push(({ address }) => address.remote === text)
    } else if (word === 'LADDR') {
      filters.push(({ address }) => address.local === text)
    } else if (word === 'USER') {
      context.server.access.assertUser(text)
      filters.push((client) => client.user?.name === text)
    } else if (word === 'SKIPME') {
      const answer = readOption(context, index + 1)
      if (answer !== 'YES' && answer !== 'NO') throw syntaxError()
      skipsMe = answer === 'YES'
    } else {
      throw syntaxError()
    }
  }
  return { filters, skipsMe }
}

function kill(context: ServerContext): Reply {
  const { server, client, argc } = context
  if (argc === 3) {
    const address = readBytes(context, 2)
    const target = [...server.clients.values()].find((one) => one.address.remote === address)
    if (target === undefined) throw new ReplyError('ERR No such client')
    drop(target, client)
    return OK
  }
  const { filters, skipsMe } = parseKill(context)
  let killed = 0
  for (const target of server.clients.values()) {
    if ((skipsMe && target === client) || !filters.every((filter) => filter(target))) continue
    drop(target, client)
    killed += 1
  }
  return killed
}

/** One that drops itself gets its reply first. */
function drop(target: Client, client: Client): void {
  if (target === client) client.isClosing = true
  else target.output.close(false)
}

function pause(context: ServerContext): Reply {
  const { server, argc } = context
  const message = 'ERR timeout is not an integer or out of range'
  const mode = argc === 4 ? readOption(context, 3) : 'ALL'
  if (mode !== 'ALL' && mode !== 'WRITE') {
    throw new ReplyError('ERR CLIENT PAUSE mode must be WRITE or ALL')
  }
  const timeout = readInteger(context, 2, message)
  if (timeout < 0) throw new ReplyError('ERR timeout is negative')
  server.pauses.begin(mode === 'ALL', Number(timeout))
  return OK
}

function unpause({ server }: ServerContext): Reply {
  server.pauses.end()
  return OK
}

function reply(context: ServerContext): Reply {
  const { client } = context
  switch (readOption(context, 2)) {
    case 'ON':
      client.replyMode = 'on'
      return OK
    case 'OFF':
      client.replyMode = 'off'
      return NO_REPLY
    case 'SKIP':
      if (client.replyMode !== 'off') client.replyMode = 'skip-next'
      return NO_REPLY
    default:
      throw syntaxError()
  }
}

function onOrOff(set: (client: Client, on: boolean) => void) {
  return (context: ServerContext): Reply => {
    const word = readOption(context, 2)
    if (word !== 'ON' && word !== 'OFF') throw syntaxError()
    set(context.client, word === 'ON')
    return OK
  }
}

function unblock(context: ServerContext): Reply {
  const { server, argc } = context
  const word = argc === 4 ? readOption(context, 3) : 'TIMEOUT'
  if (word !== 'TIMEOUT' && word !== 'ERROR') {
    throw new ReplyError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')
  }
  const target = server.clients.get(Number(readInteger(context, 2)))
  if (target === undefined || target.waiting === null || target.waiting.keys.length === 0) return 0
  const { argc: saved } = context
  if (word === 'TIMEOUT') server.waiters.timeOut(target)
  else server.waiters.end(target, '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n')
  context.argc = saved
  return 1
}

const PLAIN: readonly CommandFlag[] = ['noscript', 'loading', 'stale']
const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

const SUBCOMMANDS = subcommandsOf('CLIENT', 'connection', [
  clientRow('ID', 2, PLAIN, null, '5.0.0', 'The number of the client.', clientId),
  clientRow('GETNAME', 2, PLAIN, null, '2.6.9', 'The name of the client.', getname),
  clientRow('SETNAME', 3, PLAIN, null, '2.6.9', 'Names the client.', setname),
  clientRow('SETINFO', 4, PLAIN, null, '7.2.0', 'Names the library of the client.', setinfo),
  clientRow('INFO', 2, PLAIN, null, '6.2.0', 'Tells of the client.', info),
  clientRow('LIST', -2, ADMIN, null, '2.4.0', 'Tells of all clients.', list),
  clientRow('KILL', -3, ADMIN, null, '2.4.0', 'Drops clients.', kill),
  clientRow('PAUSE', -3, ADMIN, null, '2.9.50', 'Lets commands wait for a time.', pause),
  clientRow('UNPAUSE', 2, ADMIN, null, '6.2.0', 'Ends that.', unpause),
  clientRow('REPLY', 3, PLAIN, null, '3.2.0', 'Leaves replies away.', reply),
  clientRow('UNBLOCK', -3, ADMIN, null, '5.0.0', 'Ends the wait of a client.', unblock),
  clientRow(
    'NO-EVICT',
    3,
    ADMIN,
    null,
    '7.0.0',
    'Keeps the client when memory is short.',
    onOrOff((client, on) => {
      client.noEvict = on
    }),
  ),
  clientRow(
    'NO-TOUCH',
    3,
    PLAIN,
    null,
    '7.2.0',
    'Lets commands leave no trace of use on keys.',
    onOrOff((client, on) => {
      client.noTouch = on
    }),
  ),
  ...TRACKING_ROWS,
  helpRow('CLIENT', '5.0.0', [
    'CACHING (YES|NO)',
    '    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.',
    'GETREDIR',
    '    Return the client ID we are redirecting to when tracking is enabled.',
    'GETNAME',
    '    Return the name of the current connection.',
    'ID',
    '    Return the ID of the current connection.',
    'INFO',
    '    Return information about the current client connection.',
    'KILL <ip:port>',
    '    Kill connection made from <ip:port>.',
    'KILL <option> <value> [<option> <value> [...]]',
    '    Kill connections. Options are:',
    '    * ADDR (<ip:port>|<unixsocket>:0)',
    '      Kill connections made from the specified address',
    '    * LADDR (<ip:port>|<unixsocket>:0)',
    '      Kill connections made to specified local address',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      Kill connections by type.',
    '    * USER <username>',
    '      Kill connections authenticated by <username>.',
    '    * SKIPME (YES|NO)',
    '      Skip killing current connection (default: yes).',
    'LIST [options ...]',
    '    Return information about client connections. Options:',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      Return clients of specified type.',
    'UNPAUSE',
    '    Stop the current client pause, resuming traffic.',
    'PAUSE <timeout> [WRITE|ALL]',
    '    Suspend all, or just write, clients for <timeout> milliseconds.',
    'REPLY (ON|OFF|SKIP)',
    '    Control the replies sent to the current connection.',
    'SETNAME <name>',
    '    Assign the name <name> to the current connection.',
    'UNBLOCK <clientid> [TIMEOUT|ERROR]',
    '    Unblock the specified blocked client.',
    'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
    '         [OPTIN] [OPTOUT] [NOLOOP]',
    '    Control server assisted client side caching.',
    'TRACKINGINFO',
    '    Report tracking status for the current connection.',
    'NO-EVICT (ON|OFF)',
    '    Protect current client connection from eviction.',
  ]),
])

export const CLIENT_COMMANDS = rowsOf('connection', [
  {
    ...clientRow('CLIENT', -2, [], null, '2.4.0', 'Clients, and what they are.', () => null),
    subcommands: SUBCOMMANDS,
  },
])
