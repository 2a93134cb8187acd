import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseSmaps } from '../../../dist/cow/smaps.js'

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

t.test('parseSmaps()', async (t) => {
  await t.test('gives address, permissions, name, flags and sums of each mapping', async (t) => {
    const [code, heap, last, ...rest] = parseSmaps(SMAPS)
    t.match(code, { name: '/usr/bin/a b: c', permissions: 'r-xp', privateCleanBytes: 512 * 1024 })
    t.equal(code?.start, 0x55b0c0a00000n)
    t.equal(code?.end, 0x55b0c0b00000n)
    t.match(heap, { name: '', permissions: 'rw-p', privateDirtyBytes: 16384, hugeBytes: 2 ** 21 })
    t.ok(heap?.flags.includes('dc'))
    t.equal(code?.pageBytes, 4096)
    t.equal(heap?.pageBytes, 0)
    t.equal(last?.start, 0xffffffffff600000n)
    t.strictSame(last?.flags, ['ex'])
    t.strictSame(rest, [])
  })
  await t.test('gives every field in bytes, and skips what is no number', async (t) => {
    const fields = ['Rss: 1', 'Private_Dirty: 2', 'Private_Clean: 3', 'Shared_Dirty: 4']
    const more = ['Shared_Clean: 5', 'Anonymous: 6', 'AnonHugePages: 7', 'Swap: 8', 'Pss: 9']
    const lines = [...fields, ...more].map((line) => `${line} kB\n`)
    const [mapping] = parseSmaps(`1000-2000 rw-p 0 00:00 0\n${lines.join('')}Rss: many kB\n`)
    t.match(mapping, {
      ...{ rssBytes: 1024, privateDirtyBytes: 2048, privateCleanBytes: 3072 },
      ...{ sharedDirtyBytes: 4096, sharedCleanBytes: 5120, anonymousBytes: 6144 },
      ...{ hugeBytes: 7168, swapBytes: 8192 },
    })
  })
  await t.test('gives nothing where there is nothing, as of a process that ended', async (t) => {
    t.strictSame(parseSmaps(''), [])
    t.strictSame(parseSmaps('Rss: 4 kB\nVmFlags: rd\n'), [])
  })
  await t.test('adds up to the rollup of a real process', async (t) => {
    const mappings = parseSmaps(readFileSync('/proc/self/smaps', 'utf8'))
    const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8')
    const rssBytes = Number(/^Rss: +(\d+) kB$/m.exec(rollup)?.[1]) * 1024
    const sum = mappings.reduce((bytes, { rssBytes }) => bytes + rssBytes, 0)
    t.ok(mappings.length > 20)
    t.ok(mappings.every(({ start, end, flags }) => start < end && flags.length > 0))
    t.ok(mappings.every(({ pageBytes }) => pageBytes >= 4096))
    // The process goes on between the two readings.
    t.ok(Math.abs(rssBytes - sum) < sum / 2)
  })
})
