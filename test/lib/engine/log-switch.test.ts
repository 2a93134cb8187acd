/**
 * Options that change while an engine is open; above all a log that is switched on and off: what is
 * in the files at each moment, and which of them the next `open` believes.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type OpenOptions, open, type Snapfork } from '../../../dist/index.js'
import { childPids } from '../../support/children.js'
import { startRedis } from '../../support/redis-server.js'

const LOG_DIR = 'appendonlydir'
const KEYS = 20_000
const ROOT = t.testdir()

function directory(): string {
  return mkdtempSync(join(ROOT, 'dir-'))
}

async function openIn(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const db = await open({ dir, hugePages: false, ...options })
  t.teardown(() => db.close())
  return db
}

/** What `open` makes of a directory, in a copy of it. */
async function copyOf(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const copy = join(directory(), 'copy')
  cpSync(dir, copy, { recursive: true })
  return openIn(t, copy, options)
}

function fill(db: Snapfork, prefix = 'key'): void {
  for (let index = 0; index < KEYS; ++index) db.set(`${prefix}:${index}`, `value ${index}`)
}

function filesOf(dir: string): string[] {
  return readdirSync(join(dir, LOG_DIR)).sort()
}

function setOf(base: number, incremental: number): string[] {
  return [
    `appendonly.aof.${base}.base.rdb`,
    `appendonly.aof.${incremental}.incr.aof`,
    'appendonly.aof.manifest',
  ]
}

function infoField(db: Snapfork, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(db.info('persistence'))?.[1]
}

t.test('A log that is switched on', async (t) => {
  await t.test('holds what there was, and what is changed while its base is written', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir)
    fill(db)
    const switched = db.configure({ appendonly: true })
    let isOn = false
    switched.then(() => {
      isOn = true
    })
    for (let count = 0; !isOn; ++count) {
      db.incr('counter')
      db.rpush('list', String(count))
      db.del(`key:${count}`)
      await sleep(0)
    }
    db.set('behind', '1')
    await db.durable()
    t.strictSame(filesOf(dir), setOf(1, 1))
    t.equal(infoField(db, 'aof_enabled'), '1')
    const again = await copyOf(t, dir, { appendonly: true })
    t.equal(again.digest(), db.digest())
  })

  await t.test('waits for the child that saves', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir)
    fill(db)
    const save = db.bgsave()
    const switched = db.configure({ appendonly: true })
    db.set('meanwhile', '1')
    await Promise.all([save, switched])
    db.set('behind', '1')
    await db.durable()
    const again = await copyOf(t, dir, { appendonly: true })
    t.equal(again.digest(), db.digest())
  })

  await t.test('makes nothing durable before its base is', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir)
    fill(db)
    const order: string[] = []
    const switched = db.configure({ appendonly: true }).then(() => order.push('switched'))
    while (infoField(db, 'aof_enabled') === '0') await sleep(0)
    db.set('key', 'value')
    const durable = db.durable().then(() => order.push('durable'))
    await Promise.all([switched, durable])
    t.strictSame(order.sort(), ['durable', 'switched'])
    t.ok(existsSync(join(dir, LOG_DIR, 'appendonly.aof.manifest')))
  })

  await t.test('does not count before its base is there', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir)
    db.set('saved', '1')
    db.save()
    fill(db)
    const switched = db.configure({ appendonly: true })
    while (infoField(db, 'aof_enabled') === '0') await sleep(0)
    // Nothing is renamed while the files are copied.
    const pids = childPids()
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    db.set('meanwhile', '1')
    await sleep(20)
    const copy = join(directory(), 'copy')
    cpSync(dir, copy, { recursive: true })
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    const wasThere = filesOf(copy).includes('appendonly.aof.manifest')
    await switched
    const crashed = await openIn(t, copy, { appendonly: true })
    t.equal(crashed.get('saved'), '1')
    t.equal(crashed.dbsize(), wasThere ? KEYS + 2 : 1)
    t.notOk(filesOf(copy).some((name) => name.startsWith('temp-')))
  })

  await t.test(
    'is off again if its child is killed, and can be switched on once more',
    async (t) => {
      const dir = directory()
      const db = await openIn(t, dir)
      for (let round = 0; round < 10; ++round) fill(db, `key ${round}`)
      const switched = db.configure({ appendonly: true })
      const rejected = t.rejects(switched, { code: 'ERR_SNAPFORK_CHILD_DIED' })
      while (infoField(db, 'aof_enabled') === '0') await sleep(0)
      for (const pid of childPids()) process.kill(pid, 'SIGKILL')
      await rejected
      t.strictSame(filesOf(dir), [])
      t.equal(infoField(db, 'aof_enabled'), '0')
      await t.rejects(db.durable(), { code: 'ERR_SNAPFORK_INVALID_ARG' })
      await db.configure({ appendonly: true })
      const again = await copyOf(t, dir, { appendonly: true })
      t.equal(again.digest(), db.digest())
    },
  )

  await t.test('is given up when the engine is closed', async (t) => {
    const dir = directory()
    const db = await open({ dir, hugePages: false })
    for (let round = 0; round < 10; ++round) fill(db, `key ${round}`)
    const rejected = t.rejects(db.configure({ appendonly: true }), { code: 'ERR_SNAPFORK_CLOSED' })
    while (infoField(db, 'aof_enabled') === '0') await sleep(0)
    await db.close()
    await rejected
    t.strictSame(filesOf(dir), [])
    await t.rejects(db.configure({ appendonly: false }), { code: 'ERR_SNAPFORK_CLOSED' })
  })
})

