/**
 * Sends random commands to a server of ours and to redis-server, and compares the events of keys
 * that each of them publishes: what they are, their order and whose they are.
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
import { EventListener } from '../support/event-listener.js'
import { serve } from '../support/our-server.js'
import { announceSeed } from '../support/random.js'
import { RawClient } from '../support/raw-client.js'
import { OverSocket, RedisSocket } from '../support/raw-comparison.js'
import { startRedis } from '../support/redis-server.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 30 * LONG
const SEQUENCE_LENGTH_MAX = 100

const redis = await startRedis('--enable-debug-command', 'yes')
const skip = redis === null && 'no redis-server on this machine'

class Party {
  readonly #side: OverSocket
  readonly #listener: EventListener

  private constructor(side: OverSocket, listener: EventListener) {
    this.#side = side
    this.#listener = listener
  }

  static async connect(
    t: Test,
    path: string,
    letters: string,
    Socket: typeof OverSocket = OverSocket,
  ): Promise<Party> {
    const client = await RawClient.connect({ path }, 2)
    await client.send('CONFIG', 'SET', 'notify-keyspace-events', letters)
    // What expires goes when it is looked for.
    await client.send('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
    const listener = await EventListener.connect(path)
    t.teardown(() => {
      client.close()
      listener.close()
    })
    return new Party(new Socket(client), listener)
  }

  async run(step: Step): Promise<string> {
    const reply = await this.#side.send(step)
    const events = await this.#listener.take()
    // A command that fails may do so before or behind its look at a key.
    if (reply.startsWith('-')) return events.filter((one) => !one.startsWith('keymiss')).join(', ')
    // What has expired is told of first here, and there where the command comes to it.
    const isExpired = (one: string) => one.startsWith('expired')
    const inOrder = [...events.filter(isExpired), ...events.filter((one) => !isExpired(one))]
    // Keys that SORT's patterns lead to are told of once here, and there for each element.
    const told = /^sort/i.test(step.args[0] ?? '') ? [...new Set(inOrder)].sort() : inOrder
    return told.join(', ')
  }
}

t.test('Events of keys', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)

  const compare = async (t: Test, letters: string, sequences: fc.Arbitrary<Step[]>) => {
    const { path } = await serve(t, { enableDebugCommand: 'yes' })
    const ours = await Party.connect(t, path, letters)
    const theirs = await Party.connect(t, redis.socketPath, letters, RedisSocket)
    let events = 0
    const property = fc.asyncProperty(sequences, async (sequence) => {
      for (const step of fromEmpty(sequence)) {
        const [mine, expected] = await Promise.all([ours.run(step), theirs.run(step)])
        events += expected.split(', ').length
        if (mine === expected) continue
        throw new Error(
          `database ${step.db}: ${wordsOf(step)}\n  snapfork ${mine}\n  redis    ${expected}`,
        )
      }
    })
    await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
    t.ok(events > SEQUENCES, `${events} events`)
  }

  await t.test('are those of redis-server in random sequences', (t) => {
    return compare(t, 'KEAnm', steps('absolute', SEQUENCE_LENGTH_MAX))
  })
  await t.test('are those of redis-server without new and missed keys', (t) => {
    return compare(t, 'KEA', steps('absolute', SEQUENCE_LENGTH_MAX))
  })
  for (const family of FAMILIES.keys()) {
    await t.test(`are those of redis-server for ${family} commands`, (t) => {
      return compare(t, 'KEAnm', familySteps(family, SEQUENCE_LENGTH_MAX))
    })
  }
})
