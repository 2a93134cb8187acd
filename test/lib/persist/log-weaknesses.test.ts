/**
 * Where the log of Redis 7 is weak: each fault that is known to lose something there, or to stop
 * the server, and what becomes of it here. docs/log.md has the list.
 */

import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { check, type OpenOptions, open, type Snapfork } from '../../../dist/index.js'
import {
  compileLibrary,
  compilerProblem,
  limit,
  mountProblem,
  mountTmpfs,
  userProblem,
} from '../../support/faults.js'
import { type ErrorFacts, Host, type HostError, type HostOptions } from '../../support/host.js'
import { childrenOf, hasEnded, waitFor } from '../../support/processes.js'
import { startRedis } from '../../support/redis-server.js'

const LOG_DIR = 'appendonlydir'
const NOBODY = 65_534
const LOG_FAILED = { code: 'ERR_SNAPFORK_LOG_FAILED' }

function filesOf(dir: string): string[] {
  return readdirSync(join(dir, LOG_DIR)).sort()
}

/** The files of a log that has been rewritten `base - 1` times. */
function wholeSet(base: number, incremental: number): string[] {
  return [
    `appendonly.aof.${base}.base.rdb`,
    `appendonly.aof.${incremental}.incr.aof`,
    'appendonly.aof.manifest',
  ]
}

/** Files that the manifest on disk names. */
function namedIn(dir: string): string[] {
  const text = readFileSync(join(dir, LOG_DIR, 'appendonly.aof.manifest'), 'latin1')
  return [...text.matchAll(/^file (\S+)/gm)].map(([, name]) => name as string)
}

async function openLogged(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const db = await open({ dir, appendonly: true, hugePages: false, ...options })
  t.teardown(() => db.close())
  return db
}

function copyOf(t: Test, dir: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'snapfork-copy-'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  cpSync(join(dir, LOG_DIR), join(copy, LOG_DIR), { recursive: true })
  return copy
}

/** The digest of what an engine makes of a copy of the directory. */
async function digestOfCopy(t: Test, dir: string): Promise<string> {
  const db = await openLogged(t, copyOf(t, dir))
  return db.digest()
}

async function startHost(
  t: Test,
  options: HostOptions,
  settings: OpenOptions = {},
): Promise<{ host: Host; dir: string }> {
  const dir = join(t.testdir(), 'data')
  mkdirSync(dir)
  if (options.uid !== undefined) {
    for (const path of [t.testdirName, dir]) chmodSync(path, 0o755)
    chownSync(dir, options.uid, options.gid ?? options.uid)
  }
  const host = await Host.start(t, 'engine-host.mjs', options)
  await host.call('open', { dir, appendonly: true, hugePages: false, ...settings })
  return { host, dir }
}

/** What a call of a host failed with. */
function failureOf(call: Promise<unknown>): Promise<ErrorFacts | null> {
  return call.then(
    () => null,
    (error: HostError) => error.facts,
  )
}

async function infoOf(host: Host, field: string): Promise<string> {
  const text = await host.call<string>('call', 'INFO', 'persistence')
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
}

