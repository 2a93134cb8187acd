/**
 * When saves run by themselves, what waits for what, and what follows from a save that failed.
 *
 * Method: a save fails as a directory stands in the place of its file; a child that others wait for
 * is stopped by SIGSTOP.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { SnapforkEvent, SnapforkEvents } from '../../../dist/engine/events.js'
import { type OpenOptions, open, type Snapfork } from '../../../dist/index.js'
import { childOf, childPids } from '../../support/children.js'
import { startRedis } from '../../support/redis-server.js'

const MIB = 1 << 20

async function openAt(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const db = await open({ dir, hugePages: false, ...options })
  t.teardown(() => db.close())
  return db
}

/** What comes with the next event; an engine's timers keep no process alive. */
async function nextOf<E extends SnapforkEvent>(
  db: Snapfork,
  name: E,
): Promise<SnapforkEvents[E][0]> {
  const hold = setInterval(() => {}, 1000)
  try {
    return await new Promise((resolve) => {
      db.once(name, ((argument: SnapforkEvents[E][0]) => resolve(argument)) as never)
    })
  } finally {
    clearInterval(hold)
  }
}

/** Makes saves fail until it is called. */
function obstruct(db: Snapfork): () => void {
  mkdirSync(join(db.path, 'obstacle'), { recursive: true })
  return () => rmSync(db.path, { recursive: true })
}

/** A save whose child stands still until it is called. */
function saveStopped(db: Snapfork): () => Promise<unknown> {
  // The child must not be done before it is stopped.
  db.set('weight', 'weight, '.repeat(MIB))
  let saved: Promise<unknown> = Promise.resolve()
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  return () => {
    process.kill(pid, 'SIGCONT')
    return saved
  }
}

/** Writes by every way there is. */
const WRITES: readonly ((db: Snapfork) => unknown)[] = [
  (db) => db.set('key', '1'),
  (db) => db.set('key', '1', { GET: true }),
  (db) => db.append('key', '1'),
  (db) => db.incr('number'),
  (db) => db.setrange('key', 0, '1'),
  (db) => db.mset({ key: '1' }),
  (db) => db.del('key'),
  (db) => db.expire('key', 100),
  (db) => db.persist('key'),
  (db) => db.hset('hash', 'field', '1'),
  (db) => db.hincrby('hash', 'field', 1),
  (db) => db.rpush('list', '1'),
  (db) => db.flushall(),
]

function assertRefuses(t: Test, db: Snapfork): void {
  const digest = db.digest()
  for (const write of WRITES) {
    t.throws(() => write(db), { code: 'ERR_SNAPFORK_WRITES_REFUSED', retryable: true }, `${write}`)
  }
  for (const words of [['SET', 'key', '1'], ['DEL', 'key'], ['FLUSHALL']] as const) {
    const [name, ...args] = words
    t.throws(() => db.call(name, ...args), { name: 'ReplyError', message: /^MISCONF / })
  }
  t.equal(db.digest(), digest, 'nothing was changed')
  t.equal(db.get('kept'), 'yes')
  t.equal(db.call('GET', 'kept'), 'yes')
  t.equal(db.call('PFCOUNT', 'none'), 0)
}

