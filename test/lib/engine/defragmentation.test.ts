/**
 * What deletions leave behind goes back to the kernel, by itself.
 *
 * Method: most of many keys of mixed sizes and types are deleted at random; the memory the engine
 * holds is read before and after, the content compared by its digest.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { open, type Snapfork } from '../../../dist/index.js'

const KEYS = 60_000

function field(db: Snapfork, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(db.info())?.[1])
}

/** Strings, and with every tenth key a list with nodes of its own; one of eight is left. */
async function openSparse(dir: string): Promise<Snapfork> {
  const db = await open({ dir, defragCpuPercent: 0, defragIgnoredBytes: 2 ** 20 })
  const value = Buffer.alloc(600, 'v')
  for (let i = 0; i < KEYS; ++i) {
    db.set(`string:${i}`, value.subarray(0, (i * 7919) % 600))
    if (i % 10 === 0) db.rpush(`list:${i}`, value, value, value, value, value)
  }
  for (let i = 0; i < KEYS; ++i) {
    if ((i * 2_654_435_761) % 8 === 0) continue
    db.del(`string:${i}`)
    db.del(`list:${i}`)
  }
  return db
}

t.test('Sparse chunks', async (t) => {
  const db = await openSparse(t.testdir())
  t.teardown(() => db.close())
  const digest = db.digest()
  const held = field(db, 'allocator_active')
  const used = field(db, 'allocator_allocated')
  t.ok(held > 3 * used, `${held} bytes hold ${used}`)

  await t.test('stay where no time is given to them', async (t) => {
    await sleep(300)
    t.equal(field(db, 'active_defrag_hits'), 0)
  })

  await t.test('are emptied, and nothing else changes', async (t) => {
    await db.configure({ defragCpuPercent: 100 })
    // Spares and chunks that are on their way to the kernel count as held.
    while (field(db, 'allocator_active') > 1.5 * used + 24 * 2 ** 20) await sleep(20)
    t.ok(field(db, 'defrag_emptied_chunks') > 0)
    t.ok(field(db, 'defrag_moved_bytes') > 0)
    t.equal(field(db, 'allocator_allocated'), used)
    t.equal(db.digest(), digest)
    t.ok((await db.bgsave()).keys > 0)
  })

  await t.test('can be left in the middle', async (t) => {
    await db.configure({ defragCpuPercent: 0 })
    while (field(db, 'active_defrag_running') !== 0) await sleep(20)
    t.equal(db.digest(), digest)
  })
})
