/**
 * MIGRATE: keys go to another server while this one serves on.
 *
 *     dumped --all sent--> answered --no pause, no slow script--> deleted here, in one unit
 *        |                    |
 *        +--the connection failed: what was answered with OK counts-->+
 *
 * Invariants
 *  (M1) A key is deleted here only if the target has said OK to it, and no command and no method of
 *       the engine has changed it since it was dumped; else it stays, and the client is told so.
 *  (M2) Keys of one MIGRATE are dumped at one instant, and deleted at one.
 *  (M3) A key is moved by one at a time: another MIGRATE of it waits, and then finds it gone.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import { type Migration, noMigrationError } from '../commands/migration.js'
import { OK, PendingReply, type Reply, Status } from '../commands/reply.js'
import type { CommandSpec } from '../commands/spec.js'
import { findCommand } from '../commands/table.js'
import { ReplyError } from '../errors.js'
import { BULK_BUFFER, type NativeEngine } from '../native/engine.js'
import { ConnectionPool } from '../remote/connection-pool.js'
import type { DumpedKey } from '../remote/restore-commands.js'
import type { Step } from '../remote/target-connection.js'
import { type TransferOutcome, transfer } from '../remote/transfer.js'
import { type Client, type ClientContext, keyName, NO_REPLY, type StoredCommand } from './client.js'
import type { KeyHolder, KeyInterest } from './key-interest.js'
import type { Pauses } from './pauses.js'

/** What it needs of the server. */
export interface MigrationsCore {
  readonly native: Pick<NativeEngine, 'dump' | 'keyExpiry'>
  readonly interest: KeyInterest
  readonly pauses: Pick<Pauses, 'isOn'>
  readonly scripts: { readonly runner: { readonly isBusy: boolean } }
  /** Looks at what was changed so far. */
  collect(): void
  store(client: Client, spec: CommandSpec): StoredCommand
  /** Runs a command in the words of the server for a client that waits. */
  runFor(client: Client, command: StoredCommand): void
  /** Runs a command that had to wait. */
  resume(client: Client, command: StoredCommand): void
}

const NOKEY = new Status('NOKEY')

const FAILURES: Readonly<Record<Step, string>> = {
  connecting: 'IOERR error or timeout connecting to the client',
  writing: 'IOERR error or timeout writing to target instance',
  reading: 'IOERR error or timeout reading to target instance',
}

const CHANGED =
  'ERR Keys were changed while they were sent, and stay here: the target instance has what they ' +
  'were before'

/** Pauses and slow scripts are rare, and their ends are not worth an event each. */
const LOOK_AGAIN_MS = 5

/** Keys on their way. */
interface Flight extends KeyHolder {
  readonly client: Client
  readonly migration: Migration
  readonly dumped: readonly DumpedKey[]
  /** Of the same keys, in the same order. */
  readonly names: readonly string[]
}

export class Migrations {
  readonly #core: MigrationsCore
  readonly #pool = new ConnectionPool()
  /** Names of the keys that are to be deleted. (M3) */
  readonly #inFlight = new Set<string>()
  readonly #waiting = new Map<Client, StoredCommand>()
  #isClosed = false

  constructor(core: MigrationsCore) {
    this.#core = core
  }

  /** How many connections to targets are kept for those to come. */
  get cachedConnections(): number {
    return this.#pool.resting
  }

  /** As {@link CommandContext.migrate}. */
  start(context: ClientContext, migration: Migration): Reply {
    if (!context.mayWait || !context.mayPause) throw noMigrationError()
    // Whatever has expired on the way is logged as that, and MIGRATE as what it deletes later.
    context.isRewritten = true
    const isTaken = (key: Uint8Array) => this.#inFlight.has(nameOf(context, key))
    if (!migration.copies && migration.keys.some(isTaken)) return this.#wait(context)
    const flight = this.#dump(context, migration)
    return flight.dumped.length === 0 ? NOKEY : new PendingReply(this.#carry(flight))
  }

  #wait({ client, spec }: ClientContext): Reply {
    const command = this.#core.store(client, spec)
    client.waiting = { command, keys: [], timer: null }
    this.#waiting.set(client, command)
    return NO_REPLY
  }

