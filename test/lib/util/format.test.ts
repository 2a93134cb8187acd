import t from 'tap'
import { formatBytes, formatCount, formatMs, formatNanos } from '../../../dist/util/format.js'

t.test('formatCount() groups digits by three', async (t) => {
  t.equal(formatCount(0), '0')
  t.equal(formatCount(999), '999')
  t.equal(formatCount(1_234_567.4), '1,234,567')
})

t.test('formatBytes() takes the largest unit that leaves at least one', async (t) => {
  t.equal(formatBytes(0), '0 B')
  t.equal(formatBytes(1023), '1023 B')
  t.equal(formatBytes(1024), '1.0 KiB')
  t.equal(formatBytes(1536 * 1024), '1.5 MiB')
  t.equal(formatBytes(3 * 2 ** 30), '3.0 GiB')
  t.equal(formatBytes(5000 * 2 ** 40), '5000.0 TiB')
  t.equal(formatBytes(-2048), '-2.0 KiB')
})

t.test('formatNanos() and formatMs() take a unit that people read', async (t) => {
  t.equal(formatNanos(999), '999 ns')
  t.equal(formatNanos(1500), '1.5 us')
  t.equal(formatNanos(2_345_678), '2.35 ms')
  t.equal(formatMs(1234), '1.23 s')
  t.equal(formatMs(0.5), '500.0 us')
})
