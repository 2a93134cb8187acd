import t from 'tap'
import { parseMeminfo, readMeminfo } from '../../../dist/host/meminfo.js'
import { MEMINFO } from '../../support/host-files.js'

t.test('parseMeminfo()', async (t) => {
  t.strictSame(parseMeminfo(MEMINFO), {
    totalBytes: 16393216 * 1024,
    availableBytes: 8 * 2 ** 30,
    swapTotalBytes: 2 * 2 ** 30,
    swapFreeBytes: 1.5 * 2 ** 30,
    commitLimitBytes: 10293760 * 1024,
    committedBytes: 5 * 2 ** 30,
  })
  await t.test('takes what is free where the kernel does not say what is available', async (t) => {
    const text = 'MemTotal: 100 kB\nMemFree:   40 kB\n'
    t.match(parseMeminfo(text), { totalBytes: 102400, availableBytes: 40960, swapTotalBytes: 0 })
  })
  await t.test('gives null where there is nothing', async (t) => {
    t.equal(parseMeminfo(null), null)
    t.equal(parseMeminfo('nothing\n'), null)
  })
  await t.test('reads that of this machine', async (t) => {
    const memory = await readMeminfo()
    t.ok(memory !== null && memory.availableBytes > 0)
    t.ok(memory !== null && memory.availableBytes <= memory.totalBytes)
  })
})