t.test('A log that is switched off', async (t) => {
  await t.test(
    'stays on disk, complete, and is believed as long as nothing newer is there',
    async (t) => {
      const dir = directory()
      const db = await openIn(t, dir, { appendonly: true, appendfsync: 'no' })
      db.set('old', '1')
      db.save()
      fill(db)
      await db.configure({ appendonly: false })
      const digest = db.digest()
      db.set('behind', '1')
      await t.rejects(db.durable(), { code: 'ERR_SNAPFORK_INVALID_ARG' })
      t.throws(() => db.call('BGREWRITEAOF'), /there is no append-only file/)
      const again = await copyOf(t, dir, { appendonly: true })
      t.equal(again.digest(), digest)
      again.set('more', '1')
      await again.durable()
      const logged = again.digest()
      await again.close()
      // It goes on, and is no longer ended: also beside another snapshot.
      db.save()
      cpSync(join(dir, 'dump.rdb'), join(again.path))
      const third = await open({ dir: join(again.path, '..'), appendonly: true })
      t.equal(third.digest(), logged)
      await third.close()
    },
  )

  await t.test('yields to a snapshot that was written later', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    fill(db)
    db.save()
    await db.configure({ appendonly: false })
    db.flushall()
    db.set('later', '1')
    await db.bgsave()
    const again = await copyOf(t, dir, { appendonly: true })
    t.strictSame(again.keys('*'), ['later'])
    const copy = join(again.path, '..')
    t.strictSame(filesOf(copy), setOf(2, 2))
    again.set('last', '1')
    await again.close()
    const third = await openIn(t, copy, { appendonly: true })
    t.strictSame(third.keys('*').sort(), ['last', 'later'])
  })

  await t.test('gives way to the files of the next one', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    fill(db)
    await db.configure({ appendonly: false })
    db.del('key:1')
    await db.configure({ appendonly: true })
    t.strictSame(filesOf(dir), setOf(2, 2))
    await db.configure({ appendonly: false })
    await db.configure({ appendonly: true, appendfsync: 'always' })
    t.strictSame(filesOf(dir), setOf(3, 3))
    db.set('last', '1')
    await db.durable()
    const again = await copyOf(t, dir, { appendonly: true })
    t.equal(again.digest(), db.digest())
  })

  await t.test('ends a rewrite', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    for (let round = 0; round < 10; ++round) fill(db, `key ${round}`)
    const rejected = t.rejects(db.bgrewriteaof(), { code: 'ERR_SNAPFORK_CLOSED' })
    await sleep(0)
    await db.configure({ appendonly: false })
    await rejected
    const again = await copyOf(t, dir, { appendonly: true })
    t.equal(again.digest(), db.digest())
  })

  await t.test('loads in redis-server', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    fill(db)
    await db.configure({ appendonly: false })
    const manifest = join(dir, LOG_DIR, 'appendonly.aof.manifest')
    t.match(readFileSync(manifest, 'latin1'), /^# switched off/m)
    const server = await startRedis('--dir', dir, '--appendonly', 'yes')
    if (server === null) return t.comment('*** no redis-server: NOT tested')
    t.teardown(() => server.stop())
    const client = await server.connect()
    t.equal(await client.send('DBSIZE'), KEYS)
    const check = spawnSync('redis-check-aof', [manifest], { encoding: 'latin1' })
    t.equal(check.status, 0, check.stdout)
  })
})