t.test('Save points', async (t) => {
  await t.test('start a save when they are reached, and not before', async (t) => {
    const db = await openAt(t, t.testdir(), { save: [[1, 2]] })
    const openedAt = performance.now()
    db.set('a', '1')
    let saves = 0
    db.on('snapshot', () => {
      saves += 1
    })
    await sleep(1300)
    t.equal(saves, 0, 'there are too few changes')
    db.set('b', '1')
    const report = await nextOf(db, 'snapshot')
    t.equal(report.keys, 2)
    t.ok(performance.now() - openedAt > 1000)
    t.match(db.info('persistence'), /rdb_changes_since_last_save:0\r\n/)
  })

  await t.test('can be given and taken away while the engine is open', async (t) => {
    const db = await openAt(t, t.testdir())
    db.set('a', '1')
    await sleep(1200)
    t.match(db.info('persistence'), /rdb_saves:0\r\n/)
    const saved = nextOf(db, 'snapshot')
    await db.configure({ save: '1 1' })
    await saved
    await db.configure({ save: '' })
    db.set('b', '1')
    await sleep(1300)
    t.match(db.info('persistence'), /rdb_saves:1\r\n/)
  })

  await t.test('make FLUSHALL save, so that the file does not bring the keys back', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir, hugePages: false, save: '3600 1' })
    db.set('a', '1')
    db.save()
    const saved = nextOf(db, 'snapshot')
    db.flushall()
    t.equal((await saved).keys, 0)
    await db.close()
    t.equal((await openAt(t, dir)).dbsize(), 0)
  })

  await t.test('try again behind a save that failed, and then take writes again', async (t) => {
    const db = await openAt(t, t.testdir(), { save: '1 1' })
    db.set('kept', 'yes')
    const clear = obstruct(db)
    await nextOf(db, 'snapshot-error')
    const failedAt = performance.now()
    assertRefuses(t, db)
    clear()
    await nextOf(db, 'snapshot')
    // The attempt began a little before it failed.
    t.ok(performance.now() - failedAt > 4000)
    db.set('key', '1')
    t.equal(db.call('SET', 'key', '2'), 'OK')
  })
})

t.test('A background save that failed', async (t) => {
  const FAR = '3600 1'

  for (const appendonly of [false, true]) {
    const how = appendonly ? 'with a log' : 'without a log'
    await t.test(`makes writes fail until a save succeeds, ${how}`, async (t) => {
      const db = await openAt(t, t.testdir(), { save: FAR, appendonly })
      db.set('kept', 'yes')
      const clear = obstruct(db)
      await t.rejects(db.bgsave(), { code: 'ERR_SNAPFORK_IO' })
      assertRefuses(t, db)
      t.match(db.info('persistence'), /rdb_last_bgsave_status:err\r\n/)
      t.throws(() => db.save(), { code: 'ERR_SNAPFORK_IO' })
      assertRefuses(t, db)
      clear()
      await db.bgsave()
      db.set('key', '1')
      t.equal(db.call('SET', 'key', '2'), 'OK')
      if (appendonly) await db.durable()
    })
  }

  await t.test('is forgiven by a save in the foreground', async (t) => {
    const db = await openAt(t, t.testdir(), { save: FAR })
    db.set('kept', 'yes')
    const clear = obstruct(db)
    await t.rejects(db.bgsave())
    assertRefuses(t, db)
    clear()
    db.save()
    db.set('key', '1')
  })

  await t.test('stops no writes without save points, or if that is switched off', async (t) => {
    const db = await openAt(t, t.testdir())
    db.set('kept', 'yes')
    const clear = obstruct(db)
    await t.rejects(db.bgsave())
    db.set('key', '1')
    await db.configure({ save: FAR })
    assertRefuses(t, db)
    clear()
    await db.configure({ appendonly: true })
    assertRefuses(t, db)
    await db.configure({ stopWritesOnBgsaveError: false })
    db.set('key', '1')
    await db.configure({ stopWritesOnBgsaveError: true, appendonly: false })
    assertRefuses(t, db)
    await db.configure({ save: [] })
    db.set('key', '1')
  })
})

