/**
 * Runs random commands here and in redis-server, and compares what both write into their
 * append-only files, command by command and byte by byte.
 *
 * Times that depend on the clock are taken out: numbers of twelve digits and more. What is popped
 * at random here is removed by name there. Walks over keys remove what has expired there, and only
 * hide it here. Two differences are meant, and left out: BITFIELD is
 * logged here whenever it has written, so that a string that grew is not lost; and XREADGROUP logs
 * how far the group has read and which consumers it has made, which Redis 7.0 forgets.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { open, ReplyError, type Snapfork } from '../../dist/index.js'
import {
  FAMILIES,
  familySteps,
  resolveTimes,
  type Step,
  steps,
} from '../support/command-arbitraries.js'
import { announceSeed } from '../support/random.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import type { RespClient } from '../support/resp-client.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 40 * LONG
const LENGTH_MAX = 100
const NOTHING = /^$/
const LEFT_OUT = /^(bitfield|scan|keys|randomkey)$/i
const GROUP_POSITIONS = /MULTI|EXEC|SELECT|XGROUP.*(SETID.*ENTRIESREAD|CREATECONSUMER)/
const INCREMENTAL = join('appendonlydir', 'appendonly.aof.1.incr.aof')

/** A file of commands that grows. */
class GrowingLog {
  readonly #path: string
  /** Commands that are left out. */
  readonly #left: RegExp
  #bytes = 0

  constructor(path: string, left: RegExp) {
    this.#path = path
    this.#left = left
  }

  /** What came since the last call, a command a line. */
  read(): string[] {
    const bytes = readFileSync(this.#path).subarray(this.#bytes)
    this.#bytes += bytes.length
    return bytes
      .toString('latin1')
      .split(/(?=^\*\d+\r$)/m)
      .map((command) => JSON.stringify(command).replace(/\d{12,}/g, 'T'))
      .filter((command) => !this.#left.test(command))
  }
}

/** What a command of the engine came to. */
interface Outcome {
  readonly step: Step
  readonly reply: Buffer[] | Buffer | null
  /** Random: the other side removes the same members. */
  readonly isPop: boolean
  readonly isGone: boolean
}

class LogComparison {
  readonly #db: Snapfork
  readonly #client: RespClient
  readonly #ours: GrowingLog
  readonly #theirs: GrowingLog
  #selected = 0
  commands = 0

  constructor(db: Snapfork, client: RespClient, ours: GrowingLog, theirs: GrowingLog) {
    this.#db = db
    this.#client = client
    this.#ours = ours
    this.#theirs = theirs
  }

  async runSequence(sequence: readonly Step[]): Promise<void> {
    const wanted = sequence.filter(({ args }) => !LEFT_OUT.test(args[0] as string))
    // Nothing is left behind that could expire by itself until the next sequence.
    const all = [...resolveTimes(wanted), { db: 0, args: ['FLUSHALL'] }]
    // In one turn of the event loop: nothing expires by itself between two of them.
    const outcomes = all.map((step) => this.#runOurs(step))
    for (const outcome of outcomes) {
      this.commands += 1
      await this.#runTheirs(outcome)
    }
    await this.#compare('the whole sequence')
  }

  #runOurs(step: Step): Outcome {
    const reply = this.#send(step)
    const isPop = step.args[0]?.toUpperCase() === 'SPOP' && reply !== null
    return { step, reply, isPop, isGone: isPop && step.args.length > 2 && this.#isGone(step) }
  }

  async #runTheirs({ step, reply, isPop, isGone }: Outcome): Promise<void> {
    const members = Array.isArray(reply) ? reply : [reply as Buffer]
    if (isGone) {
      await this.#sendTheirs({ db: step.db, args: ['DEL', step.args[1] as string] })
    } else if (isPop && members.length > 0) {
      await this.#sendTheirs({ db: step.db, args: ['SREM', step.args[1] as string] }, members)
    } else {
      await this.#sendTheirs(step)
    }
  }

  #isGone({ db, args }: Step): boolean {
    return this.#db.database(db).exists(Buffer.from(args[1] as string, 'latin1')) === 0
  }

  #send({ db, args }: Step): Buffer[] | Buffer | null {
    const [name = '', ...words] = args.map((text) => Buffer.from(text, 'latin1'))
    try {
      return this.#db.database(db).callBuffer(name.toString('latin1'), ...words) as
        | Buffer[]
        | Buffer
        | null
    } catch (error) {
      if (error instanceof ReplyError) return null
      throw error
    }
  }

  async #sendTheirs({ db, args }: Step, more: readonly Buffer[] = []): Promise<void> {
    if (db !== this.#selected) await this.#client.send('SELECT', db)
    this.#selected = db
    // Redis's SORT takes the error of the last number that was out of range for its own.
    if (/^sort(_ro)?$/i.test(args[0] as string))
      await this.#client.send('ZADD', 'no key', 'XX', '1', 'a')
    await this.#client.send(...args, ...more)
  }

  async #compare(what: string): Promise<void> {
    await this.#db.durable()
    const ours = this.#ours.read()
    const theirs = this.#theirs.read()
    for (let at = 0; at < Math.max(ours.length, theirs.length); ++at) {
      if (ours[at] === theirs[at]) continue
      const near = (log: string[]) =>
        log
          .slice(Math.max(0, at - 2), at + 4)
          .map((command) => command.replace(/(.)\1{50,}/g, '$1...'))
          .join('\n           ')
      throw new Error(
        `${what}, command ${at}\n  snapfork ${near(ours)}\n  redis    ${near(theirs)}`,
      )
    }
  }
}

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'

t.test('Append-only files compared with those of redis-server', { skip }, async (t) => {
  const seed = announceSeed(t)
  const kinds = ['strings and keys', ...FAMILIES.keys()]
  for (const kind of kinds) {
    await t.test(`are the same after random commands: ${kind}`, async (t) => {
      const left = kind === 'stream' ? GROUP_POSITIONS : NOTHING
      const [dir, theirDir] = [t.testdir(), mkdtempSync(join(t.testdirName, 'redis-'))]
      const db = await open({ dir, appendonly: true, appendfsync: 'no' })
      t.teardown(() => db.close())
      const settings = ['--appendonly', 'yes', '--appendfsync', 'no', '--dir', theirDir]
      const redis = (await startRedis(...settings)) as RedisServer
      t.teardown(() => redis.stop())
      const client = await redis.connect()
      await client.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0)
      const comparison = new LogComparison(
        db,
        client,
        new GrowingLog(join(dir, INCREMENTAL), left),
        new GrowingLog(join(theirDir, INCREMENTAL), left),
      )
      const sequences =
        kind === 'strings and keys' ? steps('relative', LENGTH_MAX) : familySteps(kind, LENGTH_MAX)
      const property = fc.asyncProperty(sequences, (sequence) => comparison.runSequence(sequence))
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
      t.ok(comparison.commands > SEQUENCES)
    })
  }
})
