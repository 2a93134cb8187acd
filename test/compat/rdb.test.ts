/**
 * Files written here are loaded by redis-server, and the other way round.
 *
 * Method: one set of random entries, whose digest is made of the entries themselves. Whoever has
 * loaded a file is asked for every key, value and expiry of every database, and for their number.
 * SF_SEED repeats a run; SF_LONG=1 does every step with every setting.
 */

import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { open, type Snapfork } from '../../dist/index.js'
import { digestOfEngine, digestOfEntries, digestOfRedis } from '../support/content-digest.js'
import { announceSeed, SEED } from '../support/random.js'
import { type Entry, randomEntries } from '../support/random-entries.js'
import { checkRdb, type RedisServer, startRedis } from '../support/redis-server.js'
import { type RespClient, SimpleString } from '../support/resp-client.js'

const ENTRIES = 100_000
/** Of the whole file: a slow machine may need minutes. */
const TIMEOUT_MS = 600_000
const BATCH = 500
/** What Redis 7.0 loads of the versions that can be written. */
const VERSIONS = [10]
const ENTRIES_A_VERSION = 1000

const SETTINGS = [
  { rdbcompression: true, rdbchecksum: true },
  { rdbcompression: false, rdbchecksum: true },
  { rdbcompression: true, rdbchecksum: false },
  { rdbcompression: false, rdbchecksum: false },
] as const

type Settings = (typeof SETTINGS)[number]

/** Whether save() is tried beside bgsave(), and what was loaded is saved again. */
function isThorough({ rdbcompression, rdbchecksum }: Settings): boolean {
  return process.env.SF_LONG !== undefined || rdbcompression === rdbchecksum
}

type Argument = string | Buffer | number

function describeSettings({ rdbcompression, rdbchecksum }: Settings): string {
  const state = (isOn: boolean) => (isOn ? 'with' : 'without')
  return `${state(rdbcompression)} compression and ${state(rdbchecksum)} checksum`
}

function redisSettings(dir: string, { rdbcompression, rdbchecksum }: Settings): string[] {
  const word = (isOn: boolean) => (isOn ? 'yes' : 'no')
  const format = ['--rdbcompression', word(rdbcompression), '--rdbchecksum', word(rdbchecksum)]
  return ['--dir', dir, ...format]
}

/** Runs `use` with a server that has loaded the file in `dir`, if there is one. */
async function withRedis<T>(
  dir: string,
  settings: Settings,
  use: (client: RespClient) => Promise<T>,
): Promise<T> {
  const redis = (await startRedis(...redisSettings(dir, settings))) as RedisServer
  try {
    return await use(await redis.connect())
  } finally {
    await redis.stop()
  }
}

function fillEngine(engine: Snapfork, entries: readonly Entry[]): void {
  for (const { db, key, value, expiresAtMs } of entries) {
    engine.database(db).set(key, value, expiresAtMs === -1 ? {} : { PXAT: expiresAtMs })
  }
}

async function fillRedis(client: RespClient, entries: readonly Entry[]): Promise<void> {
  let selected = 0
  const commandsOf = ({ db, key, value, expiresAtMs }: Entry): Argument[][] => {
    const select = db === selected ? [] : [['SELECT', db]]
    selected = db
    const expiry = expiresAtMs === -1 ? [] : ['PXAT', `${expiresAtMs}`]
    return [...select, ['SET', key, value, ...expiry]]
  }
  for (let start = 0; start < entries.length; start += BATCH) {
    const commands = entries.slice(start, start + BATCH).flatMap(commandsOf)
    for (const reply of await client.pipeline(commands)) {
      if (!(reply instanceof SimpleString)) throw new Error('redis-server refused a command')
    }
  }
}

t.setTimeout(TIMEOUT_MS)

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'

t.test(`RDB files exchanged with redis-server ${probe?.version}`, { skip }, async (t) => {
  announceSeed(t)
  const entries = randomEntries(SEED, ENTRIES)
  const expected = digestOfEntries(entries)
  const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  t.comment(`${entries.length} entries, ${Math.round(bytes / 2 ** 20)} MiB`)
  const root = t.testdir()
  const directory = () => mkdtempSync(join(root, 'dir-'))

  async function checkFile(t: Test, dir: string, settings: Settings): Promise<void> {
    const { isSound, output } = checkRdb(join(dir, 'dump.rdb'))
    t.ok(isSound, 'redis-check-rdb is content', { output })
    const loaded = await withRedis(dir, settings, (client) => digestOfRedis(client))
    t.strictSame(loaded, expected, 'redis-server has every entry')
  }

  for (const settings of SETTINGS) {
    const words = describeSettings(settings)

    await t.test(`redis-server loads what save() and bgsave() write ${words}`, async (t) => {
      const dir = directory()
      const engine = await open({ dir, ...settings })
      t.teardown(() => engine.close())
      fillEngine(engine, entries)
      t.strictSame(digestOfEngine(engine), expected, 'the engine has every entry')
      if (isThorough(settings)) {
        engine.save()
        await checkFile(t, dir, settings)
      }
      await engine.bgsave()
      await checkFile(t, dir, settings)
    })

    await t.test(`open() loads what redis-server writes ${words}, and saves it`, async (t) => {
      const dir = directory()
      await withRedis(dir, settings, async (client) => {
        await fillRedis(client, entries)
        t.match(await client.send('SAVE'), { text: 'OK' })
      })
      const engine = await open({ dir, ...settings })
      t.teardown(() => engine.close())
      t.strictSame(digestOfEngine(engine), expected, 'the engine has every entry')
      if (!isThorough(settings)) return
      engine.save()
      await checkFile(t, dir, settings)
    })
  }

  for (const rdbversion of VERSIONS) {
    await t.test(`redis-server loads a file of version ${rdbversion}`, async (t) => {
      const dir = directory()
      const [settings] = SETTINGS
      const engine = await open({ dir, ...settings, rdbversion })
      t.teardown(() => engine.close())
      const some = entries.slice(0, ENTRIES_A_VERSION)
      fillEngine(engine, some)
      const { path } = await engine.bgsave()
      t.equal(readFileSync(path, 'latin1').slice(0, 9), `REDIS${`${rdbversion}`.padStart(4, '0')}`)
      const loaded = await withRedis(dir, settings, (client) => digestOfRedis(client))
      t.strictSame(loaded, digestOfEntries(some))
    })
  }
})
