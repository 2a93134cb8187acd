import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import {
  type LoadProgressEvent,
  type OpenOptions,
  open,
  ReplyError,
  Snapfork,
  SnapforkError,
} from '../../../dist/index.js'
import { payload, raw, rdbFile, selectDatabase } from '../../support/rdb-bytes.js'

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url))

/** Type of a hash that is a listpack, in a file. */
const HASH_LISTPACK = 16

/** Each with arguments that work while the engine is open. */
const METHODS: Readonly<Record<string, readonly unknown[]>> = {
  get: ['a'],
  set: ['a', '1'],
  mget: ['a'],
  del: ['a'],
  scan: ['0'],
  dbsize: [],
  flushall: [],
  call: ['PING-NOT', 'x'],
  save: [],
  info: [],
  digest: [],
  ttl: ['a'],
}

t.test('open()', async (t) => {
  await t.test('makes the directory, and starts empty where there is no file', async (t) => {
    const dir = join(t.testdir(), 'a', 'b')
    const db = await open({ dir })
    t.teardown(() => db.close())
    t.ok(db instanceof Snapfork)
    t.equal(db.path, join(dir, 'dump.rdb'))
    t.equal(db.dbsize(), 0)
  })

  await t.test('rejects a wrong option before it touches anything', async (t) => {
    const dir = join(t.testdir(), 'a')
    const options = { dir, databases: 0 }
    await t.rejects(open(options), { constructor: RangeError, code: 'ERR_SNAPFORK_INVALID_ARG' })
    t.throws(() => readdirSync(dir), { code: 'ENOENT' })
  })

  await t.test('refuses a directory that is open, and takes it once it is closed', async (t) => {
    const dir = t.testdir()
    const first = await open({ dir })
    await t.rejects(open({ dir }), { code: 'ERR_SNAPFORK_LOCKED', message: dir })
    const other = spawnSync(process.execPath, ['-e', openInChild(dir)], plain())
    t.equal(other.stdout, 'ERR_SNAPFORK_LOCKED')
    await first.close()
    const second = await open({ dir })
    await second.close()
  })

  await t.test('loads what was saved, and tells its progress', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    for (let index = 0; index < 1000; ++index) db.set(`key:${index}`, index)
    db.set('expires', '1', { PX: 3_600_000 })
    db.database(3).set(Buffer.from([0, 255]), Buffer.from([255, 0]))
    const digest = db.digest()
    const report = db.save()
    t.match(report, { kind: 'rdb', keys: 1002, path: join(dir, 'dump.rdb') })
    await db.close()

    const events: LoadProgressEvent[] = []
    const again = await open({ dir, onLoadProgress: (event) => events.push(event) })
    t.teardown(() => again.close())
    t.equal(again.digest(), digest)
    const { path, bytes } = report
    t.match(events.at(-1), { path, bytes, totalBytes: bytes, keys: 1002 })
    t.match(again.info('persistence'), /rdb_last_load_keys_loaded:1002\r\n/)
    t.match(again.info('persistence'), /rdb_changes_since_last_save:0\r\n/)
  })

  const DAMAGES: readonly [string, (bytes: Buffer) => Buffer, object][] = [
    ['is empty', () => Buffer.alloc(0), { offset: 0 }],
    ['is no RDB file', () => Buffer.from('PK\x03\x04 and so on, and so on'), { offset: 0 }],
    ['was cut off', (bytes) => bytes.subarray(0, bytes.length - 20), {}],
    ['has one flipped bit', flipMiddle, {}],
  ]
  for (const [name, damage, fields] of DAMAGES) {
    await t.test(`rejects a file that ${name}, and leaves it alone`, async (t) => {
      const dir = t.testdir()
      const db = await open({ dir })
      for (let index = 0; index < 100; ++index) db.set(`key:${index}`, `value:${index}`)
      const { path } = db.save()
      await db.close()
      const bytes = damage(readFileSync(path))
      writeFileSync(path, bytes)
      const code = 'ERR_SNAPFORK_CORRUPT_FILE'
      await t.rejects(open({ dir }), { name: 'CorruptFileError', code, path, ...fields })
      t.strictSame(readFileSync(path), bytes)
      // The lock is free again: the second attempt fails for the same reason.
      await t.rejects(open({ dir }), { code })
    })
  }

  await t.test('refuses the value of a module', async (t) => {
    const head = Buffer.from('REDIS0010', 'latin1')
    // The type of modules (7), the key `k` and no more, in database 0.
    const value = Buffer.from([0xfe, 0, 7, 1, 0x6b, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])
    const dir = t.testdir({ 'dump.rdb': Buffer.concat([head, value]) })
    await t.rejects(open({ dir }), {
      code: 'ERR_SNAPFORK_UNSUPPORTED_FILE',
      offset: 11,
      message: /a module is there/,
    })
  })

  await t.test('takes limits of the compact forms', async (t) => {
    const limits = { hashMaxListpackEntries: 2, setMaxListpackValue: 3, listMaxListpackSize: 1 }
    const db = await open({ dir: t.testdir(), ...limits })
    t.teardown(() => db.close())
    db.hset('hash', { a: 1, b: 2 })
    t.equal(encodingOf(db, 'hash'), 'listpack')
    db.hset('hash', 'c', 3)
    t.equal(encodingOf(db, 'hash'), 'hashtable')
    db.sadd('set', 'abc')
    t.equal(encodingOf(db, 'set'), 'listpack')
    db.sadd('set', 'abcd')
    t.equal(encodingOf(db, 'set'), 'hashtable')
  })

  await t.test('searches values for contradictions as sanitizeDumpPayload says', async (t) => {
    // A compact hash that has the field `a` twice: 17 bytes, 4 elements.
    const elements = [0x81, 0x61, 2, 1, 1, 0x81, 0x61, 2, 2, 1]
    const listpack = Buffer.from([17, 0, 0, 0, 4, 0, ...elements, 255])
    const value = raw(listpack)
    const file = rdbFile(10, [selectDatabase(0), Buffer.from([HASH_LISTPACK]), raw('h'), value])
    for (const [sanitizeDumpPayload, ofFiles, ofRestore] of [
      ['yes', true, true],
      ['clients', false, true],
      ['no', false, false],
    ] as const) {
      const dir = t.testdir({ 'dump.rdb': file })
      const opening = open({ dir, sanitizeDumpPayload })
      if (ofFiles) {
        await t.rejects(opening, { code: 'ERR_SNAPFORK_CORRUPT_FILE' })
        continue
      }
      const db = await opening
      const restore = () => db.restore('r', 0, payload(10, HASH_LISTPACK, value))
      if (ofRestore) t.throws(restore, { message: /Bad data format/ })
      else t.equal(restore(), 'OK')
      t.equal(db.hlen('h'), 2)
      await db.close()
    }
  })

  await t.test('removes temporary files that a killed process left', async (t) => {
    const dir = t.testdir({ 'temp-snapfork-99-1.rdb': 'x', 'other.rdb': 'y' })
    const db = await open({ dir })
    t.teardown(() => db.close())
    t.strictSame(readdirSync(dir).sort(), ['other.rdb', 'snapfork.lock'])
  })

  await t.test('works without huge pages', async (t) => {
    const db = await open({ dir: t.testdir(), hugePages: false })
    t.teardown(() => db.close())
    t.equal(db.usesHugePages, false)
    db.set('a', '1')
    t.equal((await db.bgsave()).keys, 1)
  })
})

