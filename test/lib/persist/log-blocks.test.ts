/**
 * Files of a log that is synced always: blocks with checksums, and room behind them that a host
 * leaves that is killed.
 *
 * Method: the files of a host that goes on are copied, as a killed one would leave them, and then
 * damaged as power that fails would do it, or a disk.
 */

import {
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { check, open, type Snapfork } from '../../../dist/index.js'

const FILE = join('appendonlydir', 'appendonly.aof.1.incr.aof')
/** As the log has it. */
const HEAD = /#BLOCK:[0-9a-f]{16} (\d+) *\r\n/g
const SECTOR_BYTES = 512

interface Block {
  readonly head: number
  readonly start: number
  readonly end: number
}

/** Three blocks and room, of a host that is not told that it was killed. */
async function killedHost(t: Test): Promise<{ dir: string; path: string; blocks: Block[] }> {
  const dir = t.testdir()
  const db = await open({ dir, appendonly: true, appendfsync: 'always', hugePages: false })
  t.teardown(() => db.close())
  for (const name of ['a', 'b', 'c']) {
    db.set(name, name.repeat(3000))
    await db.durable()
  }
  const left = mkdtempSync(join(dir, 'left-'))
  cpSync(join(dir, 'appendonlydir'), join(left, 'appendonlydir'), { recursive: true })
  const path = join(left, FILE)
  const text = readFileSync(path, 'latin1')
  const blocks = [...text.matchAll(HEAD)].map(({ 0: line, 1: bytes, index }) => {
    const start = index + line.length
    return { head: index, start, end: start + Number(bytes) }
  })
  return { dir: left, path, blocks }
}

async function openLeft(t: Test, dir: string): Promise<Snapfork> {
  const db = await open({ dir, appendonly: true, appendfsync: 'always', hugePages: false })
  t.teardown(() => db.close())
  return db
}

/** What was there before the block was written. */
function fillWithRoom(path: string, at: number): void {
  const line = `${'#'.repeat(SECTOR_BYTES - 2)}\r\n`
  const file = openSync(path, 'r+')
  writeSync(file, line.slice(at % SECTOR_BYTES), at)
}

t.test('Room that a killed host has left', async (t) => {
  const { dir, path, blocks } = await killedHost(t)
  const end = blocks[2]?.end ?? 0
  t.ok(statSync(path).size > end)
  const { isSound } = await check(dir)
  t.ok(isSound)
  const db = await openLeft(t, dir)
  t.equal(statSync(path).size, end)
  t.equal(db.get('c'), 'c'.repeat(3000))
  db.set('d', '1')
  await db.durable()
  await db.close()
  const text = readFileSync(path, 'latin1')
  t.notMatch(text, /##/)
  t.equal([...text.matchAll(HEAD)].length, 4)
  t.strictSame(readdirSync(join(dir, 'appendonlydir')).length, 3)
  const again = await openLeft(t, dir)
  t.strictSame(again.mget('a', 'd'), ['a'.repeat(3000), '1'])
})

t.test('The size of the log counts heads of blocks', async (t) => {
  const db = await open({ dir: t.testdir(), appendonly: true, appendfsync: 'always' })
  t.teardown(() => db.close())
  for (let i = 0; i < 20; ++i) {
    db.set(`${i}`, 'value')
    await db.durable()
    if (i === 10) await db.bgrewriteaof()
  }
  const current = /aof_current_size:(\d+)/.exec(String(await db.call('INFO', 'persistence')))?.[1]
  await db.close()
  const dir = join(t.testdirName, 'appendonlydir')
  const files = readdirSync(dir).filter((name) => !name.endsWith('manifest'))
  const bytes = files.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
  t.equal(Number(current), bytes)
})

t.test('The last block, of which power that failed has left a part', async (t) => {
  const { dir, path, blocks } = await killedHost(t)
  const { head = 0, start = 0 } = blocks[2] ?? {}
  // In the middle of the value: whatever reads on without a checksum takes it for a part of it.
  fillWithRoom(path, Math.ceil(start / SECTOR_BYTES + 1) * SECTOR_BYTES)
  const found = await check(dir)
  t.notOk(found.isSound)
  const db = await openLeft(t, dir)
  t.strictSame(db.mget('a', 'b', 'c'), ['a'.repeat(3000), 'b'.repeat(3000), null])
  t.equal(statSync(path).size, head)
  t.ok(statSync(`${path}.tail-${head}`).size > 3000)
})

t.test('A block in the middle that is damaged', async (t) => {
  const { dir, path, blocks } = await killedHost(t)
  const { head = 0, start = 0 } = blocks[1] ?? {}
  const bytes = readFileSync(path)
  bytes[start + 100] = 'x'.charCodeAt(0)
  writeFileSync(path, bytes)
  await t.rejects(open({ dir, appendonly: true, hugePages: false }), {
    code: 'ERR_SNAPFORK_CORRUPT_FILE',
    path,
    offset: head,
    reason: /damaged block/,
  })
  t.ok(readFileSync(path).equals(bytes))
})

t.test('A block that somebody has cut with the file', async (t) => {
  const { dir, path, blocks } = await killedHost(t)
  // The SELECT that the first one begins with.
  truncateSync(path, (blocks[0]?.start ?? 0) + '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n'.length)
  t.ok((await check(dir)).isSound)
  const db = await openLeft(t, dir)
  t.equal(db.dbsize(), 0)
})
