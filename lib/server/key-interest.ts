/**
 * Keys that clients watch or wait for.
 *
 * The engine notes which of them a command has changed; it is asked behind every command.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import { type Client, keyName, keyOfName } from './client.js'

type Clients = Map<string, Set<Client>>

export class KeyInterest {
  readonly #native: Pick<NativeEngine, 'watchKey' | 'takeWatched'>
  readonly #watchers: Clients = new Map()
  readonly #waiters: Clients = new Map()

  constructor(native: Pick<NativeEngine, 'watchKey' | 'takeWatched'>) {
    this.#native = native
  }

  get isActive(): boolean {
    return this.#watchers.size + this.#waiters.size > 0
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0
  }

  /** Watches a key for a transaction. */
  watch(client: Client, name: string): void {
    if (client.watched.has(name)) return
    client.watched.add(name)
    this.#add(this.#watchers, client, name)
  }

  unwatchAll(client: Client): void {
    for (const name of client.watched) this.#remove(this.#watchers, client, name)
    client.watched.clear()
    client.isWatchBroken = false
  }

  /** Lets a client wait for keys. Those who came first are served first. */
  wait(client: Client, names: readonly string[]): void {
    for (const name of names) this.#add(this.#waiters, client, name)
  }

  waitNoMore(client: Client, names: readonly string[]): void {
    for (const name of names) this.#remove(this.#waiters, client, name)
  }

  /** Who waits for a key, first come first. */
  waitersOf(name: string): Client[] {
    return [...(this.#waiters.get(name) ?? [])]
  }

  /**
   * Ends a command: transactions that watch what it has changed are broken.
   *
   * @returns The changed keys that somebody waits for.
   */
  takeReady(): string[] {
    const changed = this.#native.takeWatched()
    if (changed === null) return []
    const ready: string[] = []
    for (let at = 0; at < changed.length; at += 2) {
      const name = keyName(changed[at] as number, changed[at + 1] as string)
      for (const client of this.#watchers.get(name) ?? []) client.isWatchBroken = true
      if (this.#waiters.has(name)) ready.push(name)
    }
    return ready
  }

  #add(clients: Clients, client: Client, name: string): void {
    let set = clients.get(name)
    if (set === undefined) {
      set = new Set()
      clients.set(name, set)
      this.#tell(name, true)
    }
    set.add(client)
  }

  #remove(clients: Clients, client: Client, name: string): void {
    const set = clients.get(name)
    if (set?.delete(client) !== true || set.size > 0) return
    clients.delete(name)
    this.#tell(name, false)
  }

  #tell(name: string, watches: boolean): void {
    const { db, key } = keyOfName(name)
    this.#native.watchKey(db, key, watches)
  }
}
