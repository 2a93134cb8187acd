/**
 * Keys that clients watch or wait for.
 *
 * The engine notes which of them a command has changed; it is asked behind every command.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import { KEY_CHANGE } from '../native/lanes.js'
import { type Client, keyName, keyOfName } from './client.js'

/** Who has to know which of its keys are changed. */
export interface KeyHolder {
  /** Names of keys, which grow. Time and want of memory, which take keys, change none. */
  readonly changed: Set<string>
}

type Interested<Who> = Map<string, Set<Who>>
type Clients = Interested<Client>

const BY_COMMANDS: ReadonlySet<number> = new Set([KEY_CHANGE.changed, KEY_CHANGE.created])

/** What has become of a key, or that it was missed; `change` is of {@link KEY_CHANGE}. */
export interface KeyChange {
  readonly db: number
  readonly key: string
  readonly change: number
}

const NONE: readonly KeyChange[] = []

export class KeyInterest {
  readonly #native: Pick<NativeEngine, 'watchKey' | 'takeWatched'>
  readonly #watchers: Clients = new Map()
  readonly #waiters: Clients = new Map()
  /** Who has read a key and is to be told when it changes. */
  readonly #readers: Clients = new Map()
  readonly #holders: Interested<KeyHolder> = new Map()
  readonly #ready: string[] = []
  /** Names to be watched, or not any more, when the engine can be told so again. */
  readonly #untold = new Map<string, boolean>()
  #isAway = false

  constructor(native: Pick<NativeEngine, 'watchKey' | 'takeWatched'>) {
    this.#native = native
  }

  /** Whether the engine is loading, and cannot be asked or told anything. */
  setAway(isAway: boolean): void {
    this.#isAway = isAway
    if (isAway) {
      // Whatever is loaded then may be something else.
      for (const [name, holders] of this.#holders) for (const one of holders) one.changed.add(name)
      return
    }
    for (const [name, watches] of this.#untold) this.#tell(name, watches)
    this.#untold.clear()
  }

  get isActive(): boolean {
    const { size } = this.#holders
    return this.#watchers.size + this.#waiters.size + this.#readers.size + size > 0
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

  /** From now on a holder is told of changes, until {@link release}. */
  hold(holder: KeyHolder, names: readonly string[]): void {
    for (const name of names) this.#add(this.#holders, holder, name)
  }

  release(holder: KeyHolder, names: readonly string[]): void {
    for (const name of names) this.#remove(this.#holders, holder, name)
  }

  /** A client has read a key. */
  read(client: Client, name: string): void {
    this.#add(this.#readers, client, name)
  }

  /** Who has read a key; they have not any more. */
  takeReaders(name: string): Client[] {
    const readers = [...(this.#readers.get(name) ?? [])]
    for (const client of readers) this.#remove(this.#readers, client, name)
    return readers
  }

  /** A client wants to be told of nothing more. */
  unreadAll(client: Client): void {
    for (const name of [...this.#readers.keys()]) this.#remove(this.#readers, client, name)
  }

  /** Who waits for a key, first come first. */
  waitersOf(name: string): Client[] {
    return [...(this.#waiters.get(name) ?? [])]
  }

  /** Ends a command: transactions that watch what it has changed are broken. */
  collect(): readonly KeyChange[] {
    const flat = this.#isAway ? null : this.#native.takeWatched()
    if (flat === null) return NONE
    const changes: KeyChange[] = []
    for (let at = 0; at < flat.length; at += 3) {
      const [db, key, change] = flat.slice(at, at + 3) as [number, string, number]
      changes.push({ db, key, change })
      if (change === KEY_CHANGE.missed) continue
      const name = keyName(db, key)
      for (const client of this.#watchers.get(name) ?? []) client.isWatchBroken = true
      if (BY_COMMANDS.has(change)) {
        for (const holder of this.#holders.get(name) ?? []) holder.changed.add(name)
      }
      if (this.#waiters.has(name)) this.#ready.push(name)
    }
    return changes
  }

  /** The keys that were changed since the last call, and that somebody waits for. */
  takeReady(): string[] {
    return this.#ready.splice(0)
  }

  #add<Who>(all: Interested<Who>, who: Who, name: string): void {
    let set = all.get(name)
    if (set === undefined) {
      set = new Set()
      all.set(name, set)
      this.#tell(name, true)
    }
    set.add(who)
  }

  #remove<Who>(all: Interested<Who>, who: Who, name: string): void {
    const set = all.get(name)
    if (set?.delete(who) !== true || set.size > 0) return
    all.delete(name)
    this.#tell(name, false)
  }

  #tell(name: string, watches: boolean): void {
    if (this.#isAway) {
      // Calls are counted: one takes the other back.
      if (!this.#untold.delete(name)) this.#untold.set(name, watches)
      return
    }
    const { db, key } = keyOfName(name)
    this.#native.watchKey(db, key, watches)
  }
}
