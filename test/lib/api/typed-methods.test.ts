/**
 * Typed methods do what their commands do: each pair runs on an engine of its own that holds the
 * same keys, and must give the same reply and leave the same content.
 */

import t from 'tap'
import type { CallReply } from '../../../dist/api/command-api.js'
import type { Database } from '../../../dist/api/database.js'
import { COMMANDS } from '../../../dist/commands/table.js'
import { ReplyError } from '../../../dist/errors.js'
import { type OpenedEngine, openEngine } from '../../support/open-engine.js'

const NOW_MS = 1_750_000_000_000
const LONG = 'v'.repeat(3000)

type Args = readonly (string | number | bigint)[]

interface Pair {
  method: (db: Database) => unknown
  command: Args
}

function pair(method: (db: Database) => unknown, ...command: Args): Pair {
  return { method, command }
}

const PAIRS: readonly Pair[] = [
  pair((db) => db.get('text'), 'GET', 'text'),
  pair((db) => db.get('none'), 'GET', 'none'),
  pair((db) => db.getBuffer('long')?.toString() ?? null, 'GET', 'long'),
  pair((db) => db.set('text', 5), 'SET', 'text', '5'),
  pair((db) => db.set('text', 'x', { EX: 10 }), 'SET', 'text', 'x', 'EX', 10),
  pair((db) => db.set('text', 'x', { PX: 10 }), 'SET', 'text', 'x', 'PX', 10),
  pair((db) => db.set('text', 'x', { EXAT: 2e9 }), 'SET', 'text', 'x', 'EXAT', 2e9),
  pair((db) => db.set('text', 'x', { PXAT: 2n ** 50n }), 'SET', 'text', 'x', 'PXAT', 2n ** 50n),
  pair((db) => db.set('mortal', 'x', { KEEPTTL: true }), 'SET', 'mortal', 'x', 'KEEPTTL'),
  pair((db) => db.set('mortal', 'x'), 'SET', 'mortal', 'x'),
  pair((db) => db.set('text', 'x', { NX: true }), 'SET', 'text', 'x', 'NX'),
  pair((db) => db.set('none', 'x', { NX: true }), 'SET', 'none', 'x', 'NX'),
  pair((db) => db.set('none', 'x', { XX: true }), 'SET', 'none', 'x', 'XX'),
  pair((db) => db.set('text', 'x', { GET: true }), 'SET', 'text', 'x', 'GET'),
  pair((db) => db.set('none', 'x', { GET: true }), 'SET', 'none', 'x', 'GET'),
  pair((db) => db.set('text', 'x', { NX: true, GET: true }), 'SET', 'text', 'x', 'NX', 'GET'),
  pair((db) => db.set('text', 'x', { NX: true, XX: true }), 'SET', 'text', 'x', 'NX', 'XX'),
  pair((db) => db.set('text', 'x', { EX: 0 }), 'SET', 'text', 'x', 'EX', 0),
  pair((db) => db.set('text', 'x', { EX: 1, PX: 1 }), 'SET', 'text', 'x', 'EX', 1, 'PX', 1),
  pair((db) => db.setex('text', 10, 'x'), 'SETEX', 'text', 10, 'x'),
  pair((db) => db.setex('text', -1, 'x'), 'SETEX', 'text', -1, 'x'),
  pair((db) => db.psetex('text', 10, 'x'), 'PSETEX', 'text', 10, 'x'),
  pair((db) => db.setnx('text', 'x'), 'SETNX', 'text', 'x'),
  pair((db) => db.setnx('none', 'x'), 'SETNX', 'none', 'x'),
  pair((db) => db.getset('text', 'x'), 'GETSET', 'text', 'x'),
  pair((db) => db.getset('mortal', 'x'), 'GETSET', 'mortal', 'x'),
  pair((db) => db.getdel('text'), 'GETDEL', 'text'),
  pair((db) => db.getex('text'), 'GETEX', 'text'),
  pair((db) => db.getex('text', { EX: 10 }), 'GETEX', 'text', 'EX', 10),
  pair((db) => db.getex('mortal', { PERSIST: true }), 'GETEX', 'mortal', 'PERSIST'),
  pair((db) => db.mget('text', 'none', 'number'), 'MGET', 'text', 'none', 'number'),
  pair((db) => db.mgetBuffer('text').map(String), 'MGET', 'text'),
  pair((db) => db.mset({ a: 1, b: 'x' }), 'MSET', 'a', 1, 'b', 'x'),
  pair((db) => db.mset(new Map([['a', '1']])), 'MSET', 'a', '1'),
  pair((db) => db.mset({}), 'MSET'),
  pair((db) => db.msetnx({ a: 1, text: 'x' }), 'MSETNX', 'a', 1, 'text', 'x'),
  pair((db) => db.msetnx([['a', 1]]), 'MSETNX', 'a', 1),
  pair((db) => db.append('text', 'x'), 'APPEND', 'text', 'x'),
  pair((db) => db.append('long', LONG), 'APPEND', 'long', LONG),
  pair((db) => db.append('none', 'x'), 'APPEND', 'none', 'x'),
  pair((db) => db.strlen('long'), 'STRLEN', 'long'),
  pair((db) => db.getrange('text', 1, -2), 'GETRANGE', 'text', 1, -2),
  pair((db) => String(db.getrangeBuffer('text', 0, 1)), 'GETRANGE', 'text', 0, 1),
  pair((db) => db.setrange('text', 7, 'x'), 'SETRANGE', 'text', 7, 'x'),
  pair((db) => db.setrange('text', -1, 'x'), 'SETRANGE', 'text', -1, 'x'),
  pair((db) => db.incr('number'), 'INCR', 'number'),
  pair((db) => db.incr('text'), 'INCR', 'text'),
  pair((db) => db.decr('number'), 'DECR', 'number'),
  pair((db) => db.incrby('number', 2n ** 62n), 'INCRBY', 'number', 2n ** 62n),
  pair((db) => db.incrby('large', 1), 'INCRBY', 'large', 1),
  pair((db) => db.decrby('number', 5), 'DECRBY', 'number', 5),
  pair((db) => db.decrby('number', -(2n ** 63n)), 'DECRBY', 'number', -(2n ** 63n)),
  pair((db) => db.incrbyfloat('number', 0.5), 'INCRBYFLOAT', 'number', '0.5'),
  pair((db) => db.del('text', 'none', 'long'), 'DEL', 'text', 'none', 'long'),
  pair((db) => db.del(), 'DEL'),
  pair((db) => db.unlink('text'), 'UNLINK', 'text'),
  pair((db) => db.exists('text', 'text', 'none'), 'EXISTS', 'text', 'text', 'none'),
  pair((db) => db.touch('text', 'none'), 'TOUCH', 'text', 'none'),
  pair((db) => db.type('text'), 'TYPE', 'text'),
  pair((db) => db.type('none'), 'TYPE', 'none'),
  pair((db) => db.expire('text', 10), 'EXPIRE', 'text', 10),
  pair((db) => db.expire('mortal', 10, 'NX'), 'EXPIRE', 'mortal', 10, 'NX'),
  pair((db) => db.expire('text', -1), 'EXPIRE', 'text', -1),
  pair((db) => db.pexpire('mortal', 10, 'XX'), 'PEXPIRE', 'mortal', 10, 'XX'),
  pair((db) => db.expireat('mortal', 2e9, 'GT'), 'EXPIREAT', 'mortal', 2e9, 'GT'),
  pair((db) => db.pexpireat('mortal', 2e12, 'LT'), 'PEXPIREAT', 'mortal', 2e12, 'LT'),
  pair((db) => db.ttl('mortal'), 'TTL', 'mortal'),
  pair((db) => db.ttl('text'), 'TTL', 'text'),
  pair((db) => db.pttl('mortal'), 'PTTL', 'mortal'),
  pair((db) => db.expiretime('mortal'), 'EXPIRETIME', 'mortal'),
  pair((db) => db.pexpiretime('none'), 'PEXPIRETIME', 'none'),
  pair((db) => db.persist('mortal'), 'PERSIST', 'mortal'),
  pair((db) => db.persist('text'), 'PERSIST', 'text'),
  pair((db) => db.rename('long', 'text'), 'RENAME', 'long', 'text'),
  pair((db) => db.rename('none', 'text'), 'RENAME', 'none', 'text'),
  pair((db) => db.renamenx('text', 'long'), 'RENAMENX', 'text', 'long'),
  pair((db) => db.copy('text', 'other'), 'COPY', 'text', 'other'),
  pair(
    (db) => db.copy('long', 'text', { DB: 2, REPLACE: true }),
    ...['COPY', 'long', 'text', 'DB', 2, 'REPLACE'],
  ),
  pair((db) => db.move('text', 1), 'MOVE', 'text', 1),
  pair((db) => db.move('text', 99), 'MOVE', 'text', 99),
  pair((db) => db.scan(0, { COUNT: 1000, MATCH: 't*' }), 'SCAN', 0, 'COUNT', 1000, 'MATCH', 't*'),
  pair((db) => db.scan('x'), 'SCAN', 'x'),
  pair((db) => db.keys('t*'), 'KEYS', 't*'),
  pair((db) => db.object('ENCODING', 'number'), 'OBJECT', 'ENCODING', 'number'),
  pair((db) => db.dbsize(), 'DBSIZE'),
  pair((db) => db.swapdb(0, 3), 'SWAPDB', 0, 3),
  pair((db) => db.flushdb(), 'FLUSHDB'),
  pair((db) => db.flushdb('ASYNC'), 'FLUSHDB', 'ASYNC'),
  pair((db) => db.flushall('SYNC'), 'FLUSHALL', 'SYNC'),
]

