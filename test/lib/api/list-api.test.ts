/**
 * The typed face of the list commands: natural types in and out. What the commands mean is compared
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

t.test('Typed methods of lists', async (t) => {
  await t.test('push text, numbers and bytes at either end', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.rpush('l', 'b', 5, -7n), 3)
    t.equal(db.lpush('l', 'a', BYTES), 5)
    t.equal(db.rpushx('l', 0.5), 6)
    t.equal(db.lpushx('l', '', 'é'), 8)
    t.equal(db.llen('l'), 8)
    // Those pushed at the left are in the opposite order.
    t.strictSame(db.lrange('l', 0, 1), ['é', ''])
    t.strictSame(db.lrangeBuffer('l', 2, 2), [BYTES])
    t.strictSame(db.lrange('l', 3n, -1n), ['a', 'b', '5', '-7', '0.5'])
  })

  await t.test('leave alone what is no list yet when they push with X', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.lpushx('none', 'a'), 0)
    t.equal(db.rpushx('none', 'a', 'b'), 0)
    t.equal(db.llen('none'), 0)
    t.equal(db.exists('none'), 0)
  })

  await t.test('take keys that are bytes', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.rpush(BYTES, 'a'), 1)
    t.equal(db.llen(new Uint8Array(BYTES)), 1)
    t.strictSame(db.lrange('\0\ufffd\ufffd\n', 0, -1), [])
  })

  await t.test('pop text or Buffers, and null from no list', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', BYTES, 'b', BYTES, 1)
    t.equal(db.lpop('l'), 'a')
    t.strictSame(db.lpopBuffer('l'), BYTES)
    t.equal(db.rpop('l'), '1')
    t.strictSame(db.rpopBuffer('l'), BYTES)
    t.equal(db.lpop('l'), 'b')
    t.equal(db.exists('l'), 0)
    db.rpush('several', 'a', BYTES, 'c', 'd')
    t.strictSame(db.rpop('several', 1), ['d'])
    t.strictSame(db.lpop('several', 1n), ['a'])
    t.strictSame(db.lpopBuffer('several', 5), [BYTES, Buffer.from('c')])
    t.equal(db.rpopBuffer('several', 2), null)
    t.equal(db.lpop('l'), null)
    t.equal(db.rpop('l'), null)
    t.equal(db.lpopBuffer('l'), null)
    t.equal(db.rpopBuffer('l'), null)
  })

  await t.test('find elements by index', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', 'b', BYTES)
    t.equal(db.lindex('l', 0), 'a')
    t.equal(db.lindex('l', -2n), 'b')
    t.equal(db.lindex('l', 3), null)
    t.equal(db.lindex('none', 0), null)
    t.strictSame(db.lindexBuffer('l', -1), BYTES)
    t.equal(db.lindexBuffer('l', -4), null)
    t.strictSame(db.lrange('none', 0, -1), [])
    t.strictSame(db.lrangeBuffer('l', 5, 9), [])
  })

  await t.test('change, insert and remove elements', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', 'b', 'a', 'c', 'a')
    t.equal(db.lset('l', -2, 5), 'OK')
    t.equal(db.linsert('l', 'BEFORE', 5, 'before'), 6)
    t.equal(db.linsert('l', 'AFTER', '5', 2n), 7)
    t.equal(db.linsert('l', 'AFTER', 'none', 'x'), -1)
    t.equal(db.linsert('none', 'AFTER', 'a', 'x'), 0)
    t.strictSame(db.lrange('l', 0, -1), ['a', 'b', 'a', 'before', '5', '2', 'a'])
    t.equal(db.lrem('l', -1, 'a'), 1)
    t.equal(db.lrem('l', 1n, 'a'), 1)
    t.equal(db.lrem('l', 0, 5), 1)
    t.equal(db.lrem('l', 0, 'none'), 0)
    t.strictSame(db.lrange('l', 0, -1), ['b', 'a', 'before', '2'])
    t.equal(db.ltrim('l', 1, -2), 'OK')
    t.strictSame(db.lrange('l', 0, -1), ['a', 'before'])
    t.equal(db.ltrim('l', 5, 4n), 'OK')
    t.equal(db.exists('l'), 0)
  })

  await t.test('tell the index of an element, or with COUNT several', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', 'b', 'c', 'd', 1, 2, 3, 4, 3, 3, 3)
    t.equal(db.lpos('l', 3), 6)
    t.equal(db.lpos('l', 'none'), null)
    t.equal(db.lpos('none', 'a'), null)
    t.equal(db.lpos('l', '3', { RANK: -1 }), 10)
    t.equal(db.lpos('l', 3n, { RANK: 2n, COUNT: undefined }), 8)
    t.strictSame(db.lpos('l', 3, { COUNT: 2 }), [6, 8])
    t.strictSame(db.lpos('l', 3, { COUNT: 0, RANK: 2 }), [8, 9, 10])
    t.strictSame(db.lpos('l', 'none', { COUNT: 0n }), [])
    t.equal(db.lpos('l', 3, { MAXLEN: 6 }), null)
    t.equal(db.lpos('l', 3, { MAXLEN: 7 }), 6)
  })

  await t.test('move elements between lists', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', 'b', 'c', BYTES, BYTES)
    t.strictSame(db.lmoveBuffer('l', 'm', 'RIGHT', 'LEFT'), BYTES)
    t.strictSame(db.rpoplpushBuffer('l', 'm'), BYTES)
    t.equal(db.lmove('l', 'm', 'LEFT', 'RIGHT'), 'a')
    t.equal(db.rpoplpush('l', 'm'), 'c')
    t.equal(db.lmove('l', 'l', 'LEFT', 'LEFT'), 'b')
    t.strictSame(db.lrangeBuffer('m', 0, -1), [Buffer.from('c'), BYTES, BYTES, Buffer.from('a')])
    t.strictSame(db.lrange('l', 0, -1), ['b'])
    t.equal(db.lmove('none', 'm', 'LEFT', 'RIGHT'), null)
    t.equal(db.rpoplpush('none', 'm'), null)
    t.equal(db.lmoveBuffer('none', 'm', 'RIGHT', 'RIGHT'), null)
    t.equal(db.rpoplpushBuffer('none', 'm'), null)
  })

  await t.test('pop from the first of several lists that has elements', async (t) => {
    const { db } = openEngine(t)
    db.rpush('l', 'a', 'b', 'c', 'd')
    db.rpush('m', 1)
    t.strictSame(db.lmpop(['none', 'l', 'm'], 'LEFT'), ['l', ['a']])
    t.strictSame(db.lmpop(['l'], 'RIGHT', { COUNT: 2 }), ['l', ['d', 'c']])
    t.strictSame(db.lmpop(['l', 'm'], 'RIGHT', { COUNT: 9n }), ['l', ['b']])
    t.strictSame(db.lmpop([Buffer.from('l'), Buffer.from('m')], 'LEFT'), ['m', ['1']])
    t.equal(db.lmpop(['l', 'm'], 'LEFT'), null)
  })
})

t.test('Errors of the typed methods of lists', async (t) => {
  await t.test('say that a key holds no list', async (t) => {
    const { db } = openEngine(t)
    db.set('text', 'x')
    db.rpush('l', 'a')
    const calls: ((db: Database) => unknown)[] = [
      (db) => db.lpush('text', 'a'),
      (db) => db.rpush('text', 'a'),
      (db) => db.lpushx('text', 'a'),
      (db) => db.rpushx('text', 'a'),
      (db) => db.lpop('text'),
      (db) => db.lpopBuffer('text'),
      (db) => db.rpop('text'),
      (db) => db.rpopBuffer('text'),
      (db) => db.llen('text'),
      (db) => db.lindex('text', 0),
      (db) => db.lindexBuffer('text', 0),
      (db) => db.lrange('text', 0, -1),
      (db) => db.lrangeBuffer('text', 0, -1),
      (db) => db.lset('text', 0, 'a'),
      (db) => db.linsert('text', 'BEFORE', 'a', 'b'),
      (db) => db.lrem('text', 0, 'a'),
      (db) => db.ltrim('text', 0, -1),
      (db) => db.lpos('text', 'a'),
      (db) => db.lmove('l', 'text', 'LEFT', 'LEFT'),
      (db) => db.lmoveBuffer('text', 'l', 'LEFT', 'LEFT'),
      (db) => db.rpoplpush('l', 'text'),
      (db) => db.rpoplpushBuffer('text', 'l'),
      (db) => db.lmpop(['none', 'text'], 'LEFT'),
    ]
    for (const call of calls) t.throws(() => call(db), WRONG_TYPE, String(call))
    t.equal(db.get('text'), 'x')
    t.strictSame(db.lrange('l', 0, -1), ['a'])
  })

  await t.test('are what Redis replies to wrong indexes, options and numbers', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    db.rpush('l', 'a')
    const wrong: [message: string, method: string, ...args: unknown[]][] = [
      ['ERR no such key', 'lset', 'none', 0, 'x'],
      ['ERR index out of range', 'lset', 'l', 1, 'x'],
      ["ERR wrong number of arguments for 'rpush' command", 'rpush', 'l'],
      ['ERR syntax error', 'linsert', 'l', 'BESIDE', 'a', 'b'],
      ['ERR syntax error', 'lmove', 'l', 'l', 'UP', 'DOWN'],
      ["ERR COUNT can't be negative", 'lpos', 'l', 'a', { COUNT: -1 }],
      ["ERR MAXLEN can't be negative", 'lpos', 'l', 'a', { MAXLEN: -1 }],
      ['ERR syntax error', 'lpos', 'l', 'a', { LIMIT: 1 }],
      ['ERR count should be greater than 0', 'lmpop', ['l'], 'LEFT', { COUNT: 0 }],
      ['ERR syntax error', 'lmpop', ['l'], 'MIDDLE'],
    ]
    for (const [message, method, ...args] of wrong) {
      t.throws(() => untyped[method]?.(...args), new ReplyError(message), method)
    }
    t.throws(() => db.lpos('l', 'a', { RANK: 0 }), { message: /^ERR RANK can't be zero/ })
    t.strictSame(db.lrange('l', 0, -1), ['a'])
  })

  await t.test('refuse what is no key, element or integer', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['lmpop', 'ab', 'LEFT'],
      ['lpos', 'l', 'a', null],
      ['lpop', 'l', 1.5],
      ['lmove', 'a', 'b', undefined, 'LEFT'],
      ['lpush', 1, 'a'],
      ['rpush', 'l', 'a', {}],
      ['lpushx', 'l', null],
      ['rpushx', 'l', undefined],
      ['lpop', undefined],
      ['rpopBuffer', ['l']],
      ['llen', 5],
      ['lindex', 'l', 0.5],
      ['lindexBuffer', 'l', '0'],
      ['lrange', 'l', 0],
      ['lrangeBuffer', 'l', Number.NaN, 1],
      ['lset', 'l', 2n ** 63n, 'a'],
      ['lset', 'l', 0, true],
      ['linsert', 'l', 'AFTER', 'a', Symbol('x')],
      ['lrem', 'l', 2 ** 53, 'a'],
      ['ltrim', 'l', 0, Infinity],
      ['lpos', 'l', []],
      ['lpos', 'l', 'a', { COUNT: null }],
      ['lmove', 'l', 5, 'LEFT', 'LEFT'],
      ['rpoplpush', null, 'l'],
      ['lmpop', ['l', 5], 'LEFT'],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.equal(db.dbsize(), 0)
  })
})
