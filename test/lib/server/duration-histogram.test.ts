import t from 'tap'
import { DurationHistogram } from '../../../dist/server/duration-histogram.js'
import { announceSeed, Random } from '../../support/random.js'

t.test('DurationHistogram', async (t) => {
  // The same numbers stand in test/native/lane_durations_test.cc.
  await t.test('has the buckets of the native lane', async (t) => {
    const pairs: [number, number][] = [
      ...(
        [
          [0, 1],
          [255, 255],
          [257, 256],
          [1023, 511],
          [1024, 512],
        ] as const
      ).map(pair),
      ...(
        [
          [123_456, 1393],
          [1e9, 3054],
          [1e15, 3054],
        ] as const
      ).map(pair),
    ]
    for (const [nanos, bucket] of pairs) {
      const recorded = new DurationHistogram()
      recorded.record(nanos)
      const added = new DurationHistogram()
      added.add(bucket, 1)
      t.equal(recorded.percentile(50), added.percentile(50), `${nanos}`)
    }
  })

  await t.test('gives percentiles that are close to those of the sorted numbers', async (t) => {
    const random = new Random(announceSeed(t))
    const histogram = new DurationHistogram()
    const values = Array.from({ length: 3000 }, () => 1 + random.below(2 ** random.below(30)))
    for (const value of values) histogram.record(value)
    values.sort((a, b) => a - b)
    for (const percent of [0.1, 10, 50, 90, 99, 99.9, 100]) {
      const exact = values[Math.max(1, Math.floor(percent * 30 + 0.5)) - 1] as number
      const found = histogram.percentile(percent)
      t.ok(found >= exact && found <= exact * (1 + 1 / 128), `${percent}: ${found} for ${exact}`)
    }
    t.ok(histogram.percentile(0) <= (values[0] as number))
  })

  await t.test('counts up to powers of two where there is more to count', async (t) => {
    const histogram = new DurationHistogram()
    for (const micros of [0.3, 1, 20, 20, 1000, 5e6]) histogram.record(micros * 1000)
    t.strictSame(histogram.cumulative(), [
      [1, 2],
      [33, 4],
      [1056, 5],
      [1_073_741, 6],
    ])
    t.strictSame(new DurationHistogram().cumulative(), [])
  })

  await t.test('is copied', async (t) => {
    const first = new DurationHistogram()
    first.record(5000)
    const second = new DurationHistogram(first)
    second.record(5000)
    t.strictSame([first.count, second.count], [1, 2])
    t.strictSame(second.cumulative(), [[8, 2]])
  })
})

function pair([nanos, bucket]: readonly [number, number]): [number, number] {
  return [nanos, bucket]
}