/** Bytes of live entries and values. */
function datasetBytes(db: Snapfork): number {
  return Number(/used_memory_dataset:(\d+)/.exec(db.info('memory'))?.[1])
}

function encodingOf(db: Snapfork, key: string): unknown {
  return db.call('OBJECT', 'ENCODING', key)
}

t.test('Snapfork', async (t) => {
  await t.test('frees large values that were removed, a few nodes at a time', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    for (let index = 0; index < 20_000; ++index) db.hset('h', `field:${index}`, 'x'.repeat(50))
    const before = datasetBytes(db)
    t.equal(db.unlink('h'), 1)
    while (datasetBytes(db) > before / 20) await sleep(5)
    t.equal(db.dbsize(), 0)
  })

  await t.test('has the numbered databases', async (t) => {
    const db = await open({ dir: t.testdir(), databases: 2 })
    t.teardown(() => db.close())
    t.equal(db.database(0), db)
    t.equal(db.database(1), db.database(1))
    db.database(1).set('a', '1')
    t.equal(db.get('a'), null)
    t.match(db.info('keyspace'), '# Keyspace\r\ndb1:keys=1,expires=0,avg_ttl=0\r\n')
    t.throws(() => db.database(2), { name: 'RangeError' })
    t.throws(() => db.database('1' as unknown as number), { name: 'TypeError' })
    t.throws(() => db.call('MOVE', 'a', 2), { message: 'ERR DB index is out of range' })
  })

  await t.test('removes keys whose time has come, unasked', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    for (let index = 0; index < 5000; ++index) db.set(`key:${index}`, '1', { PX: 1 })
    db.set('stays', '1')
    while (db.dbsize() > 1) await new Promise((resolve) => setTimeout(resolve, 10))
    t.match(db.info('stats'), /expired_keys:5000\r\n/)
    t.equal(db.get('stays'), '1')
  })

  await t.test('takes the time from the clock it was given', async (t) => {
    let nowMs = 1_000_000
    const options: OpenOptions = { dir: t.testdir(), clock: () => nowMs }
    const db = await open(options)
    t.teardown(() => db.close())
    db.set('a', '1', { EX: 10 })
    t.equal(db.pexpiretime('a'), 1_010_000)
    nowMs = 1_010_000
    while (db.dbsize() > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    t.equal(db.lastsave(), 1000)
  })

  await t.test('is a listener that throws, not a save that failed', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    const thrown = new Error('of the listener')
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
    db.once('snapshot', () => {
      throw thrown
    })
    await db.bgsave()
    t.equal(await caught, thrown)
  })
})