  /** (M2) */
  #dump(context: ClientContext, migration: Migration): Flight {
    const { client, db, now } = context
    const { native } = this.#core
    // What was done before does not count as a change of what is dumped now.
    this.#core.collect()
    const dumped: DumpedKey[] = []
    const names: string[] = []
    for (const key of migration.keys) {
      const payload = native.dump(db, key, BULK_BUFFER) as Buffer | null
      if (payload === null) continue
      const at = Number(native.keyExpiry(db, key))
      dumped.push({ key, payload, ttlMs: at < 0 ? 0 : Math.max(1, at - now()) })
      names.push(nameOf(context, key))
    }
    return { client, migration, dumped, names, changed: new Set() }
  }

  async #carry(flight: Flight): Promise<Reply> {
    const { migration, dumped } = flight
    const { host, port, credentials, db, replaces, timeoutMs } = migration
    this.#hold(flight)
    try {
      const target = { host, port, credentials }
      const what = { target, db, keys: dumped, replaces, timeoutMs }
      const outcome = await transfer(this.#pool, what)
      const isWhole = migration.copies || (await this.#delete(flight, outcome))
      return replyOf(outcome, isWhole)
    } finally {
      this.#release(flight)
    }
  }

  #hold(flight: Flight): void {
    if (flight.migration.copies) return
    this.#core.interest.hold(flight, flight.names)
    for (const name of flight.names) this.#inFlight.add(name)
  }

  #release(flight: Flight): void {
    if (flight.migration.copies) return
    this.#core.interest.release(flight, flight.names)
    for (const name of flight.names) this.#inFlight.delete(name)
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [client, command] of waiting) {
      // It was counted when it came.
      client.context.isRetry = true
      this.#core.resume(client, command)
      client.context.isRetry = false
    }
  }

  /** Deletes what was restored; false if something of it stays. (M1) */
  async #delete(flight: Flight, { restored }: TransferOutcome): Promise<boolean> {
    if (restored.length === 0) return true
    while (this.#mayNotWrite && !this.#isClosed) await delay(LOOK_AGAIN_MS)
    if (this.#isClosed) return false
    this.#core.collect()
    const { client, dumped, names, changed } = flight
    const gone = restored.filter((at) => !changed.has(names[at] as string))
    const keys = new Map(gone.map((at) => [names[at], Buffer.from(dumped[at]?.key ?? [])]))
    if (keys.size > 0) {
      const args = [Buffer.from('DEL'), ...keys.values()]
      this.#core.runFor(client, { spec: findCommand('DEL') as CommandSpec, args })
    }
    return gone.length === restored.length
  }

  get #mayNotWrite(): boolean {
    const { pauses, scripts } = this.#core
    return pauses.isOn || scripts.runner.isBusy
  }

  /** A client that is gone waits no more; what it has sent goes on. */
  forget(client: Client): void {
    this.#waiting.delete(client)
  }

  /** Ends all transfers: their keys stay. */
  close(): void {
    this.#isClosed = true
    this.#waiting.clear()
    this.#pool.close()
  }
}

function replyOf({ refusal, failure }: TransferOutcome, isWhole: boolean): Reply {
  if (refusal !== null) {
    const line = refusal.replaceAll('\r', ' ')
    throw ReplyError.ofLatin1(`ERR Target instance replied with error: ${line}`)
  }
  if (failure !== null) {
    // Who refuses is met there with the first byte.
    const step = failure.isRefused ? 'writing' : failure.step
    throw Object.assign(new ReplyError(FAILURES[step]), { cause: failure })
  }
  if (!isWhole) throw new ReplyError(CHANGED)
  return OK
}

function nameOf({ db }: ClientContext, key: Uint8Array): string {
  return keyName(db, Buffer.from(key).toString('latin1'))
}
