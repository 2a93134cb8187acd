/**
 * Watches a key while another client sends a random command, here and to redis-server, and compares
 * whether the transaction of the one who watches still comes about.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  FAMILIES,
  familySteps,
  fromEmpty,
  type Step,
  steps,
  wordsOf,
} from '../support/command-arbitraries.js'
import { serve } from '../support/our-server.js'
import { announceSeed } from '../support/random.js'
import { RawClient } from '../support/raw-client.js'
import { OverSocket, RedisSocket } from '../support/raw-comparison.js'
import { startRedis } from '../support/redis-server.js'

const SEQUENCES = 10 * (process.env.SF_LONG ? 20 : 1)
const SEQUENCE_LENGTH_MAX = 100
/** Looks at a key before it calls a command: that it has changed something does not say what. */
const SCRIPT = `redis.pcall('TYPE', KEYS[1]) return redis.pcall(unpack(ARGV))`

const redis = await startRedis('--enable-debug-command', 'yes')
const skip = redis === null && 'no redis-server on this machine'

class Party {
  readonly #watcher: OverSocket
  readonly #actor: OverSocket

  private constructor(watcher: OverSocket, actor: OverSocket) {
    this.#watcher = watcher
    this.#actor = actor
  }

  static async connect(
    t: Test,
    path: string,
    Socket: typeof OverSocket = OverSocket,
  ): Promise<Party> {
    const clients = [await RawClient.connect({ path }, 2), await RawClient.connect({ path }, 2)]
    const [watcher, actor] = clients as [RawClient, RawClient]
    // What expires goes when it is looked for.
    await actor.send('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
    t.teardown(() => {
      for (const client of clients) client.close()
    })
    return new Party(new OverSocket(watcher), new Socket(actor))
  }

  /** @returns Whether the transaction came about. */
  async run(watched: Step, step: Step): Promise<boolean> {
    const { db } = watched
    await this.#watcher.send(watched)
    await this.#actor.send(step)
    await this.#watcher.send({ db, args: ['MULTI'] })
    return (await this.#watcher.send({ db, args: ['EXEC'] })) === '*0\r\n'
  }
}

/**
 * Whether a command may change a key that Redis does not count as changed (the groups of a stream,
 * its last ID), or one of both counts a key as changed that it leaves as it was (a list trimmed by
 * nothing, bits written as they were).
 */
function isToldOtherwise([name = '']: readonly string[]): boolean {
  return /^(bitfield|ltrim|xack|xautoclaim|xclaim|xgroup|xreadgroup|xsetid)$/i.test(name)
}

function inScript(watched: string, step: Step): Step {
  return { db: step.db, args: ['EVAL', SCRIPT, '1', watched, ...step.args] }
}

t.test('Watched keys', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const { path } = await serve(t, { enableDebugCommand: 'yes' })
  const ours = await Party.connect(t, path)
  const theirs = await Party.connect(t, redis.socketPath, RedisSocket)

  const compare = async (t: Test, sequences: fc.Arbitrary<Step[]>, scripted: boolean) => {
    const outcomes = new Set<boolean>()
    const property = fc.asyncProperty(sequences, fc.infiniteStream(fc.nat()), async (all, any) => {
      for (const step of fromEmpty(all)) {
        const [word, db] = [...any.take(2)] as [number, number]
        const { args } = step
        const key = args[word % args.length] as string
        const watched = { db: db % 3 > 0 ? step.db : db % 4, args: ['WATCH', key] }
        const sent = scripted ? inScript(key, step) : step
        const [mine, expected] = await Promise.all([
          ours.run(watched, sent),
          theirs.run(watched, sent),
        ])
        outcomes.add(expected)
        if (mine === expected || isToldOtherwise(args)) continue
        const whose = `${JSON.stringify(key)} of ${watched.db}`
        throw new Error(
          `database ${step.db}: ${wordsOf(step)}\n  ${whose} was left alone: ${expected}`,
        )
      }
    })
    await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
    t.equal(outcomes.size, 2, 'transactions came about, and did not')
  }

  for (const scripted of [false, true]) {
    const way = scripted ? 'scripts' : 'commands'
    await t.test(`are told of by ${way} of all families`, (t) => {
      return compare(t, steps('absolute', SEQUENCE_LENGTH_MAX), scripted)
    })
    for (const family of FAMILIES.keys()) {
      await t.test(`are told of by ${way} of ${family}`, (t) => {
        return compare(t, familySteps(family, SEQUENCE_LENGTH_MAX), scripted)
      })
    }
  }
})