t.test('A disk whose sync fails once', { skip: compilerProblem() }, async (t) => {
  /** A host, and what makes one of its syncs fail. */
  const start = async (t: Test) => {
    const root = t.testdir()
    const control = join(root, 'control')
    const environment = {
      LD_PRELOAD: compileLibrary(root, 'failing-sync.c'),
      FAILING_SYNC: control,
    }
    const dir = join(root, 'data')
    const host = await Host.start(t, 'engine-host.mjs', { environment })
    await host.call('open', { dir, appendonly: true, hugePages: false })
    const fail = (passing: number, end: string) => writeFileSync(control, `${passing} ${end}`)
    return { host, dir, fail, hasFailed: () => !existsSync(control) }
  }

  // Of the directory: for the new incremental file, by the child, for the new base, for what is
  // history no more.
  for (const passing of [0, 1, 2, 3]) {
    await t.test(`removes nothing that a manifest names: number ${passing}`, async (t) => {
      const { host, dir, fail, hasFailed } = await start(t)
      await host.call('fill', 1000, 20)
      fail(passing, LOG_DIR)
      const error = await failureOf(host.call('rewrite'))
      t.ok(hasFailed())
      if (passing < 3) t.match(error, { code: 'ERR_SNAPFORK_IO', cause: { code: 'EIO' } })
      const files = filesOf(dir)
      for (const name of namedIn(dir)) t.ok(files.includes(name), `${name} is there`)
      await host.call('call', 'INCR', 'behind')
      await host.call('durable')
      const digest = await host.call('digest')
      t.equal(await digestOfCopy(t, dir), digest)
      await host.call('rewrite')
      t.strictSame(namedIn(dir), filesOf(dir).slice(0, 2), 'nothing is left but what counts')
      await host.call('call', 'INCR', 'behind')
      await host.call('durable')
      await host.kill()
      const again = await openLogged(t, dir)
      t.equal(again.get('behind'), '2')
    })
  }

  await t.test('makes nothing durable before a new base is', async (t) => {
    const { host, dir, fail, hasFailed } = await start(t)
    await host.call('fill', 20_000, 200)
    await host.call('durable')
    // No rewrite may begin beside it.
    const { pid } = await host.call<{ pid: number }>('startStopped', 'write')
    fail(0, '.incr.aof')
    await host.call('call', 'SET', 'lost', '1')
    t.match(await failureOf(host.call('durable')), { ...LOG_FAILED, cause: { code: 'EIO' } })
    t.ok(hasFailed())
    for (let round = 0; round < 20; ++round) {
      t.match(await failureOf(host.call('call', 'SET', 'more', '1')), LOG_FAILED)
      t.match(await failureOf(host.call('durable')), LOG_FAILED)
      await sleep(10)
    }
    t.equal(await host.call('call', 'GET', 'lost'), '1')
    await host.call('signalChild', pid, 'SIGCONT')
    const { failures, rewrites } = await host.call<Record<string, number>>('untilDurable', 'after')
    t.ok((failures ?? 0) > 0)
    t.equal(rewrites, 1)
    await host.kill()
    const again = await openLogged(t, dir)
    t.strictSame(again.mget('lost', 'after'), ['1', `${failures}`])
  })
})

t.test('A crash', async (t) => {
  await t.test('in a rewrite leaves nothing that stays', async (t) => {
    const { host, dir } = await startHost(t, {})
    await host.call('fill', 50_000, 200)
    // With nothing logged behind it, the next one forks in the turn in which it is called.
    await host.call('rewrite')
    await host.call('startStopped', 'write', 'bgrewriteaof')
    const digest = await digestOfCopy(t, dir)
    const children = childrenOf(host.pid)
    await host.kill()
    await waitFor(() => children.every(hasEnded))
    t.ok(filesOf(dir).some((name) => name.startsWith('temp-snapfork-')))
    const db = await openLogged(t, dir)
    t.notOk(filesOf(dir).some((name) => name.startsWith('temp-')))
    t.equal(db.digest(), digest)
    await db.bgrewriteaof()
    t.equal(filesOf(dir).length, 3)
  })

  await t.test('right behind durable() loses nothing, synced every second', async (t) => {
    const dir = t.testdir()
    for (let round = 1; round <= 5; ++round) {
      const host = await Host.start(t, 'engine-host.mjs')
      await host.call('open', { dir, appendonly: true, appendfsync: 'everysec', hugePages: false })
      t.equal(await host.call('call', 'INCR', 'rounds'), round)
      await host.call('durable')
      await host.kill()
    }
    const db = await openLogged(t, dir)
    t.equal(db.get('rounds'), '5')
  })

  await t.test('before the first byte of a new file may tear the old one', async (t) => {
    const dir = t.testdir()
    const first = await open({ dir, appendonly: true, hugePages: false })
    first.mset({ a: 1, b: 2 })
    first.set('torn', '1')
    await first.close()
    const path = join(dir, LOG_DIR, 'appendonly.aof.1.incr.aof')
    const next = 'appendonly.aof.2.incr.aof'
    appendFileSync(join(dir, LOG_DIR, 'appendonly.aof.manifest'), `file ${next} seq 2 type i\n`)
    writeFileSync(join(dir, LOG_DIR, next), '')
    truncateSync(path, readFileSync(path).length - 3)
    const { files } = await check(dir)
    t.match(
      files.find((file) => file.path === path),
      { problem: { isFixable: true } },
    )
    const db = await open({ dir, appendonly: true, hugePages: false })
    t.match(db.cutTail, { path })
    t.strictSame(db.keys('*').sort(), ['a', 'b'])
    db.set('c', '3')
    await db.close()
    const again = await openLogged(t, dir)
    t.strictSame(again.keys('*').sort(), ['a', 'b', 'c'])
  })
})

