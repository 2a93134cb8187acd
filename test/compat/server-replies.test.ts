/**
 * Sends random commands to a server of ours and to redis-server, in both protocols, and compares
 * the bytes of the replies: those of the express lane and those of TypeScript alike.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t, { type Test } from 'tap'
import { FAMILIES, familySteps, type Step, steps } from '../support/command-arbitraries.js'
import { serve } from '../support/our-server.js'
import { announceSeed } from '../support/random.js'
import { RawClient } from '../support/raw-client.js'
import { OverSocket, RawComparison } from '../support/raw-comparison.js'
import { startRedis } from '../support/redis-server.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 30 * LONG
const FAMILY_SEQUENCES = 30 * LONG
const SEQUENCE_LENGTH_MAX = 150

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('Replies of a server', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const admin = await redis.connect()
  await admin.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0)

  for (const protocol of [2, 3] as const) {
    const start = async (t: Test) => {
      const { path } = await serve(t)
      const ours = await RawClient.connect({ path }, protocol)
      const theirs = await RawClient.connect({ path: redis.socketPath }, protocol)
      t.teardown(() => {
        ours.close()
        theirs.close()
      })
      return new RawComparison(new OverSocket(ours), theirs)
    }
    const compare = async (t: Test, sequences: fc.Arbitrary<Step[]>, numRuns: number) => {
      const comparison = await start(t)
      const property = fc.asyncProperty(sequences, (sequence) => comparison.runSequence(sequence))
      await fc.assert(property, { seed, numRuns, endOnFailure: false })
      t.comment(`${comparison.same} of ${comparison.commands} byte for byte`)
      t.ok(comparison.same > comparison.commands / 2)
    }

    await t.test(`are the same in RESP${protocol} in random sequences`, (t) => {
      return compare(t, steps('absolute', SEQUENCE_LENGTH_MAX), SEQUENCES)
    })
    for (const family of FAMILIES.keys()) {
      await t.test(`are the same in RESP${protocol} for ${family} commands`, (t) => {
        return compare(t, familySteps(family, SEQUENCE_LENGTH_MAX), FAMILY_SEQUENCES)
      })
    }
  }
})
