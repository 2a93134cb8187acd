/**
 * Limits of memory beside redis-server: which commands are refused, which ones use a key, what
 * OBJECT says under each policy, and what snapshots carry from one to the other.
 */

import { copyFileSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { COMMANDS } from '../../dist/commands/table.js'
import { open, ReplyError, type Snapfork } from '../../dist/index.js'
import { EVICTION_POLICIES, type EvictionPolicy } from '../../dist/util/eviction.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import { ErrorReply, type RespClient } from '../support/resp-client.js'

const IDLE_SECONDS = 100_000

/** A command for the key `k`, behind those that make it. */
type Use = readonly [make: string, use: string]

const USES: readonly Use[] = [
  ...[
    ...['GET k', 'STRLEN k', 'GETRANGE k 0 -1', 'EXISTS k', 'TOUCH k', 'TYPE k', 'TTL k', 'PTTL k'],
    ...['EXPIRETIME k', 'OBJECT ENCODING k', 'OBJECT REFCOUNT k', 'DUMP k', 'EXPIRE k 1000'],
    ...['PERSIST k', 'APPEND k x', 'SETRANGE k 0 x', 'GETEX k', 'MGET k', 'SCAN 0', 'KEYS *'],
    ...['RANDOMKEY', 'COPY k other', 'BITCOUNT k', 'GETBIT k 1', 'SETBIT k 1 1'],
    ...['SET k new', 'SET k new KEEPTTL', 'SET k new NX', 'SETNX k new', 'GETSET k new', 'LCS k k'],
  ].map((use): Use => ['SET k value', use]),
  ...['INCR k', 'DECRBY k 2', 'INCRBYFLOAT k 1'].map((use): Use => ['SET k 1', use]),
  ...[
    ...[
      'HGET k f',
      'HGETALL k',
      'HLEN k',
      'HSET k f v',
      'HDEL k other',
      'HSCAN k 0',
      'HEXISTS k f',
    ],
    ...['HRANDFIELD k', 'HINCRBY k n 1', 'HSTRLEN k f'],
  ].map((use): Use => ['HSET k f v n 1', use]),
  ...[
    ...['LLEN k', 'LRANGE k 0 -1', 'LPUSH k x', 'LPOP k', 'LINDEX k 0', 'LSET k 0 x', 'LREM k 0 z'],
    ...['LPOS k a', 'LTRIM k 0 5', 'LINSERT k BEFORE a b', 'LPUSHX k x', 'LMOVE k k LEFT RIGHT'],
    ...['SORT k ALPHA', 'SORT k ALPHA STORE other'],
  ].map((use): Use => ['RPUSH k a b c', use]),
  ...[
    ...[
      'SCARD k',
      'SMEMBERS k',
      'SADD k x',
      'SREM k z',
      'SISMEMBER k a',
      'SRANDMEMBER k',
      'SPOP k',
    ],
    ...['SSCAN k 0', 'SMISMEMBER k a', 'SINTER k k', 'SUNIONSTORE other k', 'SINTERCARD 1 k'],
  ].map((use): Use => ['SADD k a b c', use]),
  ...[
    ...['ZCARD k', 'ZRANGE k 0 -1', 'ZADD k 3 x', 'ZREM k z', 'ZSCORE k a', 'ZINCRBY k 1 a'],
    ...['ZRANK k a', 'ZCOUNT k 0 5', 'ZPOPMIN k', 'ZUNION 1 k', 'ZRANGESTORE other k 0 -1'],
    ...['ZSCAN k 0', 'ZREMRANGEBYRANK k 5 6', 'ZLEXCOUNT k - +', 'ZMSCORE k a'],
  ].map((use): Use => ['ZADD k 1 a 2 b', use]),
  ...['XLEN k', 'XRANGE k - +', 'XADD k * f v', 'XDEL k 9-9', 'XTRIM k MAXLEN 5', 'XINFO STREAM k']
    // Of a stream that is asked about nothing else is read.
    .map((use): Use => ['XADD k 1-1 f v', use]),
]

interface Side {
  send(...args: readonly (string | Uint8Array)[]): Promise<unknown>
}

class Ours implements Side {
  readonly #db: Snapfork

  constructor(db: Snapfork) {
    this.#db = db
  }

  async send(name: string, ...args: readonly (string | Uint8Array)[]): Promise<unknown> {
    try {
      const reply = this.#db.callBuffer(name, ...args)
      return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
    } catch (error) {
      if (error instanceof ReplyError) return new ErrorReply(error.message)
      throw error
    }
  }
}

/** What a reply is when it is an error. */
function errorOf(reply: unknown): string | null {
  return reply instanceof ErrorReply ? reply.text : null
}

async function setPolicy(db: Snapfork, client: RespClient, policy: EvictionPolicy): Promise<void> {
  await db.configure({ maxmemoryPolicy: policy, lfuDecayTime: 0 })
  await client.send('CONFIG', 'SET', 'maxmemory-policy', policy)
  await client.send('CONFIG', 'SET', 'lfu-decay-time', '0')
}

/** Makes a key that was long, or never, used, uses it, and says what OBJECT then says. */
async function useOf(side: Side, [make, use]: Use, isLfu: boolean): Promise<boolean> {
  await side.send('FLUSHALL')
  await side.send(...make.split(' '))
  const payload = Buffer.from((await side.send('DUMP', 'k')) as string, 'latin1')
  const note = isLfu ? ['FREQ', '0'] : ['IDLETIME', String(IDLE_SECONDS)]
  await side.send('RESTORE', 'k', '0', payload, 'REPLACE', ...note)
  const error = errorOf(await side.send(...use.split(' ')))
  if (error !== null) throw new Error(`${use}: ${error}`)
  const told = Number(await side.send('OBJECT', isLfu ? 'FREQ' : 'IDLETIME', 'k'))
  return isLfu ? told > 0 : told < IDLE_SECONDS
}

async function compareUses(db: Snapfork, client: RespClient, isLfu: boolean): Promise<string[]> {
  await setPolicy(db, client, isLfu ? 'allkeys-lfu' : 'allkeys-lru')
  const differences: string[] = []
  for (const use of USES) {
    const ours = await useOf(new Ours(db), use, isLfu)
    const theirs = await useOf(client, use, isLfu)
    if (ours !== theirs) differences.push(`${use[1]}: ${ours} here, ${theirs} there`)
  }
  return differences
}

/** Each command with as many arguments as it needs at least. */
function anyCommands(): string[][] {
  const commands: string[][] = []
  for (const { name, arity, subcommands } of COMMANDS.values()) {
    // The keys are to stay.
    if (/SAVE|AOF|SHUTDOWN|FLUSH|SWAPDB/.test(name)) continue
    if (subcommands === undefined) commands.push([name, ...words(Math.abs(arity) - 1)])
    for (const sub of subcommands?.values() ?? []) {
      commands.push([name, sub.name, ...words(Math.abs(sub.arity) - 2)])
    }
  }
  return commands
}

function words(count: number): string[] {
  return Array.from({ length: count }, () => 'x')
}

async function compareRefusals(db: Snapfork, client: RespClient): Promise<number> {
  const refusal = (reply: unknown) => errorOf(reply)?.startsWith('OOM') ?? false
  let refused = 0
  for (const command of anyCommands()) {
    const theirs = await client.send(...command)
    // Of later versions.
    if (/^ERR unknown (sub)?command/.test(errorOf(theirs) ?? '')) continue
    const [name = '', ...args] = command
    const ours = await new Ours(db).send(name, ...args)
    if (refusal(ours) !== refusal(theirs)) throw new Error(`${command.join(' ')}: not as there`)
    if (refusal(ours) && errorOf(ours) !== errorOf(theirs)) throw new Error(String(errorOf(ours)))
    refused += refusal(ours) ? 1 : 0
  }
  return refused
}

interface Both {
  readonly db: Snapfork
  readonly redis: RedisServer
  /** For more directories. */
  readonly root: string
}

async function startBoth(t: Test): Promise<Both | null> {
  const redis = await startRedis()
  if (redis === null) return null
  const root = t.testdir({ db: {} })
  const db = await open({ dir: join(root, 'db') })
  t.teardown(() => db.close())
  t.teardown(() => redis.stop())
  return { db, redis, root }
}

t.test('Beside redis-server', async (t) => {
  const both = await startBoth(t)
  if (both === null) {
    t.pass('no redis-server on this machine: skipped')
    return
  }
  const { db, redis } = both
  const client = await redis.connect()

  await t.test('the same commands are refused when memory is over its limit', async (t) => {
    // An empty engine takes no memory at all.
    db.set('a', '1')
    await db.configure({ maxmemory: 1 })
    await client.send('CONFIG', 'SET', 'maxmemory', '1')
    const refused = await compareRefusals(db, client)
    t.ok(refused > 50, `${refused} commands`)
    for (const policy of EVICTION_POLICIES.filter((name) => name.startsWith('volatile'))) {
      await setPolicy(db, client, policy)
      const ours = await new Ours(db).send('SET', 'a', '1')
      t.equal(errorOf(ours), errorOf(await client.send('SET', 'a', '1')), policy)
    }
    await db.configure({ maxmemory: 0 })
    await client.send('CONFIG', 'SET', 'maxmemory', '0')
  })

  await t.test('the same commands use a key', async (t) => {
    t.strictSame(await compareUses(db, client, false), [], 'LRU')
    t.strictSame(await compareUses(db, client, true), [], 'LFU')
  })

  await t.test('a key keeps its use under another name and in another database', async (t) => {
    await setPolicy(db, client, 'allkeys-lfu')
    for (const side of [new Ours(db), client]) {
      await side.send('FLUSHALL')
      await side.send('SET', 'a', '1')
      const payload = Buffer.from((await side.send('DUMP', 'a')) as string, 'latin1')
      await side.send('RESTORE', 'a', '0', payload, 'REPLACE', 'FREQ', '200')
      await side.send('RENAME', 'a', 'b')
      t.ok(Number(await side.send('OBJECT', 'FREQ', 'b')) >= 200)
      await side.send('COPY', 'b', 'c')
      t.equal(await side.send('OBJECT', 'FREQ', 'c'), 5)
      await side.send('SET', 'b', 'new')
      t.ok(Number(await side.send('OBJECT', 'FREQ', 'b')) >= 200)
    }
  })

  await t.test('OBJECT has the same errors', async (t) => {
    for (const policy of ['allkeys-lru', 'allkeys-lfu', 'volatile-lru', 'volatile-lfu'] as const) {
      await setPolicy(db, client, policy)
      for (const words of ['FREQ a', 'IDLETIME a', 'FREQ none', 'IDLETIME none']) {
        const command = ['OBJECT', ...words.split(' ')] as [string, ...string[]]
        for (const side of [new Ours(db), client]) await side.send('SET', 'a', '1')
        const ours = await new Ours(db).send(...command)
        t.equal(errorOf(ours), errorOf(await client.send(...command)), `${policy}: ${words}`)
      }
    }
  })
})

t.test('Snapshots carry the use of keys from one to the other', async (t) => {
  const both = await startBoth(t)
  if (both === null) {
    t.pass('no redis-server on this machine: skipped')
    return
  }
  const { db, redis, root } = both
  const client = await redis.connect()
  for (const policy of ['allkeys-lru', 'volatile-lfu'] as const) {
    const isLfu = policy === 'volatile-lfu'
    await setPolicy(db, client, policy)
    for (const side of [new Ours(db), client] as Side[]) {
      await side.send('FLUSHALL')
      for (const [index, make] of ['SET k v', 'SADD k a', 'XADD k 1-1 f v'].entries()) {
        await side.send('DEL', 'k')
        await side.send(...make.split(' '))
        const payload = Buffer.from((await side.send('DUMP', 'k')) as string, 'latin1')
        const note = isLfu ? ['FREQ', `${index + 77}`] : ['IDLETIME', `${(index + 1) * 10_000}`]
        const expiry = index === 1 ? '100000000' : '0'
        await side.send('RESTORE', `key:${index}`, expiry, payload, ...note)
      }
    }
    await db.bgsave()
    await client.send('SAVE')
    const settings = ['--maxmemory-policy', policy, '--lfu-decay-time', '0']
    const [forRedis, forUs] = [mkdtempSync(join(root, 'a-')), mkdtempSync(join(root, 'b-'))]
    copyFileSync(db.path, join(forRedis, 'dump.rdb'))
    copyFileSync(redis.snapshotPath, join(forUs, 'dump.rdb'))
    const theirs = await startRedis('--dir', forRedis, ...settings)
    const loaded = await open({ dir: forUs, maxmemoryPolicy: policy, lfuDecayTime: 0 })
    t.teardown(() => theirs?.stop())
    t.teardown(() => loaded.close())
    for (const side of [await (theirs as RedisServer).connect(), new Ours(loaded)]) {
      for (const index of [0, 1, 2]) {
        const told = Number(await side.send('OBJECT', isLfu ? 'FREQ' : 'IDLETIME', `key:${index}`))
        const wanted = isLfu ? index + 77 : (index + 1) * 10_000
        t.ok(told >= wanted && told < wanted + 60, `${policy}: ${told} for ${wanted}`)
      }
    }
  }
})
