/**
 * Files of every version from 1 to 12, put together byte by byte, and of versions that are refused.
 *
 * A file holds every encoding that a string can have and every mark that its version may hold. What
 * redis-server can load as well is loaded by it too, and the two are compared: so the bytes here
 * are known to be what Redis takes them for.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CorruptFileError, open, type Snapfork } from '../../dist/index.js'
import { digestOfEngine, digestOfRedis } from '../support/content-digest.js'
import {
  aux,
  entry,
  expireMs,
  expireSeconds,
  frequency,
  functionLibrary,
  idle,
  int8,
  int16,
  int32,
  lzf,
  lzfLiterals,
  moduleAux,
  raw,
  rdbFile,
  resizeDatabase,
  selectDatabase,
  slotInfo,
} from '../support/rdb-bytes.js'
import { startRedis } from '../support/redis-server.js'

const VERSIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
const REDIS_VERSION_MAX = 10
const FAR_SECONDS = 2 ** 31 - 1
const FAR_MS = 4_102_444_800_123n
const PAST_MS = 1_000_000_000_000n
const LIBRARY = "#!lua name=lib\nredis.register_function('one', function() return 1 end)"
const TEXT = 'a text that is long enough to be compressed, if that saved anything'
const RUN = 'ab'.padEnd(300, 'b')

/** As Redis 7.0 would have written it: two literals, then 264 + 34 bytes from one back. */
const RUN_STREAM = Buffer.from([1, 0x61, 0x62, 0xe0, 0xff, 0, 0xe0, 0x19, 0])

/** What the part of the file that all versions share holds: the encoding, then the value. */
const STRINGS: readonly [name: string, bytes: Buffer, value: string][] = [
  ['empty', raw(''), ''],
  ['short', raw('v'), 'v'],
  ['length of 6 bits', raw('v'.repeat(63)), 'v'.repeat(63)],
  ['length of 14 bits', raw('v'.repeat(64)), 'v'.repeat(64)],
  ['length of 14 bits, longest', raw('w'.repeat(16_383)), 'w'.repeat(16_383)],
  ['length of 32 bits', raw('x'.repeat(16_384)), 'x'.repeat(16_384)],
  ['length of 14 bits, needless', raw('v', 14), 'v'],
  ['length of 32 bits, needless', raw('v', 32), 'v'],
  ['int8', int8(-128), '-128'],
  ['int8, largest', int8(127), '127'],
  ['int16', int16(-32_768), '-32768'],
  ['int16, small', int16(5), '5'],
  ['int32', int32(-2_147_483_648), '-2147483648'],
  ['int32, largest', int32(2_147_483_647), '2147483647'],
  ['int64 as text', raw('-9223372036854775808'), '-9223372036854775808'],
  ['not canonical', raw('007'), '007'],
  ['compressed without a match', lzf(lzfLiterals(TEXT), TEXT.length), TEXT],
  ['compressed run', lzf(RUN_STREAM, RUN.length), RUN],
]

/** Attributes and marks, from the version on that has them. */
const SINCE = { expireMs: 3, aux: 7, attributes: 9, functions: 10, modules: 8, slots: 12 }

interface Extras {
  /** Marks that a redis-server without modules refuses, or does not know yet. */
  foreign: boolean
}

function stringEntries(): Buffer[] {
  return STRINGS.map(([name, bytes]) => entry(name, bytes))
}

function makeParts(version: number, { foreign }: Extras): Buffer[] {
  const has = (feature: keyof typeof SINCE) => version >= SINCE[feature]
  return [
    ...(has('aux') ? [aux('redis-ver', raw('1.2.3')), aux('redis-bits', int8(64))] : []),
    ...(has('aux') ? [aux('a name that nobody knows', raw(TEXT)), aux('%note', raw(''))] : []),
    ...(has('modules') && foreign ? [moduleAux()] : []),
    ...(has('functions') ? [functionLibrary(LIBRARY)] : []),
    selectDatabase(0),
    ...(has('aux') ? [resizeDatabase(STRINGS.length + 4, 2)] : []),
    ...(has('slots') && foreign ? [slotInfo(16_383, 70_000, 1)] : []),
    ...stringEntries(),
    entry(int8(-5), raw('an integer for a key')),
    entry(lzf(RUN_STREAM, RUN.length), raw('a compressed key')),
    ...[expireSeconds(FAR_SECONDS), entry('expires', raw('1'))],
    ...[expireSeconds(1), entry('expired', raw('1'))],
    ...(has('expireMs') ? [expireMs(FAR_MS), entry('expires, ms', int8(7))] : []),
    ...(has('expireMs') ? [expireMs(PAST_MS), entry('expired, ms', int8(7))] : []),
    entry('does not inherit it', int8(8)),
    ...(has('attributes') ? [idle(70_000), entry('idle', raw('1'))] : []),
    ...(has('attributes') ? [frequency(255), entry('frequent', raw('1'))] : []),
    ...(has('attributes') ? [expireMs(FAR_MS), idle(1), entry('both', raw('1'))] : []),
    selectDatabase(15),
    ...(has('aux') ? [resizeDatabase(1, 0)] : []),
    entry('', raw('of another database')),
    ...(has('modules') && foreign ? [moduleAux()] : []),
  ]
}

