import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseSmaps, parseSmapsRollup } from '../../../dist/cow/smaps.js'

const ROLLUP = `55b0c0a00000-7ffd5d5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               12344 kB
Pss:                9000 kB
Pss_Dirty:          8000 kB
Shared_Clean:        300 kB
Shared_Dirty:         44 kB
Private_Clean:       200 kB
Private_Dirty:     11800 kB
Referenced:        12344 kB
Anonymous:         11000 kB
AnonHugePages:      2048 kB
Swap:                  8 kB
SwapPss:               8 kB
`

const SMAPS = `55b0c0a00000-55b0c0b00000 r-xp 00001000 fe:00 1234    /usr/bin/a b: c
Size:               1024 kB
KernelPageSize:        4 kB
Rss:                 512 kB
Private_Dirty:         0 kB
Private_Clean:       512 kB
VmFlags: rd ex mr mw me sd
7f0000000000-7f0000200000 rw-p 00000000 00:00 0
Rss:                2048 kB
Private_Dirty:        16 kB
AnonHugePages:      2048 kB
VmFlags: rd wr mr mw me ac dc sd hg
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]
Rss:                   0 kB
VmFlags: ex
`

t.test('parseSmapsRollup()', async (t) => {
  await t.test('gives the fields in bytes', async (t) => {
    t.strictSame(parseSmapsRollup(ROLLUP), {
      rssBytes: 12344 * 1024,
      privateDirtyBytes: 11800 * 1024,
      privateCleanBytes: 200 * 1024,
      sharedDirtyBytes: 44 * 1024,
      sharedCleanBytes: 300 * 1024,
      anonymousBytes: 11000 * 1024,
      hugeBytes: 2048 * 1024,
      swapBytes: 8 * 1024,
    })
  })
  await t.test('gives null where there is nothing, as of a process that ended', async (t) => {
    t.equal(parseSmapsRollup(''), null)
    t.equal(parseSmapsRollup('x\nRss: many kB\n'), null)
  })
})

t.test('parseSmaps()', async (t) => {
  await t.test('gives address, permissions, name, flags and sums of each mapping', async (t) => {
    const [code, heap, last, ...rest] = parseSmaps(SMAPS)
    t.match(code, { name: '/usr/bin/a b: c', permissions: 'r-xp', privateCleanBytes: 512 * 1024 })
    t.equal(code?.start, 0x55b0c0a00000n)
    t.equal(code?.end, 0x55b0c0b00000n)
    t.match(heap, { name: '', permissions: 'rw-p', privateDirtyBytes: 16384, hugeBytes: 2 ** 21 })
    t.ok(heap?.flags.includes('dc'))
    t.equal(last?.start, 0xffffffffff600000n)
    t.strictSame(last?.flags, ['ex'])
    t.strictSame(rest, [])
  })
  await t.test('adds up to the rollup of a real process', async (t) => {
    const mappings = parseSmaps(readFileSync('/proc/self/smaps', 'utf8'))
    const rollup = parseSmapsRollup(readFileSync('/proc/self/smaps_rollup', 'utf8'))
    const sum = mappings.reduce((bytes, { rssBytes }) => bytes + rssBytes, 0)
    t.ok(mappings.length > 20)
    t.ok(mappings.every(({ start, end, flags }) => start < end && flags.length > 0))
    // The process goes on between the two readings.
    t.ok(rollup !== null && Math.abs(rollup.rssBytes - sum) < sum / 2)
  })
})
