import t from 'tap'
import { CHUNK_BYTES, HeatCounts } from '../../../dist/cow/heat-map.js'

const PAGE_BYTES = 4096
const PAGES = CHUNK_BYTES / PAGE_BYTES
/** As the kernel writes them: soft-dirty, a frame number, and what matters. */
const ALONE = 0x8180_0000_0012_3456n
const SHARED = 0x8080_0000_0012_3456n
const SWAPPED = 0x4180_0000_0000_0012n
const ABSENT = 0n

function entries(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(value, index * 8)
  return bytes
}

t.test('HeatCounts', async (t) => {
  await t.test('counts what is ours alone while the child has a page there', async (t) => {
    const counts = new HeatCounts(CHUNK_BYTES, PAGE_BYTES)
    const own = entries(ALONE, ALONE, SHARED, ABSENT, SWAPPED, ALONE)
    counts.count(own, entries(SHARED, ABSENT, SHARED, ALONE, SHARED, ALONE), 0)
    counts.endReading()
    t.strictSame(counts.report(), { cellBytes: CHUNK_BYTES, pages: [2] })
  })
  await t.test('puts pages into their chunks, across slices', async (t) => {
    const counts = new HeatCounts(3 * CHUNK_BYTES, PAGE_BYTES)
    const three = entries(ALONE, ALONE, ALONE)
    counts.count(three, three, PAGES - 2)
    counts.count(three, three, 2 * PAGES)
    counts.endReading()
    t.strictSame(counts.report().pages, [2, 1, 3])
  })
  await t.test('keeps the most of each chunk over all readings', async (t) => {
    const counts = new HeatCounts(2 * CHUNK_BYTES, PAGE_BYTES)
    const two = entries(ALONE, ALONE)
    counts.count(two, two, 0)
    counts.endReading()
    counts.count(two, two, PAGES)
    counts.count(two.subarray(8), two.subarray(8), 0)
    counts.endReading()
    t.strictSame(counts.report().pages, [2, 2])
  })
  await t.test('takes no page that a slice of the other process does not reach', async (t) => {
    const counts = new HeatCounts(CHUNK_BYTES, PAGE_BYTES)
    counts.count(entries(ALONE, ALONE), entries(SHARED), 0)
    counts.count(entries(ALONE), entries(), 0)
    counts.endReading()
    t.strictSame(counts.report().pages, [1])
  })
  await t.test('puts several chunks of a large region into a cell', async (t) => {
    const counts = new HeatCounts(10_000 * CHUNK_BYTES, PAGE_BYTES)
    const one = entries(ALONE)
    for (const chunk of [0, 2, 3, 9999]) counts.count(one, one, chunk * PAGES)
    counts.endReading()
    const { cellBytes, pages } = counts.report()
    t.equal(cellBytes, 3 * CHUNK_BYTES)
    t.equal(pages.length, 3334)
    t.strictSame([pages[0], pages[1], pages[2], pages.at(-1)], [2, 1, 0, 1])
  })
})
