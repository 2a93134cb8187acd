/**
 * Brings keys to another server of the same kind: AUTH and SELECT where they are needed, RESTORE
 * for each key.
 *
 * Invariants
 *  (T1) No RESTORE is sent before AUTH and SELECT were answered with OK: keys do not come into a
 *       database that nobody has named.
 *  (T2) A key counts as restored by an OK alone. Another word that is no error is of somebody who
 *       does not speak this language, and ends the transfer.
 *
 * @module
 */

import type { ConnectionPool, PooledConnection, Target } from './connection-pool.js'
import { commandLine, type DumpedKey, inChunks, restoreLines } from './restore-commands.js'
import { ConnectionFailure } from './target-connection.js'

export interface Transfer {
  readonly target: Target
  /** Number of the database there; the target judges it. */
  readonly db: string
  readonly keys: readonly DumpedKey[]
  /** Whether keys of the same name give way. */
  readonly replaces: boolean
  /** How long nothing may happen in any step, in milliseconds. */
  readonly timeoutMs: number
}

export interface TransferOutcome {
  /** Which of the keys the target has restored, by their places. */
  readonly restored: readonly number[]
  /** The first error that the target has replied, as latin1 text without its sign, or null. */
  readonly refusal: string | null
  /** Why it ended before all keys were answered for, or null. */
  readonly failure: ConnectionFailure | null
}

/** What is gathered of an outcome while it comes. */
class Progress {
  readonly restored: number[] = []
  refusal: string | null = null
  /** Whether anything was answered. */
  hasBegun = false
}

/**
 * Sends keys. What became of each is in the outcome: it does not reject.
 *
 * Costs the bytes of all values, which are in memory until all are sent. A connection that had
 * rested and was ended meanwhile is replaced, once.
 */
export async function transfer(pool: ConnectionPool, what: Transfer): Promise<TransferOutcome> {
  let failure: ConnectionFailure | null = null
  let progress = new Progress()
  for (let isAgain = false; ; isAgain = true) {
    let connection: PooledConnection | null = null
    failure = null
    progress = new Progress()
    try {
      connection = await pool.take(what.target, what.timeoutMs, !isAgain)
      await send(connection, what, progress)
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error
      failure = error
    }
    const isSound = failure === null && progress.refusal === null
    if (connection !== null) pool.giveBack(connection, isSound)
    const isStale = connection?.isUsed === true && failure?.isTimeout === false
    if (!isStale || progress.hasBegun || isAgain) break
  }
  return { restored: progress.restored, refusal: progress.refusal, failure }
}

async function send(to: PooledConnection, what: Transfer, progress: Progress): Promise<void> {
  const { target, db } = what
  const { credentials } = target
  if (credentials.length > 0) await ask(to, ['AUTH', ...credentials], progress)
  if (to.db !== db && progress.refusal === null) {
    await ask(to, ['SELECT', db], progress)
    to.db = db
  }
  if (progress.refusal !== null) return // (T1)
  await to.connection.write(inChunks(restoreLines(what.keys, what.replaces)))
  for (let at = 0; at < what.keys.length; ++at) {
    if (await answer(to, progress)) progress.restored.push(at)
  }
}

async function ask(
  to: PooledConnection,
  words: readonly (string | Uint8Array)[],
  progress: Progress,
): Promise<void> {
  await to.connection.write(inChunks(commandLine(words)))
  await answer(to, progress)
}

/** Reads a reply; whether it is OK. (T2) */
async function answer({ connection }: PooledConnection, progress: Progress): Promise<boolean> {
  const line = await connection.readLine()
  progress.hasBegun = true
  if (line === '+OK') return true
  if (!line.startsWith('-')) throw new ConnectionFailure('reading')
  progress.refusal ??= line.slice(1)
  return false
}