t.test('A save that is scheduled', async (t) => {
  await t.test('waits for the child of its own engine, and is shared', async (t) => {
    const db = await openAt(t, t.testdir())
    db.set('a', '1')
    const go = saveStopped(db)
    t.throws(() => db.call('BGSAVE', 'SCHEDULE'), /already in progress/)
    const scheduled = db.bgsave({ schedule: true })
    const shared = db.bgsave({ schedule: true })
    db.set('b', '1')
    await Promise.all([go(), scheduled])
    t.equal((await scheduled).keys, 3)
    t.equal((await shared).pid, (await scheduled).pid)
    t.match(db.info('persistence'), /rdb_saves:2\r\n/)
  })

  await t.test('waits for the child of another engine; a rewrite goes first', async (t) => {
    const other = await openAt(t, t.testdir({ one: {}, two: {} }))
    const db = await openAt(t, join(other.path, '..', 'two'), { appendonly: true })
    db.set('a', '1')
    const ends: string[] = []
    const go = saveStopped(other)
    t.throws(() => db.call('BGSAVE'), /^ERR Another child process is active/)
    t.equal(db.call('BGSAVE', 'SCHEDULE'), 'Background saving scheduled')
    t.match(db.call('BGREWRITEAOF'), 'Background append only file rewriting scheduled')
    t.match(db.info('persistence'), /aof_rewrite_scheduled:1\r\n/)
    db.on('rewrite', () => ends.push('rewrite'))
    const saved = nextOf(db, 'snapshot').then(() => ends.push('save'))
    t.strictSame(ends, [])
    await go()
    await saved
    t.strictSame(ends, ['rewrite', 'save'])
  })

  await t.test('waits for a rewrite that has only begun', async (t) => {
    const db = await openAt(t, t.testdir(), { appendonly: true })
    const rewrite = db.bgrewriteaof()
    t.throws(() => db.call('BGSAVE'), /^ERR Another child process is active/)
    const scheduled = db.bgsave({ schedule: true })
    await rewrite
    t.match(await scheduled, { kind: 'rdb', path: db.path })
  })

  await t.test('begins at once where nothing runs', async (t) => {
    const db = await openAt(t, t.testdir())
    t.equal(db.call('BGSAVE', 'SCHEDULE'), 'Background saving started')
    t.match(await db.bgsave({ schedule: true }), { path: db.path })
  })

  await t.test('is given up when the engine is closed', async (t) => {
    const dir = t.testdir({ one: {}, two: {} })
    const other = await openAt(t, join(dir, 'one'))
    const db = await open({ dir: join(dir, 'two'), hugePages: false })
    const go = saveStopped(other)
    const scheduled = db.bgsave({ schedule: true })
    const refused = t.rejects(scheduled, { code: 'ERR_SNAPFORK_CLOSED' })
    await db.close()
    await refused
    await go()
  })
})

t.test('A log that is switched on', async (t) => {
  await t.test('waits for the child of another engine', async (t) => {
    const dir = t.testdir({ one: {}, two: {} })
    const other = await openAt(t, join(dir, 'one'))
    const db = await openAt(t, join(dir, 'two'))
    const go = saveStopped(other)
    const on = db.configure({ appendonly: true })
    await sleep(50)
    await Promise.all([go(), on])
    t.match(db.info('persistence'), /aof_enabled:1\r\n/)
  })
})