async function openFile(t: Test, bytes: Uint8Array): Promise<Snapfork> {
  const dir = t.testdir()
  writeFileSync(join(dir, 'dump.rdb'), bytes)
  const engine = await open({ dir })
  t.teardown(() => engine.close())
  return engine
}

for (const version of VERSIONS) {
  t.test(`A file of version ${version}`, async (t) => {
    const engine = await openFile(t, rdbFile(version, makeParts(version, { foreign: true })))

    await t.test('gives every string, however it is encoded', async (t) => {
      for (const [name, , value] of STRINGS) t.equal(engine.get(name), value, name)
      t.equal(engine.get('-5'), 'an integer for a key')
      t.equal(engine.get(RUN), 'a compressed key')
      t.equal(engine.database(15).get(''), 'of another database')
    })

    await t.test('gives expiry times, and drops what has expired', async (t) => {
      t.equal(engine.expiretime('expires'), FAR_SECONDS)
      t.equal(engine.exists('expired', 'expired, ms'), 0)
      t.equal(engine.ttl('does not inherit it'), -1)
      const expired = version >= SINCE.expireMs ? 2 : 1
      t.match(engine.info('persistence'), `rdb_last_load_keys_expired:${expired}\r\n`)
      if (version >= SINCE.expireMs) t.equal(engine.pexpiretime('expires, ms'), Number(FAR_MS))
    })

    await t.test('is saved as one that loads again', async (t) => {
      const before = digestOfEngine(engine)
      const { path } = engine.save()
      await engine.close()
      const again = await open({ dir: join(path, '..') })
      t.teardown(() => again.close())
      t.strictSame(digestOfEngine(again), before)
    })
  })
}

const probe = await startRedis()
await probe?.stop()
const skip = probe === null && 'no redis-server on this machine'

t.test('Files put together here', { skip }, async (t) => {
  for (const version of VERSIONS.filter((version) => version <= REDIS_VERSION_MAX)) {
    await t.test(`say the same to redis-server in version ${version}`, async (t) => {
      const dir = t.testdir()
      writeFileSync(join(dir, 'dump.rdb'), rdbFile(version, makeParts(version, { foreign: false })))
      const engine = await open({ dir })
      t.teardown(() => engine.close())
      const redis = await startRedis('--dir', dir)
      t.teardown(() => redis?.stop())
      const client = await redis?.connect()
      if (client === undefined) return
      t.strictSame(digestOfEngine(engine), await digestOfRedis(client))
    })
  }
})

t.test('open() refuses', async (t) => {
  const withHeader = (header: string) => Buffer.concat([Buffer.from(header), Buffer.from([0xff])])
  const REFUSED: readonly [name: string, bytes: Buffer, offset: number, reason: RegExp][] = [
    ['version 0', rdbFile(0, []), 5, /version/],
    ['version 13', rdbFile(13, []), 5, /version/],
    ['version 9999', rdbFile(9999, []), 5, /version/],
    ['the versions that only Valkey has', withHeader('VALKEY080'), 6, /version/],
    ['a version that is no number', withHeader('REDIS00a1'), 7, /version/],
    ['another signature', withHeader('redis0010'), 0, /no RDB file/],
    ['an append-only file', Buffer.from('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n'), 0, /no RDB file/],
    [
      'a database it does not have',
      rdbFile(10, [selectDatabase(16), entry('a', raw('b'))]),
      9,
      /database/,
    ],
    ['the functions of a release candidate', rdbFile(10, [Buffer.from([0xf6])]), 9, /byte/],
    [
      'a key that comes twice',
      rdbFile(10, [entry('a', raw('1')), entry('a', raw('2'))]),
      14,
      /twice/,
    ],
  ]
  for (const [name, bytes, offset, reason] of REFUSED) {
    await t.test(name, async (t) => {
      const error = await openFile(t, bytes).catch((error: unknown) => error)
      if (!(error instanceof CorruptFileError)) throw error
      t.equal(error.code, 'ERR_SNAPFORK_CORRUPT_FILE')
      t.match(error.path, /dump\.rdb$/)
      t.equal(error.offset, offset)
      t.match(error.reason, reason)
      t.match(error.message, `${error.path}: ${error.reason} at byte ${offset}.`)
    })
  }
})