function fill({ db, database, setClock }: OpenedEngine): Database {
  setClock(NOW_MS)
  db.call('MSET', 'text', 'hello', 'number', 41, 'large', 2n ** 60n, 'long', LONG)
  db.call('SET', 'mortal', 'soon', 'PXAT', NOW_MS + 60_500)
  database(2).call('SET', 'text', 'elsewhere')
  return db
}

/** The reply, or the text of the error reply. */
function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    return `-${error.message}`
  }
}

t.test('Typed methods', async (t) => {
  for (const { method, command } of PAIRS) {
    const [name, ...args] = command
    await t.test(`do what ${command.join(' ').slice(0, 60)} does`, async (t) => {
      const typed = openEngine(t)
      const named = openEngine(t)
      const [typedDb, namedDb] = [fill(typed), fill(named)]
      const reply: CallReply | unknown = outcome(() => namedDb.call(String(name), ...args))
      t.strictSame(
        outcome(() => method(typedDb)),
        reply,
      )
      t.equal(typed.native.digest(), named.native.digest())
      t.equal(typed.native.stats().changes, named.native.stats().changes)
    })
  }

  await t.test('are there for every command that names one', async (t) => {
    const { db } = openEngine(t)
    const engineOnly = new Set(['save', 'bgsave', 'bgrewriteaof', 'lastsave', 'info'])
    for (const { method } of COMMANDS.values()) {
      if (method === null || engineOnly.has(method)) continue
      t.type(db[method as keyof Database], 'function', method)
    }
  })

  await t.test('take a random key that exists', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.randomkey(), null)
    db.set('only', 1)
    t.equal(db.randomkey(), 'only')
  })

  await t.test('walk all keys with scanIterator while keys are removed', async (t) => {
    const { db } = openEngine(t)
    for (let index = 0; index < 5000; ++index) db.set(`key:${index}`, index)
    const seen = new Set<string>()
    for (const key of db.scanIterator({ MATCH: 'key:*', COUNT: 10 })) {
      seen.add(key)
      db.unlink(key)
    }
    t.equal(seen.size, 5000)
    t.equal(db.dbsize(), 0)
  })

  await t.test('find common subsequences', async (t) => {
    const { db } = openEngine(t)
    db.mset({ a: 'ohmytext', b: 'mynewtext' })
    t.equal(db.lcs('a', 'b'), 'mytext')
    t.strictSame(db.lcsBuffer('a', 'b'), Buffer.from('mytext'))
    t.equal(db.lcs('a', 'b', { LEN: true }), 6)
    t.strictSame(db.lcs('a', 'b', { IDX: true, MINMATCHLEN: 4, WITHMATCHLEN: true }), [
      'matches',
      [[[4, 7], [5, 8], 4]],
      'len',
      6,
    ])
    t.equal(db.object('REFCOUNT', 'a'), 1)
    t.throws(() => db.call('OBJECT', 'IDLETIME', 'a'), { message: /^ERR idle time not tracked/ })
    db.rpush('list', 'a')
    const message = 'ERR The specified keys must contain string values'
    t.throws(() => db.lcs('a', 'list'), { message })
  })

  await t.test('keep bytes as they are', async (t) => {
    const { db } = openEngine(t)
    const key = Buffer.from([0, 255, 13, 10, 128])
    const value = Buffer.from([255, 0, 254, 0])
    db.set(key, value)
    t.strictSame(db.getBuffer(key), value)
    t.strictSame(db.callBuffer('GET', key), value)
    t.strictSame(db.mgetBuffer(new Uint8Array(key)), [value])
    t.equal(db.get(key), '\ufffd\0\ufffd\0')
  })
})

