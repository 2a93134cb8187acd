/**
 * Clients that keep what they have read, and are told when it has changed: CLIENT TRACKING.
 *
 * @module
 */

import { readBytes } from '../commands/args.js'
import { keysOf } from '../commands/key-references.js'
import { PushReply, type Reply } from '../commands/reply.js'
import { encodeReply } from '../commands/resp-encoder.js'
import type { CommandSpec } from '../commands/spec.js'
import { KEY_CHANGE } from '../native/lanes.js'
import { type Client, keyName, type Tracking } from './client.js'
import type { KeyChange, KeyInterest } from './key-interest.js'

/** Where those are told who speak RESP2. */
const CHANNEL = '__redis__:invalidate'

export interface TrackingCore {
  readonly interest: KeyInterest
  readonly clients: ReadonlyMap<number, Client>
  /** Every change has to be told of, or no more. */
  watchAll(): void
  /** Sends a message: behind the reply, to a client whose own command it is about. */
  send(client: Client, message: string): void
}

export class TrackingTable {
  readonly #core: TrackingCore
  readonly #tracked = new Set<Client>()

  constructor(core: TrackingCore) {
    this.#core = core
  }

  get size(): number {
    return this.#tracked.size
  }

  get hasBroadcast(): boolean {
    return [...this.#tracked].some(({ tracking }) => tracking?.isBroadcast)
  }

  begin(client: Client, tracking: Tracking): void {
    client.tracking = tracking
    this.#tracked.add(client)
    this.#core.watchAll()
  }

  end(client: Client): void {
    if (!this.#tracked.delete(client)) return
    client.tracking = null
    this.#core.interest.unreadAll(client)
    this.#core.watchAll()
  }

  /** A client has run a command: what it has read is remembered. */
  note(client: Client, command: CommandSpec): void {
    const { tracking, context } = client
    if (tracking === null) return
    const { caching, mode, isBroadcast } = tracking
    // What CACHING says is for the next command.
    if (command.fullName !== 'client|caching') tracking.caching = null
    if (isBroadcast || !command.flags.includes('readonly')) return
    if (mode === 'optin' ? caching !== true : caching === false) return
    const name = command.fullName.toUpperCase()
    const keys = keysOf(name, context.argc, (index) => readBytes(context, index)) ?? []
    for (const { index } of keys) {
      this.#core.interest.read(client, keyName(context.db, readBytes(context, index)))
    }
  }

  /** Keys were changed, by `actor` or by time alone. */
  tell(changes: readonly KeyChange[], actor: Client | null): void {
    if (this.#tracked.size === 0) return
    for (const { db, key, change } of changes) {
      if (change === KEY_CHANGE.missed) continue
      for (const client of this.#core.interest.takeReaders(keyName(db, key))) {
        this.#tellUnlessOwn(client, actor, [key])
      }
      for (const client of this.#tracked) {
        const { isBroadcast = false, prefixes = [] } = client.tracking ?? {}
        if (isBroadcast && prefixes.some((prefix) => key.startsWith(prefix))) {
          this.#tellUnlessOwn(client, actor, [key])
        }
      }
    }
  }

  /** All keys of a database are gone: nothing is left that would be right. */
  tellAll(): void {
    for (const client of this.#tracked) this.#core.interest.unreadAll(client)
    for (const client of this.#tracked) this.#send(client, null)
  }

  #tellUnlessOwn(client: Client, actor: Client | null, keys: Reply[]): void {
    if (client.tracking?.noLoop && client === actor) return
    this.#send(client, keys)
  }

  #send(client: Client, keys: Reply[] | null): void {
    const { tracking } = client
    if (tracking === null) return
    const { redirect } = tracking
    const target = redirect === 0 ? client : this.#core.clients.get(redirect)
    if (target === undefined) {
      if (tracking.isBroken) return
      tracking.isBroken = true
      const broken = new PushReply(['tracking-redir-broken', redirect])
      if (client.protocol === 3) this.#core.send(client, encodeReply(broken, 3))
    } else if (target.protocol === 3) {
      this.#core.send(target, encodeReply(new PushReply(['invalidate', keys]), 3))
    } else if (target !== client && target.channels.has(CHANNEL)) {
      this.#core.send(target, encodeReply(new PushReply(['message', CHANNEL, keys]), 2))
    }
  }
}
