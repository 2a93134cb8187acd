import t from 'tap'
import { CowAccount, splitByRegion } from '../../../dist/cow/cow-report.js'
import { emptyTotals, type Mapping } from '../../../dist/cow/smaps.js'

const AT_FORK = {
  rssBytes: 1000,
  dataBytes: 500,
  engineBytes: 100,
  jsHeapBytes: 200,
  movedEntries: 3,
  movedBytes: 30,
}

const REGIONS = [
  { name: 'data', start: 0x1000n, end: 0x3000n },
  { name: 'index', start: 0x3000n, end: 0x4000n },
  { name: 'meta', start: 0x8000n, end: 0x9000n },
  { name: 'scratch', start: 0x9000n, end: 0xa000n },
  { name: 'control', start: 0xa000n, end: 0xa048n },
] as const

function mapping(start: bigint, privateDirtyBytes: number, more: Partial<Mapping> = {}): Mapping {
  return {
    ...emptyTotals(),
    ...{ start, end: start + 0x1000n, permissions: 'rw-p', name: '', flags: [], pageBytes: 4096 },
    privateDirtyBytes,
    ...more,
  }
}

/** Of a child that has these bytes of its own in the data region. */
function child(privateDirtyBytes: number, privateCleanBytes = 0, rssBytes = 900): Mapping[] {
  return [mapping(0x1000n, privateDirtyBytes, { privateCleanBytes, rssBytes })]
}

t.test('CowAccount', async (t) => {
  await t.test('takes the child by its private pages and the parent by its growth', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, child(10, 5), { ...AT_FORK, rssBytes: 1100, dataBytes: 560 })
    const { duplicatedBytes, extraBytes, byRegion } = account.report()
    t.equal(duplicatedBytes, 10)
    t.equal(extraBytes, 115)
    t.equal(byRegion.data.growthBytes, 60)
    t.equal(byRegion.rest.growthBytes, 40)
  })
  await t.test('reports peaks, each of its own moment', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
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
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, child(10), { ...AT_FORK, rssBytes: 400 })
    t.equal(account.report().extraBytes, 10)
  })
  await t.test('counts what was moved since the fork, up to the last reading', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, child(1), { ...AT_FORK, movedEntries: 4, movedBytes: 50 })
    account.addOwnPeak(2, 1, { ...AT_FORK, movedEntries: 9, movedBytes: 90 })
    t.match(account.report(), { movedEntries: 6, movedBytes: 60 })
  })
  await t.test('has the own reading of a child that was too quick for any other', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    account.addOwnPeak(2, 77, { ...AT_FORK, rssBytes: 1001 })
    const report = account.report()
    t.equal(report.duplicatedBytes, 77)
    t.equal(report.extraBytes, 78)
    t.match(report.samples, [{ childPrivateDirtyBytes: 77, childRssBytes: null }])
    t.equal(report.byRegionAtMs, null)
  })
  await t.test('leaves out an own reading that is below the others', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, child(100), AT_FORK)
    account.addOwnPeak(2, 99, AT_FORK)
    t.equal(account.report().samples.length, 1)
  })
  await t.test('keeps the split of the costliest reading', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, [mapping(0x1000n, 5), mapping(0x8000n, 1), mapping(0x7000n, 1)], AT_FORK)
    account.add(2, [mapping(0x1000n, 1), mapping(0x9000n, 1), mapping(0x7000n, 1)], AT_FORK)
    const { byRegion, byRegionAtMs, samples } = account.report()
    t.equal(byRegionAtMs, 1)
    t.equal(byRegion.data.duplicatedBytes, 5)
    t.equal(byRegion.engine.duplicatedBytes, 1)
    t.match(samples, [{ byRegion: { data: 5, meta: 1, rest: 1 } }, { byRegion: { scratch: 1 } }])
  })
  await t.test('gives copied pages, those beyond the readings where others were', async (t) => {
    const pages = { data: 0, meta: 0, index: 0, scratch: 0, jsHeap: 0, rest: 0 }
    const account = new CowAccount(AT_FORK, REGIONS)
    account.add(1, [mapping(0x1000n, 8192), mapping(0x8000n, 4096)], AT_FORK)
    t.strictSame(account.report().copiedPages, { ...pages, data: 2, meta: 1 })
    account.addOwnPeak(2, 9 * 4096, AT_FORK)
    t.strictSame(account.report().copiedPages, { ...pages, data: 6, meta: 3 })
    t.equal(account.report().pageBytes, 4096)
    const unread = new CowAccount(AT_FORK, REGIONS)
    unread.addOwnPeak(2, 5 * 4096, AT_FORK)
    t.strictSame(unread.report().copiedPages, { ...pages, rest: 5 })
  })
  await t.test('tells in each sample how far the child is and what was moved', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    const moved = { ...AT_FORK, movedEntries: 7, movedBytes: 70 }
    const sample = account.add(1, child(1), moved, { keys: 10, bytes: 99 })
    t.match(sample, { movedEntries: 4, movedBytes: 40, keys: 10, bytes: 99 })
    t.strictSame(account.lastSample, sample)
  })
  await t.test('keeps every second sample of a long save, and the peak', async (t) => {
    const account = new CowAccount(AT_FORK, REGIONS)
    for (let index = 0; index < 5000; ++index) {
      account.add(index, child(index === 1001 ? 9999 : index), AT_FORK)
    }
    const { samples, duplicatedBytes } = account.report()
    t.ok(samples.length > 128 && samples.length <= 512, `${samples.length} samples`)
    t.ok(account.thinnings > 0)
    t.equal(samples[0]?.atMs, 0)
    t.equal(samples.at(-1)?.atMs, 4999)
    t.equal(duplicatedBytes, 9999)
  })
})

t.test('splitByRegion()', async (t) => {
  await t.test('knows the engine by address, V8 by its mark, the rest by neither', async (t) => {
    const mappings = [
      mapping(0x1000n, 1),
      mapping(0x2000n, 2, { flags: ['dc'] }),
      mapping(0x3000n, 4, { flags: ['dc'] }),
      mapping(0x4000n, 8, { flags: ['rd', 'dc'] }),
      mapping(0x5000n, 16),
      mapping(0x6000n, 32, { name: '[heap]' }),
      mapping(0x8000n, 64),
      mapping(0x9000n, 128),
      mapping(0xa000n, 256),
    ]
    const split = { data: 3, meta: 64, index: 4, scratch: 384, jsHeap: 8, rest: 48 }
    t.strictSame(splitByRegion(mappings, REGIONS), split)
  })
})
