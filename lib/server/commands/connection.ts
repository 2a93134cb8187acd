/**
 * The commands about the connection itself.
 *
 * @module
 */

import { arityError, readBytes, readInt32, readOption, syntaxError } from '../../commands/args.js'
import { MapReply, type Reply } from '../../commands/reply.js'
import { type CommandFlag, OK, rowsOf, Status } from '../../commands/spec.js'
import { REDIS_VERSION } from '../../engine/info.js'
import { ReplyError } from '../../errors.js'
import { clientRow, type ServerContext } from './row.js'

const PONG = new Status('PONG')
const RESET = new Status('RESET')

function ping(context: ServerContext): Reply {
  const { argc, client, native, mode } = context
  if (argc > 2) throw arityError('ping')
  const text = argc === 2 ? native.argument(1, mode) : null
  if (client.protocol === 2 && client.isSubscriber) return ['pong', text ?? '']
  return text ?? PONG
}

function echo({ native, mode }: ServerContext): Reply {
  return native.argument(1, mode)
}

function select(context: ServerContext): Reply {
  const index = readInt32(context, 1)
  if (index < 0 || index >= context.server.databases) {
    throw new ReplyError('ERR DB index is out of range')
  }
  context.db = index
  return OK
}

function quit({ client }: ServerContext): Reply {
  client.isClosing = true
  return OK
}

function auth(context: ServerContext): Reply {
  const { argc, server, client } = context
  if (argc > 3) throw syntaxError()
  const user = argc === 3 ? readBytes(context, 1) : null
  server.access.login(client, user, readBytes(context, argc - 1))
  return OK
}

interface Greeting {
  protocol: 2 | 3
  credentials: readonly [user: string, password: string] | null
  name: string | null
}

function parseGreeting(context: ServerContext): Greeting {
  const { argc, client } = context
  const greeting: Greeting = { protocol: client.protocol, credentials: null, name: null }
  if (argc === 1) return greeting
  const version = readBytes(context, 1)
  if (!/^-?\d+$/.test(version)) {
    throw new ReplyError('ERR Protocol version is not an integer or out of range')
  }
  if (version !== '2' && version !== '3') {
    throw new ReplyError('NOPROTO unsupported protocol version')
  }
  greeting.protocol = version === '3' ? 3 : 2
  for (let index = 2; index < argc; ++index) {
    const word = readOption(context, index)
    if (word === 'AUTH' && index + 2 < argc) {
      greeting.credentials = [readBytes(context, index + 1), readBytes(context, index + 2)]
      index += 2
    } else if (word === 'SETNAME' && index + 1 < argc) {
      greeting.name = readBytes(context, index + 1)
      index += 1
    } else {
      throw new ReplyError(`ERR Syntax error in HELLO option '${readBytes(context, index)}'`)
    }
  }
  return greeting
}

function hello(context: ServerContext): Reply {
  const { client } = context
  const { protocol, credentials, name } = parseGreeting(context)
  if (credentials !== null) context.server.access.login(client, ...credentials)
  if (client.user === null) {
    throw new ReplyError(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
        '<proto> AUTH <user> <pass> option can be used to authenticate the client and select ' +
        'the RESP protocol version at the same time',
    )
  }
  if (name !== null) client.name = checkName(name)
  client.protocol = protocol
  return new MapReply([
    ...['server', 'redis', 'version', REDIS_VERSION, 'proto', protocol, 'id', client.id],
    ...['mode', 'standalone', 'role', 'master', 'modules', []],
  ])
}

/** A client's name: printable, without blanks. */
export function checkName(name: string): string {
  if (/^[!-~]*$/.test(name)) return name
  throw new ReplyError('ERR Client names cannot contain spaces, newlines or special characters.')
}

function reset(context: ServerContext): Reply {
  const { client, server } = context
  if (client.replyMode === 'off') client.replyMode = 'on'
  server.forget(client)
  client.transaction = null
  client.protocol = 2
  client.name = ''
  client.noEvict = false
  client.noTouch = false
  context.db = 0
  server.welcome(client)
  return RESET
}

const CONNECTION: readonly CommandFlag[] = [
  ...(['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'] as const),
]

export const CONNECTION_COMMANDS = rowsOf('connection', [
  clientRow('PING', -1, ['fast'], null, '1.0.0', 'Replies PONG, or what it is given.', ping),
  clientRow('ECHO', 2, ['loading', 'stale', 'fast'], null, '1.0.0', 'Replies its argument.', echo),
  clientRow(
    'SELECT',
    2,
    ['loading', 'stale', 'fast'],
    null,
    '1.0.0',
    'Selects a database.',
    select,
  ),
  clientRow('QUIT', -1, CONNECTION, null, '1.0.0', 'Ends the connection.', quit),
  clientRow('AUTH', -2, CONNECTION, null, '1.0.0', 'Tells who the client is.', auth),
  clientRow('HELLO', -1, CONNECTION, null, '6.0.0', 'Chooses the protocol.', hello),
  clientRow('RESET', 1, CONNECTION, null, '6.2.0', 'Makes the connection as a new one.', reset),
])
