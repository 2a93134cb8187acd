/**
 * Method: large values are written in place while the child is stopped, so many pages in each; what
 * the kernel says of the child's mappings is the sum that the map must add up to.
 */

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type CowSample, type OpenOptions, open, type SnapshotReport } from '../../../dist/index.js'
import { childOf } from '../../support/children.js'

const PAGE_BYTES = 4096
const VALUES = 16
const VALUE_BYTES = 3 << 20
/** Less than a child may stand still. */
const WAIT_MS_MAX = 30_000
/** Bytes a second: the child has not come far when it is stopped, on a busy machine too. */
const RATE_LIMIT = 20 << 20

async function saveHeld(dir: string, options: OpenOptions): Promise<SnapshotReport> {
  const db = await open({ dir, saveRateLimit: RATE_LIMIT, ...options })
  const bytes = randomBytes(VALUE_BYTES)
  for (let index = 0; index < VALUES; ++index) db.set(`large:${index}`, bytes)
  const samples: CowSample[] = []
  db.on('cow', (sample) => samples.push(sample))
  let saved: Promise<SnapshotReport> | null = null
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  let pages = 0
  for (let index = 0; index < VALUES; ++index) {
    for (let page = 0; page <= index * 10; ++page, ++pages) {
      db.setrange(`large:${index}`, page * PAGE_BYTES, 'y')
    }
  }
  // Two readings behind the writes: the map's, at five times the pace, has then been made too.
  const deadline = Date.now() + WAIT_MS_MAX
  const written = () =>
    samples.filter(({ byRegion }) => (byRegion?.data ?? 0) / PAGE_BYTES > pages / 2)
  while (written().length < 2 && Date.now() < deadline) await sleep(10)
  process.kill(pid, 'SIGCONT')
  const report = await (saved as unknown as Promise<SnapshotReport>)
  await db.close()
  return report
}

for (const hugePages of ['auto', false] as const) {
  t.test(`The heat map, with hugePages ${hugePages}`, async (t) => {
    const { cow } = await saveHeld(t.testdir(), { hugePages, cowHeatMap: true })
    const { heatMap } = cow
    t.ok(heatMap !== null)
    const pages = heatMap?.pages ?? []
    const sum = pages.reduce((total, count) => total + count, 0)
    const counted = Math.max(...cow.samples.map(({ byRegion }) => byRegion?.data ?? 0)) / PAGE_BYTES
    t.equal(heatMap?.cellBytes, 2 << 20)
    t.ok(pages.every((count) => count <= 512))
    t.ok(pages.length >= (VALUES * VALUE_BYTES) / (2 << 20))
    // A chunk that changes hands between two readings may be counted in one of them.
    t.ok(Math.abs(sum - counted) <= counted / 8, `${sum} pages, the kernel counts ${counted}`)
    t.ok(new Set(pages).size > VALUES / 2, 'chunks differ')
  })
}

t.test('There is no heat map unless it is asked for', async (t) => {
  const { cow } = await saveHeld(t.testdir(), {})
  t.equal(cow.heatMap, null)
})