t.test('A saving child', async (t) => {
  await t.test(
    'keeps to its rate, gives way on the disk, and is not taken for stalled',
    async (t) => {
      const rate = MIB
      const db = await openAt(t, t.testdir(), {
        saveRateLimit: rate,
        saveStallTimeoutMs: 500,
        saveIoPriority: 'idle',
        rdbcompression: false,
      })
      // One value: no key is finished for as long as it is written.
      db.set('value', 'x'.repeat(2 * MIB))
      const saved = db.bgsave()
      await sleep(300)
      const priority = ioPriorityOfChild()
      if (priority === null) t.comment('no ionice(1): the I/O priority is NOT looked at')
      else t.match(priority, /^idle/)
      const { bytes, durationMs } = await saved
      t.ok(bytes > 2 * MIB)
      t.ok(durationMs >= (bytes / rate) * 1000, `${durationMs} ms`)
      await db.configure({ saveRateLimit: 0, saveIoPriority: 'normal' })
      t.equal((await db.bgsave()).bytes, bytes)
    },
  )

  await t.test('is killed when its time is over', async (t) => {
    const limits = { saveTimeLimitMs: 100, saveRateLimit: 65_536, rdbcompression: false }
    const db = await openAt(t, t.testdir(), limits)
    db.set('a', 'x'.repeat(MIB))
    db.bgsave().catch(() => {})
    const error = await nextOf(db, 'snapshot-error')
    t.match(error, { code: 'ERR_SNAPFORK_CHILD_TIMEOUT', exit: { signal: 'SIGKILL' } })
    t.match(error.message, /longer than 100 ms/)
    await db.configure({ saveTimeLimitMs: 0, saveRateLimit: 0 })
    t.equal((await db.bgsave()).keys, 1)
  })

  await t.test('leaves its file in the page cache only if it is told to', async (t) => {
    const dir = join(t.testdir(), 'data')
    const db = await openAt(t, dir, { rdbcompression: false })
    for (let index = 0; index < 20; ++index) db.set(`key:${index}`, 'x'.repeat(MIB))
    await db.configure({ saveDropsCache: false })
    await db.bgsave()
    const kept = cachedBytes(db.path)
    if (kept === null) return t.comment('no fincore(1): the page cache is NOT looked at')
    t.ok(kept >= 20 * MIB)
    if (
      spawnSync('stat', ['-f', '-c', '%T', dir], { encoding: 'utf8' }).stdout.trim() === 'tmpfs'
    ) {
      return t.comment('a file system in memory: it cannot be dropped')
    }
    await db.configure({ saveDropsCache: true })
    await db.bgsave()
    t.ok((cachedBytes(db.path) ?? kept) < kept / 4)
  })
})

/** null without ionice(1). */
function ioPriorityOfChild(): string | null {
  const [pid] = childPids()
  const { status, stdout } = spawnSync('ionice', ['-p', String(pid)], { encoding: 'utf8' })
  return status === 0 ? stdout : null
}

function cachedBytes(path: string): number | null {
  const { status, stdout } = spawnSync('fincore', ['-b', '-n', '-o', 'RES', path])
  return status === 0 ? Number(String(stdout)) : null
}

t.test('Replies about saves are those of redis-server', async (t) => {
  const redis = await startRedis('--save', '3600 1')
  if (redis === null) return
  t.teardown(() => redis.stop())
  const client = await redis.connect()
  const db = await openAt(t, t.testdir(), { save: '3600 1' })
  const theirs = async (...words: string[]) => {
    const reply = await client.send(...words)
    const isText = typeof reply === 'object' && reply !== null && 'text' in reply
    return isText ? reply.text : reply
  }
  const ours = (name: string, ...args: string[]) => {
    try {
      return db.call(name, ...args)
    } catch (error) {
      return (error as Error).message
    }
  }
  const both = async (...words: [string, ...string[]]) => {
    t.equal(ours(...words), await theirs(...words), words.join(' '))
  }
  await both('SET', 'a', '1')
  await both('BGSAVE', 'LATER')
  await both('BGSAVE', 'SCHEDULE', 'NOW')
  t.equal(Math.abs(Number(ours('LASTSAVE')) - Number(await theirs('LASTSAVE'))) <= 2, true)
  // Both fail: a directory stands where the file has to be.
  mkdirSync(join(redis.snapshotPath, 'obstacle'), { recursive: true })
  const clear = obstruct(db)
  await both('BGSAVE', 'SCHEDULE')
  while (/rdb_bgsave_in_progress:1/.test(`${await theirs('INFO')}${ours('INFO')}`)) await sleep(20)
  await both('SET', 'a', '2')
  await both('FLUSHALL')
  await both('GET', 'a')
  await both('PFCOUNT', 'none')
  const names = (info: unknown) => String(info).match(/^(rdb|aof|current|loading)[a-z_]*/gm)
  t.strictSame(names(ours('INFO', 'persistence')), names(await theirs('INFO', 'persistence')))
  clear()
  rmSync(redis.snapshotPath, { recursive: true })
  await both('BGSAVE')
  while (/rdb_bgsave_in_progress:1/.test(`${await theirs('INFO')}${ours('INFO')}`)) await sleep(20)
  await both('SET', 'a', '2')
})
