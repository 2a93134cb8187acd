/**
 * Runs random commands here and in redis-server, and compares every reply and what is left.
 *
 * Method: a sequence starts from empty databases. Integers, simple strings, bulk strings and errors
 * are told apart, error texts are compared byte for byte. What Redis leaves open is compared for
 * what it promises: KEYS and a whole SCAN as sets, RANDOMKEY as a key that exists. Time that
 * passes between the two replies is allowed for in TTL and PTTL, and in expiry times only in the
 * sequences that set relative ones.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t from 'tap'
import { type Clock, CommandContext } from '../../dist/commands/context.js'
import { execute } from '../../dist/commands/dispatch.js'
import { type Reply, Status } from '../../dist/commands/spec.js'
import { COMMANDS } from '../../dist/commands/table.js'
import { ReplyError } from '../../dist/errors.js'
import { BULK_LATIN1, type NativeEngine } from '../../dist/native/engine.js'
import {
  DATABASES,
  KEYS,
  resolveTimes,
  type Step,
  steps,
  type TimeMode,
} from '../support/command-arbitraries.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { startRedis } from '../support/redis-server.js'
import {
  ErrorReply,
  type RespClient,
  type RespReply,
  SimpleString,
} from '../support/resp-client.js'

const SEQUENCES = process.env.SF_LONG ? 5000 : 250
const SEQUENCE_LENGTH_MAX = 200
const CLOCK_MS_MAX = 10_000
const SCAN_CALLS_MAX = 10_000

/** Unit of the time in a reply, in ms. */
const TIME_REPLIES: Readonly<Record<string, number>> = {
  TTL: 1000,
  PTTL: 1,
  EXPIRETIME: 1000,
  PEXPIRETIME: 1,
}
/** Of a command without keys. */
const NO_RANGE = { first: 0, last: 0, step: 0 }
const PASSING_TIME: ReadonlySet<string> = new Set(['TTL', 'PTTL'])

/** Our side: the commands as the server will run them, with errors as replies. */
class Ours {
  readonly #native: NativeEngine
  readonly #contexts: CommandContext[]

  constructor(native: NativeEngine, clock: Clock = Date.now) {
    this.#native = native
    this.#contexts = Array.from({ length: DATABASES }, (_, db) => {
      return new CommandContext(native, db, clock)
    })
  }

  send({ db, args }: Step): RespReply {
    const context = this.#contexts[db] as CommandContext
    const bytes = args.map((text) => Buffer.from(text, 'latin1'))
    context.begin(this.#native.setArguments(bytes), BULK_LATIN1)
    try {
      return toResp(execute(context))
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      return new ErrorReply(error.bytes.toString('latin1'))
    }
  }
}

class Theirs {
  readonly #client: RespClient
  #db = 0

  constructor(client: RespClient) {
    this.#client = client
  }

  async send({ db, args }: Step): Promise<RespReply> {
    if (db !== this.#db) {
      await this.#client.send('SELECT', db)
      this.#db = db
    }
    return this.#client.send(...args)
  }
}

function toResp(reply: Reply): RespReply {
  if (reply instanceof Status) return new SimpleString(reply.text)
  if (Array.isArray(reply)) return reply.map(toResp)
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
}

/** One line of text that tells types apart. */
function show(reply: RespReply): string {
  if (reply instanceof SimpleString) return `+${reply.text}`
  if (reply instanceof ErrorReply) return `-${reply.text}`
  if (Array.isArray(reply)) return `[${reply.map(show).join(', ')}]`
  return typeof reply === 'string' ? JSON.stringify(reply) : `${reply}`
}

function showSet(reply: RespReply): string {
  if (!Array.isArray(reply)) return show(reply)
  return show([...new Set(reply as string[])].sort())
}

class Comparison {
  readonly #ours: Ours
  readonly #theirs: Theirs
  readonly #mode: TimeMode
  commands = 0

  constructor(ours: Ours, theirs: Theirs, mode: TimeMode) {
    this.#ours = ours
    this.#theirs = theirs
    this.#mode = mode
  }

  async runSequence(sequence: readonly Step[]): Promise<void> {
    await this.#both({ db: 0, args: ['FLUSHALL'] })
    for (const step of resolveTimes(sequence)) await this.#runStep(step)
    for (let db = 0; db < DATABASES; ++db) await this.#compareDatabase(db)
  }

