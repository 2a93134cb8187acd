/**
 * The typed face of the bitmap commands: natural types in and out. What the commands mean is
 * compared with redis-server in test/compat.
 */

import t from 'tap'
import type { Database } from '../../../dist/api/database.js'
import { ReplyError } from '../../../dist/errors.js'
import { openEngine } from '../../support/open-engine.js'

const BYTES = Buffer.from([0, 255, 254, 10])
const WRONG_TYPE = new ReplyError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)

t.test('Typed methods of bitmaps', async (t) => {
  await t.test('set and read bits, at offsets that are numbers or bigints', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.setbit('b', 7, 1), 0)
    t.equal(db.setbit('b', 7n, 0), 1)
    t.equal(db.setbit('b', 9n, 1), 0)
    t.equal(db.getbit('b', 9), 1)
    t.equal(db.getbit('b', 7n), 0)
    t.equal(db.getbit('b', 1000), 0)
    t.equal(db.getbit('none', 0), 0)
    t.strictSame(db.getBuffer('b'), Buffer.from([0, 0b0100_0000]))
    t.equal(db.setbit(BYTES, 0, 1), 0)
    t.equal(db.getbit(new Uint8Array(BYTES), 0), 1)
  })

  await t.test('count bits of all, of bytes or of bits', async (t) => {
    const { db } = openEngine(t)
    db.set('b', 'foobar')
    t.equal(db.bitcount('b'), 26)
    t.equal(db.bitcount('b', undefined), 26)
    t.equal(db.bitcount('b', [0, 0]), 4)
    t.equal(db.bitcount('b', [1n, 1n]), 6)
    t.equal(db.bitcount('b', [1, 1, 'BYTE']), 6)
    t.equal(db.bitcount('b', [5, 30, 'BIT']), 17)
    t.equal(db.bitcount('b', [0, -1]), 26)
    t.equal(db.bitcount('none'), 0)
  })

  await t.test('find the first bit in all, in bytes or in bits', async (t) => {
    const { db } = openEngine(t)
    db.set('ones', Buffer.from([0xff, 0xf0, 0x00]))
    t.equal(db.bitpos('ones', 0), 12)
    db.set('b', Buffer.from([0x00, 0xff, 0xf0]))
    t.equal(db.bitpos('b', 1), 8)
    t.equal(db.bitpos('b', 1, [0]), 8)
    t.equal(db.bitpos('b', 1, [2n]), 16)
    t.equal(db.bitpos('b', 1, [2, -1, 'BYTE']), 16)
    t.equal(db.bitpos('b', 1, [7, 15, 'BIT']), 8)
    t.equal(db.bitpos('b', 1, [7, -3n, 'BIT']), 8)
    t.equal(db.bitpos('b', 1, [0, 0]), -1)
    t.equal(db.bitpos('none', 1), -1)
    t.equal(db.bitpos('none', 0), 0)
  })

  await t.test('store strings combined bit by bit', async (t) => {
    const { db } = openEngine(t)
    db.set('a', Buffer.from([0b1100, 0xff]))
    db.set(BYTES, Buffer.from([0b1010]))
    t.equal(db.bitop('AND', 'to', 'a', BYTES), 2)
    t.strictSame(db.getBuffer('to'), Buffer.from([0b1000, 0]))
    t.equal(db.bitop('OR', 'to', 'a', BYTES), 2)
    t.strictSame(db.getBuffer('to'), Buffer.from([0b1110, 0xff]))
    t.equal(db.bitop('XOR', 'to', 'a', BYTES, 'none'), 2)
    t.strictSame(db.getBuffer('to'), Buffer.from([0b0110, 0xff]))
    t.equal(db.bitop('NOT', 'to', 'a'), 2)
    t.strictSame(db.getBuffer('to'), Buffer.from([0b1111_0011, 0]))
    // What is empty is no key.
    t.equal(db.bitop('AND', 'to', 'none'), 0)
    t.equal(db.exists('to'), 0)
  })

  await t.test('read and change integers: numbers, and bigints where they are large', async (t) => {
    const { db } = openEngine(t)
    t.strictSame(db.bitfield('b', 'INCRBY', 'i5', 100, 1, 'GET', 'u4', '0'), [1, 0])
    t.strictSame(db.bitfield('b', 'SET', 'i64', 128, 2n ** 62n), [0])
    t.strictSame(db.bitfield('b', 'GET', 'i64', 128n, 'GET', 'u63', 128), [2n ** 62n, 2n ** 61n])
    t.strictSame(db.bitfield('b', 'SET', 'i64', '#2', -1), [2n ** 62n])
    t.strictSame(db.bitfield_ro('b', 'GET', 'i64', 128, 'GET', 'u8', '#16'), [-1, 255])
    t.strictSame(db.bitfield_ro('b', 'GET', 'u63', 128), [2n ** 63n - 1n])
    t.strictSame(db.bitfield(BYTES, Buffer.from('GET'), Buffer.from('u8'), 0), [0])
    t.strictSame(db.bitfield_ro('none', 'GET', 'i8', 0), [0])
    t.strictSame(db.bitfield('none'), [])
    t.strictSame(db.bitfield_ro('none'), [])
    t.equal(db.exists(BYTES, 'none'), 0)
  })

  await t.test('wrap, stay at the end or return null where an integer overflows', async (t) => {
    const { db } = openEngine(t)
    const add = () =>
      db.bitfield('b', 'INCRBY', 'u2', 0, 1, 'OVERFLOW', 'SAT', 'INCRBY', 'u2', 2, 1)
    t.strictSame(add(), [1, 1])
    t.strictSame(add(), [2, 2])
    t.strictSame(add(), [3, 3])
    t.strictSame(add(), [0, 3])
    t.strictSame(db.bitfield('b', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', 2, 1), [null])
  })
})

