/**
 * The typed face of the set commands: natural types in and out. What the commands mean is compared
 * with redis-server in test/compat.
 */

import t from 'tap'
import type { Database } from '../../../dist/api/database.js'
import { ReplyError } from '../../../dist/errors.js'
import { openEngine } from '../../support/open-engine.js'

const BYTES = Buffer.from([0, 255, 254, 10])
const WRONG_TYPE = new ReplyError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)

function sorted(members: string | null | string[]): string[] {
  return Array.isArray(members) ? [...members].sort() : []
}

/** Three sets, of which `a` and `b` share two members and all share one. */
function fill(db: Database): void {
  db.sadd('a', 'x', 'y', 'z', 1)
  db.sadd('b', 'y', 'z', 'w')
  db.sadd('c', 'z')
}

t.test('Typed methods of sets', async (t) => {
  await t.test('add, find and remove text, numbers and bytes', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.sadd('s', 'a', 5, -7n, 0.5, BYTES, 'a'), 5)
    t.equal(db.sadd('s', '5', 'b'), 1)
    t.equal(db.scard('s'), 6)
    t.equal(db.sismember('s', 5), 1)
    t.equal(db.sismember('s', BYTES), 1)
    t.equal(db.sismember('s', 'none'), 0)
    t.strictSame(db.smismember('s', '-7', 0.5, 'none', BYTES), [1, 1, 0, 1])
    t.equal(db.srem('s', BYTES, 'none', 5n), 2)
    t.strictSame(sorted(db.smembers('s')), ['-7', '0.5', 'a', 'b'])
  })

  await t.test('answer for a key that does not exist', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.scard('none'), 0)
    t.equal(db.srem('none', 'a'), 0)
    t.equal(db.sismember('none', 'a'), 0)
    t.strictSame(db.smismember('none', 'a', 'b'), [0, 0])
    t.strictSame(db.smembers('none'), [])
    t.strictSame(db.smembersBuffer('none'), [])
    t.equal(db.spop('none'), null)
    t.strictSame(db.spop('none', 2), [])
    t.equal(db.srandmember('none'), null)
    t.strictSame(db.srandmember('none', -2), [])
    t.equal(db.smove('none', 'other', 'a'), 0)
    t.strictSame(db.sscan('none', 0), ['0', []])
    t.equal(db.dbsize(), 0)
  })

  await t.test('return members as Buffers, of keys that are bytes', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.sadd(BYTES, BYTES), 1)
    t.strictSame(db.smembersBuffer(BYTES), [BYTES])
    t.strictSame(db.smembersBuffer(new Uint8Array(BYTES)), [BYTES])
    t.strictSame(db.sinterBuffer(BYTES), [BYTES])
    t.strictSame(db.sunionBuffer(BYTES, 'none'), [BYTES])
    t.strictSame(db.sdiffBuffer(BYTES, 'none'), [BYTES])
  })

  await t.test('draw members, and take them', async (t) => {
    const { db } = openEngine(t)
    db.sadd('s', 'only')
    t.equal(db.srandmember('s'), 'only')
    t.strictSame(db.srandmember('s', 3n), ['only'])
    t.strictSame(db.srandmember('s', -3), ['only', 'only', 'only'])
    t.strictSame(db.srandmember('s', 0), [])
    t.equal(db.scard('s'), 1)
    t.equal(db.spop('s'), 'only')
    t.equal(db.exists('s'), 0)
    db.sadd('s', 'a', 'b', 'c')
    t.strictSame(db.spop('s', 0), [])
    const two = sorted(db.spop('s', 2n))
    t.strictSame([...two, ...db.smembers('s')].sort(), ['a', 'b', 'c'])
    t.equal(two.length, 2)
    t.strictSame(db.spop('s', 5)?.length, 1)
  })

  await t.test('move a member to another set', async (t) => {
    const { db } = openEngine(t)
    db.sadd('s', 'a', 5)
    t.equal(db.smove('s', 'd', 5), 1)
    t.equal(db.smove('s', 'd', 'none'), 0)
    t.strictSame(db.smembers('d'), ['5'])
    t.strictSame(db.smembers('s'), ['a'])
  })

  await t.test('combine sets', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.strictSame(sorted(db.sinter('a', 'b')), ['y', 'z'])
    t.strictSame(db.sinter('a', Buffer.from('b'), 'c'), ['z'])
    t.strictSame(db.sinter('a', 'none'), [])
    t.strictSame(sorted(db.sunion('a', 'b', 'c')), ['1', 'w', 'x', 'y', 'z'])
    t.strictSame(sorted(db.sdiff('a', 'b', 'c')), ['1', 'x'])
    t.strictSame(db.sdiff('none', 'a'), [])
  })

  await t.test('store combined sets', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.sinterstore('to', 'a', 'b'), 2)
    t.strictSame(sorted(db.smembers('to')), ['y', 'z'])
    t.equal(db.sunionstore('to', 'b', 'c'), 3)
    t.strictSame(sorted(db.smembers('to')), ['w', 'y', 'z'])
    t.equal(db.sdiffstore('to', 'b', 'a'), 1)
    t.strictSame(db.smembers('to'), ['w'])
    // What is empty is no key.
    t.equal(db.sdiffstore('to', 'c', 'a'), 0)
    t.equal(db.exists('to'), 0)
  })

  await t.test('count what sets share, up to a limit', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.sintercard(['a', 'b']), 2)
    t.equal(db.sintercard(['a', 'b', 'c']), 1)
    t.equal(db.sintercard(['a', 'none']), 0)
    t.equal(db.sintercard(['a'], { LIMIT: 3 }), 3)
    t.equal(db.sintercard(['a', Buffer.from('b')], { LIMIT: 1n }), 1)
    // Redis takes 0 for no limit.
    t.equal(db.sintercard(['a'], { LIMIT: 0 }), 4)
    t.equal(db.sintercard(['a'], { LIMIT: undefined }), 4)
  })

  await t.test('scan all members with cursors of every form', async (t) => {
    const { db } = openEngine(t)
    const members = Array.from({ length: 1000 }, (_, at) => `m:${at}`)
    db.sadd('s', ...members)
    const seen = new Set<string>()
    let calls = 0
    let cursor = '0'
    do {
      const [next, found] = db.sscan('s', calls % 2 === 0 ? cursor : BigInt(cursor), { COUNT: 20 })
      for (const member of found) seen.add(member)
      cursor = next
      ++calls
    } while (cursor !== '0')
    t.ok(calls > 1, `${calls} calls`)
    t.strictSame([...seen].sort(), [...members].sort())
    const [end, matching] = db.sscan('s', 0, { MATCH: Buffer.from('m:1?'), COUNT: 10_000n })
    t.equal(end, '0')
    t.equal(matching.length, 10)
  })
})

