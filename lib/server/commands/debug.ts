/**
 * DEBUG: for tests of servers and clients.
 *
 * @module
 */

import { readBytes, readInt32, readInteger, readOption, readWords } from '../../commands/args.js'
import { help } from '../../commands/help.js'
import {
  BigNumberReply,
  BooleanReply,
  DoubleReply,
  MapReply,
  NULL_ARRAY,
  PushReply,
  type Reply,
  SetReply,
  VerbatimReply,
} from '../../commands/reply.js'
import { encodeReply } from '../../commands/resp-encoder.js'
import {
  type CommandFlag,
  OK,
  PendingReply,
  rowsOf,
  Status,
  subcommandsOf,
} from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { BULK_LATIN1, NO_EXPIRY } from '../../native/engine.js'
import { type ClientHandler, clientRow, type ServerContext } from './row.js'

const REFUSED =
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can ' +
  'run it from a local connection, otherwise you need to set this option in the configuration ' +
  'file, and then restart the server.'

/** A handler that runs only for those who may use DEBUG. */
function guarded(run: ClientHandler): ClientHandler {
  return (context) => {
    const { enableDebugCommand } = context.server.options
    const { address } = context.client
    const isLocal = address.isUnix || /^(127\.|\[::1\])/.test(address.remote)
    if (enableDebugCommand === 'yes' || (enableDebugCommand === 'local' && isLocal)) {
      return run(context)
    }
    throw new ReplyError(REFUSED)
  }
}

/** Holds up everybody, as it is meant to. */
function sleep(context: ServerContext): Reply {
  const seconds = Number(readBytes(context, 2))
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
  return OK
}

function object(context: ServerContext): Reply {
  const { native, db } = context
  const encoding = native.keyEncoding(db, 2)
  if (encoding === null) throw new ReplyError('ERR no such key')
  const bytes = native.dump(db, 2, BULK_LATIN1)?.length ?? 0
  return new Status(
    `Value at:0x0 refcount:1 encoding:${encoding} serializedlength:${Math.max(1, bytes - 10)} ` +
      'lru:0 lru_seconds_idle:0',
  )
}

/** Redis's digests have forty digits. */
function digest({ native }: ServerContext): Reply {
  const { keys } = native.stats()
  return new Status((keys === 0 ? '' : native.digest()).padStart(40, '0'))
}

function digestValue(context: ServerContext): Reply {
  const digests: Reply[] = []
  for (let index = 2; index < context.argc; ++index) {
    digests.push(context.native.valueDigest(context.db, index).padStart(40, '0'))
  }
  return digests
}

function setActiveExpire(context: ServerContext): Reply {
  context.server.setActiveExpiry(readInt32(context, 2) !== 0)
  return OK
}

/** Strings `key:0` and on, with `value:0` and on, padded to a size. */
function populate(context: ServerContext): Reply {
  const { native, db, argc } = context
  const count = Number(readInteger(context, 2))
  const prefix = argc > 3 ? readBytes(context, 3) : 'key'
  const size = argc > 4 ? Number(readInteger(context, 4)) : 0
  for (let at = 0; at < count; ++at) {
    const key = Buffer.from(`${prefix}:${at}`, 'latin1')
    const text = Buffer.from(`value:${at}`)
    const value = size === 0 ? text : Buffer.concat([text, Buffer.alloc(size)], size)
    if (!native.keyExists(db, key)) native.stringSet(db, key, value, 0, NO_EXPIRY)
  }
  return OK
}

/** Saves, empties the engine and loads what was saved. */
function reload(context: ServerContext): Reply {
  const words = readWords(context, 2).map((word) => word.toUpperCase())
  if (words.some((word) => word === 'MERGE' || word === 'NOFLUSH')) {
    throw new ReplyError('ERR DEBUG RELOAD does not load into what is there')
  }
  if (words.some((word) => word !== 'NOSAVE')) {
    throw new ReplyError('ERR DEBUG RELOAD only supports the NOSAVE option.')
  }
  assertMayPause(context)
  if (words.length === 0) context.host?.save()
  return new PendingReply(context.server.reload('snapshot').then(() => OK))
}

function loadLog(context: ServerContext): Reply {
  assertMayPause(context)
  if (!context.host?.log.isOn) throw new ReplyError('ERR there is no append-only log')
  return new PendingReply(context.server.reload('log').then(() => OK))
}

function assertMayPause({ mayPause }: ServerContext): void {
  if (!mayPause) throw new ReplyError('ERR DEBUG command cannot load files within a transaction')
}