t.test('Errors of the typed methods of bitmaps', async (t) => {
  await t.test('say that a key holds no string', async (t) => {
    const { db } = openEngine(t)
    db.rpush('list', 'a')
    const calls: ((db: Database) => unknown)[] = [
      (db) => db.setbit('list', 0, 1),
      (db) => db.getbit('list', 0),
      (db) => db.bitcount('list'),
      (db) => db.bitpos('list', 1),
      (db) => db.bitop('AND', 'to', 'none', 'list'),
      (db) => db.bitfield('list', 'SET', 'u8', 0, 1),
      (db) => db.bitfield_ro('list', 'GET', 'u8', 0),
    ]
    for (const call of calls) t.throws(() => call(db), WRONG_TYPE, String(call))
    t.strictSame(db.keys('*'), ['list'])
  })

  await t.test('are what Redis replies to wrong bits, offsets and words', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    db.set('b', 'x')
    const noOffset = 'ERR bit offset is not an integer or out of range'
    const noInteger = 'ERR value is not an integer or out of range'
    const noType =
      'ERR Invalid bitfield type. Use something like i16 u8. ' +
      'Note that u64 is not supported but i64 is.'
    const wrong: [message: string, method: string, ...args: unknown[]][] = [
      ['ERR bit is not an integer or out of range', 'setbit', 'b', 0, 2],
      [noOffset, 'setbit', 'b', -1, 1],
      [noOffset, 'setbit', 'b', 2 ** 32, 1],
      [noOffset, 'getbit', 'b', -1n],
      ['ERR The bit argument must be 1 or 0.', 'bitpos', 'b', 2],
      ['ERR syntax error', 'bitcount', 'b', [0]],
      ['ERR syntax error', 'bitcount', 'b', [0, 1, 'WORD']],
      [noInteger, 'bitcount', 'b', ['x', 1]],
      [noInteger, 'bitpos', 'b', 1, ['x']],
      ['ERR syntax error', 'bitop', 'NAND', 'to', 'b'],
      ['ERR BITOP NOT must be called with a single source key.', 'bitop', 'NOT', 'to', 'b', 'b'],
      ["ERR wrong number of arguments for 'bitop' command", 'bitop', 'AND', 'to'],
      ['ERR syntax error', 'bitfield', 'b', 'GET', 'u8'],
      ['ERR Invalid OVERFLOW type specified', 'bitfield', 'b', 'OVERFLOW', 'NONE'],
      [noOffset, 'bitfield', 'b', 'GET', 'u8', -1],
      [noType, 'bitfield', 'b', 'GET', 'u64', 0],
      ['ERR BITFIELD_RO only supports the GET subcommand', 'bitfield_ro', 'b', 'SET', 'u8', 0, 1],
    ]
    for (const [message, method, ...args] of wrong) {
      t.throws(() => untyped[method]?.(...args), new ReplyError(message), `${method} ${args}`)
    }
    t.equal(db.get('b'), 'x')
    t.equal(db.exists('to'), 0)
  })

  await t.test('refuse what is no key, offset or word', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['bitcount', 's', 5],
      ['setbit', 's', 0, undefined],
      ['bitop', {}, 'to', 's'],
      ['setbit', 1, 0, 1],
      ['setbit', 'b', 0.5, 1],
      ['setbit', 'b', '0', 1],
      ['getbit', undefined, 0],
      ['getbit', 'b', Number.NaN],
      ['getbit', 'b', 2n ** 63n],
      ['bitcount', 5],
      ['bitpos', null, 1],
      ['bitop', 'AND', 5, 'b'],
      ['bitop', 'AND', 'to', 'b', {}],
      ['bitfield', {}, 'GET', 'u8', 0],
      ['bitfield', 'b', 'GET', 'u8', null],
      ['bitfield_ro', true],
      ['bitfield_ro', 'b', 'GET', ['u8'], 0],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.equal(db.dbsize(), 0)
  })
})
