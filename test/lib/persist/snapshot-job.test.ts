/**
 * Background saves through the public API: how they end, and what is left behind.
 *
 * Method: a child is stopped with SIGSTOP right after the fork, so that what happens to it happens
 * in the middle of its work, however fast the machine is.
 */

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type OpenOptions,
  open,
  type Snapfork,
  type SnapshotError,
  type SnapshotReport,
} from '../../../dist/index.js'
import { childOf, childPids, isAlive } from '../../support/children.js'

const KEYS = 100_000
/** Compressing takes the child some time. */
const PADDING = 'and so on, '.repeat(20)

async function openFilled(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const db = await open({ dir, ...options })
  t.teardown(() => db.close())
  for (let index = 0; index < KEYS; ++index) db.set(`key:${index}`, `${index}${PADDING}`)
  return db
}

/** Makes a child take longer than this process may be kept waiting by others. */
const RATE = 4 << 20

/** Starts a save whose child stands still. */
async function startStopped(
  db: Snapfork,
): Promise<{ pid: number; saved: Promise<SnapshotReport> }> {
  await db.configure({ saveRateLimit: RATE })
  let saved: Promise<SnapshotReport> = Promise.reject(new Error('not started'))
  saved.catch(() => {})
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  await db.configure({ saveRateLimit: 0 })
  return { pid, saved }
}

async function failure(saved: Promise<unknown>): Promise<SnapshotError> {
  return saved.then(
    () => Promise.reject(new Error('the save did not fail')),
    (error: SnapshotError) => error,
  )
}

/** The store must go on, and the next save must work. */
async function assertGoesOn(t: Test, db: Snapfork): Promise<void> {
  db.set('after', '1')
  const { keys } = await db.bgsave()
  t.equal(keys, db.dbsize())
}