t.test('A directory of the log on another file system', { skip: mountProblem() }, async (t) => {
  await t.test('takes rewrites', async (t) => {
    const dir = mountTmpfs(t, 'size=1m')
    mkdirSync(join(dir, LOG_DIR))
    const mount = mountTmpfs(t, 'size=8m', join(dir, LOG_DIR))
    t.not(statSync(mount).dev, statSync(dir).dev)
    const db = await open({ dir, appendonly: true, hugePages: false })
    db.set('a', '1')
    await db.bgrewriteaof()
    db.set('b', '2')
    await db.close()
    t.strictSame(filesOf(dir), wholeSet(2, 2))
    const again = await open({ dir, appendonly: true, hugePages: false })
    t.strictSame(again.mget('a', 'b'), ['1', '2'])
    await again.close()
  })
})

t.test('A base', async (t) => {
  await t.test('has the suffix of its form', async (t) => {
    const dir = t.testdir()
    const db = await openLogged(t, dir)
    for (let round = 1; round < 4; ++round) {
      const [base = ''] = namedIn(dir)
      t.match(base, /\.rdb$/)
      t.equal(readFileSync(join(dir, LOG_DIR, base)).toString('latin1', 0, 5), 'REDIS')
      db.incr('rounds')
      await db.bgrewriteaof()
    }
  })
})

t.test('Rewrites whose fork is refused', { skip: userProblem() }, async (t) => {
  const user = { uid: NOBODY, gid: NOBODY }

  await t.test('leave no file, and the log goes on', async (t) => {
    const { host, dir } = await startHost(t, user)
    await host.call('fill', 100, 20)
    await host.call('durable')
    const unlimit = limit(host.pid, 'nproc', 1, NOBODY)
    const files = filesOf(dir)
    for (let round = 0; round < 5; ++round) {
      await host.call('call', 'INCR', 'rounds')
      t.match(await failureOf(host.call('rewrite')), { code: 'ERR_SNAPFORK_FORK_FAILED' })
      t.strictSame(filesOf(dir), files)
      t.strictSame(namedIn(dir), files.slice(0, 2))
    }
    await host.call('durable')
    t.equal(await digestOfCopy(t, dir), await host.call('digest'))
    unlimit()
    await host.call('rewrite')
    t.strictSame(filesOf(dir), wholeSet(2, 2))
    t.equal(await digestOfCopy(t, dir), await host.call('digest'))
    await host.kill()
  })

  await t.test('wait after three in a row, if nobody asks for them', async (t) => {
    const settings = { autoAofRewriteMinSize: 1000, autoAofRewritePercentage: 1 }
    const { host, dir } = await startHost(t, user, settings)
    const unlimit = limit(host.pid, 'nproc', 1, NOBODY)
    await host.call('fill', 1000, 200)
    while ((await infoOf(host, 'aof_rewrites_consecutive_failures')) !== '3') {
      await host.call('call', 'INCR', 'rounds')
    }
    for (let round = 0; round < 50; ++round) {
      await host.call('call', 'INCR', 'rounds')
      await sleep(20)
    }
    t.equal(await infoOf(host, 'aof_rewrites_consecutive_failures'), '3')
    t.equal(filesOf(dir).length, 3)
    unlimit()
    await host.call('rewrite')
    t.equal(await infoOf(host, 'aof_rewrites_consecutive_failures'), '0')
    t.equal(filesOf(dir).length, 3)
    await host.kill()
  })
})

