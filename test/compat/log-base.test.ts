/**
 * Bases in the form of commands, exchanged with redis-server and compared with what it writes.
 *
 * Method: the same commands make the same keys on both sides, and both rewrite their logs without
 * the preamble. The commands of each key have to be the same bytes wherever the order of elements
 * is Redis's too. Then each side loads what the other has written.
 *
 * SF_LONG=1 runs twenty times as many random commands; SF_SEED repeats a run.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type OpenOptions, open, ReplyError, type Snapfork } from '../../dist/index.js'
import {
  collectionCommands,
  contentOf,
  EngineRunner,
  ServerRunner,
} from '../support/collections.js'
import {
  DATABASES,
  FAMILIES,
  familySteps,
  resolveTimes,
  type Step,
  steps,
} from '../support/command-arbitraries.js'
import { parseCommands } from '../support/log-commands.js'
import { announceSeed } from '../support/random.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import type { RespClient } from '../support/resp-client.js'

t.setTimeout(300_000)

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 10 * LONG
const LENGTH_MAX = 120
const LOG_DIR = 'appendonlydir'
const AS_COMMANDS = { appendonly: true, aofUseRdbPreamble: false, hugePages: false } as const

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'

const LIBRARIES = ['one', 'two'].map(
  (name) => `#!lua name=${name}\nredis.register_function('${name}', function() return '\0' end)`,
)
const SCORES = ['0', '-0', '1', '-1.5', '0.1', '3.0000000000000004', '1e17', '123456789012345678']
SCORES.push('1e21', '-1e300', '5e-324', '2.5e-7', '1e15', '4503599627370497.5', 'inf', '-inf')

/** Keys that have the same form on both sides, and large ones. */
function commandsOfKeys(): string[][] {
  const commands = collectionCommands()
  for (const [at, text] of ['', '0', '-7', '007', '\0\r\n', 'x'.repeat(200_000)].entries()) {
    commands.push(['SET', `string:${at}`, text])
  }
  commands.push(['SET', 'expiring', 'v', 'PXAT', '4102444800002'], ['SET', '\0\r\n$', '1'])
  commands.push(['ZADD', 'scores', ...SCORES.flatMap((score, at) => [score, `m${at}`])])
  // Read, and deleted then; a consumer that has nothing else.
  for (const id of ['1-1', '2-1', '3-1']) commands.push(['XADD', 'gone', id, 'f', 'v'])
  commands.push(['XGROUP', 'CREATE', 'gone', 'group', '0'])
  for (const name of ['first', 'second', 'third']) {
    commands.push(['XREADGROUP', 'GROUP', 'group', name, 'COUNT', '1', 'STREAMS', 'gone', '>'])
  }
  commands.push(['XDEL', 'gone', '1-1', '2-1'], ['XGROUP', 'CREATE', 'gone', 'later', '$'])
  for (const stream of ['trimmed', 'all gone']) {
    commands.push(['XADD', stream, '9-1', 'f', 'v'], ['XGROUP', 'CREATE', stream, 'g', '0'])
    commands.push(['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', stream, '>'])
    if (stream === 'trimmed') commands.push(['XADD', stream, '9-2', 'f', 'v'])
    commands.push(['XTRIM', stream, 'MAXLEN', stream === 'trimmed' ? '1' : '0'])
  }
  commands.push(['XGROUP', 'CREATE', 'never', 'g', '5-5', 'MKSTREAM', 'ENTRIESREAD', '3'])
  return commands
}

/** What no log of Redis tells: when a consumer was seen, and how a stream's nodes were filled. */
const NOT_TOLD: ReadonlySet<unknown> = new Set(['seen-time', 'radix-tree-keys'])

function told(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.filter((_, at) => !NOT_TOLD.has(value[at - 1])).map(told)
}

async function contentOfServer(client: RespClient): Promise<unknown[]> {
  const content: unknown[] = []
  for (let db = 0; db < DATABASES; ++db) {
    await client.send('SELECT', db)
    content.push(told([...(await contentOf(new ServerRunner(client)))]))
  }
  return content
}

async function contentOfEngine(engine: Snapfork): Promise<unknown[]> {
  const content: unknown[] = []
  for (let db = 0; db < DATABASES; ++db) {
    content.push(told([...(await contentOf(new EngineRunner(engine.database(db))))]))
  }
  return content
}

/** Some keys are in another database. */
function databaseOf(command: readonly string[]): number {
  return /^(list|string)/.test(command[1] ?? '') ? 3 : 0
}

