/**
 * Files that old versions of Redis have written, read here and by redis-server, and compared.
 *
 * RDB_FIXTURES names a directory of such files; this project brings none. A file that holds the
 * value of a module is refused with the module's name; metadata of a module, which redis-server
 * refuses too, is passed over.
 */

import { copyFileSync, mkdtempSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { open, type Snapfork } from '../../dist/index.js'
import { contentOf, EngineRunner, ServerRunner } from '../support/collections.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

const FIXTURES = process.env.RDB_FIXTURES
const DATABASES = 16

if (FIXTURES === undefined) console.error('*** RDB_FIXTURES is not set: no old files are read ***')
const probe = FIXTURES === undefined ? null : await startRedis()
await probe?.stop()
const skip = probe === null && 'no old files, or no redis-server to compare with'

t.test('Files of old versions', { skip }, async (t) => {
  const root = t.testdir()
  const files = readdirSync(FIXTURES as string).filter((name) => name.endsWith('.rdb'))
  t.ok(files.length > 0)
  for (const file of files) {
    await t.test(`${basename(file)} is read as redis-server reads it`, async (t) => {
      const dir = mkdtempSync(join(root, 'dir-'))
      copyFileSync(join(FIXTURES as string, file), join(dir, 'dump.rdb'))
      const server = await loadInRedis(dir)
      if (server === null) return readWithoutModule(t, dir)
      t.teardown(() => server.stop())
      const engine = await open({ dir })
      t.teardown(() => engine.close())
      t.strictSame(await contentOfEngine(engine), await contentOfServer(server))
    })
  }
})

async function readWithoutModule(t: Test, dir: string): Promise<void> {
  try {
    const engine = await open({ dir })
    t.equal(engine.dbsize(), 0, 'metadata alone')
    await engine.close()
  } catch (error) {
    t.match(error, {
      code: 'ERR_SNAPFORK_UNSUPPORTED_FILE',
      message: /a value of the module '/,
    })
  }
}

/** Null if redis-server does not load the file. */
async function loadInRedis(dir: string): Promise<RedisServer | null> {
  try {
    return await startRedis('--dir', dir)
  } catch {
    return null
  }
}

async function contentOfEngine(engine: Snapfork): Promise<Map<string, unknown>[]> {
  const contents: Map<string, unknown>[] = []
  for (let index = 0; index < DATABASES; ++index) {
    contents.push(await contentOf(new EngineRunner(engine.database(index))))
  }
  return contents
}

async function contentOfServer(server: RedisServer): Promise<Map<string, unknown>[]> {
  const client = await server.connect()
  const contents: Map<string, unknown>[] = []
  for (let index = 0; index < DATABASES; ++index) {
    await client.send('SELECT', index)
    contents.push(await contentOf(new ServerRunner(client)))
  }
  return contents
}
