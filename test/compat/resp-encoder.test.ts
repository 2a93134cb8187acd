/**
 * Runs random commands here and in redis-server in both protocols, and compares the replies' bytes.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t, { type Test } from 'tap'
import { formatDouble } from '../../dist/commands/reply.js'
import { FAMILIES, familySteps, type Step, steps } from '../support/command-arbitraries.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { parseRaw, RawClient } from '../support/raw-client.js'
import { OurBytes, RawComparison } from '../support/raw-comparison.js'
import { startRedis } from '../support/redis-server.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 60 * LONG
const FAMILY_SEQUENCES = 80 * LONG
const SEQUENCE_LENGTH_MAX = 150

/** Replies that random commands are too seldom to meet. */
const HAND_PICKED = [
  'RPUSH l a b c',
  'LPOP no',
  'LPOP no 2',
  'RPOP no 0',
  'LPOP l 0',
  'LPOP l 1',
  'LMPOP 1 no LEFT',
  'LMPOP 2 no l RIGHT COUNT 5',
  'HSET h f 1 g 2',
  'HGETALL h',
  'HGETALL no',
  'HRANDFIELD h -3 WITHVALUES',
  'HRANDFIELD no 2 WITHVALUES',
  'ZADD z 1 a 2.5 b inf c 1e300 d 0.1 e',
  'ZADD z INCR 1 a',
  'ZADD z NX INCR 1 a',
  'ZADD z CH 5 a 6 new',
  'ZSCORE z e',
  'ZMSCORE z a no b',
  'ZRANGE z 0 -1 REV WITHSCORES',
  'ZRANGE no 0 -1 WITHSCORES',
  'ZUNION 2 z withscores',
  'ZUNION 2 z withscores WITHSCORES',
  'ZINTER 1 z',
  'ZDIFF 1 z WITHSCORES',
  'ZPOPMIN z',
  'ZPOPMIN z 2',
  'ZPOPMAX no',
  'ZPOPMAX no 2',
  'ZMPOP 1 z MAX COUNT 2',
  'ZMPOP 1 no MIN',
  'ZRANDMEMBER z -4 WITHSCORES',
  'SADD s a',
  'SPOP s 2',
  'SPOP s 2',
  'SPOP s',
  'SET str value',
  'LCS str str IDX WITHMATCHLEN',
  'LCS str str LEN',
  'LCS str str',
  'GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C',
  'GEOPOS g P no C',
  'GEOPOS none P',
  'GEOHASH g P no',
  'GEODIST g P no',
  'GEOSEARCH g FROMMEMBER P BYRADIUS 300 km ASC WITHDIST WITHCOORD WITHHASH',
  'GEORADIUS g 15 37 200 km WITHCOORD',
  'GEORADIUS g 15 37 200 km STORE other',
  'XADD x 1-1 f v',
  'XADD x 2-1 f v',
  'XADD no NOMKSTREAM * f v',
  'XREAD STREAMS x no 0 0',
  'XREAD STREAMS no 0',
  'XINFO STREAM x',
  'XGROUP CREATE x group 0',
  'XPENDING x group',
  'XREADGROUP GROUP group one STREAMS x >',
  'XDEL x 1-1',
  'XREADGROUP GROUP group one STREAMS x 0',
  'XREADGROUP GROUP group one STREAMS x >',
  'XPENDING x group',
  'XPENDING x group - + 10',
  'XCLAIM x group two 0 1-1 2-1',
  'XAUTOCLAIM x group one 0 0',
  'XINFO GROUPS x',
  'XINFO CONSUMERS x group',
  'XINFO STREAM x FULL',
  'XDEL x 2-1',
  'XRANGE x - + COUNT 0',
  'XRANGE no - + COUNT 0',
  'XINFO STREAM x',
  'BITFIELD bits OVERFLOW FAIL INCRBY u2 0 99',
  'SORT l BY nosort GET no_*',
  'SET str other NX',
  'OBJECT ENCODING no',
]

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('Replies as they go on the wire', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const admin = await redis.connect()
  await admin.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0)

  for (const protocol of [2, 3] as const) {
    const start = async (t: Test) => {
      const { native } = openEngine(t)
      const client = await RawClient.connect({ path: redis.socketPath }, protocol)
      t.teardown(() => client.close())
      return new RawComparison(new OurBytes(native, protocol), client)
    }

    await t.test(`are the same in RESP${protocol} for hand-picked commands`, async (t) => {
      const comparison = await start(t)
      await comparison.runSequence(HAND_PICKED.map((line) => ({ db: 0, args: line.split(' ') })))
      t.ok(comparison.same > HAND_PICKED.length / 2)
    })

    await t.test(`are the same in RESP${protocol} in random sequences`, async (t) => {
      const comparison = await start(t)
      const property = fc.asyncProperty(
        steps('absolute', SEQUENCE_LENGTH_MAX),
        async (sequence) => {
          await comparison.runSequence(sequence)
        },
      )
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
      t.comment(`${comparison.same} of ${comparison.commands} byte for byte`)
      t.ok(comparison.same > comparison.commands / 2)
    })

    for (const family of FAMILIES.keys()) {
      await t.test(`are the same in RESP${protocol} for ${family} commands`, async (t) => {
        const comparison = await start(t)
        const property = fc.asyncProperty(
          familySteps(family, SEQUENCE_LENGTH_MAX),
          async (sequence: Step[]) => {
            await comparison.runSequence(sequence)
          },
        )
        await fc.assert(property, { seed, numRuns: FAMILY_SEQUENCES, endOnFailure: false })
        t.comment(`${comparison.same} of ${comparison.commands} byte for byte`)
        t.ok(comparison.same > comparison.commands / 2)
      })
    }
  }

  await t.test('have numbers as C writes them', async (t) => {
    const client = await RawClient.connect({ path: redis.socketPath }, 3)
    t.teardown(() => client.close())
    const double = fc.double({ noNaN: true })
    const property = fc.asyncProperty(double, async (value) => {
      const text = Object.is(value, -0) ? '-0' : `${value}`.replace('Infinity', '1e999')
      const theirs = await client.send('EVAL', 'return {double=tonumber(ARGV[1])}', 0, text)
      t.equal(formatDouble(value), parseRaw(theirs).text)
    })
    // Halfway between two texts of 17 digits: C takes the even one.
    const halves = [-7130352652835645 / 8, 7130352652835647 / 8, 213 / 2 ** 21, 1 / 2 ** 25]
    const edges = [0, -0, 1e15, 1e16, 1e17, 1e21, 1e-4, 1e-5, 0.1, 2 ** 53, 2 ** 63]
    const examples = [...edges, ...halves]
    await fc.assert(property, { seed, numRuns: 500, examples: examples.map((one) => [one]) })
  })
})
