/**
 * The append-only log of an engine: what comes back after the process is gone, and what is done
 * about files that are not as they should be.
 */

import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type OpenOptions, open, type Snapfork } from '../../../dist/index.js'

const LOG_DIR = 'appendonlydir'
const INCREMENTAL = 'appendonly.aof.1.incr.aof'

async function openLogged(t: Test, dir: string, options: OpenOptions = {}): Promise<Snapfork> {
  const db = await open({ dir, appendonly: true, hugePages: false, ...options })
  t.teardown(() => db.close())
  return db
}

function incremental(dir: string, name = INCREMENTAL): string {
  return join(dir, LOG_DIR, name)
}

/** Some of every type, in two databases. */
function fill(db: Snapfork): void {
  db.set('string', 'value')
  db.set('expiring', 'value', { EX: 10_000 })
  db.incrby('number', 41)
  db.incr('number')
  db.append('string', '+')
  db.setrange('string', 2, 'xx')
  db.incrbyfloat('float', '1.25')
  db.mset({ a: 1, b: 2 })
  db.rpush('list', 'a', 'b', 'c')
  db.lpop('list')
  db.hset('hash', { f: 1, g: 2 })
  db.hset('hash', 'h', 3)
  db.hincrby('hash', 'f', 5)
  db.sadd('set', 'a', 'b', 'c', 'd')
  db.spop('set')
  db.zadd('zset', { a: 1.5, b: -2 })
  db.xadd('stream', '*', { field: 'value' })
  db.xgroup('CREATE', 'stream', 'group', '0')
  db.xreadgroup('group', 'consumer', { stream: '>' })
  db.database(3).set(Buffer.from([0, 255]), Buffer.from([255, 0]))
  db.del('a', 'none')
  db.persist('expiring')
  db.expire('b', 5000)
}

t.test('An append-only log', async (t) => {
  for (const appendfsync of ['always', 'everysec', 'no'] as const) {
    await t.test(`brings everything back, synced ${appendfsync}`, async (t) => {
      const dir = t.testdir()
      const db = await open({ dir, appendonly: true, appendfsync })
      fill(db)
      const digest = db.digest()
      await db.durable()
      await db.close()
      const again = await openLogged(t, dir)
      t.equal(again.digest(), digest)
      t.equal(again.cutTail, null)
      // And goes on where it was.
      again.set('later', '1')
      await again.durable()
      t.match(readFileSync(incremental(dir), 'latin1'), /later/)
    })
  }

  await t.test('begins with what the snapshot holds, and then stands alone', async (t) => {
    const dir = t.testdir()
    const plain = await open({ dir })
    plain.set('from', 'snapshot')
    plain.save()
    await plain.close()
    const db = await open({ dir, appendonly: true })
    t.equal(db.get('from'), 'snapshot')
    db.set('from', 'log')
    await db.close()
    const again = await openLogged(t, dir)
    t.equal(again.get('from'), 'log')
  })

  await t.test('is rewritten by a child while commands go on', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir, appendonly: true })
    fill(db)
    const rewrite = db.bgrewriteaof()
    await t.rejects(db.bgrewriteaof(), { code: 'ERR_SNAPFORK_CHILD_ACTIVE' })
    db.set('meanwhile', '1')
    t.match(await rewrite, { kind: 'rdb', path: join(dir, LOG_DIR, 'appendonly.aof.2.base.rdb') })
    db.set('behind', '1')
    const digest = db.digest()
    await db.close()
    t.strictSame(readdirSync(join(dir, LOG_DIR)).sort(), [
      'appendonly.aof.2.base.rdb',
      'appendonly.aof.2.incr.aof',
      'appendonly.aof.manifest',
    ])
    const again = await openLogged(t, dir)
    t.equal(again.digest(), digest)
  })

  await t.test('is rewritten when it has grown', async (t) => {
    const dir = t.testdir()
    const db = await openLogged(t, dir, { autoAofRewriteMinSize: 10_000 })
    let rewrites = 0
    db.on('rewrite', () => {
      rewrites += 1
    })
    for (let index = 0; index < 2000; ++index) db.set('key', `value ${index}`)
    while (rewrites === 0) await sleep(5)
    t.equal(db.get('key'), 'value 1999')
  })

  await t.test('logs what expires', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir, appendonly: true })
    db.set('soon', '1', { PX: 20 })
    while (db.exists('soon') === 1) await sleep(5)
    db.set('other', '1')
    await db.close()
    const text = readFileSync(incremental(dir), 'latin1')
    t.match(text, /DEL\r\n\$4\r\nsoon/)
    const again = await openLogged(t, dir)
    t.strictSame(again.keys('*'), ['other'])
  })

  await t.test('keeps a key that was made to live on before its time came', async (t) => {
    const dir = t.testdir()
    const nowMs = Date.now()
    const db = await open({ dir, appendonly: true, clock: () => nowMs })
    db.set('key', 'value', { PX: 100 })
    await db.bgrewriteaof()
    db.persist('key')
    await db.close()
    const again = await openLogged(t, dir, { clock: () => nowMs + 200 })
    t.equal(again.get('key'), 'value')
  })

  await t.test('takes the single file of an old version for its base', async (t) => {
    const dir = t.testdir({
      'appendonly.aof':
        '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n1\r\n',
    })
    const db = await open({ dir, appendonly: true })
    t.equal(db.get('a'), '1')
    db.set('a', '2')
    await db.close()
    t.notOk(readdirSync(dir).includes('appendonly.aof'))
    const again = await openLogged(t, dir)
    t.equal(again.get('a'), '2')
  })

  await t.test('removes what an interrupted rewrite has left', async (t) => {
    const stale = ['temp-snapfork-1-1.rdb', 'temp-appendonly.aof.manifest']
    const files = Object.fromEntries(stale.map((name) => [name, 'half']))
    const dir = t.testdir({ [LOG_DIR]: { ...files, 'temp-1.rdb': 'of somebody else' } })
    await openLogged(t, dir)
    const left = readdirSync(join(dir, LOG_DIR)).filter((name) => name.startsWith('temp-'))
    t.strictSame(left, ['temp-1.rdb'])
  })

  await t.test('is not there without the option', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    await t.rejects(db.durable(), { code: 'ERR_SNAPFORK_INVALID_ARG' })
    await t.rejects(db.bgrewriteaof(), { code: 'ERR_SNAPFORK_INVALID_ARG' })
  })
})

