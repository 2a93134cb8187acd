/**
 * Runs random commands here and in redis-server, and compares every reply and what is left.
 *
 * Method: a sequence starts from empty databases. Integers, simple strings, bulk strings and errors
 * are told apart, error texts are compared byte for byte. Collections are compared with the default
 * limits and with tiny ones, so that every form and every change of form is met.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t from 'tap'
import { COMMANDS } from '../../dist/commands/table.js'
import { FAMILIES, familySteps, type Step, steps } from '../support/command-arbitraries.js'
import { Comparison, Ours, Theirs } from '../support/comparison.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { startRedis } from '../support/redis-server.js'
import type { RespReply, SimpleString } from '../support/resp-client.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 250 * LONG
const FAMILY_SEQUENCES = 100 * LONG
const SEQUENCE_LENGTH_MAX = 200

/** Of a command without keys. */
const NO_RANGE = { first: 0, last: 0, step: 0 }
/** Commands that came after the version of redis-server that is compared with. */
const LATER_SINCE = '7.4.0'
const COMMON_COMMANDS = [...COMMANDS.values()].filter(({ since }) => since !== LATER_SINCE)

/** So small that a few elements pass them, and Redis's defaults. */
const LIMITS = {
  default: {
    hashMaxListpackEntries: 512,
    hashMaxListpackValue: 64,
    setMaxIntsetEntries: 512,
    setMaxListpackEntries: 128,
    setMaxListpackValue: 64,
    zsetMaxListpackEntries: 128,
    zsetMaxListpackValue: 64,
    listMaxListpackSize: -2,
    streamNodeMaxBytes: 4096,
    streamNodeMaxEntries: 100,
  },
  tiny: {
    hashMaxListpackEntries: 4,
    hashMaxListpackValue: 20,
    setMaxIntsetEntries: 4,
    setMaxListpackEntries: 4,
    setMaxListpackValue: 20,
    zsetMaxListpackEntries: 4,
    zsetMaxListpackValue: 20,
    listMaxListpackSize: 3,
    streamNodeMaxBytes: 4096,
    streamNodeMaxEntries: 3,
  },
}
/** Directives that the version compared with does not have. */
const LATER_LIMITS = new Set(['set-max-listpack-entries', 'set-max-listpack-value'])

/** `hashMaxListpackEntries` as `hash-max-listpack-entries`. */
function directiveOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('Commands compared with redis-server', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const client = await redis.connect()
  await client.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0)

  await t.test('have the arity, flags and key positions of COMMAND INFO', async (t) => {
    for (const command of COMMON_COMMANDS) {
      const [info] = (await client.send('COMMAND', 'INFO', command.name)) as RespReply[][]
      const [name, arity, flags, first, last, step] = info as RespReply[]
      const names = (flags as SimpleString[]).map(({ text }) => text)
      const { first: ourFirst, last: ourLast, step: ourStep } = command.keys ?? NO_RANGE
      t.strictSame(
        [command.name.toLowerCase(), command.arity, [...command.flags].sort()],
        [name, arity, names.filter((flag) => flag !== 'movablekeys').sort()],
      )
      t.strictSame([ourFirst, ourLast, ourStep], [first, last, step], command.name)
    }
  })

  await t.test('are as old as COMMAND DOCS says', async (t) => {
    for (const command of COMMON_COMMANDS) {
      const docs = (await client.send('COMMAND', 'DOCS', command.name)) as [string, string[]]
      const since = docs[1][docs[1].indexOf('since') + 1]
      const group = docs[1][docs[1].indexOf('group') + 1]
      t.strictSame([command.name, command.since, command.family], [command.name, since, group])
    }
  })

  for (const mode of ['absolute', 'relative'] as const) {
    await t.test(`reply the same in random sequences with ${mode} times`, async (t) => {
      const { native } = openEngine(t)
      const comparison = new Comparison(new Ours(native), new Theirs(await redis.connect()), mode)
      const property = fc.asyncProperty(steps(mode, SEQUENCE_LENGTH_MAX), async (sequence) => {
        await comparison.runSequence(sequence)
      })
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
      t.comment(`${comparison.commands} commands compared with redis ${redis.version}`)
      t.ok(comparison.commands > SEQUENCES)
    })
  }

  for (const family of FAMILIES.keys()) {
    for (const limits of ['default', 'tiny'] as const) {
      await t.test(`reply the same in random ${family} commands, ${limits} limits`, async (t) => {
        const { native } = openEngine(t)
        native.setLimits(LIMITS[limits])
        for (const [name, value] of Object.entries(LIMITS[limits])) {
          const directive = directiveOf(name)
          if (!LATER_LIMITS.has(directive)) await client.send('CONFIG', 'SET', directive, value)
        }
        const theirs = new Theirs(await redis.connect())
        const comparison = new Comparison(new Ours(native), theirs, 'absolute')
        const property = fc.asyncProperty(
          familySteps(family, SEQUENCE_LENGTH_MAX),
          async (sequence: Step[]) => {
            await comparison.runSequence(sequence)
          },
        )
        await fc.assert(property, { seed, numRuns: FAMILY_SEQUENCES, endOnFailure: false })
        t.comment(`${comparison.commands} commands compared with redis ${redis.version}`)
        t.ok(comparison.commands > FAMILY_SEQUENCES)
      })
    }
  }

  await t.test('make a HyperLogLog dense at the same size', async (t) => {
    const { native } = openEngine(t)
    const comparison = new Comparison(new Ours(native), new Theirs(client), 'absolute')
    // About 1,680 elements fill the sparse form; then every element may be the one too many.
    const args = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) => `${seed}:${from + at}`)
    const sequence: Step[] = [{ db: 0, args: ['PFADD', 'h', ...args(0, 1600)] }]
    for (let index = 1600; index < 1760; ++index) {
      sequence.push({ db: 0, args: ['PFADD', 'h', ...args(index, index + 1)] })
      sequence.push({ db: 0, args: ['GET', 'h'] })
    }
    await comparison.runSequence(sequence)
    t.equal(comparison.commands > sequence.length, true)
  })
})
