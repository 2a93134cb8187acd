import { readFileSync } from 'node:fs'
import t from 'tap'
import { hostMappings, learnHostMemory, stillMapped } from '../../../dist/cow/host-memory.js'
import { parseSmaps } from '../../../dist/cow/smaps.js'
import { readText } from '../../../dist/host/read-text.js'

const MIB = 1 << 20

/** Lines of a maps: range, permissions, name. */
function mappings(...rows: [range: string, permissions: string, name?: string][]) {
  const lines = rows.map(([range, permissions, name = '']) => {
    return `${range} ${permissions} 00000000 00:00 0 ${name}\n`
  })
  return parseSmaps(lines.join(''))
}

function range(start: number, end: number) {
  return { start: BigInt(start), end: BigInt(end) }
}

t.test('hostMappings()', async (t) => {
  await t.test('gives what is large, anonymous, private and not of the engine', async (t) => {
    const ofChild = mappings(
      ['1000000-1400000', 'rw-p'],
      ['2000000-20ff000', 'rw-p'],
      ['3000000-3400000', 'rw-s'],
      ['4000000-4400000', 'r--p'],
      ['5000000-5400000', 'rw-p', '[stack]'],
      ['6000000-6400000', 'rw-p', '[anon:buffers]'],
      ['7000000-7400000', 'rw-p', '/usr/lib/a.so'],
      ['7400000-7800000', 'rw-p'],
      ['7800000-7c00000', 'rw-p'],
      ['8000000-8400000', 'rw-p'],
      ['a000000-a001000', '---p'],
      ['a001000-a800000', 'rw-p'],
      ['b000000-b400000', 'rw-p'],
      ['b400000-e000000', '---p'],
      ['e000000-e400000', 'rw-p'],
    )
    const engine = { name: 'scratch', ...range(0x8200000, 0x9000000) } as const
    const starts = hostMappings(ofChild, [engine]).map(({ start }) => start)
    t.strictSame(starts, [0x1000000n, 0x6000000n, 0x7800000n, 0xb000000n, 0xe000000n])
  })
})

t.test('stillMapped()', async (t) => {
  const own = mappings(
    ['1000-5000', 'rw-p'],
    ['5000-6000', 'r--p'],
    ['8000-a000', 'rw-p'],
    ['f000-10000', 'rw-p', '/file'],
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
    const one = mappings(['0-1000000', 'rw-p'])
    t.equal(stillMapped(many, one).length, 64)
  })
})

t.test('learnHostMemory()', async (t) => {
  const held = Buffer.alloc(16 * MIB, 1)
  let known: readonly bigint[] = [0x1000n, 0x2000n]
  let ofChild = ''
  const native = {
    childMaps: () => ofChild,
    hostMemory: () => [...known],
    setHostMemory: (ranges: readonly bigint[]) => {
      known = ranges
    },
  }
  await t.test('adds to what is known, and forgets what is gone', async (t) => {
    // This process stands in for its child: it has the same mappings, and some more.
    ofChild = readFileSync('/proc/self/maps', 'latin1')
    await learnHostMemory(native, [], readText)
    const ranges = Array.from({ length: known.length / 2 }, (_, index) => known.slice(index * 2))
    t.ok(ranges.some(([start = 0n, end = 0n]) => Number(end - start) >= held.length))
    t.notOk(known.includes(0x1000n), 'nothing is mapped there')
    const before = known
    ofChild = ''
    await learnHostMemory(native, [], readText)
    t.strictSame(known, before)
  })
  await t.test('learns nothing of a child that has told nothing', async (t) => {
    known = []
    await learnHostMemory(native, [], readText)
    t.strictSame(known, [])
  })
})