t.test('A log whose file cannot be synced', async (t) => {
  for (const hasChild of [false, true]) {
    const beside = hasChild ? ', beside a child that saves' : ''
    await t.test(`goes on behind a new base${beside}`, async (t) => {
      const dir = t.testdir()
      const first = await open({ dir, appendonly: true, hugePages: false })
      first.set('before', '1')
      await first.bgrewriteaof()
      await first.close()
      // A character device takes everything, and has no sync.
      const path = incremental(dir, 'appendonly.aof.2.incr.aof')
      rmSync(path)
      symlinkSync('/dev/null', path)
      const db = await open({ dir, appendonly: true, hugePages: false })
      // The engine's timers keep no process alive.
      const vigil = setInterval(() => {}, 1000)
      t.teardown(() => clearInterval(vigil))
      const errors: unknown[] = []
      db.on('log-error', (error) => errors.push(error))
      const recovered = new Promise<void>((resolve) => db.on('log-recovered', () => resolve()))
      const saving = hasChild ? db.bgsave() : null
      db.set('meanwhile', '2')
      await t.rejects(db.durable(), { code: 'ERR_SNAPFORK_LOG_FAILED' })
      await recovered
      await saving
      t.match(errors, [{ code: 'ERR_SNAPFORK_LOG_FAILED', cause: { code: 'EINVAL' } }])
      db.set('after', '3')
      await db.durable()
      await db.close()
      const again = await openLogged(t, dir)
      t.strictSame(again.mget('before', 'meanwhile', 'after'), ['1', '2', '3'])
    })
  }
})

/** A log of ten keys, closed. */
async function makeLog(t: Test): Promise<string> {
  const dir = t.testdir()
  const db = await open({ dir, appendonly: true })
  for (let index = 0; index < 10; ++index) db.set(`key:${index}`, `value:${index}`)
  await db.close()
  return dir
}