t.test('Errors of the typed methods of sets', async (t) => {
  await t.test('say that a key holds no set', async (t) => {
    const { db } = openEngine(t)
    db.set('text', 'x')
    db.sadd('s', 'a')
    const calls: ((db: Database) => unknown)[] = [
      (db) => db.sadd('text', 'a'),
      (db) => db.srem('text', 'a'),
      (db) => db.scard('text'),
      (db) => db.sismember('text', 'a'),
      (db) => db.smismember('text', 'a'),
      (db) => db.smembers('text'),
      (db) => db.smembersBuffer('text'),
      (db) => db.spop('text'),
      (db) => db.spop('text', 1),
      (db) => db.srandmember('text'),
      (db) => db.srandmember('text', 1),
      (db) => db.smove('s', 'text', 'a'),
      (db) => db.sinter('s', 'text'),
      (db) => db.sinterBuffer('s', 'text'),
      (db) => db.sinterstore('to', 's', 'text'),
      (db) => db.sunion('s', 'text'),
      (db) => db.sunionBuffer('s', 'text'),
      (db) => db.sunionstore('to', 's', 'text'),
      (db) => db.sdiff('s', 'text'),
      (db) => db.sdiffBuffer('s', 'text'),
      (db) => db.sdiffstore('to', 's', 'text'),
      (db) => db.sintercard(['s', 'text']),
      (db) => db.sscan('text', 0),
    ]
    for (const call of calls) t.throws(() => call(db), WRONG_TYPE, String(call))
    t.strictSame(sorted(db.keys('*')), ['s', 'text'])
    t.strictSame(db.smembers('s'), ['a'])
  })

  await t.test('are what Redis replies to wrong options and numbers', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    db.sadd('s', 'a')
    const wrong: [message: string, method: string, ...args: unknown[]][] = [
      ["ERR wrong number of arguments for 'sadd' command", 'sadd', 's'],
      ["ERR wrong number of arguments for 'sinter' command", 'sinter'],
      ['ERR value is out of range, must be positive', 'spop', 's', -1],
      ["ERR LIMIT can't be negative", 'sintercard', ['s'], { LIMIT: -1 }],
      ['ERR syntax error', 'sintercard', ['s'], { COUNT: 1 }],
      ['ERR invalid cursor', 'sscan', 's', 'x'],
      ['ERR syntax error', 'sscan', 's', 0, { COUNT: 0 }],
      ['ERR syntax error', 'sscan', 's', 0, { LIMIT: 1 }],
    ]
    for (const [message, method, ...args] of wrong) {
      t.throws(() => untyped[method]?.(...args), new ReplyError(message), method)
    }
    t.equal(db.scard('s'), 1)
  })

  await t.test('refuse what is no key, member or integer', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['sadd', 1, 'a'],
      ['sadd', 's', 'a', {}],
      ['srem', 's', null],
      ['scard', undefined],
      ['sismember', 's'],
      ['smismember', 's', 'a', true],
      ['smembersBuffer', ['s']],
      ['spop', 's', 1.5],
      ['srandmember', 's', '1'],
      ['smove', 's', 5, 'a'],
      ['sinter', 's', 5],
      ['sinterstore', 5, 's'],
      ['sunion', {}],
      ['sunionstore', 'to', null],
      ['sdiff', 's', 5],
      ['sdiffstore', 'to', 's', 5],
      ['sintercard', ['s', 5]],
      ['sintercard', ['s'], { LIMIT: null }],
      ['sscan', 5, 0],
      ['sscan', 's', 0, { MATCH: {} }],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.equal(db.dbsize(), 0)
  })
})
