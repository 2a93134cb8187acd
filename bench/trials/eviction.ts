/**
 * The trial `eviction`: how many look-ups a cache of limited memory answers, and what it costs to
 * note the use of keys.
 *
 * @module
 */

import { type EvictionPolicy, open } from '../../dist/index.js'
import { RedisDriver } from '../drivers/redis.js'
import { RedisConnection } from '../drivers/redis-connection.js'
import { keyName, makeValues, Random } from '../workload.js'

export interface HitFigures {
  /** Of the look-ups in the second half of the run. */
  readonly hitShare: number
  readonly keysHeld: number
  readonly evicted: number
  readonly seconds: number
}

export interface NoteFigures {
  readonly getNanos: number
  /** Bytes a key that `maxmemory` counts more than with none noted. */
  readonly memoryBytes: number
}

const NAMES = 500_000
const LOOKUPS = 1_000_000
const LIMIT_BYTES = 12 * 2 ** 20
const VALUE_BYTES = 64
const BATCH = 200
const GET_KEYS = 1_000_000
const GETS = 3_000_000

/** Indices of keys: the popularity of the n-th is 1/n, and its name tells nothing of n. */
class Zipf {
  readonly #random = new Random(0x21bf)
  readonly #cumulative = new Float64Array(NAMES)

  constructor() {
    let sum = 0
    for (let rank = 0; rank < NAMES; ++rank) {
      sum += 1 / (rank + 1)
      this.#cumulative[rank] = sum
    }
  }

  next(): string {
    const wanted = (this.#random.below(2 ** 31) / 2 ** 31) * (this.#cumulative.at(-1) as number)
    let [low, high] = [0, NAMES - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#cumulative[middle] as number) < wanted) low = middle + 1
      else high = middle
    }
    // 7919 has no factor in common with the number of names.
    return keyName((low * 7919) % NAMES)
  }
}

/** What a cache asks of a store; both for many keys at a time. */
interface Cache {
  /** Which of them are there. */
  find(keys: readonly string[]): Promise<boolean[]>
  put(keys: readonly string[]): Promise<void>
  keysHeld(): Promise<number>
  evicted(): Promise<number>
  close(): Promise<void>
}

async function openOurs(dir: string, policy: EvictionPolicy, value: string): Promise<Cache> {
  const db = await open({ dir, maxmemory: LIMIT_BYTES, maxmemoryPolicy: policy })
  return {
    // A turn of the event loop a batch, as a server has one.
    find: async (keys) => {
      await new Promise(setImmediate)
      return keys.map((key) => db.strlen(key) > 0)
    },
    put: async (keys) => {
      for (const key of keys) db.set(key, value)
    },
    keysHeld: async () => db.dbsize(),
    evicted: async () => Number(/^evicted_keys:(\d+)/m.exec(db.info('stats'))?.[1]),
    close: () => db.close(),
  }
}

async function openTheirs(dir: string, policy: EvictionPolicy, value: string): Promise<Cache> {
  const driver = new RedisDriver(VALUE_BYTES, () => {})
  await driver.open(dir)
  const connection = await RedisConnection.connect('redis.sock', [value])
  await connection.command('CONFIG', 'SET', 'maxmemory', String(LIMIT_BYTES))
  await connection.command('CONFIG', 'SET', 'maxmemory-policy', policy)
  const all = (keys: readonly string[], ...words: ((key: string) => string)[]) =>
    Promise.all(keys.map((key) => connection.command(...words.map((word) => word(key)))))
  const name = (key: string) => key
  return {
    find: async (keys) => (await all(keys, () => 'STRLEN', name)).map((reply) => reply !== '0'),
    put: async (keys) => {
      await all(
        keys,
        () => 'SET',
        name,
        () => value,
      )
    },
    keysHeld: async () => Number(await connection.command('DBSIZE')),
    evicted: async () => {
      const stats = await connection.command('INFO', 'stats')
      return Number(/^evicted_keys:(\d+)/m.exec(stats)?.[1])
    },
    close: async () => {
      connection.close()
      await driver.close()
    },
  }
}

/** Looks keys up, and puts in those that are not there. */
export async function measureHits(
  driver: string,
  policy: EvictionPolicy,
  dir: string,
): Promise<HitFigures> {
  const value = makeValues(VALUE_BYTES)[0] as string
  const cache = await (driver === 'redis' ? openTheirs : openOurs)(dir, policy, value)
  const zipf = new Zipf()
  let hits = 0
  const startedAt = performance.now()
  for (let done = 0; done < LOOKUPS; done += BATCH) {
    const keys = Array.from({ length: BATCH }, () => zipf.next())
    const found = await cache.find(keys)
    await cache.put(keys.filter((_, index) => !found[index]))
    if (done >= LOOKUPS / 2) hits += found.filter((isThere) => isThere).length
  }
  const seconds = (performance.now() - startedAt) / 1000
  const [keysHeld, evicted] = [await cache.keysHeld(), await cache.evicted()]
  await cache.close()
  return { hitShare: hits / (LOOKUPS / 2), keysHeld, evicted, seconds }
}

/** Reads random keys, with what the policy notes of each. */
export async function measureNotes(policy: EvictionPolicy, dir: string): Promise<NoteFigures> {
  const value = makeValues(VALUE_BYTES)[0] as string
  const db = await open({ dir, maxmemoryPolicy: policy })
  for (let index = 0; index < GET_KEYS; ++index) db.set(keyName(index), value)
  const random = new Random(0x9e7)
  const names = Array.from({ length: GET_KEYS }, () => keyName(random.below(GET_KEYS)))
  for (const key of names) db.get(key)
  const startedAt = performance.now()
  for (let done = 0; done < GETS; done += names.length) for (const key of names) db.get(key)
  const getNanos = ((performance.now() - startedAt) * 1e6) / GETS
  const memoryBytes = Number(/^used_memory:(\d+)/m.exec(db.info('memory'))?.[1]) / GET_KEYS
  await db.close()
  return { getNanos, memoryBytes }
}
