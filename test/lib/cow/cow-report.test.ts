import t from 'tap'
import { CowAccount, splitByOwner } from '../../../dist/cow/cow-report.js'
import { emptyTotals, type Mapping } from '../../../dist/cow/smaps.js'

const AT_FORK = {
  rssBytes: 1000,
  dataBytes: 500,
  engineBytes: 100,
  jsHeapBytes: 200,
  movedEntries: 3,
  movedBytes: 30,
}

function child(privateDirtyBytes: number, privateCleanBytes = 0, rssBytes = 900) {
  return { ...emptyTotals(), privateDirtyBytes, privateCleanBytes, rssBytes }
}

t.test('CowAccount', async (t) => {
  await t.test('takes the child by its private pages and the parent by its growth', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.add(1, child(10, 5), { ...AT_FORK, rssBytes: 1100, dataBytes: 560 })
    const { duplicatedBytes, extraBytes, byRegion } = account.report()
    t.equal(duplicatedBytes, 10)
    t.equal(extraBytes, 115)
    t.equal(byRegion.data.growthBytes, 60)
    t.equal(byRegion.rest.growthBytes, 40)
  })
  await t.test('reports peaks, each of its own moment', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.add(1, child(100), AT_FORK)
    account.add(2, child(20), { ...AT_FORK, rssBytes: 1200, jsHeapBytes: 350 })
    account.add(3, child(30), { ...AT_FORK, rssBytes: 1050 })
    const report = account.report()
    t.equal(report.duplicatedBytes, 100)
    t.equal(report.extraBytes, 220)
    t.equal(report.byRegion.jsHeap.growthBytes, 150)
    t.strictSame(
      report.samples.map(({ atMs }) => atMs),
      [1, 2, 3],
    )
  })
  await t.test('does not take a parent that shrank for a gain', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.add(1, child(10), { ...AT_FORK, rssBytes: 400 })
    t.equal(account.report().extraBytes, 10)
  })
  await t.test('counts what was moved since the fork, up to the last reading', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.add(1, child(1), { ...AT_FORK, movedEntries: 4, movedBytes: 50 })
    account.addOwnPeak(2, 1, { ...AT_FORK, movedEntries: 9, movedBytes: 90 })
    t.match(account.report(), { movedEntries: 6, movedBytes: 60 })
  })
  await t.test('has the own reading of a child that was too quick for any other', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.addOwnPeak(2, 77, { ...AT_FORK, rssBytes: 1001 })
    const report = account.report()
    t.equal(report.duplicatedBytes, 77)
    t.equal(report.extraBytes, 78)
    t.match(report.samples, [{ childPrivateDirtyBytes: 77, childRssBytes: null }])
    t.equal(report.byRegionAtMs, null)
  })
  await t.test('leaves out an own reading that is below the others', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.add(1, child(100), AT_FORK)
    account.addOwnPeak(2, 99, AT_FORK)
    t.equal(account.report().samples.length, 1)
  })
  await t.test('keeps the split of the costliest reading', async (t) => {
    const account = new CowAccount(AT_FORK)
    account.addSplit(1, { data: 5, engine: 1, jsHeap: 0, rest: 1 })
    account.addSplit(2, { data: 1, engine: 1, jsHeap: 0, rest: 1 })
    const { byRegion, byRegionAtMs } = account.report()
    t.equal(byRegionAtMs, 1)
    t.equal(byRegion.data.duplicatedBytes, 5)
  })
})

t.test('splitByOwner()', async (t) => {
  await t.test(
    'knows the engine by address, V8 by its mark, and the rest by neither',
    async (t) => {
      const regions = [
        { name: 'data', start: 0x1000n, end: 0x3000n },
        { name: 'index', start: 0x3000n, end: 0x4000n },
      ] as const
      const mapping = (start: bigint, bytes: number, more: Partial<Mapping> = {}): Mapping => ({
        ...emptyTotals(),
        start,
        end: start + 0x1000n,
        permissions: 'rw-p',
        name: '',
        flags: [],
        privateDirtyBytes: bytes,
        ...more,
      })
      const mappings = [
        mapping(0x1000n, 1),
        mapping(0x2000n, 2, { flags: ['dc'] }),
        mapping(0x3000n, 4, { flags: ['dc'] }),
        mapping(0x4000n, 8, { flags: ['rd', 'dc'] }),
        mapping(0x5000n, 16),
        mapping(0x6000n, 32, { name: '[heap]' }),
      ]
      t.strictSame(splitByOwner(mappings, regions), { data: 3, engine: 4, jsHeap: 8, rest: 48 })
    },
  )
})
