/**
 * Method: random bytes take the child a while to compress, so a child that is stopped right after
 * the fork has most of them before it. Large values are written in place (a small one would be
 * moved), so each write to another page duplicates it.
 */

import { randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import t from 'tap'
import { type CowSample, open, type SnapshotReport } from '../../../dist/index.js'
import { childOf } from '../../support/children.js'

const VALUES = 24
const VALUE_BYTES = 4 << 20
const PAGE_BYTES = 4096
/** Whatever the child did before it was stopped. */
const DUPLICATED_BYTES_MIN = (VALUES * VALUE_BYTES) / 2
const READING_MS_MAX = 60_000

/** What this process has open below /proc. */
function openProcFiles(): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return links.filter((path) => /smaps|pagemap/.test(path))
}

t.test('CowSampler', async (t) => {
  await t.test('sees pages that are written while the child stands still', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    const bytes = randomBytes(VALUE_BYTES)
    for (let index = 0; index < VALUES; ++index) db.set(`large:${index}`, bytes)
    let saved: Promise<SnapshotReport> | null = null
    const told: CowSample[] = []
    db.on('cow', (sample) => told.push(sample))
    const pid = childOf(() => {
      saved = db.bgsave()
    })
    process.kill(pid, 'SIGSTOP')
    for (let index = 0; index < VALUES; ++index) {
      for (let offset = 0; offset < VALUE_BYTES; offset += PAGE_BYTES) {
        db.setrange(`large:${index}`, offset, 'y')
      }
    }
    const size = () => Number(/current_cow_size:(\d+)/.exec(db.info())?.[1])
    const deadline = Date.now() + READING_MS_MAX
    while (size() < DUPLICATED_BYTES_MIN && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    t.ok(size() >= DUPLICATED_BYTES_MIN)
    t.match(db.info(), /rdb_bgsave_in_progress:1/)
    process.kill(pid, 'SIGCONT')

    const { cow } = await (saved as unknown as Promise<SnapshotReport>)
    t.ok(cow.duplicatedBytes >= DUPLICATED_BYTES_MIN)
    t.ok(cow.extraBytes >= cow.duplicatedBytes)
    // The child goes on, and gives pages back, while its mappings are read.
    t.ok(cow.byRegion.data.duplicatedBytes >= DUPLICATED_BYTES_MIN / 4)
    t.equal(cow.byRegion.jsHeap.duplicatedBytes, 0)
    t.ok(cow.copiedPages.data >= DUPLICATED_BYTES_MIN / 4 / PAGE_BYTES)
    t.ok((cow.byRegionAtMs ?? 0) > 0)
    const times = cow.samples.map(({ atMs }) => atMs)
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
    )
    t.strictSame(openProcFiles(), [])
    t.strictSame(told, cow.samples.slice(0, told.length), 'all readings were told')
    t.ok(told.length >= cow.samples.length - 1, "but the child's highest, at the end")
    for (const { byRegion, childPrivateDirtyBytes } of told) {
      if (byRegion === null) continue
      const sum = Object.values(byRegion).reduce((bytes, more) => bytes + more, 0)
      t.equal(sum, childPrivateDirtyBytes)
    }
    t.ok(told.some(({ byRegion }) => (byRegion?.data ?? 0) >= DUPLICATED_BYTES_MIN))
    t.ok(told.every(({ keys, movedBytes }) => keys <= VALUES && movedBytes >= 0))
  })
})