const PROTOCOLS: Readonly<Record<string, Reply>> = {
  STRING: 'Hello World',
  INTEGER: 12345,
  DOUBLE: new DoubleReply('3.141'),
  NULL: null,
  ARRAY: [0, 1, 2],
  SET: new SetReply([0, 1, 2]),
  MAP: new MapReply([
    0,
    new BooleanReply(false),
    1,
    new BooleanReply(true),
    2,
    new BooleanReply(false),
  ]),
  BIGNUM: new BigNumberReply('1234567999999999999999999999999999999'),
  TRUE: new BooleanReply(true),
  FALSE: new BooleanReply(false),
  VERBATIM: new VerbatimReply('This is a verbatim\nstring'),
}

function protocol(context: ServerContext): Reply {
  const name = readOption(context, 2)
  const { client } = context
  if (name === 'PUSH') {
    if (client.protocol === 2) throw new ReplyError('ERR RESP2 is not supported by this command')
    const push = new PushReply(['server-cpu-usage', 42])
    client.output.write(encodeReply(push, 3))
    return OK
  }
  const reply = PROTOCOLS[name]
  if (reply === undefined) {
    throw new ReplyError(
      'ERR Wrong protocol type name. Please use one of the following: ' +
        'string|integer|double|null|array|set|map|attrib|push|verbatim|true|false',
    )
  }
  return name === 'NULL' && client.protocol === 2 ? NULL_ARRAY.plain : reply
}

function fail(context: ServerContext): Reply {
  throw ReplyError.ofLatin1(readBytes(context, 2))
}

const FLAGS: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

function debugRow(name: string, arity: number, summary: string, run: ClientHandler) {
  return clientRow(name, arity, FLAGS, null, '1.0.0', summary, guarded(run))
}

const ok: ClientHandler = () => OK

const DEBUG = subcommandsOf('DEBUG', 'server', [
  debugRow('SLEEP', 3, 'Holds up the server.', sleep),
  debugRow('OBJECT', -3, 'How a value lies in memory.', object),
  debugRow('DIGEST', 2, 'A digest of everything.', digest),
  debugRow('DIGEST-VALUE', -3, 'Digests of values.', digestValue),
  debugRow('SET-ACTIVE-EXPIRE', 3, 'Whether what expires goes by itself.', setActiveExpire),
  debugRow('RELOAD', -2, 'Saves everything, and loads it again.', reload),
  debugRow('LOADAOF', -2, 'Loads the append-only log again.', loadLog),
  debugRow('POPULATE', -3, 'Makes keys.', populate),
  debugRow('PROTOCOL', 3, 'A reply of a type.', protocol),
  debugRow('ERROR', 3, 'An error reply.', fail),
  debugRow('JMAP', -2, 'Does nothing.', ok),
  debugRow('CHANGE-REPL-ID', 2, 'Does nothing: there are no replicas.', ok),
  debugRow('QUICKLIST-PACKED-THRESHOLD', 3, 'Does nothing: lists have no such limit.', ok),
  clientRow(
    'HELP',
    2,
    FLAGS,
    null,
    '5.0.0',
    'The subcommands.',
    help('DEBUG', [
      'CHANGE-REPL-ID',
      '    Do nothing: there are no replicas.',
      'DIGEST',
      '    Output a hex signature representing the current DB content.',
      'DIGEST-VALUE <key> [<key> ...]',
      '    Output a hex signature of the values of all the specified keys.',
      'ERROR <string>',
      '    Return a Redis protocol error with <string> as message.',
      'LOADAOF',
      '    Flush the AOF buffers on disk and reload the AOF in memory.',
      'OBJECT <key>',
      '    Show low level info about `key` and associated value.',
      'POPULATE <count> [<prefix>] [<size>]',
      '    Create <count> string keys named key:<num>.',
      'PROTOCOL <type>',
      '    Reply with a test value of the specified type.',
      'RELOAD [NOSAVE]',
      '    Save the RDB on disk and reload it back to memory. NOSAVE: load the RDB that is there.',
      'SET-ACTIVE-EXPIRE <0|1>',
      '    Setting it to 0 disables expiring keys in background.',
      'SLEEP <seconds>',
      '    Stop the server for <seconds>. Decimals allowed.',
    ]),
  ),
])

export const DEBUG_COMMANDS = rowsOf('server', [
  {
    ...clientRow('DEBUG', -2, FLAGS, null, '1.0.0', 'For tests.', () => null),
    subcommands: DEBUG,
  },
])
