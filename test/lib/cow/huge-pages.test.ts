import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { HugePageReadings, hugePagesOf, smallPagesOf } from '../../../dist/cow/huge-pages.js'
import { emptyTotals, type Mapping } from '../../../dist/cow/smaps.js'
import { canUseHugePages } from '../../../dist/cow/thp.js'
import { type CowSample, open, type Snapfork, type SnapshotReport } from '../../../dist/index.js'
import { childOf } from '../../support/children.js'

const HUGE_BYTES = 2 << 20
const REGIONS = [{ name: 'data', start: 0x1000n, end: 0x9000n }] as const

function mapping(start: bigint, hugePages: number, smallPages = 0): Mapping {
  const hugeBytes = hugePages * HUGE_BYTES
  const more = { permissions: 'rw-p', name: '', flags: [], pageBytes: 4096 }
  const rssBytes = hugeBytes + smallPages * 4096
  return { ...emptyTotals(), start, end: start + 1n, ...more, hugeBytes, rssBytes }
}

t.test('hugePagesOf() counts those of the data region, smallPagesOf() all', async (t) => {
  const mappings = [mapping(0x1000n, 3, 7), mapping(0x8fffn, 2), mapping(0x9000n, 9, 5)]
  t.equal(hugePagesOf(mappings, REGIONS), 5)
  t.equal(hugePagesOf(mappings, []), 0)
  t.equal(smallPagesOf(mappings), 12)
})

t.test('HugePageReadings', async (t) => {
  await t.test('reads nothing of a process without huge pages, or with long tables', async (t) => {
    const readText = () => Promise.reject(new Error('it was read'))
    for (const child of [mapping(0x1000n, 0, 9), mapping(0x1000n, 9, 200_001)]) {
      const readings = new HugePageReadings(readText, REGIONS)
      await readings.readAtFork([child])
      t.equal(await readings.readAtEnd(0), null)
    }
  })
})

const skip = !(await canUseHugePages()) && 'the kernel gives no huge pages'

/** A save whose child is held until it was read, with a write to every chunk meanwhile or none. */
async function save(db: Snapfork, writes: boolean): Promise<SnapshotReport> {
  let saved: Promise<SnapshotReport> | null = null
  let isRead = false
  const noteReading = (_: CowSample) => {
    isRead = true
  }
  db.once('cow', noteReading)
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  while (!isRead) await sleep(5)
  // The reading of this process comes right behind that of the child.
  await sleep(200)
  if (writes) for (let key = 0; key < 40; ++key) db.setrange(`key:${key}`, 5000, 'changed')
  process.kill(pid, 'SIGCONT')
  return await (saved as unknown as Promise<SnapshotReport>)
}

t.test('A report tells how many huge pages were split', { skip }, async (t) => {
  const db = await open({ dir: t.testdir(), healCpuPercent: 0 })
  t.teardown(() => db.close())
  for (let key = 0; key < 40; ++key) db.set(`key:${key}`, Buffer.alloc(2 * HUGE_BYTES - 64, key))
  const { hugePages } = (await save(db, false)).cow
  // All but a few, so that the writes meet them.
  if (hugePages === null || hugePages.atFork < 76) {
    return t.comment('*** the kernel had few huge pages: NOT tested')
  }
  t.equal(hugePages.split, 0)
  const { cow } = await save(db, true)
  t.ok((cow.hugePages?.split ?? 0) >= 20, `${cow.hugePages?.split} were split`)
  const { atFork = 0, atEnd = 0, split } = cow.hugePages ?? {}
  t.equal(atFork - atEnd, split)
  t.match(db.info('cow'), `cow_last_split_huge_pages:${split}`)
  t.match(db.info('cow'), `cow_total_split_huge_pages:${split}`)
})
