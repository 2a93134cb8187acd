/**
 * The typed face of the hyperloglog commands: natural types in and out. What the commands mean is
 * compared with redis-server in test/compat.
 */

import t from 'tap'
import type { Database } from '../../../dist/api/database.js'
import { ReplyError } from '../../../dist/errors.js'
import { openEngine } from '../../support/open-engine.js'

const BYTES = Buffer.from([0, 255, 254, 10])

t.test('Typed methods of hyperloglogs', async (t) => {
  await t.test('count different elements: text, numbers and bytes', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.pfadd('h', 'a', 'b', 'c', 'd', 'e', 'f', 'g'), 1)
    t.equal(db.pfcount('h'), 7)
    t.equal(db.pfadd('h', 'a', 'g'), 0)
    t.equal(db.pfadd('n', 1, 2n, 0.5, BYTES), 1)
    // A number is the text of its digits.
    t.equal(db.pfadd('n', '1', 2, '0.5', new Uint8Array(BYTES)), 0)
    t.equal(db.pfcount('n'), 4)
    t.equal(db.pfcount('none'), 0)
  })

  await t.test('make an empty one without elements', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.pfadd(BYTES), 1)
    t.equal(db.pfadd(BYTES), 0)
    t.equal(db.pfcount(BYTES), 0)
    t.equal(db.exists(BYTES), 1)
  })

  await t.test('count several together', async (t) => {
    const { db } = openEngine(t)
    db.pfadd('h', 'foo', 'bar', 'zap')
    db.pfadd(BYTES, 1, 2, 3, 'foo')
    t.equal(db.pfcount('h', BYTES, 'none'), 6)
    t.equal(db.pfcount('h'), 3)
  })

  await t.test('merge several into one, what it has included', async (t) => {
    const { db } = openEngine(t)
    db.pfadd('h1', 'foo', 'bar', 'zap', 'a')
    db.pfadd('h2', 'a', 'b', 'c', 'foo')
    t.equal(db.pfmerge('to', 'h1', Buffer.from('h2'), 'none'), 'OK')
    t.equal(db.pfcount('to'), 6)
    db.pfadd('h3', 'new')
    t.equal(db.pfmerge('to', 'h3'), 'OK')
    t.equal(db.pfcount('to'), 7)
    t.equal(db.pfmerge('empty'), 'OK')
    t.equal(db.pfcount('empty'), 0)
  })

  await t.test('stay within the error of about 0.81 % that Redis promises', async (t) => {
    const { db } = openEngine(t)
    const elements = 20_000
    db.pfadd('h', ...Array.from({ length: elements }, (_, at) => at))
    const estimate = db.pfcount('h')
    t.type(estimate, 'number')
    // Six standard errors.
    t.ok(Math.abs(estimate - elements) < 6 * 0.0081 * elements, `${estimate}`)
  })
})

t.test('Errors of the typed methods of hyperloglogs', async (t) => {
  await t.test('say that a key holds no string, or one that is no hyperloglog', async (t) => {
    const { db } = openEngine(t)
    db.rpush('list', 'a')
    db.set('text', 'x')
    const wrongType = new ReplyError(
      'WRONGTYPE Operation against a key holding the wrong kind of value',
    )
    const noSketch = new ReplyError('WRONGTYPE Key is not a valid HyperLogLog string value.')
    const calls: ((db: Database, key: string) => unknown)[] = [
      (db, key) => db.pfadd(key, 'a'),
      (db, key) => db.pfcount(key),
      (db, key) => db.pfcount('none', key),
      (db, key) => db.pfmerge('to', key),
      (db, key) => db.pfmerge(key, 'none'),
    ]
    for (const call of calls) {
      t.throws(() => call(db, 'list'), wrongType, String(call))
      t.throws(() => call(db, 'text'), noSketch, String(call))
    }
    t.throws(
      () => db.pfcount(),
      new ReplyError("ERR wrong number of arguments for 'pfcount' command"),
    )
    t.equal(db.get('text'), 'x')
    t.equal(db.exists('to'), 0)
  })

  await t.test('refuse what is no key or element', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['pfadd', 1, 'a'],
      ['pfadd', 'h', 'a', {}],
      ['pfadd', 'h', undefined],
      ['pfadd', 'h', ['a']],
      ['pfcount', 'h', 5],
      ['pfcount', null],
      ['pfmerge', 5n, 'h'],
      ['pfmerge', 'to', 'h', true],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.equal(db.dbsize(), 0)
  })
})