async function fillEngine(engine: Snapfork): Promise<void> {
  for (const command of commandsOfKeys()) {
    await new EngineRunner(engine.database(databaseOf(command))).run(...command)
  }
}

async function startServer(dir: string): Promise<RedisServer> {
  const settings = ['--dir', dir, '--appendonly', 'yes', '--aof-use-rdb-preamble', 'no']
  return (await startRedis(...settings)) as RedisServer
}

async function fillServer(client: RespClient): Promise<void> {
  for (const command of commandsOfKeys()) {
    await client.send('SELECT', databaseOf(command))
    await new ServerRunner(client).run(...command)
  }
}

async function rewriteServer(client: RespClient): Promise<void> {
  await client.send('BGREWRITEAOF')
  while (/aof_rewrite_in_progress:1/.test(String(await client.send('INFO', 'persistence')))) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function basePath(dir: string): string {
  const names = readdirSync(join(dir, LOG_DIR)).filter((name) => name.endsWith('.base.aof'))
  return join(dir, LOG_DIR, names.at(-1) as string)
}

/** A claim that only tells when a consumer was seen, which Redis does not write. */
function isSight(words: readonly string[]): boolean {
  return words[0] === 'XCLAIM' && words[5] === '0-0'
}

/** The commands of each key, and its database; without times of delivery. */
function commandsByKey(path: string): Map<string, string[]> {
  const byKey = new Map<string, string[]>()
  let database = ''
  for (const words of parseCommands(readFileSync(path))) {
    const [name = '', second = ''] = words
    if (name === 'SELECT') database = second
    if (name === 'SELECT' || name === 'FUNCTION' || isSight(words)) continue
    const key = `${database} ${name === 'XGROUP' ? words[2] : second}`
    const at = words.indexOf('TIME')
    const told = words.map((word, index) => (name === 'XCLAIM' && index === at + 1 ? 'T' : word))
    byKey.set(key, [...(byKey.get(key) ?? []), told.join(' ')])
  }
  return byKey
}

/** Whether Redis has the elements in an order that is ours too, and nothing is lost there. */
async function isComparable(client: RespClient, name: string): Promise<boolean> {
  const [database, ...words] = name.split(' ')
  const key = Buffer.from(words.join(' '), 'latin1')
  await client.send('SELECT', Number(database))
  const encoding = String(await client.send('OBJECT', 'ENCODING', key))
  if (encoding === 'stream') return !/^(gone|trimmed|all gone|stream:\d+)$/.test(words.join(' '))
  return !/^(hashtable|skiplist)$/.test(encoding)
}

t.test('Bases of commands, exchanged with redis-server', { skip }, async (t) => {
  const root = t.testdir()
  const directory = () => mkdtempSync(join(root, 'dir-'))

  await t.test('are the bytes that redis-server writes', async (t) => {
    const dir = directory()
    const engine = await open({ dir, ...AS_COMMANDS, aofTimestampEnabled: true })
    t.teardown(() => engine.close())
    await fillEngine(engine)
    const theirDir = directory()
    const server = await startServer(theirDir)
    t.teardown(() => server.stop())
    const client = await server.connect()
    await fillServer(client)
    await client.send('CONFIG', 'SET', 'aof-timestamp-enabled', 'yes')
    await Promise.all([engine.bgrewriteaof(), rewriteServer(client)])
    for (const path of [basePath(dir), basePath(theirDir)]) {
      t.match(readFileSync(path, 'latin1').slice(0, 40), /^#TS:\d{10}\r\n\*2\r\n\$6\r\nSELECT/)
    }
    const [ours, theirs] = [commandsByKey(basePath(dir)), commandsByKey(basePath(theirDir))]
    t.strictSame([...ours.keys()].sort(), [...theirs.keys()].sort())
    let compared = 0
    for (const [key, expected] of theirs) {
      if (!(await isComparable(client, key))) continue
      compared += 1
      t.strictSame(ours.get(key), expected, JSON.stringify(key))
    }
    t.ok(compared > 120, `${compared} keys`)
  })

  await t.test('are loaded by redis-server, with all that is in them', async (t) => {
    const dir = directory()
    const engine = await open({ dir, ...AS_COMMANDS })
    await fillEngine(engine)
    const report = await engine.bgrewriteaof()
    t.match(report, { kind: 'aof', path: basePath(dir) })
    const [expected, digest] = [await contentOfEngine(engine), engine.digest()]
    await engine.close()
    const manifest = join(dir, LOG_DIR, 'appendonly.aof.manifest')
    const check = spawnSync('redis-check-aof', [manifest], { encoding: 'latin1' })
    if (check.error === undefined) t.equal(check.status, 0, check.stdout)
    const again = await open({ dir, ...AS_COMMANDS })
    t.equal(again.digest(), digest, 'and here, to the last bit')
    await again.close()
    const server = await startServer(dir)
    t.teardown(() => server.stop())
    t.strictSame(await contentOfServer(await server.connect()), expected)
  })

  await t.test('are loaded here when redis-server wrote them', async (t) => {
    const dir = directory()
    const server = await startServer(dir)
    const client = await server.connect()
    await fillServer(client)
    await rewriteServer(client)
    // What it has lost is lost.
    await client.send('DEBUG', 'LOADAOF')
    const expected = await contentOfServer(client)
    await server.stop()
    const engine = await open({ dir, ...AS_COMMANDS })
    t.teardown(() => engine.close())
    t.strictSame(await contentOfEngine(engine), expected)
  })

  await t.test('have the libraries of functions', async (t) => {
    const dir = directory()
    const first = await startServer(dir)
    const client = await first.connect()
    for (const code of LIBRARIES) await client.send('FUNCTION', 'LOAD', Buffer.from(code, 'latin1'))
    const list = await client.send('FUNCTION', 'LIST', 'WITHCODE')
    await rewriteServer(client)
    await first.stop()
    const engine = await open({ dir, ...AS_COMMANDS })
    await engine.bgrewriteaof()
    await engine.close()
    const names = parseCommands(readFileSync(basePath(dir))).map((words) => words[0])
    t.strictSame(names, ['FUNCTION', 'FUNCTION'])
    const second = await startServer(dir)
    t.teardown(() => second.stop())
    const found = await (await second.connect()).send('FUNCTION', 'LIST', 'WITHCODE')
    t.strictSame((found as unknown[]).map(String).sort(), (list as unknown[]).map(String).sort())
  })
})

function run(db: Snapfork, { db: index, args }: Step): void {
  const [name = '', ...words] = args.map((text) => Buffer.from(text, 'latin1'))
  try {
    db.database(index).callBuffer(name.toString('latin1'), ...words)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
  }
}

t.test('A base of commands brings back what random commands have left', async (t) => {
  const seed = announceSeed(t)
  for (const kind of ['strings and keys', ...FAMILIES.keys()]) {
    await t.test(kind, async (t) => {
      const dir = t.testdir()
      const options: OpenOptions = { dir, ...AS_COMMANDS, appendfsync: 'no' }
      let db = await open(options)
      t.teardown(() => db.close())
      const sequences =
        kind === 'strings and keys' ? steps('relative', LENGTH_MAX) : familySteps(kind, LENGTH_MAX)
      const property = fc.asyncProperty(sequences, async (sequence) => {
        db.flushall()
        for (const step of resolveTimes(sequence)) run(db, step)
        await db.bgrewriteaof()
        const digest = db.digest()
        await db.close()
        db = await open(options)
        const found = db.digest()
        if (found !== digest) throw new Error(`was ${digest}, came ${found}`)
      })
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
    })
  }
})

t.test('A base of commands keeps the expiries of fields', async (t) => {
  const dir = t.testdir()
  const db = await open({ dir, ...AS_COMMANDS })
  for (const size of [1, 3, 600]) {
    for (let at = 0; at < size; ++at) db.hset(`hash:${size}`, `f${at}`, `${at}`)
    // Some, all of them, and none any more.
    for (let at = 0; at < size; at += 2) {
      db.call('HPEXPIREAT', `hash:${size}`, `${4_102_444_800_000 + at}`, 'FIELDS', '1', `f${at}`)
    }
    db.hset(`was:${size}`, 'f', '1')
    db.hset(`was:${size}`, '\0\r\n', '')
    db.call('HPEXPIREAT', `was:${size}`, '4102444800000', 'FIELDS', '1', 'f')
    db.call('HPERSIST', `was:${size}`, 'FIELDS', '1', 'f')
  }
  db.pexpireat('hash:3', 4_102_444_800_000)
  await db.bgrewriteaof()
  const digest = db.digest()
  await db.close()
  const again = await open({ dir, ...AS_COMMANDS })
  t.teardown(() => again.close())
  t.equal(again.digest(), digest)
  t.equal(
    again.call('HPEXPIRETIME', 'hash:600', 'FIELDS', '1', 'f598')?.toString(),
    '4102444800598',
  )
})
