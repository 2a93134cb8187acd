/**
 * Which keys count as hits and misses of the keyspace in INFO: what each command counts in many
 * forms, in the express lane, within MULTI and in a script, compared with redis-server. And what
 * CONFIG RESETSTAT begins anew.
 */

import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EXPIRED, READERS, SETUP, wordsOf } from '../support/keyspace-readers.js'
import { serve } from '../support/our-server.js'
import { RawClient } from '../support/raw-client.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

const EXPIRED_AFTER_MS = 3

const MODES = {
  'as it comes': (client: RawClient, words: readonly string[]) => client.send(...words),
  'within MULTI': async (client: RawClient, words: readonly string[]) => {
    await client.send('MULTI')
    await client.send(...words)
    return client.send('EXEC')
  },
  'in a script': (client: RawClient, words: readonly string[]) => {
    const args = words.map((_, at) => `ARGV[${at + 1}]`).join(', ')
    return client.send('EVAL', `return redis.pcall(${args})`, '0', ...words)
  },
} as const

/** Not of a script, or not the same of one. */
const NOT_IN_SCRIPTS = /^(EVAL|WATCH|UNWATCH|SELECT|DEBUG|SWAPDB|FLUSH)/

class Side {
  readonly path: string
  readonly client: RawClient

  private constructor(path: string, client: RawClient) {
    this.path = path
    this.client = client
  }

  static async connect(t: Test, path: string): Promise<Side> {
    const client = await RawClient.connect({ path }, 2)
    t.teardown(() => client.close())
    await client.send('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
    return new Side(path, client)
  }

  /** Hits and misses that a command counts. */
  async counted(words: readonly string[], mode: keyof typeof MODES): Promise<string> {
    await Promise.all(SETUP.map((command) => this.client.send(...command)))
    if (words.includes(EXPIRED)) {
      await this.client.send('SET', EXPIRED, 'x', 'PX', '1')
      await delay(EXPIRED_AFTER_MS)
    }
    await this.client.send('CONFIG', 'RESETSTAT')
    await MODES[mode](this.client, words)
    const counts = this.counts()
    await this.client.send('UNWATCH')
    return counts
  }

  async counts(): Promise<string> {
    const info = await this.client.send('INFO', 'stats')
    const [, hits] = /keyspace_hits:(\d+)/.exec(info) ?? []
    const [, misses] = /keyspace_misses:(\d+)/.exec(info) ?? []
    return `${hits} hits, ${misses} misses`
  }

  /** Fields of INFO, by their names. */
  async fields(names: readonly string[]): Promise<(string | undefined)[]> {
    const info = await this.client.send('INFO', 'everything')
    return names.map((name) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1])
  }
}

async function sidesOf(t: Test, redis: RedisServer): Promise<{ ours: Side; theirs: Side }> {
  const { path } = await serve(t, { enableDebugCommand: 'yes' })
  return {
    ours: await Side.connect(t, path),
    theirs: await Side.connect(t, redis.socketPath),
  }
}

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('Hits and misses of the keyspace', { skip }, async (t) => {
  if (redis === null) return
  for (const [family, commands] of READERS) {
    await t.test(`are those of redis-server: ${family}`, async (t) => {
      const { ours, theirs } = await sidesOf(t, redis)
      for (const mode of Object.keys(MODES) as (keyof typeof MODES)[]) {
        const different: string[] = []
        for (const words of commands) {
          const text = words.join(' ')
          if (mode === 'in a script' && NOT_IN_SCRIPTS.test(text)) continue
          const [a, b] = await Promise.all([ours.counted(words, mode), theirs.counted(words, mode)])
          if (a !== b) different.push(`${text}: ${a}, and not ${b}`)
        }
        t.strictSame(different, [], mode)
      }
    })
  }

  await t.test('count when a command that waited is served, too', async (t) => {
    const { ours, theirs } = await sidesOf(t, redis)
    const cases: Readonly<Record<string, string>> = {
      'BLPOP no nope 0': 'RPUSH nope x',
      'BLMOVE no nope LEFT LEFT 0': 'RPUSH no x',
      'BZPOPMIN no 0': 'ZADD no 1 x',
      'XREAD BLOCK 0 STREAMS st $': 'XADD st 3-1 f v',
      'XREAD BLOCK 0 STREAMS no st 0 $': 'XADD st 3-1 f v',
      'XREADGROUP GROUP e c BLOCK 0 STREAMS st >': 'XADD st 3-1 f v',
    }
    for (const [waits, serves] of Object.entries(cases)) {
      const counts = [ours, theirs].map(async (side) => {
        const waiter = await RawClient.connect({ path: side.path }, 2)
        await side.counted(['PING'], 'as it comes')
        const served = waiter.send(...wordsOf(waits))
        while ((await side.fields(['blocked_clients']))[0] !== '1') await delay(2)
        await side.client.send(...wordsOf(serves))
        await served
        waiter.close()
        return side.counts()
      })
      const [a, b] = await Promise.all(counts)
      t.equal(a, b, waits)
    }
  })
})

t.test('CONFIG RESETSTAT', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const { ours, theirs } = await sidesOf(t, redis)
  const names = [
    ...['expired_keys', 'evicted_keys', 'keyspace_hits', 'keyspace_misses', 'rdb_saves'],
    ...['total_forks', 'aof_rewrites', 'total_error_replies', 'total_connections_received'],
  ]
  const times = ['total_eviction_exceeded_time', 'current_eviction_exceeded_time']

  await t.test('begins to count anew what redis-server does', async (t) => {
    const told = [ours, theirs].map(async (side) => {
      const { client } = side
      await client.send('FLUSHALL')
      await client.send('CONFIG', 'RESETSTAT')
      await load(side)
      const before = await side.fields(names)
      await client.send('CONFIG', 'RESETSTAT')
      const after = await side.fields([...names, ...times, 'latest_fork_usec'])
      await load(side)
      return { before, after, again: await side.fields(names) }
    })
    const [a, b] = await Promise.all(told)
    t.strictSame(a, b)
    t.ok(Number(a?.before[1]) > 0, 'keys were evicted')
  })
})

/** Counts something of everything. */
async function load(side: Side): Promise<void> {
  const { client } = side
  await client.send('SET', 'e', 'v', 'PX', '1')
  await delay(EXPIRED_AFTER_MS)
  for (const key of ['e', 'no', 'never']) await client.send('GET', key)
  await client.send('SET', 'there', 'v')
  await client.send('GET', 'there')
  await client.send('NOSUCH')
  await client.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1')
  await client.send('SET', 'refused', 'v')
  await client.send('CONFIG', 'SET', 'maxmemory', '0')
  await client.send('BGSAVE')
  await ended(side, 'rdb_bgsave_in_progress')
}

/** Resolves when a child has ended. */
async function ended(side: Side, field: string): Promise<void> {
  while ((await side.fields([field]))[0] !== '0') await delay(5)
}
