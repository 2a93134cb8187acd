/**
 * The commands about messages.
 *
 * @module
 */

import { readBytes, readWords } from '../../commands/args.js'
import { MapReply, PushReply, type Reply } from '../../commands/reply.js'
import { encodeReply } from '../../commands/resp-encoder.js'
import {
  ALL_KEYS,
  type CommandFlag,
  FIRST_KEY,
  rowsOf,
  subcommandsOf,
} from '../../commands/spec.js'
import { type Client, NO_REPLY } from '../client.js'
import { type SubscriptionKind, setOf } from '../pubsub.js'
import { type ClientHandler, clientRow, helpRow, type ServerContext } from './row.js'

const PREFIXES: Readonly<Record<SubscriptionKind, string>> = {
  channel: '',
  pattern: 'p',
  shard: 's',
}

/** What a (un)subscription counts: shards apart. */
function countOf(client: Client, kind: SubscriptionKind): number {
  if (kind === 'shard') return client.shardChannels.size
  return client.channels.size + client.patterns.size
}

function tell(client: Client, word: string, name: string | null, kind: SubscriptionKind): void {
  const push = new PushReply([`${PREFIXES[kind]}${word}`, name, countOf(client, kind)])
  client.output.write(encodeReply(push, client.protocol))
}

function subscribe(kind: SubscriptionKind): ClientHandler {
  return (context) => {
    const { client, server } = context
    for (const name of readWords(context, 1)) {
      server.pubsub.subscribe(client, kind, name)
      tell(client, 'subscribe', name, kind)
    }
    return NO_REPLY
  }
}

function unsubscribe(kind: SubscriptionKind): ClientHandler {
  return (context) => {
    const { client, server, argc } = context
    const names = readWords(context, 1)
    if (argc === 1) names.push(...setOf(client, kind))
    for (const name of names) {
      server.pubsub.unsubscribe(client, kind, name)
      tell(client, 'unsubscribe', name, kind)
    }
    if (names.length === 0) tell(client, 'unsubscribe', null, kind)
    return NO_REPLY
  }
}

function publish(context: ServerContext): Reply {
  return context.server.pubsub.publish(readBytes(context, 1), readBytes(context, 2))
}

function spublish(context: ServerContext): Reply {
  return context.server.pubsub.publishToShard(readBytes(context, 1), readBytes(context, 2))
}

function channels(kind: 'channel' | 'shard'): ClientHandler {
  return (context) => {
    const pattern = context.argc > 2 ? readBytes(context, 2) : null
    return context.server.pubsub.channels(kind, pattern)
  }
}

function numsub(kind: 'channel' | 'shard'): ClientHandler {
  return (context) => {
    const counts: Reply[] = []
    for (const name of readWords(context, 2)) {
      counts.push(name, context.server.pubsub.listeners(kind, name))
    }
    return new MapReply(counts)
  }
}

const READ: readonly CommandFlag[] = ['pubsub', 'loading', 'stale']
const LISTEN: readonly CommandFlag[] = ['pubsub', 'noscript', 'loading', 'stale']
const SEND: readonly CommandFlag[] = ['pubsub', 'loading', 'stale', 'fast']

const PUBSUB = subcommandsOf('PUBSUB', 'pubsub', [
  clientRow(
    'CHANNELS',
    -2,
    READ,
    null,
    '2.8.0',
    'Channels that have listeners.',
    channels('channel'),
  ),
  clientRow('NUMSUB', -2, READ, null, '2.8.0', 'How many listen to channels.', numsub('channel')),
  clientRow('NUMPAT', 2, READ, null, '2.8.0', 'How many patterns have listeners.', (context) => {
    return context.server.pubsub.patterns
  }),
  clientRow('SHARDCHANNELS', -2, READ, null, '7.0.0', 'The same of shards.', channels('shard')),
  clientRow('SHARDNUMSUB', -2, READ, null, '7.0.0', 'The same of shards.', numsub('shard')),
  helpRow('PUBSUB', '6.2.0', [
    'CHANNELS [<pattern>]',
    "    Return the currently active channels matching a <pattern> (default: '*').",
    'NUMPAT',
    '    Return number of subscriptions to patterns.',
    'NUMSUB [<channel> ...]',
    '    Return the number of subscribers for the specified channels, excluding',
    '    pattern subscriptions(default: no channels).',
    'SHARDCHANNELS [<pattern>]',
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    'SHARDNUMSUB [<shardchannel> ...]',
    '    Return the number of subscribers for the specified shard level channel(s)',
  ]),
])

export const PUBSUB_COMMANDS = rowsOf('pubsub', [
  clientRow('SUBSCRIBE', -2, LISTEN, null, '2.0.0', 'Listens to channels.', subscribe('channel')),
  clientRow('UNSUBSCRIBE', -1, LISTEN, null, '2.0.0', 'Ends that.', unsubscribe('channel')),
  clientRow('PSUBSCRIBE', -2, LISTEN, null, '2.0.0', 'Listens to patterns.', subscribe('pattern')),
  clientRow('PUNSUBSCRIBE', -1, LISTEN, null, '2.0.0', 'Ends that.', unsubscribe('pattern')),
  clientRow('SSUBSCRIBE', -2, LISTEN, ALL_KEYS, '7.0.0', 'Listens in a shard.', subscribe('shard')),
  clientRow('SUNSUBSCRIBE', -1, LISTEN, ALL_KEYS, '7.0.0', 'Ends that.', unsubscribe('shard')),
  clientRow('PUBLISH', 3, SEND, null, '2.0.0', 'Sends a message to a channel.', publish),
  clientRow('SPUBLISH', 3, SEND, FIRST_KEY, '7.0.0', 'Sends one within a shard.', spublish),
  {
    ...clientRow('PUBSUB', -2, [], null, '2.8.0', 'Who listens.', () => null),
    subcommands: PUBSUB,
  },
])