  async #runStep(step: Step): Promise<void> {
    this.commands += 1
    const name = step.args[0]?.toUpperCase()
    // Expired keys count until something finds them, and that is not the same here and there.
    if (name === 'DBSIZE') await this.#both({ db: step.db, args: ['EXISTS', ...KEYS] })
    const [ours, theirs] = await this.#both(step)
    if (ours instanceof ErrorReply || theirs instanceof ErrorReply) {
      this.#same(step, show(ours), show(theirs))
    } else if (name === 'SCAN') {
      await this.#compareScans(step, ours, theirs)
    } else if (name === 'KEYS') {
      this.#same(step, showSet(ours), showSet(theirs))
    } else if (name === 'RANDOMKEY') {
      await this.#compareRandomKeys(step, ours, theirs)
    } else if (name !== undefined && name in TIME_REPLIES) {
      this.#compareTimes(step, name, ours, theirs)
    } else {
      this.#same(step, show(ours), show(theirs))
    }
  }

  async #both(step: Step): Promise<[RespReply, RespReply]> {
    const ours = this.#ours.send(step)
    return [ours, await this.#theirs.send(step)]
  }

  async #compareScans(step: Step, ours: RespReply, theirs: RespReply): Promise<void> {
    // Another cursor than a zero means other keys in other implementations.
    const isStart = /^[+-]?0*$/.test(step.args[1]?.split('\0', 1)[0] as string)
    if (!isStart) return
    const rest = (reply: RespReply, send: (next: Step) => Promise<RespReply>) =>
      collectScan(reply as [string, string[]], (cursor) =>
        send({ db: step.db, args: ['SCAN', cursor, ...step.args.slice(2)] }),
      )
    const ourKeys = await rest(ours, async (next) => this.#ours.send(next))
    const theirKeys = await rest(theirs, (next) => this.#theirs.send(next))
    this.#same(step, showSet(ourKeys), showSet(theirKeys))
  }

  async #compareRandomKeys(step: Step, ours: RespReply, theirs: RespReply): Promise<void> {
    this.#same(step, `${ours === null}`, `${theirs === null}`)
    if (ours === null) return
    const exists = await this.#theirs.send({ db: step.db, args: ['EXISTS', ours as string] })
    this.#same(step, `${typeof ours} that exists: 1`, `${typeof theirs} that exists: ${exists}`)
  }

  #compareTimes(step: Step, name: string, ours: RespReply, theirs: RespReply): void {
    const mayDiffer = PASSING_TIME.has(name) || this.#mode === 'relative'
    if (mayDiffer && isTime(ours) && isTime(theirs)) {
      const unitMs = TIME_REPLIES[name] as number
      const difference = BigInt(ours) - BigInt(theirs)
      const limit = Math.ceil(CLOCK_MS_MAX / unitMs)
      if (difference <= limit && difference >= -limit) return
    }
    this.#same(step, show(ours), show(theirs))
  }

  async #compareDatabase(db: number): Promise<void> {
    const keys = await this.#theirs.send({ db, args: ['KEYS', '*'] })
    await this.#runStep({ db, args: ['KEYS', '*'] })
    for (const key of keys as string[]) {
      for (const name of ['GET', 'TYPE', 'PEXPIRETIME'])
        await this.#runStep({ db, args: [name, key] })
      await this.#runStep({ db, args: ['OBJECT', 'ENCODING', key] })
    }
    await this.#runStep({ db, args: ['DBSIZE'] })
  }

  #same(step: Step, ours: string, theirs: string): void {
    if (ours === theirs) return
    const words = step.args.map((text) => JSON.stringify(text)).join(' ')
    throw new Error(`database ${step.db}: ${words}\n  snapfork ${ours}\n  redis    ${theirs}`)
  }
}

function isTime(reply: RespReply): reply is number | bigint {
  return (typeof reply === 'number' || typeof reply === 'bigint') && reply >= 0
}

async function collectScan(
  first: [string, string[]],
  next: (cursor: string) => Promise<RespReply>,
): Promise<string[]> {
  const keys: string[] = []
  let reply = first
  for (let calls = 1; ; ++calls) {
    keys.push(...reply[1])
    if (reply[0] === '0') return keys
    if (calls > SCAN_CALLS_MAX) throw new Error('SCAN does not end')
    reply = (await next(reply[0])) as [string, string[]]
  }
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
    for (const command of COMMANDS.values()) {
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
    for (const command of COMMANDS.values()) {
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
})
