/**
 * Huge pages that writes have split while a child lived are put together again after its end.
 *
 * Method: large values are changed in place while the child is stopped, a page in every chunk; the
 * kernel's own count of huge pages in the data region is read before the fork, behind the writes,
 * and when nothing is left to be healed.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { canUseHugePages } from '../../dist/cow/thp.js'
import { type OpenOptions, open, type Snapfork } from '../../dist/index.js'
import { childOf } from '../support/children.js'

const CHUNK_BYTES = 2 << 20
const CHUNKS = 40
const VALUE_BYTES = 1 << 20

const skip = !(await canUseHugePages()) && 'the kernel gives no huge pages'

/** Huge pages of this process's data regions: they are the only mappings that ask for them. */
function hugePages(): number {
  const smaps = readFileSync('/proc/self/smaps', 'latin1')
  const bytes = [...smaps.matchAll(/^AnonHugePages: +(\d+) kB$/gm)].map(([, kib]) => Number(kib))
  return bytes.reduce((sum, kib) => sum + kib, 0) / (CHUNK_BYTES / 1024)
}

function pending(db: Snapfork): number {
  return Number(/^cow_heal_pending_chunks:(\d+)/m.exec(db.info('cow'))?.[1])
}

async function splitBySave(db: Snapfork): Promise<void> {
  let saved: Promise<unknown> | null = null
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  for (let key = 0; key < CHUNKS * 2; ++key) db.setrange(`key:${key}`, 5000, 'changed')
  process.kill(pid, 'SIGCONT')
  await saved
}

async function openFilled(dir: string, options: OpenOptions): Promise<Snapfork> {
  const db = await open({ dir, ...options })
  for (let key = 0; key < CHUNKS * 2; ++key) db.set(`key:${key}`, Buffer.alloc(VALUE_BYTES, key))
  return db
}

t.test('Split huge pages', { skip }, async (t) => {
  await t.test('are whole again a while after the save', async (t) => {
    const db = await openFilled(t.testdir(), { healCpuPercent: 0 })
    t.teardown(() => db.close())
    const before = hugePages()
    if (before < CHUNKS / 2) return t.comment(`*** only ${before} huge pages: NOT tested`)
    const digest = db.digest()
    await splitBySave(db)
    const split = hugePages()
    t.ok(split <= before - CHUNKS / 2, `${before} were there, ${split} are whole`)
    t.ok(pending(db) >= CHUNKS, 'and nothing heals them where that is forbidden')
    const changed = db.digest()
    t.not(changed, digest)
    await db.configure({ healCpuPercent: 100 })
    while (pending(db) > 0) await sleep(5)
    const failed = Number(/^cow_heal_failed_chunks:(\d+)/m.exec(db.info('cow'))?.[1])
    if (failed > 0) return t.comment(`*** the kernel had no huge page for ${failed}: NOT tested`)
    t.ok(hugePages() >= before, `${hugePages()} are whole`)
    t.equal(db.digest(), changed)
  })

  await t.test('are left alone while the next child lives', async (t) => {
    const db = await openFilled(t.testdir(), { healCpuPercent: 0 })
    t.teardown(() => db.close())
    await splitBySave(db)
    t.ok(pending(db) > 0)
    const saved = db.bgsave()
    t.equal(pending(db), 0)
    await saved
    t.ok(pending(db) > 0)
  })
})
