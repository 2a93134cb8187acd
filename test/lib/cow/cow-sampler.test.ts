import { readdirSync, readlinkSync } from 'node:fs'
import t from 'tap'
import { open } from '../../../dist/index.js'
import { childOf } from '../../support/children.js'

/** What this process has open below /proc. */
function openProcFiles(): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return links.filter((path) => path.includes('smaps'))
}

t.test('CowSampler', async (t) => {
  await t.test(
    'sees the pages that were written in place while the child stands still',
    async (t) => {
      const db = await open({ dir: t.testdir() })
      t.teardown(() => db.close())
      // Large values are written in place: each write duplicates a page. A small one would be moved.
      const BYTES = 4 << 20
      db.set('large', Buffer.alloc(BYTES, 'x'))
      let saved = Promise.resolve() as Promise<unknown>
      const pid = childOf(() => {
        saved = db.bgsave()
      })
      process.kill(pid, 'SIGSTOP')
      const readings = () => Number(/current_cow_size:(\d+)/.exec(db.info())?.[1])
      while (readings() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      const before = readings()
      for (let offset = 0; offset < BYTES; offset += 4096) db.setrange('large', offset, 'y')
      while (readings() < before + BYTES) await new Promise((resolve) => setTimeout(resolve, 10))
      t.match(db.info(), /rdb_bgsave_in_progress:1/)
      process.kill(pid, 'SIGCONT')
      const { cow } = (await saved) as Awaited<ReturnType<typeof db.bgsave>>
      t.ok(cow.duplicatedBytes >= BYTES)
      t.ok(cow.extraBytes >= cow.duplicatedBytes)
      // The last reading of all mappings may be a little older than the peak.
      t.ok(cow.byRegion.data.duplicatedBytes >= BYTES / 2)
      t.ok((cow.byRegionAtMs ?? 0) > 0)
      const times = cow.samples.map(({ atMs }) => atMs)
      t.strictSame(
        times,
        times.toSorted((a, b) => a - b),
      )
      t.strictSame(openProcFiles(), [])
    },
  )
})
