import t from 'tap'
import { logLinear } from '../../../dist/util/log-linear.js'
import { announceSeed, Random } from '../../support/random.js'

t.test('logLinear()', async (t) => {
  for (const bits of [0, 3, 5, 7]) {
    await t.test(`has buckets without gaps at ${bits} bits`, async (t) => {
      const { bucketOf, firstOf, lastOf } = logLinear(bits)
      for (let bucket = 0; lastOf(bucket) < 2 ** 31 - 1; ++bucket) {
        const [first, last] = [firstOf(bucket), lastOf(bucket)]
        if (bucketOf(first) === bucket && bucketOf(last) === bucket) {
          if (firstOf(bucket + 1) === last + 1 && last - first <= first / 2 ** bits) continue
        }
        t.fail(`bucket ${bucket}: ${first} to ${last}`)
      }
    })
  }

  await t.test('puts every number between the ends of its bucket', async (t) => {
    const random = new Random(announceSeed(t))
    const { bucketOf, firstOf, lastOf } = logLinear(5)
    for (let round = 0; round < 2000; ++round) {
      const value = random.below(2 ** (1 + random.below(31)))
      const bucket = bucketOf(value)
      if (firstOf(bucket) <= value && value <= lastOf(bucket)) continue
      t.fail(`${value} in ${bucket}`)
    }
    t.equal(bucketOf(-5), 0)
    t.equal(bucketOf(7.9), 7)
  })
})
