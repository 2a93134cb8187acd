/**
 * Checking files: what is found, what is cut off, and what is never touched.
 */

import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { check, open } from '../../../dist/index.js'

const KEYS = 20
const INCREMENTAL = 'appendonlydir/appendonly.aof.1.incr.aof'
const MANIFEST = 'appendonlydir/appendonly.aof.manifest'
/** What a log begins with: its database. */
const HEAD = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n'

function commandOf(index: number): string {
  const key = `key:${index}`
  return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\nv\r\n`
}

/** A directory with a snapshot and a log. */
async function filled(t: Test): Promise<string> {
  const dir = t.testdir()
  const db = await open({ dir, appendonly: true, hugePages: false })
  for (let index = 0; index < KEYS; ++index) db.set(`key:${index}`, 'v')
  db.save()
  await db.close()
  return dir
}

function problemsOf({ files }: Awaited<ReturnType<typeof check>>) {
  return files.flatMap(({ problem }) => problem ?? [])
}

t.test('A check', async (t) => {
  await t.test('tells what sound files hold', async (t) => {
    const dir = await filled(t)
    const { isSound, files } = await check(dir)
    t.ok(isSound)
    t.match(files, [
      { kind: 'rdb', keys: 0, commands: null },
      { kind: 'aof', keys: null, commands: KEYS + 1 },
      { path: join(dir, 'dump.rdb'), kind: 'rdb', keys: KEYS, cut: null },
    ])
  })

  await t.test('cuts a torn tail off and keeps it, if asked to', async (t) => {
    const dir = await filled(t)
    const path = join(dir, INCREMENTAL)
    const whole = readFileSync(path)
    appendFileSync(path, '*2\r\n$3\r\nDE')
    const found = await check(dir)
    t.match(problemsOf(found), [{ offset: whole.length, isFixable: true }])
    t.equal(readFileSync(path).length, whole.length + 10, 'nothing is changed by a check')
    const fixed = await check(join(dir, MANIFEST), { fix: true })
    t.ok(fixed.isSound)
    t.strictSame(readFileSync(path), whole)
    const savedAs = fixed.files.at(-1)?.cut?.savedAs ?? ''
    t.equal(readFileSync(savedAs, 'latin1'), '*2\r\n$3\r\nDE')
  })

  await t.test('cuts at damage in the middle, which opening refuses', async (t) => {
    const dir = await filled(t)
    const path = join(dir, INCREMENTAL)
    const bytes = readFileSync(path)
    const offset = (HEAD + commandOf(0) + commandOf(1)).length
    bytes[offset] = 0x58
    writeFileSync(path, bytes)
    await t.rejects(open({ dir, appendonly: true }), { offset, message: /snapfork check --fix/ })
    const { isSound, files } = await check(dir, { fix: true })
    t.ok(isSound)
    t.equal(files.find(({ cut }) => cut !== null)?.cut?.bytes, bytes.length - offset)
    const db = await open({ dir, appendonly: true, hugePages: false })
    t.equal(db.dbsize(), 2)
    await db.close()
  })

  await t.test('finds a snapshot that is damaged, and leaves it', async (t) => {
    const dir = await filled(t)
    const path = join(dir, 'dump.rdb')
    truncateSync(path, 60)
    const before = readFileSync(path)
    const { isSound, files } = await check(path, { fix: true })
    t.notOk(isSound)
    t.match(files, [{ kind: 'rdb', problem: { isFixable: false }, cut: null }])
    t.strictSame(readFileSync(path), before)
  })

  await t.test('reads a single file, with a snapshot before its commands', async (t) => {
    const dir = await filled(t)
    const path = join(dir, 'old.aof')
    writeFileSync(path, readFileSync(join(dir, 'dump.rdb')))
    appendFileSync(path, HEAD + commandOf(100))
    t.match((await check(path)).files, [{ kind: 'aof', keys: KEYS, commands: 2, problem: null }])
    appendFileSync(path, 'X')
    const offset = readFileSync(path).length - 1
    t.match(problemsOf(await check(path)), [{ offset, isFixable: true }])
  })

  await t.test('finds a manifest that breaks a rule', async (t) => {
    const dir = await filled(t)
    appendFileSync(join(dir, MANIFEST), 'file x seq 1 type b\n')
    t.match((await check(dir)).files[0], { kind: 'manifest', problem: { isFixable: false } })
  })

  await t.test('leaves a file that is not the last of its log', async (t) => {
    const dir = await filled(t)
    writeFileSync(join(dir, 'appendonlydir/next.aof'), HEAD)
    appendFileSync(join(dir, MANIFEST), 'file next.aof seq 2 type i\n')
    appendFileSync(join(dir, INCREMENTAL), '*1\r\n')
    const { isSound, files } = await check(dir, { fix: true })
    t.notOk(isSound)
    t.match(files[1], { problem: { isFixable: false }, cut: null })
  })
})

t.test('Cutting at a time', async (t) => {
  const log = [
    `#TS:100\r\n${HEAD}${commandOf(0)}`,
    `#TS:200\r\n${commandOf(1)}`,
    `#TS:300\r\n${commandOf(2)}`,
  ].join('')

  await t.test('keeps what was logged until then', async (t) => {
    for (const [time, keys] of [
      [99, null],
      [100, 1],
      [199, 1],
      [200, 2],
      [300, 3],
      [1000, 3],
    ] as const) {
      const path = join(t.testdir({ 'a.aof': log }), 'a.aof')
      const { isSound, files } = await check(path, { truncateToTimestamp: time })
      t.equal(isSound, keys !== null, `until ${time}`)
      t.equal(files[0]?.cut === null, keys === null || keys === 3, `until ${time}`)
      const kept = readFileSync(path, 'latin1').match(/SET/g)?.length
      t.equal(kept, keys ?? 3, `until ${time}`)
    }
  })

  await t.test('is refused for a file with damage, and for a file before the last', async (t) => {
    const path = join(t.testdir({ 'a.aof': `${log}*1\r\n` }), 'a.aof')
    t.notOk((await check(path, { truncateToTimestamp: 1000 })).isSound)
    const manifest = 'file a.aof seq 1 type i\nfile b.aof seq 2 type i\n'
    const dir = t.testdir({ log: { 'a.aof': log, 'b.aof': log, 'x.manifest': manifest } })
    const { isSound } = await check(dir, { truncateToTimestamp: 200 })
    t.notOk(isSound)
    t.equal(readFileSync(join(dir, 'log/a.aof'), 'latin1'), log)
  })
})

t.test('Mistakes have a code', async (t) => {
  const dir = await filled(t)
  const code = 'ERR_SNAPFORK_INVALID_ARG'
  await t.rejects(check(dir, { fix: true, truncateToTimestamp: 1 }), { code })
  await t.rejects(check(dir, { truncateToTimestamp: -1 }), { code })
  await t.rejects(check(join(dir, 'none')), { code: 'ERR_SNAPFORK_IO' })
  await t.rejects(check(t.testdir({})), { code: 'ERR_SNAPFORK_IO' })
  const db = await open({ dir, appendonly: true, hugePages: false })
  t.teardown(() => db.close())
  await t.rejects(check(dir, { fix: true }), { code: 'ERR_SNAPFORK_LOCKED' })
  t.ok((await check(dir)).isSound, 'an open directory may be looked at')
})
