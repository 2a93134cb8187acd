/**
 * Collections of every type and form, exchanged with redis-server: as files and as payloads.
 *
 * Method: the same commands make the same collections on one side; what they become is read on the
 * other side after a file was loaded, or a payload restored, and compared with the origin.
 */

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { open } from '../../dist/index.js'
import {
  collectionCommands,
  contentOf,
  EngineRunner,
  readValue,
  ServerRunner,
} from '../support/collections.js'
import { checkRdb, type RedisServer, startRedis } from '../support/redis-server.js'

const TIMEOUT_MS = 300_000

t.setTimeout(TIMEOUT_MS)

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'
const commands = collectionCommands()

t.test('Collections exchanged with redis-server', { skip }, async (t) => {
  const root = t.testdir()
  const directory = () => mkdtempSync(join(root, 'dir-'))

  async function startServer(dir: string): Promise<[RedisServer, ServerRunner]> {
    const server = (await startRedis('--dir', dir)) as RedisServer
    return [server, new ServerRunner(await server.connect())]
  }

  await t.test('redis-server loads what is saved here', async (t) => {
    const dir = directory()
    const engine = await open({ dir })
    t.teardown(() => engine.close())
    const ours = new EngineRunner(engine)
    for (const command of commands) await ours.run(...command)
    await engine.bgsave()
    const { isSound, output } = checkRdb(join(dir, 'dump.rdb'))
    t.ok(isSound, 'redis-check-rdb is content', { output })
    const [server, theirs] = await startServer(dir)
    t.teardown(() => server.stop())
    t.strictSame(await contentOf(theirs), await contentOf(ours))
  })

  await t.test('what redis-server saves is loaded here, and saved again', async (t) => {
    const dir = directory()
    const [server, theirs] = await startServer(dir)
    t.teardown(() => server.stop())
    for (const command of commands) await theirs.run(...command)
    await theirs.run('SAVE')
    const expected = await contentOf(theirs)
    const engine = await open({ dir })
    t.strictSame(await contentOf(new EngineRunner(engine)), expected)
    const digest = engine.digest()
    engine.save()
    await engine.close()
    const again = await open({ dir })
    t.teardown(() => again.close())
    t.equal(again.digest(), digest)
  })

  await t.test('payloads of DUMP are restored on the other side', async (t) => {
    const engine = await open({ dir: directory() })
    t.teardown(() => engine.close())
    const ours = new EngineRunner(engine)
    const [server, theirs] = await startServer(directory())
    t.teardown(() => server.stop())
    for (const command of commands) {
      await ours.run(...command)
      await theirs.run(...command)
    }
    for (const [from, to] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      for (const key of (await from.run('KEYS', '*')) as string[]) {
        if (key.startsWith('copy:')) continue
        const payload = (await from.run('DUMP', key)) as string
        await to.run('RESTORE', `copy:${key}`, '0', payload, 'REPLACE')
        const [type, , value] = (await readValue(to, `copy:${key}`)) as unknown[]
        const [expectedType, , expected] = (await readValue(from, key)) as unknown[]
        t.strictSame([type, value], [expectedType, expected], key)
      }
    }
  })
})
