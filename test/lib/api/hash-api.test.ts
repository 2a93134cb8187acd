/**
 * The typed face of the hash commands: natural types in and out. What the commands mean is compared
 * with redis-server in test/compat.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ReplyError } from '../../../dist/errors.js'
import { open } from '../../../dist/index.js'
import { openEngine } from '../../support/open-engine.js'

const NOW_MS = 1_750_000_000_000
const BYTES = Buffer.from([0, 255, 254, 10])

t.test('Typed methods of hashes', async (t) => {
  await t.test('set fields from an object, a Map, pairs or one by one', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.hset('h', { name: 'Ada', born: 1815 }), 2)
    t.equal(db.hset('h', new Map([['name', 'Ada L.']])), 0)
    t.equal(db.hset('h', [[BYTES, BYTES]]), 1)
    t.equal(db.hset('h', 'died', 1852), 1)
    t.equal(db.hset('h', 'died', 1852n), 0)
    t.equal(db.hsetnx('h', 'died', 'never'), 0)
    t.equal(db.hsetnx('h', 'field', 'mathematics'), 1)
    t.equal(db.hmset('h', { other: '' }), 'OK')
    t.equal(db.hlen('h'), 6)
    t.equal(db.hget('h', 'died'), '1852')
    t.strictSame(db.hgetBuffer('h', BYTES), BYTES)
    t.equal(db.hget('h', 'none'), null)
    t.strictSame(db.hmget('h', 'name', 'none', 'other'), ['Ada L.', null, ''])
    t.strictSame(db.hmgetBuffer('h', BYTES, 'none'), [BYTES, null])
    t.equal(db.hstrlen('h', 'name'), 6)
    t.equal(db.hexists('h', 'name'), 1)
    t.equal(db.hdel('h', 'name', 'none', 'other'), 2)
  })

  await t.test('return all as an object without prototype, and as Buffers', async (t) => {
    const { db } = openEngine(t)
    db.hset('h', [
      ['__proto__', 'x'],
      ['a', '1'],
    ])
    const all = db.hgetall('h')
    t.equal(Object.getPrototypeOf(all), null)
    t.strictSame(Object.entries(all), [
      ['__proto__', 'x'],
      ['a', '1'],
    ])
    t.strictSame(db.hkeys('h'), ['__proto__', 'a'])
    t.strictSame(db.hvals('h'), ['x', '1'])
    db.hset('b', [[BYTES, BYTES]])
    t.strictSame(db.hgetallBuffer('b'), [[BYTES, BYTES]])
    t.strictSame(db.hkeysBuffer('b'), [BYTES])
    t.strictSame(db.hvalsBuffer('b'), [BYTES])
    t.strictSame(Object.keys(db.hgetall('none')), [])
  })

  await t.test('count', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.hincrby('h', 'n', 2), 2)
    t.equal(db.hincrby('h', 'n', 2n ** 60n), 2n ** 60n + 2n)
    t.equal(db.hincrbyfloat('h', 'f', 0.5), '0.5')
    t.equal(db.hincrbyfloat('h', 'f', '1e2'), '100.5')
    t.throws(() => db.hincrby('h', 'f', 1), new ReplyError('ERR hash value is not an integer'))
  })

  await t.test('draw fields', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.hrandfield('h'), null)
    t.strictSame(db.hrandfield('h', 3), [])
    db.hset('h', 'only', 1)
    t.equal(db.hrandfield('h'), 'only')
    t.strictSame(db.hrandfield('h', -3), ['only', 'only', 'only'])
    t.strictSame(db.hrandfield('h', 3, 'WITHVALUES'), [['only', '1']])
  })

  for (const form of ['large', 'compact']) {
    await t.test(`draw every field of a ${form} hash about as often`, async (t) => {
      const { native, db } = openEngine(t)
      const fields = 300
      if (form === 'large') native.setLimits({ hashMaxListpackEntries: 4 })
      // Values of very different lengths: leaves of very different numbers of fields.
      const pairs = Array.from({ length: fields }, (_, at): [string, string] => [
        `f${at}`,
        'v'.repeat(at % 7 === 0 ? 60 : 1),
      ])
      db.hset('h', pairs)
      const seen = new Map<string, number>()
      const draws = fields * 200
      for (const field of db.hrandfield('h', -draws)) seen.set(field, (seen.get(field) ?? 0) + 1)
      const square = pairs.reduce((sum, [field]) => sum + ((seen.get(field) ?? 0) - 200) ** 2, 0)
      // Chi squared of 299 degrees: 10 standard deviations above its mean.
      t.ok(square / 200 < 299 + 10 * Math.sqrt(2 * 299), `chi squared ${square / 200}`)
      t.equal(new Set(db.hrandfield('h', fields)).size, fields)
    })
  }

  await t.test('scan every field that stays exactly once, whatever is written', async (t) => {
    const { db } = openEngine(t)
    const fields = 3000
    for (let at = 0; at < fields; ++at) db.hset('h', `stays:${at}`, at)
    let written = 0
    let removed = 0
    const seen: string[] = []
    for (const [field, value] of db.hscanIterator('h', { COUNT: 5 })) {
      if (field.startsWith('stays:')) {
        seen.push(field)
        if (field !== `stays:${value}`) t.fail(`${field} has the value ${value}`)
      }
      // Leaves are divided and joined on both sides of the cursor.
      if (seen.length % 1000 < 700) db.hset('h', `more:${written++}`, 'x'.repeat(50))
      else if (removed < written) db.hdel('h', `more:${removed++}`, `more:${removed++}`)
    }
    t.ok(written > 1000 && removed > 500)
    t.equal(seen.length, fields)
    t.equal(new Set(seen).size, fields)
    const [cursor, pairs] = db.hscan('h', 0, { MATCH: 'stays:1?', COUNT: 1_000_000 })
    t.equal(cursor, '0')
    t.equal(pairs.length, 10)
  })

  await t.test('give fields an expiry', async (t) => {
    const { db, setClock } = openEngine(t)
    setClock(NOW_MS)
    db.hset('h', { a: 1, b: 2, c: 3 })
    t.strictSame(db.hexpire('h', 10, ['a', 'none']), [1, -2])
    t.strictSame(db.hexpire('h', 20, ['a', 'b'], 'NX'), [0, 1])
    t.strictSame(db.hpexpire('h', 5000, ['a'], 'LT'), [1])
    t.strictSame(db.hexpireat('h', NOW_MS / 1000 + 60, ['c']), [1])
    t.strictSame(db.hpexpireat('h', NOW_MS + 1, ['c'], 'GT'), [0])
    t.strictSame(db.httl('h', 'a', 'b', 'c', 'none'), [5, 20, 60, -2])
    t.strictSame(db.hpttl('h', 'a'), [5000])
    t.strictSame(db.hexpiretime('h', 'a'), [NOW_MS / 1000 + 5])
    t.strictSame(db.hpexpiretime('h', 'a'), [NOW_MS + 5000])
    t.strictSame(db.hpersist('h', 'b', 'b', 'none'), [1, -1, -2])
    t.strictSame(db.httl('none', 'a', 'b'), [-2, -2])
    setClock(NOW_MS + 5000)
    t.strictSame({ ...db.hgetall('h') }, { b: '2', c: '3' })
    t.strictSame(db.hpexpireat('h', 1, ['b', 'c']), [2, 2])
    t.strictSame(db.hkeys('h'), [])
  })

  await t.test('keep the expiry of fields in copies, payloads and snapshots', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    const large = Array.from({ length: 2000 }, (_, at): [string, number] => [`f${at}`, at])
    db.hset('small', { a: 1, b: 2 })
    db.hset('large', large)
    const at = Math.floor(Date.now() / 1000) + 1000
    db.hexpireat('small', at, ['b'])
    db.hexpireat('large', at + 1, ['f7', 'f1999'])
    for (const key of ['small', 'large']) {
      db.copy(key, `${key}:copy`)
      db.call('RESTORE', `${key}:restored`, 0, db.callBuffer('DUMP', key) as Buffer)
    }
    const { keys } = await db.bgsave()
    await db.close()
    t.equal(keys, 6)
    const loaded = await open({ dir })
    t.teardown(() => loaded.close())
    for (const suffix of ['', ':copy', ':restored']) {
      t.strictSame(loaded.hexpiretime(`small${suffix}`, 'a', 'b'), [-1, at])
      t.strictSame(loaded.hexpiretime(`large${suffix}`, 'f1', 'f7', 'f1999'), [-1, at + 1, at + 1])
      t.equal(loaded.hlen(`large${suffix}`), 2000)
      t.equal(loaded.object('ENCODING', `small${suffix}`), 'listpackex')
      t.equal(loaded.object('ENCODING', `large${suffix}`), 'hashtable')
    }
  })

  await t.test('leave expired fields to the timer', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    const mortal = Array.from({ length: 700 }, (_, at) => `f${at}`)
    db.hset('large', [...mortal.map((field): [string, number] => [field, 1]), ['stays', 1]])
    db.hset('small', { a: 1, b: 2 })
    db.hpexpire('large', 30, mortal)
    db.hpexpire('small', 30, ['a', 'b'])
    while (db.hlen('large') > 1 || db.hlen('small') > 0) await sleep(5)
    t.match(db.info('stats'), /expired_subkeys:702\r\n/)
    t.strictSame(db.hkeys('large'), ['stays'])
    t.equal(db.exists('small'), 0)
  })

  await t.test('refuse what is no field, value, pair or list of fields', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['hset', 'h', 'field'],
      ['hset', 'h', 5],
      ['hset', 'h', { a: {} }],
      ['hset', 5, 'a', 'b'],
      ['hsetnx', 'h', 1, 'a'],
      ['hget', 'h', 1],
      ['hget', 'h'],
      ['hmget', 'h', 'a', 1],
      ['hdel', 'h', null],
      ['hincrby', 'h', 'a', 0.5],
      ['hrandfield', 'h', 1.5],
      ['hscan', 'h', 1.5],
      ['hexpire', 'h', 1, 'a'],
      ['hexpire', 'h', 1, [1]],
      ['hexpire', 'h', 0.5, ['a']],
      ['httl', 'h', 1],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.throws(
      () => db.hset('h', {}),
      new ReplyError("ERR wrong number of arguments for 'hset' command"),
    )
    t.throws(
      () => db.hexpire('h', 1, []),
      new ReplyError("ERR wrong number of arguments for 'hexpire' command"),
    )
    t.throws(() => db.hget('h', 'a') === null && db.set('s', 1) && db.hget('s', 'a'), {
      message: 'WRONGTYPE Operation against a key holding the wrong kind of value',
    })
    t.equal(db.dbsize(), 1)
  })
})
