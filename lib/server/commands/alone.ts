/**
 * What a server that stands alone replies to commands about replicas, clusters and modules.
 *
 * Replies and errors: Redis 7.0 with none of them.
 *
 * @module
 */

import { readBytes, readOption } from '../../commands/args.js'
import { OK, type Reply } from '../../commands/reply.js'
import { type CommandFlag, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { clientRow, helpRow, type ServerContext } from './row.js'

function noCluster(): never {
  throw new ReplyError('ERR This instance has cluster support disabled')
}

/** It is nobody's replica, and stays so. */
function replicaOf(context: ServerContext): Reply {
  if (readOption(context, 1) === 'NO' && readOption(context, 2) === 'ONE') return OK
  const port = readBytes(context, 2)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    throw new ReplyError('ERR Invalid master port')
  throw new ReplyError('ERR this server cannot be a replica')
}

function failover(context: ServerContext): never {
  const isAbort = context.argc > 1 && readOption(context, 1) === 'ABORT'
  throw new ReplyError(
    isAbort ? 'ERR No failover in progress.' : 'ERR FAILOVER requires connected replicas.',
  )
}

function noModules(): never {
  throw new ReplyError(
    'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you ' +
      'can run it from a local connection, otherwise you need to set this option in the ' +
      'configuration file, and then restart the server.',
  )
}

const STALE: readonly CommandFlag[] = ['stale']
const ADMIN: readonly CommandFlag[] = ['admin', 'stale']
const SETUP: readonly CommandFlag[] = ['admin', 'stale', 'no_async_loading']
const MODULE_ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading']

/** Name, arity, flags and age. */
const CLUSTER: readonly (readonly [string, number, readonly CommandFlag[], string])[] = [
  ['ADDSLOTS', -3, SETUP, '3.0.0'],
  ['ADDSLOTSRANGE', -4, SETUP, '7.0.0'],
  ['BUMPEPOCH', 2, SETUP, '3.0.0'],
  ['COUNT-FAILURE-REPORTS', 3, ADMIN, '3.0.0'],
  ['COUNTKEYSINSLOT', 3, STALE, '3.0.0'],
  ['DELSLOTS', -3, SETUP, '3.0.0'],
  ['DELSLOTSRANGE', -4, SETUP, '7.0.0'],
  ['FAILOVER', -2, SETUP, '3.0.0'],
  ['FLUSHSLOTS', 2, SETUP, '3.0.0'],
  ['FORGET', 3, SETUP, '3.0.0'],
  ['GETKEYSINSLOT', 4, STALE, '3.0.0'],
  ['HELP', 2, ['loading', 'stale'], '5.0.0'],
  ['INFO', 2, STALE, '3.0.0'],
  ['KEYSLOT', 3, STALE, '3.0.0'],
  ['LINKS', 2, STALE, '7.0.0'],
  ['MEET', -4, SETUP, '3.0.0'],
  ['MYID', 2, STALE, '3.0.0'],
  ['NODES', 2, STALE, '3.0.0'],
  ['REPLICAS', 3, ADMIN, '5.0.0'],
  ['REPLICATE', 3, SETUP, '3.0.0'],
  ['RESET', -2, ['admin', 'noscript', 'stale'], '3.0.0'],
  ['SAVECONFIG', 2, SETUP, '3.0.0'],
  ['SET-CONFIG-EPOCH', 3, SETUP, '3.0.0'],
  ['SETSLOT', -4, SETUP, '3.0.0'],
  ['SHARDS', 2, STALE, '7.0.0'],
  ['SLAVES', 3, ADMIN, '3.0.0'],
  ['SLOTS', 2, STALE, '3.0.0'],
]
const NO_CLUSTER = 'Of a cluster, which there is not.'

const CLUSTER_SUBCOMMANDS = subcommandsOf(
  'CLUSTER',
  'cluster',
  CLUSTER.map(([name, arity, flags, since]) => {
    return clientRow(name, arity, flags, null, since, NO_CLUSTER, noCluster)
  }),
)

const MODULE_SUBCOMMANDS = subcommandsOf('MODULE', 'server', [
  clientRow('LIST', 2, ['admin', 'noscript'], null, '4.0.0', 'There are none.', () => []),
  clientRow('LOAD', -3, MODULE_ADMIN, null, '4.0.0', 'Is refused.', noModules),
  clientRow('LOADEX', -3, MODULE_ADMIN, null, '7.0.0', 'Is refused.', noModules),
  clientRow('UNLOAD', 3, MODULE_ADMIN, null, '4.0.0', 'Is refused.', noModules),
  helpRow('MODULE', '5.0.0', ['LIST', '    Return a list of loaded modules.']),
])

const OF_NODES: readonly CommandFlag[] = ['loading', 'stale', 'fast']
const OF_REPLICAS: readonly CommandFlag[] = ['admin', 'noscript', 'stale', 'no_async_loading']
const REPLICA = 'Stays what it is: nobody is its master.'

export const ALONE_COMMANDS = [
  ...rowsOf('cluster', [
    clientRow('READONLY', 1, OF_NODES, null, '3.0.0', NO_CLUSTER, noCluster),
    clientRow('READWRITE', 1, OF_NODES, null, '3.0.0', NO_CLUSTER, noCluster),
    clientRow('ASKING', 1, ['fast'], null, '3.0.0', NO_CLUSTER, noCluster),
    {
      ...clientRow('CLUSTER', -2, [], null, '3.0.0', NO_CLUSTER, noCluster),
      subcommands: CLUSTER_SUBCOMMANDS,
    },
  ]),
  ...rowsOf('server', [
    clientRow('REPLICAOF', 3, OF_REPLICAS, null, '5.0.0', REPLICA, replicaOf),
    clientRow('SLAVEOF', 3, OF_REPLICAS, null, '1.0.0', REPLICA, replicaOf),
    clientRow(
      'FAILOVER',
      -1,
      ['admin', 'noscript', 'stale'],
      null,
      '6.2.0',
      'Is refused: there are no replicas.',
      failover,
    ),
    {
      ...clientRow('MODULE', -2, [], null, '4.0.0', 'There are none.', noModules),
      subcommands: MODULE_SUBCOMMANDS,
    },
  ]),
]
