import { readFileSync } from 'node:fs'
import t from 'tap'
import { hostMappings, learnHostMemory, stillMapped } from '../../../dist/cow/host-memory.js'
import { type Mapping, parseSmaps } from '../../../dist/cow/smaps.js'

const MIB = 1 << 20

/** Lines of a smaps: range, permissions, KiB of RSS, name. */
function mappings(...rows: [range: string, permissions: string, kib: number, name?: string][]) {
  const text = rows.map(([range, permissions, kib, name = '']) => {
    return `${range} ${permissions} 00000000 00:00 0 ${name}\nRss: ${kib} kB\n`
  })
  return parseSmaps(text.join(''))
}

function range(start: number, end: number) {
  return { start: BigInt(start), end: BigInt(end) }
}

t.test('hostMappings()', async (t) => {
  await t.test('gives what is large, anonymous, private and not of the engine', async (t) => {
    const ofChild = mappings(
      ['1000000-1400000', 'rw-p', 4096],
      ['2000000-2400000', 'rw-p', 255],
      ['3000000-3400000', 'rw-s', 4096],
      ['4000000-4400000', 'r--p', 4096],
      ['5000000-5400000', 'rw-p', 4096, '[stack]'],
      ['6000000-6400000', 'rw-p', 256, '[anon:buffers]'],
      ['7000000-7400000', 'rw-p', 4096, '/usr/lib/a.so'],
      ['7400000-7800000', 'rw-p', 4096],
      ['7800000-7c00000', 'rw-p', 4096],
      ['8000000-8400000', 'rw-p', 4096],
    )
    const engine = { name: 'scratch', ...range(0x8200000, 0x9000000) } as const
    const starts = hostMappings(ofChild, [engine]).map(({ start }) => start)
    t.strictSame(starts, [0x1000000n, 0x6000000n, 0x7800000n])
  })
})

t.test('stillMapped()', async (t) => {
  const own = mappings(
    ['1000-5000', 'rw-p', 0],
    ['5000-6000', 'r--p', 0],
    ['8000-a000', 'rw-p', 0],
    ['f000-10000', 'rw-p', 0, '/file'],
  )
  await t.test('gives the parts that are there, the largest first, each once', async (t) => {
    const known = [range(0x9000, 0xc000), range(0x2000, 0x9000), range(0xf000, 0x10000)]
    t.strictSame(stillMapped(known, own), [
      range(0x2000, 0x5000),
      range(0x9000, 0xa000),
      range(0x8000, 0x9000),
    ])
    t.strictSame(stillMapped([...known, ...known], own), stillMapped(known, own))
    t.strictSame(stillMapped([], own), [])
  })
  await t.test('gives no more than a fork should have to do with', async (t) => {
    const many = Array.from({ length: 200 }, (_, i) => range(i * 0x2000, i * 0x2000 + 0x1000))
    const one = mappings(['0-1000000', 'rw-p', 0])
    t.equal(stillMapped(many, one).length, 64)
  })
})

t.test('learnHostMemory()', async (t) => {
  const buffer = Buffer.alloc(4 * MIB, 1)
  const own = parseSmaps(readFileSync('/proc/self/smaps', 'latin1'))
  let known: readonly bigint[] = []
  const native = {
    hostMemory: () => [...known],
    setHostMemory: (ranges: readonly bigint[]) => {
      known = ranges
    },
  }
  await t.test('adds to what is known, and forgets what is gone', async (t) => {
    const large = own.filter(({ rssBytes, permissions }: Mapping) => {
      return permissions === 'rw-p' && rssBytes >= buffer.length
    })
    t.ok(large.length > 0)
    known = [0x1000n, 0x2000n]
    await learnHostMemory(native, large, [])
    t.ok(known.length > 0 && known.length % 2 === 0)
    t.notOk(known.includes(0x1000n), 'nothing is mapped there')
    const before = known
    await learnHostMemory(native, [], [])
    t.strictSame(known, before)
  })
})
