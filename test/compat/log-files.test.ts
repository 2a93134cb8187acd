/**
 * Directories of an append-only log, exchanged with redis-server.
 *
 * Method: collections of every type and form, made by the same commands, with a rewrite in the
 * middle; what one side has written is opened by the other, and its content compared.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { open } from '../../dist/index.js'
import {
  type CommandRunner,
  collectionCommands,
  contentOf,
  EngineRunner,
  ServerRunner,
} from '../support/collections.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

t.setTimeout(300_000)

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'
const commands = collectionCommands()
const middle = Math.trunc(commands.length / 2)
const MANIFEST = join('appendonlydir', 'appendonly.aof.manifest')

/** What no log tells: when a consumer was seen, and with Redis 7.0 how far a group has read. */
const NOT_LOGGED: ReadonlySet<unknown> = new Set(['seen-time', 'entries-read', 'lag'])

async function loggedContentOf(runner: CommandRunner): Promise<unknown> {
  return [...(await contentOf(runner))].map(logged)
}

function logged(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.filter((_, at) => !NOT_LOGGED.has(value[at - 1])).map(logged)
}

t.test('Append-only files exchanged with redis-server', { skip }, async (t) => {
  const root = t.testdir()
  const directory = () => mkdtempSync(join(root, 'dir-'))
  const startServer = async (dir: string): Promise<RedisServer> => {
    return (await startRedis('--dir', dir, '--appendonly', 'yes')) as RedisServer
  }

  await t.test('redis-server opens what is logged here', async (t) => {
    const dir = directory()
    const engine = await open({ dir, appendonly: true })
    const ours = new EngineRunner(engine)
    for (const command of commands.slice(0, middle)) await ours.run(...command)
    await engine.bgrewriteaof()
    for (const command of commands.slice(middle)) await ours.run(...command)
    const expected = await loggedContentOf(ours)
    await engine.close()
    const check = spawnSync('redis-check-aof', [join(dir, MANIFEST)], { encoding: 'latin1' })
    if (check.error === undefined) t.equal(check.status, 0, check.stdout)
    const server = await startServer(dir)
    t.teardown(() => server.stop())
    t.strictSame(await loggedContentOf(new ServerRunner(await server.connect())), expected)
  })

  await t.test('it goes on behind room that was left by one who was killed', async (t) => {
    const dir = directory()
    const engine = await open({ dir, appendonly: true, appendfsync: 'always' })
    const ours = new EngineRunner(engine)
    for (const command of commands) await ours.run(...command)
    await engine.durable()
    const expected = await loggedContentOf(ours)
    const left = directory()
    cpSync(dir, left, { recursive: true })
    await engine.close()
    const path = join(left, 'appendonlydir', 'appendonly.aof.1.incr.aof')
    const text = readFileSync(path, 'latin1')
    t.match(text, /^#BLOCK:[0-9a-f]{16} \d+ *\r\n\*/)
    t.ok(text.endsWith('##\r\n'))
    const check = spawnSync('redis-check-aof', [join(left, MANIFEST)], { encoding: 'latin1' })
    if (check.error === undefined) t.equal(check.status, 0, check.stdout)
    const server = await startServer(left)
    const theirs = new ServerRunner(await server.connect())
    t.strictSame(await loggedContentOf(theirs), expected)
    await theirs.run('SET', 'last', '1')
    await server.stop()
    const again = await open({ dir: left, appendonly: true })
    t.teardown(() => again.close())
    t.equal(again.del('last'), 1)
    t.strictSame(await loggedContentOf(new EngineRunner(again)), expected)
  })

  await t.test('what redis-server logs is opened here', async (t) => {
    const dir = directory()
    const server = await startServer(dir)
    const client = await server.connect()
    const theirs = new ServerRunner(client)
    for (const command of commands.slice(0, middle)) await theirs.run(...command)
    await theirs.run('BGREWRITEAOF')
    while (/aof_rewrite_in_progress:1/.test(String(await theirs.run('INFO', 'persistence')))) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const command of commands.slice(middle)) await theirs.run(...command)
    const expected = await loggedContentOf(theirs)
    await client.send('CONFIG', 'SET', 'appendfsync', 'always')
    await theirs.run('SET', 'last', '1')
    await server.stop()
    const engine = await open({ dir, appendonly: true })
    t.teardown(() => engine.close())
    t.equal(engine.del('last'), 1)
    t.strictSame(await loggedContentOf(new EngineRunner(engine)), expected)
  })
})
