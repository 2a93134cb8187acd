import t from 'tap'
import { LatencyHistogram } from '../../../dist/util/latency-histogram.js'
import { announceSeed, Random } from '../../support/random.js'

/** A bucket is at most 1/32 wide of what is in it. */
const ERROR_MAX = 1 / 32

t.test('LatencyHistogram', async (t) => {
  await t.test('gives zeros before anything was recorded', async (t) => {
    const histogram = new LatencyHistogram()
    t.equal(histogram.count, 0)
    t.equal(histogram.longest, 0)
    t.equal(histogram.percentile(0.5), 0)
  })

  await t.test('gives percentiles that are close to those of the sorted numbers', async (t) => {
    const random = new Random(announceSeed(t))
    const histogram = new LatencyHistogram()
    const values = Array.from({ length: 5000 }, () => random.below(2 ** (1 + random.below(31))))
    for (const value of values) histogram.record(value)
    values.sort((a, b) => a - b)
    t.equal(histogram.count, values.length)
    t.equal(histogram.longest, values.at(-1))
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = values[Math.ceil(share * values.length) - 1] as number
      const found = histogram.percentile(share)
      t.ok(found >= exact && found <= exact * (1 + ERROR_MAX), `${share}: ${found} for ${exact}`)
    }
  })

  await t.test('counts what is below a power of two exactly, and sums up', async (t) => {
    const random = new Random(announceSeed(t))
    const histogram = new LatencyHistogram()
    const values = Array.from({ length: 3000 }, () => random.below(2 ** (1 + random.below(31))))
    values.push(0, 1, 2, 63, 64, 65, 2 ** 30 - 1, 2 ** 30)
    for (const value of values) histogram.record(value)
    t.equal(
      histogram.sum,
      values.reduce((sum, value) => sum + value, 0),
    )
    for (let power = 0; power <= 30; ++power) {
      const exact = values.filter((value) => value < 2 ** power).length
      t.equal(histogram.countBelow(2 ** power), exact, `below 2^${power}`)
    }
  })

  await t.test('keeps the longest exactly, also beyond its last bucket', async (t) => {
    const histogram = new LatencyHistogram()
    histogram.record(1)
    histogram.record(5e12)
    t.equal(histogram.longest, 5e12)
    t.equal(histogram.percentile(0.5), 1)
  })
})
