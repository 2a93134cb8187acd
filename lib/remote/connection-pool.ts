/**
 * Connections to other servers that were used of late, so that who moves many keys connects once.
 *
 * Invariants
 *  (P1) A connection is used by one at a time; others that want the same target get one of their
 *       own.
 *  (P2) A connection on which somebody has said who he is serves only those who say the same.
 *
 * @module
 */

import { type Address, ConnectionFailure, TargetConnection } from './target-connection.js'

/** How long a connection is kept that nobody uses. */
const IDLE_MS = 10_000
const RESTING_MAX = 64

export interface Target extends Address {
  /** A password, or a user and a password, or nothing. */
  readonly credentials: readonly Uint8Array[]
}

export interface PooledConnection {
  readonly target: Target
  readonly connection: TargetConnection
  /** Whether it was used before: its other end may be gone. */
  isUsed: boolean
  /** Number of the database that is selected, as it was sent. */
  db: string
}

export class ConnectionPool {
  /** By target; oldest first. */
  readonly #resting = new Map<string, PooledConnection>()
  /** In use, or about to be. */
  readonly #busy = new Set<TargetConnection>()
  #isClosed = false

  /** How many connections nobody uses at the moment. */
  get resting(): number {
    return this.#resting.size
  }

  /**
   * A connection to a target, for the caller alone until it is given back. (P1)
   *
   * @param timeoutMs How long nothing may happen in any of its steps.
   * @param mayRest Whether one that was used before will do.
   * @throws {ConnectionFailure} (rejects) if there is none to be had.
   */
  async take(target: Target, timeoutMs: number, mayRest: boolean): Promise<PooledConnection> {
    const { host, port } = target
    const name = nameOf(target)
    const rested = this.#resting.get(name)
    if (mayRest && rested !== undefined) {
      this.#resting.delete(name)
      this.#busy.add(rested.connection)
      rested.connection.wake(timeoutMs)
      return rested
    }
    if (this.#isClosed) throw new ConnectionFailure('connecting')
    let opening: TargetConnection | null = null
    try {
      const connection = await TargetConnection.open({ host, port }, timeoutMs, (one) => {
        opening = one
        this.#busy.add(one)
      })
      return { target, connection, isUsed: false, db: '0' }
    } catch (error) {
      if (opening !== null) this.#busy.delete(opening)
      throw error
    }
  }

  /** Takes a connection back; one that is not sound is ended. */
  giveBack(pooled: PooledConnection, isSound: boolean): void {
    const { target, connection } = pooled
    const name = nameOf(target)
    this.#busy.delete(connection)
    if (!isSound || this.#isClosed || this.#resting.has(name)) {
      connection.close()
      return
    }
    for (const [oldest, { connection: old }] of this.#resting) {
      if (this.#resting.size < RESTING_MAX) break
      this.#resting.delete(oldest)
      old.close()
    }
    pooled.isUsed = true
    this.#resting.set(name, pooled)
    connection.rest(IDLE_MS, () => {
      if (this.#resting.get(name) === pooled) this.#resting.delete(name)
    })
  }

  /** Ends all connections: what uses one fails. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#busy) connection.close()
    for (const { connection } of [...this.#resting.values()]) connection.close()
  }
}

/** (P2) */
function nameOf({ host, port, credentials }: Target): string {
  const words = credentials.map((word) => Buffer.from(word).toString('latin1'))
  return JSON.stringify([host, port, ...words])
}