t.test('A full disk', { skip: mountProblem() }, async (t) => {
  await t.test('makes rewrites fail, and a success removes what they left', async (t) => {
    const dir = mountTmpfs(t, 'size=4m')
    const db = await open({ dir, appendonly: true, rdbcompression: false, hugePages: false })
    for (let index = 0; index < 1000; ++index) db.set(`key:${index}`, 'x'.repeat(1000))
    await db.durable()
    writeFileSync(join(dir, 'filler'), Buffer.alloc(2.5 * 2 ** 20))
    const fail = () => t.rejects(db.bgrewriteaof(), { code: 'ERR_SNAPFORK_NO_SPACE' })
    for (let round = 0; round < 3; ++round) {
      await fail()
      db.incr('rounds')
      await db.durable()
      t.equal(filesOf(dir).length, 4 + round)
      t.strictSame(namedIn(dir), filesOf(dir).slice(0, -1), 'all are in the manifest')
    }
    await fail()
    for (let round = 0; round < 3; ++round) {
      await fail()
      t.equal(filesOf(dir).length, 7, 'one that is empty is used again')
    }
    t.equal(await digestOfCopy(t, dir), db.digest())
    rmSync(join(dir, 'filler'))
    await db.bgrewriteaof()
    t.equal(filesOf(dir).length, 3)
    t.equal(await digestOfCopy(t, dir), db.digest())
    await db.close()
  })

  await t.test('refuses writes, and is forgotten when there is space', async (t) => {
    const dir = mountTmpfs(t, 'size=2m')
    writeFileSync(join(dir, 'filler'), Buffer.alloc(2 ** 20))
    const db = await open({ dir, appendonly: true, appendfsync: 'always', hugePages: false })
    // The engine's timers keep no process alive.
    const vigil = setInterval(() => {}, 1000)
    t.teardown(() => clearInterval(vigil))
    const errors: unknown[] = []
    db.on('log-error', (error) => errors.push(error))
    const recovered = new Promise<void>((resolve) => db.on('log-recovered', () => resolve()))
    let taken = 0
    const write = async () => {
      for (;;) {
        db.set(`key:${taken}`, `${taken}:`.padEnd(5000, 'x'))
        taken += 1
        await sleep(0)
      }
    }
    const refusal = await write().catch((error) => error)
    t.match(refusal, LOG_FAILED)
    await t.rejects(db.durable(), LOG_FAILED)
    t.equal(db.get('key:0')?.length, 5000)
    await sleep(1500)
    t.throws(() => db.del('key:0'), LOG_FAILED, 'a try that fails changes nothing')
    t.match(errors, [{ ...LOG_FAILED, cause: { code: 'ENOSPC' } }])
    rmSync(join(dir, 'filler'))
    await recovered
    db.set('after', '1')
    await db.durable()
    t.equal(await digestOfCopy(t, dir), db.digest())
    const [, incremental = ''] = namedIn(dir)
    t.notOk(readFileSync(join(dir, LOG_DIR, incremental)).includes(0), 'there is no hole')
    const copy = copyOf(t, dir)
    await db.close()
    const server = await startRedis('--dir', copy, '--appendonly', 'yes')
    if (server === null) return
    t.teardown(() => server.stop())
    const client = await server.connect()
    t.equal(Number(await client.send('DBSIZE')), taken + 1)
    t.equal(String(await client.send('GET', `key:${taken - 1}`)).length, 5000)
  })
})

t.test('A wall clock that goes back', { skip: compilerProblem() }, async (t) => {
  await t.test('delays no sync', async (t) => {
    const environment = { LD_PRELOAD: compileLibrary(t.testdir(), 'backward-clock.c') }
    const dir = join(t.testdirName, 'data')
    const host = await Host.start(t, 'engine-host.mjs', { environment })
    await host.call('open', { dir, appendonly: true, appendfsync: 'everysec', hugePages: false })
    const before = await host.call<number>('now')
    for (let round = 0; round < 3; ++round) {
      await host.call('call', 'INCR', 'rounds')
      while ((await infoOf(host, 'aof_buffer_length')) !== '0') await sleep(5)
      while ((await infoOf(host, 'aof_pending_bio_fsync')) !== '0') await sleep(5)
    }
    t.ok((await host.call<number>('now')) < before - 60_000)
    await host.kill()
    const db = await openLogged(t, dir)
    t.equal(db.get('rounds'), '3')
  })
})
