/**
 * What a set of databases holds, as one number that does not depend on the order.
 *
 * The same sum is made of replies of redis-server, of an engine and of the entries themselves, with
 * no part of the engine in it.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { Snapfork } from '../../dist/index.js'
import { ENTRY_DATABASES, type Entry } from './random-entries.js'
import type { RespClient, RespReply } from './resp-client.js'

const BATCH = 500
const MODULUS = 2n ** 160n

export class ContentDigest {
  #sum = 0n
  readonly #keys = new Map<number, number>()

  add(db: number, key: Buffer, value: Buffer, expiresAtMs: number | bigint): void {
    const hash = createHash('sha1')
    hash.update(`${db} ${expiresAtMs} ${key.length} `).update(key).update(value)
    this.#sum = (this.#sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS
    this.#keys.set(db, (this.#keys.get(db) ?? 0) + 1)
  }

  /** To be compared: the number of keys of each database, and the sum. */
  get content(): object {
    const keys = [...this.#keys].sort(([a], [b]) => a - b)
    return { keys: Object.fromEntries(keys), sum: this.#sum.toString(16) }
  }
}

export function digestOfEntries(entries: readonly Entry[]): object {
  const digest = new ContentDigest()
  for (const { db, key, value, expiresAtMs } of entries) digest.add(db, key, value, expiresAtMs)
  return digest.content
}

/** Throws if DBSIZE is not the number of keys. */
export async function digestOfRedis(
  client: RespClient,
  databases: readonly number[] = ENTRY_DATABASES,
): Promise<object> {
  const digest = new ContentDigest()
  for (const db of databases) {
    await client.send('SELECT', db)
    const keys = (await client.send('KEYS', '*')) as string[]
    checkSize(db, keys.length, await client.send('DBSIZE'))
    for (let start = 0; start < keys.length; start += BATCH) {
      const batch = keys.slice(start, start + BATCH)
      const commands = batch.flatMap(
        (key) =>
          [
            ['GET', key],
            ['PEXPIRETIME', key],
          ] as const,
      )
      const replies = await client.pipeline(commands)
      for (const [index, key] of batch.entries()) {
        const value = Buffer.from(replies[2 * index] as string, 'latin1')
        const expiresAtMs = replies[2 * index + 1] as number | bigint
        digest.add(db, Buffer.from(key, 'latin1'), value, expiresAtMs)
      }
    }
  }
  return digest.content
}

export function digestOfEngine(
  engine: Snapfork,
  databases: readonly number[] = ENTRY_DATABASES,
): object {
  const digest = new ContentDigest()
  for (const index of databases) {
    const db = engine.database(index)
    const keys = db.callBuffer('KEYS', '*') as Buffer[]
    checkSize(index, keys.length, db.dbsize())
    for (const key of keys) {
      digest.add(index, key, db.getBuffer(key) as Buffer, db.pexpiretime(key))
    }
  }
  return digest.content
}

function checkSize(db: number, keys: number, size: RespReply): void {
  if (keys !== size) throw new Error(`database ${db}: ${keys} keys, but a size of ${size}`)
}