t.test('Options that change', async (t) => {
  await t.test('appendfsync holds from now on', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true, appendfsync: 'no' })
    db.set('key', 'value')
    while (infoField(db, 'aof_buffer_length') !== '0') await sleep(1)
    t.equal(infoField(db, 'aof_pending_bio_fsync'), '1')
    await db.configure({ appendfsync: 'always' })
    while (infoField(db, 'aof_pending_bio_fsync') !== '0') await sleep(1)
  })

  await t.test('timestamps are written from now on', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    const text = async () => {
      await db.durable()
      return readFileSync(join(dir, LOG_DIR, 'appendonly.aof.1.incr.aof'), 'latin1')
    }
    db.set('key', '1')
    t.notMatch(await text(), /#TS:/)
    await db.configure({ aofTimestampEnabled: true })
    db.set('key', '2')
    t.match(await text(), /#TS:\d+\r\n/)
  })

  await t.test('the size that leads to a rewrite holds at once', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    let isRewritten = false
    db.once('rewrite', () => {
      isRewritten = true
    })
    fill(db)
    t.strictSame(filesOf(dir), setOf(1, 1))
    await db.configure({ autoAofRewriteMinSize: 1000 })
    while (!isRewritten) await sleep(5)
    t.strictSame(filesOf(dir), setOf(2, 2))
  })

  await t.test('snapshots are written as the options now say', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { rdbcompression: true })
    db.set('key', 'value'.repeat(1000))
    const compressed = db.save().bytes
    await db.configure({ rdbcompression: false, rdbversion: 11 })
    t.ok(db.save().bytes > compressed + 4000)
    t.equal(readFileSync(db.path, 'latin1').slice(0, 9), 'REDIS0011')
  })

  await t.test('limits of encodings hold for what is changed later', async (t) => {
    const db = await openIn(t, directory())
    await db.configure({ hashMaxListpackEntries: 1 })
    db.hset('hash', { a: 1, b: 2 })
    t.equal(db.object('ENCODING', 'hash'), 'hashtable')
  })

  await t.test('what cannot change is refused, and changes nothing', async (t) => {
    const db = await openIn(t, directory())
    const refused = { code: 'ERR_SNAPFORK_INVALID_ARG' }
    await t.rejects(db.configure({ dir: '/', rdbcompression: false } as object), refused)
    await t.rejects(db.configure({ appendfsync: 'sometimes' } as object), refused)
    await t.rejects(db.configure({ nosuch: 1 } as object), refused)
    await t.rejects(db.configure(null as never), refused)
    db.set('key', 'value'.repeat(1000))
    t.ok(db.save().bytes < 1000, 'still compressed')
  })

  await t.test('to what they are, does nothing', async (t) => {
    const dir = directory()
    const db = await openIn(t, dir, { appendonly: true })
    await db.configure({ appendonly: true })
    await db.configure({})
    t.strictSame(filesOf(dir), setOf(1, 1))
  })
})