t.test('Arguments of typed methods', async (t) => {
  const { db } = openEngine(t)
  const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
  const wrong: [method: string, ...args: unknown[]][] = [
    ['get', 1],
    ['get', undefined],
    ['get', null],
    ['get', {}],
    ['get', new Uint16Array(2)],
    ['set', 'a'],
    ['set', 'a', null],
    ['set', 'a', Symbol('x')],
    ['set', 'a', 'b', { EX: 1.5 }],
    ['set', 'a', 'b', { EX: '10' }],
    ['set', 'a', 'b', { ttl: 10 }],
    ['getex', 'a', { KEEPTTL: true }],
    ['mset', 'a', 'b'],
    ['mset', [['a', undefined]]],
    ['incrby', 'a', 0.5],
    ['incrby', 'a', 2n ** 63n],
    ['del', 'a', 1],
    ['expire', 'a', Number.NaN],
    ['scan', 1.5],
    ['move', 'a', 'b'],
    ['call', 'GET', {}],
  ]
  for (const [method, ...args] of wrong) {
    await t.test(`are refused: ${method} ${args.map(String).join(' ')}`, async (t) => {
      t.throws(() => untyped[method]?.(...args), {
        constructor: TypeError,
        code: 'ERR_SNAPFORK_INVALID_ARG',
      })
    })
  }

  await t.test('are checked before anything is changed', async (t) => {
    t.throws(
      () =>
        untyped.mset?.([
          ['a', 1],
          ['b', {}],
        ]),
      { code: 'ERR_SNAPFORK_INVALID_ARG' },
    )
    t.throws(() => untyped.del?.('a', 5), { code: 'ERR_SNAPFORK_INVALID_ARG' })
    t.equal(db.dbsize(), 0)
  })
})