t.test('bgsave()', async (t) => {
  await t.test('writes what was there at the call, and reports what it cost', async (t) => {
    const dir = join(t.testdir(), 'data')
    const db = await openFilled(t, dir)
    const digest = db.digest()
    const saved = db.bgsave()
    for (let index = 0; index < KEYS; index += 2) db.set(`key:${index}`, 'changed')
    db.flushdb()
    db.set('later', '1')
    const report = await saved
    t.match(report, { kind: 'rdb', path: join(dir, 'dump.rdb'), keys: KEYS })
    t.equal(report.bytes, readFileSync(report.path).length)
    t.ok(report.forkMicros > 0 && report.durationMs > 0 && report.pid > 0)
    t.ok(report.cow.samples.length > 0)
    t.ok(report.cow.duplicatedBytes > 0)
    t.ok(report.cow.extraBytes >= report.cow.duplicatedBytes)
    t.notOk(isAlive(report.pid))
    t.match(db.info('persistence'), 'rdb_bgsave_in_progress:0')

    const copy = join(dir, 'copy')
    mkdirSync(copy)
    copyFileSync(report.path, join(copy, 'dump.rdb'))
    const other = await open({ dir: copy })
    t.teardown(() => other.close())
    t.equal(other.digest(), digest)
  })

  await t.test('rejects with ERR_SNAPFORK_CHILD_ACTIVE while another child runs', async (t) => {
    const db = await openFilled(t, t.testdir())
    const { pid, saved } = await startStopped(db)
    await t.rejects(db.bgsave(), { code: 'ERR_SNAPFORK_CHILD_ACTIVE', retryable: true })
    t.throws(() => db.save(), { code: 'ERR_SNAPFORK_CHILD_ACTIVE' })
    t.throws(() => db.call('BGSAVE'), { message: 'ERR Background save already in progress' })
    t.throws(() => db.call('SAVE'), { message: 'ERR Background save already in progress' })
    t.match(db.info(), /rdb_bgsave_in_progress:1\r\n/)
    t.match(db.info(), /rdb_last_bgsave_status:ok\r\n/)
    process.kill(pid, 'SIGCONT')
    t.equal((await saved).keys, KEYS)
  })

  await t.test('is one at a time per process, also with two engines', async (t) => {
    const dir = t.testdir()
    const first = await openFilled(t, join(dir, 'first'))
    const second = await openFilled(t, join(dir, 'second'))
    const { pid, saved } = await startStopped(first)
    t.match(await failure(second.bgsave()), { code: 'ERR_SNAPFORK_CHILD_ACTIVE' })
    t.throws(() => second.call('BGSAVE'), { message: /^ERR Another child process is active/ })
    t.equal(second.save().keys, KEYS)
    process.kill(pid, 'SIGCONT')
    await saved
    t.equal((await second.bgsave()).keys, KEYS)
  })

  await t.test('leaves the old file in place when the child is killed by SIGKILL', async (t) => {
    const dir = t.testdir()
    const db = await openFilled(t, dir)
    const { path } = await db.bgsave()
    const before = readFileSync(path)
    db.set('key:0', 'changed')
    const failed = new Promise((resolve) => db.once('snapshot-error', resolve))
    const { pid, saved } = await startStopped(db)
    process.kill(pid, 'SIGKILL')
    const error = await failure(saved)
    t.match(error, {
      name: 'SnapshotError',
      code: 'ERR_SNAPFORK_CHILD_DIED',
      pid,
      exit: { code: null, signal: 'SIGKILL' },
    })
    t.equal(await failed, error)
    t.strictSame(readFileSync(path), before)
    t.strictSame(readdirSync(dir).sort(), ['dump.rdb', 'snapfork.lock'])
    t.match(db.info(), /rdb_last_bgsave_status:err\r\n/)
    t.match(db.info(), /rdb_changes_since_last_save:1\r\n/)
    await assertGoesOn(t, db)
    t.match(db.info(), /rdb_last_bgsave_status:ok\r\n/)
  })

  await t.test('kills a child that makes no progress', async (t) => {
    const dir = t.testdir()
    const db = await openFilled(t, dir, { saveStallTimeoutMs: 100 })
    const { pid, saved } = await startStopped(db)
    const error = await failure(saved)
    t.match(error, { code: 'ERR_SNAPFORK_CHILD_STALLED', exit: { signal: 'SIGKILL' } })
    t.notOk(isAlive(pid))
    t.strictSame(readdirSync(dir), ['snapfork.lock'])
    await assertGoesOn(t, db)
  })

  await t.test('fails with the errno error when the file cannot be put in its place', async (t) => {
    const dir = t.testdir()
    const db = await openFilled(t, dir)
    mkdirSync(join(dir, 'dump.rdb', 'in the way'), { recursive: true })
    const error = await failure(db.bgsave())
    t.match(error, { code: 'ERR_SNAPFORK_IO', cause: { code: /^E(ISDIR|NOTEMPTY|EXIST)$/ } })
    t.throws(() => db.save(), { code: 'ERR_SNAPFORK_IO' })
    t.strictSame(readdirSync(dir).sort(), ['dump.rdb', 'snapfork.lock'])
    rmSync(join(dir, 'dump.rdb'), { recursive: true })
    await assertGoesOn(t, db)
  })

  await t.test('fails in the child when there is no directory any more', async (t) => {
    const dir = join(t.testdir(), 'data')
    const db = await openFilled(t, dir)
    rmSync(dir, { recursive: true })
    const before = childPids()
    const error = await failure(db.bgsave())
    const exit = { phase: 'start' }
    t.match(error, { code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOENT' }, exit })
    t.strictSame(childPids(), before)
    mkdirSync(dir)
    await assertGoesOn(t, db)
  })

  await t.test('fails with ERR_SNAPFORK_NO_SPACE on a full disk', async (t) => {
    const dir = t.testdir()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', dir], { stdio: 'ignore' })
    } catch {
      t.pass('this user may not mount a file system: skipped')
      return
    }
    const db = await openFilled(t, dir)
    try {
      const error = await failure(db.bgsave())
      const cause = { code: 'ENOSPC' }
      t.match(error, { code: 'ERR_SNAPFORK_NO_SPACE', cause, exit: { code: 1 } })
      t.throws(() => db.save(), { code: 'ERR_SNAPFORK_NO_SPACE', cause })
      t.strictSame(readdirSync(dir), ['snapfork.lock'])
      db.flushall()
      await assertGoesOn(t, db)
    } finally {
      await db.close()
      execFileSync('umount', [dir])
    }
  })

  await t.test('is given up by FLUSHALL, which is no failure', async (t) => {
    const dir = t.testdir()
    const db = await openFilled(t, dir)
    db.on('snapshot-error', () => t.fail('it was told as a failure'))
    const { saved } = await startStopped(db)
    db.flushall()
    t.match(await failure(saved), { code: 'ERR_SNAPFORK_CANCELED' })
    t.strictSame(readdirSync(dir), ['snapfork.lock'])
    t.match(db.info(), /rdb_last_bgsave_status:ok\r\n/)
    await assertGoesOn(t, db)
  })

  await t.test('is given up by close(), which leaves nothing behind', async (t) => {
    const dir = t.testdir()
    const db = await openFilled(t, dir)
    const { pid, saved } = await startStopped(db)
    const failed = failure(saved)
    await db.close()
    t.match(await failed, { code: 'ERR_SNAPFORK_CLOSED' })
    t.notOk(isAlive(pid))
    t.strictSame(readdirSync(dir), ['snapfork.lock'])
    await t.rejects(db.bgsave(), { code: 'ERR_SNAPFORK_CLOSED' })
  })
})

t.test('BGSAVE', async (t) => {
  await t.test('replies at once, and tells its end by an event', async (t) => {
    const db = await openFilled(t, t.testdir())
    const saved = new Promise<SnapshotReport>((resolve) => db.once('snapshot', resolve))
    t.equal(db.call('BGSAVE'), 'Background saving started')
    t.equal((await saved).keys, KEYS)
    t.equal(db.call('LASTSAVE'), db.lastsave())
    t.throws(() => db.call('BGSAVE', 'NOW'), { message: 'ERR syntax error' })
  })
  await t.test('does not reject into the void when it fails', async (t) => {
    const db = await openFilled(t, t.testdir())
    const failed = new Promise((resolve) => db.once('snapshot-error', resolve))
    const pid = childOf(() => db.call('BGSAVE'))
    process.kill(pid, 'SIGKILL')
    t.match(await failed, { code: 'ERR_SNAPFORK_CHILD_DIED', pid })
  })
})
