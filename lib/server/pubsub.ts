/**
 * Channels, patterns and who listens to them.
 *
 * Names are latin1 text, a character a byte.
 *
 * @module
 */

import { PushReply, type Reply } from '../commands/reply.js'
import type { Protocol } from '../commands/reply-shapes.js'
import { encodeReply } from '../commands/resp-encoder.js'
import { globMatches } from '../util/glob.js'
import type { Client } from './client.js'

/** The three kinds of subscriptions: to a channel, a pattern of channels, a channel of a shard. */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard'

type Listeners = Map<string, Set<Client>>

/** Sends an encoded message to a client. */
export type Deliver = (client: Client, message: string) => void

export class PubSub {
  readonly #deliver: Deliver
  readonly #listeners: Readonly<Record<SubscriptionKind, Listeners>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  }

  constructor(deliver: Deliver) {
    this.#deliver = deliver
  }

  subscribe(client: Client, kind: SubscriptionKind, name: string): void {
    setOf(client, kind).add(name)
    const listeners = this.#listeners[kind]
    const clients = listeners.get(name)
    if (clients === undefined) listeners.set(name, new Set([client]))
    else clients.add(client)
  }

  /** @returns Whether the client had subscribed. */
  unsubscribe(client: Client, kind: SubscriptionKind, name: string): boolean {
    if (!setOf(client, kind).delete(name)) return false
    const listeners = this.#listeners[kind]
    const clients = listeners.get(name)
    clients?.delete(client)
    if (clients?.size === 0) listeners.delete(name)
    return true
  }

  /** Ends all subscriptions of a client that goes. */
  forget(client: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of [...setOf(client, kind)]) this.unsubscribe(client, kind, name)
    }
  }

  /** @returns How many clients got the message, one that listens twice counted twice. */
  publish(channel: string, message: Reply): number {
    let receivers = this.#send(
      this.#listeners.channel.get(channel),
      new PushReply(['message', channel, message]),
    )
    for (const [pattern, clients] of this.#listeners.pattern) {
      if (!globMatches(pattern, channel)) continue
      receivers += this.#send(clients, new PushReply(['pmessage', pattern, channel, message]))
    }
    return receivers
  }

  publishToShard(channel: string, message: Reply): number {
    const push = new PushReply(['smessage', channel, message])
    return this.#send(this.#listeners.shard.get(channel), push)
  }

  #send(clients: ReadonlySet<Client> | undefined, message: PushReply): number {
    if (clients === undefined) return 0
    const texts = new Map<Protocol, string>()
    for (const client of clients) {
      const { protocol } = client
      const text = texts.get(protocol) ?? encodeReply(message, protocol)
      texts.set(protocol, text)
      this.#deliver(client, text)
    }
    return clients.size
  }

  /** Channels with listeners, all or those that match. */
  channels(kind: 'channel' | 'shard', pattern: string | null): string[] {
    const names = [...this.#listeners[kind].keys()]
    return pattern === null ? names : names.filter((name) => globMatches(pattern, name))
  }

  listeners(kind: 'channel' | 'shard', name: string): number {
    return this.#listeners[kind].get(name)?.size ?? 0
  }

  get patterns(): number {
    return this.#listeners.pattern.size
  }
}

export function setOf(client: Client, kind: SubscriptionKind): Set<string> {
  if (kind === 'channel') return client.channels
  return kind === 'pattern' ? client.patterns : client.shardChannels
}