t.test('The end of a log', async (t) => {
  const set = '*3\r\n$3\r\nSET\r\n$5\r\nkey:9\r\n$5\r\nother\r\n'
  const TAILS: readonly [name: string, tail: string][] = [
    ['that is cut in a command', set.slice(0, -4)],
    ['that is cut in the head of a command', '*3\r'],
    ['that is NULs', '\0'.repeat(5000)],
    ['that is garbage', 'garbage, and no command behind it'],
    ['that is a transaction without its end', `*1\r\n$5\r\nMULTI\r\n${set}`],
  ]
  for (const [name, tail] of TAILS) {
    await t.test(`${name} is cut off and kept`, async (t) => {
      const dir = await makeLog(t)
      const path = incremental(dir)
      const { length } = readFileSync(path)
      appendFileSync(path, tail, 'latin1')
      await t.rejects(open({ dir, appendonly: true, aofLoadTruncated: false }), {
        code: 'ERR_SNAPFORK_CORRUPT_FILE',
        path,
        offset: length,
      })
      t.equal(readFileSync(path).length, length + tail.length, 'nothing was changed')
      const db = await openLogged(t, dir)
      t.equal(db.get('key:9'), 'value:9')
      const savedAs = `${path}.tail-${length}`
      t.strictSame(db.cutTail, { path, offset: length, bytes: tail.length, savedAs })
      t.equal(readFileSync(savedAs, 'latin1'), tail)
      t.equal(readFileSync(path).length, length)
      db.set('key:9', 'new')
    })
  }

  await t.test('is found wherever the file is cut', async (t) => {
    const dir = await makeLog(t)
    const path = incremental(dir)
    const whole = readFileSync(path)
    for (let length = whole.length - 1; length >= whole.length - 90; --length) {
      writeFileSync(path, whole)
      truncateSync(path, length)
      const db = await open({ dir, appendonly: true, hugePages: false })
      const keys = db.dbsize()
      t.ok(keys >= 7 && keys <= 9)
      await db.close()
    }
  })

  await t.test('of a file that is not the last must be whole', async (t) => {
    const dir = await makeLog(t)
    const manifest = join(dir, LOG_DIR, 'appendonly.aof.manifest')
    appendFileSync(manifest, 'file appendonly.aof.2.incr.aof seq 2 type i\n')
    writeFileSync(incremental(dir, 'appendonly.aof.2.incr.aof'), set)
    const path = incremental(dir)
    truncateSync(path, readFileSync(path).length - 3)
    const bytes = readFileSync(path)
    await t.rejects(open({ dir, appendonly: true }), { code: 'ERR_SNAPFORK_CORRUPT_FILE', path })
    t.strictSame(readFileSync(path), bytes)
    await t.rejects(open({ dir, appendonly: true }), { code: 'ERR_SNAPFORK_CORRUPT_FILE', path })
  })
})

t.test('A damaged log', async (t) => {
  await t.test('is refused where whole commands follow the damage', async (t) => {
    const dir = await makeLog(t)
    const path = incremental(dir)
    const bytes = readFileSync(path)
    const at = bytes.indexOf('key:4')
    bytes.write('$9', at - 4, 'latin1')
    writeFileSync(path, bytes)
    await t.rejects(open({ dir, appendonly: true }), {
      code: 'ERR_SNAPFORK_CORRUPT_FILE',
      path,
      offset: bytes.lastIndexOf('*3', at),
    })
    t.strictSame(readFileSync(path), bytes)
  })

  await t.test('is refused for a command that does not exist, or fails', async (t) => {
    for (const command of [
      '*1\r\n$3\r\nFOO\r\n',
      '*3\r\n$4\r\nSADD\r\n$5\r\nkey:1\r\n$1\r\na\r\n',
    ]) {
      const dir = await makeLog(t)
      const path = incremental(dir)
      const offset = readFileSync(path).length
      appendFileSync(path, command)
      await t.rejects(open({ dir, appendonly: true }), {
        code: 'ERR_SNAPFORK_CORRUPT_FILE',
        path,
        offset,
      })
    }
  })

  await t.test(
    'is refused for a manifest that breaks a rule, or a file that is missing',
    async (t) => {
      const dir = await makeLog(t)
      const manifest = join(dir, LOG_DIR, 'appendonly.aof.manifest')
      const text = readFileSync(manifest, 'latin1')
      writeFileSync(manifest, text.slice(0, -1))
      await t.rejects(open({ dir, appendonly: true }), {
        code: 'ERR_SNAPFORK_CORRUPT_FILE',
        path: manifest,
        message: /line 2/,
      })
      writeFileSync(manifest, `${text}file gone seq 9 type i\n`)
      await t.rejects(open({ dir, appendonly: true }), { code: 'ERR_SNAPFORK_IO', message: /gone/ })
      writeFileSync(manifest, text)
      const db = await openLogged(t, dir)
      t.equal(db.dbsize(), 10)
    },
  )
})