t.test('close()', async (t) => {
  await t.test('makes every method but itself throw ERR_SNAPFORK_CLOSED', async (t) => {
    const db = await open({ dir: t.testdir() })
    const other = db.database(1)
    await db.close()
    for (const [name, args] of Object.entries(METHODS)) {
      const method = db[name as 'get'] as (...args: readonly unknown[]) => unknown
      t.throws(() => method.apply(db, args as unknown[]), { code: 'ERR_SNAPFORK_CLOSED' }, name)
    }
    t.throws(() => other.get('a'), { code: 'ERR_SNAPFORK_CLOSED' })
    await t.rejects(db.bgsave(), { code: 'ERR_SNAPFORK_CLOSED' })
    await db.close()
  })

  await t.test('is the same promise when it is called twice', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.equal(db.close(), db.close())
    await db.close()
  })

  await t.test('saves first when it is asked to, also while a child saves', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    db.set('a', '1')
    const saved = db.bgsave().catch((error: SnapforkError) => error)
    db.set('a', '2')
    await db.close({ save: true })
    await saved
    const again = await open({ dir })
    t.teardown(() => again.close())
    t.equal(again.get('a'), '2')
  })

  await t.test('stays open when the last save fails', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    db.set('a', '1')
    mkdirSync(db.path)
    await t.rejects(db.close({ save: true }), { code: 'ERR_SNAPFORK_IO' })
    t.equal(db.get('a'), '1')
    await t.rejects(open({ dir }), { code: 'ERR_SNAPFORK_LOCKED' })
    rmdirSync(db.path)
    await db.close({ save: true })
    t.ok(readdirSync(dir).includes('dump.rdb'))
  })

  await t.test('frees the process: no timer and no lock keeps it alive', async (t) => {
    const code = `
      import('${PACKAGE}dist/index.js').then(async ({ open }) => {
        const db = await open({ dir: ${JSON.stringify(t.testdir())} })
        db.set('a', '1', { EX: 1000 })
        process.stdout.write('open')
      })`
    const { stdout, status } = spawnSync(process.execPath, ['-e', code], plain())
    t.strictSame([stdout, status], ['open', 0])
  })

  await t.test('does not end the process before a save that runs', async (t) => {
    const dir = t.testdir()
    const code = `
      import('${PACKAGE}dist/index.js').then(async ({ open }) => {
        const db = await open({ dir: ${JSON.stringify(dir)} })
        for (let index = 0; index < 100000; ++index) db.set('key:' + index, 'value')
        db.bgsave().then(({ keys }) => process.stdout.write(String(keys)))
      })`
    const { stdout, status } = spawnSync(process.execPath, ['-e', code], plain())
    t.strictSame([stdout, status], ['100000', 0])
  })

  await t.test('is what `await using` does', async (t) => {
    const db = await open({ dir: t.testdir() })
    await db[Symbol.asyncDispose]()
    t.throws(() => db.get('a'), { code: 'ERR_SNAPFORK_CLOSED' })
  })
})

t.test('A worker thread', async (t) => {
  await t.test('can save, but not fork', async (t) => {
    const code = `
      import('${PACKAGE}dist/index.js').then(async ({ open }) => {
        const db = await open({ dir: ${JSON.stringify(t.testdir())} })
        db.set('a', '1')
        const { keys } = db.save()
        const code = await db.bgsave().catch((error) => error.code)
        await db.close()
        require('node:worker_threads').parentPort.postMessage([keys, code])
      })`
    const worker = new Worker(code, { eval: true, env: { NODE_OPTIONS: '' } })
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    t.strictSame(message, [1, 'ERR_SNAPFORK_WORKER_THREAD'])
  })
})

t.test('require()', async (t) => {
  await t.test('gives a second copy whose errors are those of the first', async (t) => {
    const { createRequire } = await import('node:module')
    const copy = createRequire(import.meta.url)(`${PACKAGE}dist/cjs/index.js`)
    const db = (await copy.open({ dir: t.testdir() })) as Snapfork
    t.teardown(() => db.close())
    t.not(copy.open, open)
    db.set('a', 'x')
    let error: unknown
    try {
      db.incr('a')
    } catch (thrown) {
      error = thrown
    }
    t.ok(error instanceof ReplyError)
    t.ok((error as object) instanceof copy.ReplyError)
    const { code } = new copy.SnapforkError('ERR_SNAPFORK_IO') as SnapforkError
    t.equal(code, 'ERR_SNAPFORK_IO')
    t.ok(new copy.SnapshotError('ERR_SNAPFORK_IO') instanceof SnapforkError)
  })
})

function flipMiddle(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy[middle] = (copy[middle] ?? 0) ^ 0x10
  return copy
}

function openInChild(dir: string): string {
  return `import('${PACKAGE}dist/index.js')
    .then(({ open }) => open({ dir: ${JSON.stringify(dir)} }))
    .then(() => process.stdout.write('open'), (error) => process.stdout.write(error.code))`
}

/** Without tap's loaders. */
function plain() {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|_TAPJS_|TAP)/.test(name)),
  )
  return { env, encoding: 'utf8', timeout: 60_000 } as const
}
