/**
 * Transactions: commands that are queued and then run with nothing between them.
 *
 * @module
 */

import { readBytes } from '../../commands/args.js'
import { uncounted } from '../../commands/lookup-counts.js'
import { NULL_ARRAY, type Reply } from '../../commands/reply.js'
import { ALL_KEYS, type CommandFlag, OK, rowsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { type Client, keyName, keyOfName, NO_REPLY } from '../client.js'
import { loadingError } from '../failures.js'
import type { ServerCore } from '../server-core.js'
import { clientRow, type ServerContext } from './row.js'

function multi({ client }: ServerContext): Reply {
  if (client.transaction !== null) throw new ReplyError('ERR MULTI calls can not be nested')
  client.transaction = { commands: [], isBroken: false }
  return OK
}

function discard({ client, server }: ServerContext): Reply {
  if (client.transaction === null) throw new ReplyError('ERR DISCARD without MULTI')
  client.transaction = null
  server.interest.unwatchAll(client)
  return OK
}

function watch(context: ServerContext): Reply {
  const { client, server, native, db, argc } = context
  if (client.transaction !== null) throw new ReplyError('ERR WATCH inside MULTI is not allowed')
  if (client.isWatchBroken) return OK
  for (let index = 1; index < argc; ++index) {
    // One whose time has come goes now, and not as a change later.
    native.keyExists(db, index)
    server.interest.watch(client, keyName(db, readBytes(context, index)))
  }
  return OK
}

function unwatch({ client, server }: ServerContext): Reply {
  server.interest.unwatchAll(client)
  return OK
}

/**
 * Whether what a client watches is still as it was. A key whose time has come, though nobody has
 * looked since, is not.
 */
function isUntouched(server: ServerCore, client: Client): boolean {
  for (const name of client.watched) {
    const { db, key } = keyOfName(name)
    uncounted(server, () => server.native.keyExists(db, key))
  }
  if (client.watched.size > 0) server.collect()
  return !client.isWatchBroken
}

function exec(context: ServerContext): Reply {
  const { client, server } = context
  const { transaction } = client
  if (transaction === null) throw new ReplyError('ERR EXEC without MULTI')
  const isUnchanged = isUntouched(server, client)
  client.transaction = null
  server.interest.unwatchAll(client)
  if (transaction.isBroken) {
    throw new ReplyError('EXECABORT Transaction discarded because of previous errors.')
  }
  const isHeldUp = () => transaction.commands.some(({ spec }) => !spec.flags.includes('loading'))
  if (server.isLoading() && isHeldUp()) {
    throw new ReplyError(`EXECABORT Transaction discarded because of: ${loadingError().message}`)
  }
  if (!isUnchanged) return NULL_ARRAY
  return asUnit(server, () => {
    context.mayWait = false
    context.mayPause = false
    const replies: Reply[] = []
    for (const command of transaction.commands) {
      server.restore(client, command)
      const reply = server.callWithin(client, command.spec)
      if (reply !== NO_REPLY) replies.push(reply)
    }
    context.mayWait = true
    return replies
  })
}

/** What is logged meanwhile is one unit. */
function asUnit<T>({ native, host }: ServerCore, act: () => T): T {
  if (!host.log.isOn) return act()
  native.logHold()
  try {
    return act()
  } finally {
    if (host.log.isOn) native.logRelease()
  }
}

const FLAGS: readonly CommandFlag[] = ['noscript', 'loading', 'stale', 'fast', 'allow_busy']
const EXEC: readonly CommandFlag[] = ['noscript', 'loading', 'stale', 'skip_slowlog']

export const TRANSACTION_COMMANDS = rowsOf('transactions', [
  clientRow('MULTI', 1, FLAGS, null, '1.2.0', 'Begins a transaction.', multi),
  clientRow('EXEC', 1, EXEC, null, '1.2.0', 'Runs it.', exec),
  clientRow('DISCARD', 1, FLAGS, null, '2.0.0', 'Gives a transaction up.', discard),
  clientRow('WATCH', -2, FLAGS, ALL_KEYS, '2.2.0', 'Lets EXEC fail if a key changes.', watch),
  clientRow('UNWATCH', 1, FLAGS, null, '2.2.0', 'Watches no key any more.', unwatch),
])
