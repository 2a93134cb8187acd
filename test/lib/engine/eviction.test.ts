import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { open, type Snapfork } from '../../../dist/index.js'
import { loadAddon } from '../../../dist/native/addon.js'
import { STATUS } from '../../../dist/native/status-codes.js'
import { EVICTION_POLICIES } from '../../../dist/util/eviction.js'
import { childOf } from '../../support/children.js'

const MIB = 2 ** 20
const OOM = "OOM command not allowed when used memory > 'maxmemory'."
const INCREMENTAL = join('appendonlydir', 'appendonly.aof.1.incr.aof')

function fill(db: Snapfork, count: number, from = 0): void {
  for (let index = from; index < from + count; ++index) db.set(`key:${index}`, 'v'.repeat(100))
}

/** A field of INFO. */
function fieldOf(db: Snapfork, name: string): string {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(db.info())?.[1] ?? ''
}

function countedBytes(db: Snapfork): number {
  return Number(fieldOf(db, 'used_memory')) - Number(fieldOf(db, 'mem_not_counted_for_evict'))
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('Writes are refused over the limit, where nothing may go', async (t) => {
  const db = await open({ dir: t.testdir() })
  t.teardown(() => db.close())
  fill(db, 1000)
  db.hset('hash', 'field', 'value')
  await db.configure({ maxmemory: 1 })
  const code = { code: 'ERR_SNAPFORK_MAXMEMORY', retryable: true }
  await t.test('by methods that call the engine and by others', async (t) => {
    t.throws(() => db.set('a', '1'), code)
    t.throws(() => db.hset('hash', 'a', '1'), code)
    t.throws(() => db.incr('a'), code)
    t.throws(() => db.append('key:1', '1'), code)
    t.throws(() => db.lpush('list', '1'), code)
    t.throws(() => db.sadd('set', '1'), code)
    t.throws(() => db.database(1).set('a', '1'), code)
  })
  await t.test('by name, in the words of Redis', async (t) => {
    t.throws(() => db.call('SET', 'a', '1'), { name: 'ReplyError', message: OOM })
    t.throws(() => db.call('lpush', 'list', '1'), { name: 'ReplyError', message: OOM })
  })
  await t.test('and what takes no memory is not', async (t) => {
    t.equal(db.get('key:1')?.length, 100)
    t.equal(db.expire('key:1', 1000), 1)
    t.equal(db.persist('key:1'), 1)
    t.equal(db.del('key:1'), 1)
    t.equal(db.call('RENAME', 'key:2', 'key:1')?.toString(), 'OK')
    t.equal(db.dbsize(), 1000)
    t.equal(fieldOf(db, 'evicted_keys'), '0')
    await until(() => Number(fieldOf(db, 'current_eviction_exceeded_time')) > 0)
  })
  await t.test('until there is room', async (t) => {
    await db.configure({ maxmemory: 0 })
    t.equal(db.set('a', '1'), 'OK')
    t.equal(fieldOf(db, 'current_eviction_exceeded_time'), '0')
    t.not(fieldOf(db, 'total_eviction_exceeded_time'), '0')
  })
})

t.test('Keys are evicted before a write, and the log has them before it', async (t) => {
  const dir = t.testdir()
  const options = { dir, appendonly: true, maxmemoryPolicy: 'allkeys-lru' } as const
  let db = await open(options)
  t.teardown(() => db.close())
  fill(db, 2000)
  await db.configure({ maxmemory: countedBytes(db) })
  for (let index = 2000; index < 6000; ++index) {
    if (index % 2 === 0) db.set(`key:${index}`, 'v'.repeat(100))
    else db.call('SET', `key:${index}`, 'v'.repeat(100))
  }
  const evicted = Number(fieldOf(db, 'evicted_keys'))
  t.ok(evicted > 3000, `${evicted} of 6000 keys are gone`)
  t.equal(db.dbsize(), 6000 - evicted)
  t.ok(countedBytes(db) < db.dbsize() * 1000)
  await db.durable()
  const log = readFileSync(join(dir, INCREMENTAL), 'latin1')
  t.equal(log.match(/^\*2\r\n\$3\r\nDEL\r\n/gm)?.length, evicted)
  t.notMatch(log, /MULTI/)
  const digest = db.digest()
  await db.close()
  // Running the log again evicts nothing, whatever the limit.
  db = await open({ ...options, maxmemory: 1 })
  t.equal(db.digest(), digest)
  t.equal(fieldOf(db, 'evicted_keys'), '0')
})

t.test('A limit that is lowered takes effect by itself', async (t) => {
  const dir = t.testdir()
  const db = await open({ dir, appendonly: true, maxmemoryPolicy: 'allkeys-random' })
  t.teardown(() => db.close())
  fill(db, 30_000)
  const maxmemory = countedBytes(db) - 2 * MIB
  await db.configure({ maxmemory })
  await until(() => countedBytes(db) <= maxmemory)
  t.ok(db.dbsize() > 5_000 && db.dbsize() < 29_000, `${db.dbsize()} keys are left`)
  t.equal(Number(fieldOf(db, 'evicted_keys')), 30_000 - db.dbsize())
  const digest = db.digest()
  await db.configure({ appendonly: false })
  await db.close()
  const again = await open({ dir, appendonly: true })
  t.teardown(() => again.close())
  t.equal(again.digest(), digest)
})

t.test('What a child holds is given up only once', async (t) => {
  const db = await open({ dir: t.testdir(), maxmemoryPolicy: 'allkeys-lru' })
  t.teardown(() => db.close())
  fill(db, 200_000)
  const maxmemory = countedBytes(db) - 8 * MIB
  let saved: Promise<unknown> = Promise.resolve()
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  await db.configure({ maxmemory })
  await until(() => countedBytes(db) <= maxmemory)
  const left = db.dbsize()
  t.ok(left > 100_000 && left < 180_000, `${left} keys are left`)
  t.not(fieldOf(db, 'mem_not_counted_for_evict'), '0')
  process.kill(pid, 'SIGCONT')
  await saved
  await until(() => fieldOf(db, 'mem_not_counted_for_evict') === '0')
  t.equal(db.dbsize(), left)
})

t.test('INFO, metrics and OBJECT tell of it', async (t) => {
  const options = { maxmemory: 64 * MIB, maxmemoryPolicy: 'allkeys-lfu' } as const
  const db = await open({ dir: t.testdir(), ...options })
  t.teardown(() => db.close())
  t.equal(fieldOf(db, 'maxmemory'), String(64 * MIB))
  t.equal(fieldOf(db, 'maxmemory_human'), '64.00M')
  t.equal(fieldOf(db, 'maxmemory_policy'), 'allkeys-lfu')
  db.set('a', '1')
  t.equal(db.object('FREQ', 'a'), 5)
  t.equal(db.object('FREQ', 'none'), null)
  await db.configure({ maxmemoryPolicy: 'volatile-lru' })
  t.equal(db.object('IDLETIME', 'a'), 0)
  t.equal(db.object('IDLETIME', 'none'), null)
  t.throws(() => db.object('FREQ', 'a'), {
    message: /^ERR An LFU maxmemory policy is not selected/,
  })
  await db.configure({ maxmemoryPolicy: 'allkeys-random' })
  t.throws(() => db.object('IDLETIME', 'a'), { message: /^ERR idle time not tracked/ })
})

t.test('Snapshots keep when keys were used', async (t) => {
  const dir = t.testdir()
  let nowMs = 1_700_000_000_000
  const options = { dir, clock: () => nowMs, maxmemoryPolicy: 'allkeys-lru' } as const
  let db = await open(options)
  t.teardown(() => db.close())
  db.set('a', '1')
  db.set('b', '1', { EX: 100_000 })
  db.sadd('set', 'member')
  nowMs += 500_000
  db.expire('b', 100)
  await db.bgsave()
  await db.close()
  db = await open(options)
  t.equal(db.object('IDLETIME', 'a'), 500)
  t.equal(db.object('IDLETIME', 'b'), 0)
  t.equal(db.object('IDLETIME', 'set'), 500)
  const bytes = readFileSync(db.path)
  await db.configure({ maxmemoryPolicy: 'noeviction' })
  await db.bgsave()
  t.ok(readFileSync(db.path).length < bytes.length)
  await db.close()
  db = await open(options)
  t.equal(db.object('IDLETIME', 'a'), 0)
})

t.test('RESTORE sets the use of a key', async (t) => {
  const db = await open({ dir: t.testdir(), maxmemoryPolicy: 'allkeys-lru' })
  t.teardown(() => db.close())
  db.set('a', '1')
  const payload = db.dump('a') as Buffer
  db.restore('a', 0, payload, { REPLACE: true, IDLETIME: 5000 })
  t.equal(db.object('idletime', 'a'), 5000)
  await db.configure({ maxmemoryPolicy: 'allkeys-lfu' })
  db.restore('a', 0, payload, { REPLACE: true, FREQ: 77 })
  t.equal(db.object('freq', 'a'), 77)
})

t.test('The engine refuses a policy that it does not have', async (t) => {
  const { Engine } = loadAddon()
  const native = new Engine({ databases: 1, hugePages: false })
  t.teardown(() => native.close())
  t.throws(() => native.limitMemory(0, EVICTION_POLICIES.length, 5, 10, 1))
  t.throws(() => native.keyFrequency(0, 'a'))
  native.stringSet(0, 'a', '1', 0, -1)
  t.equal(native.makeRoom(), true)
  native.limitMemory(1, 0, 5, 10, 1)
  t.equal(native.makeRoom(), false)
  t.throws(() => native.stringSet(0, 'a', '1', 0, -1), { code: 'ERR_SNAPFORK_MAXMEMORY' })
  t.equal(typeof STATUS.MaxMemory, 'number')
})
