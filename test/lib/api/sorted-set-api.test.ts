/**
 * The typed face of the sorted set commands: natural types in and out. What the commands mean is
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

/** `z` by score, `names` by name, and two sets that share `b`. */
function fill(db: Database): void {
  db.zadd('z', { a: 1, b: 2, c: 3, d: 4 })
  db.zadd('names', { a: 0, b: 0, c: 0, d: 0 })
  db.zadd('one', { a: 1, b: 2 })
  db.zadd('two', { b: 3, c: 4 })
}

/** Calls a method with arguments that its type need not allow. */
function run(db: Database, method: string, args: readonly unknown[]): unknown {
  return (db as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args)
}

t.test('Typed methods of sorted sets', async (t) => {
  await t.test('add members from an object, a Map or pairs', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.zadd('z', { a: 1, b: '2.5' }), 2)
    t.equal(db.zadd('z', new Map([['c', Infinity]])), 1)
    t.equal(db.zadd('z', [[BYTES, -Infinity]]), 1)
    t.equal(db.zadd('z', new Map([[5, '1e2']]).set(6, '-inf').entries()), 2)
    t.equal(db.zadd('z', { a: 7 }), 0)
    t.strictSame(db.zmscore('z', 'a', 'b', 'c'), [7, 2.5, Infinity])
    t.strictSame(db.zmscore('z', BYTES, '5', 6, 'none'), [-Infinity, 100, -Infinity, null])
    t.equal(db.zadd(BYTES, { a: 0.1 }), 1)
    t.equal(db.zscore(new Uint8Array(BYTES), 'a'), 0.1)
  })

  await t.test('add with options', async (t) => {
    const { db } = openEngine(t)
    db.zadd('z', { a: 5, b: 5 })
    t.equal(db.zadd('z', { a: 1, c: 1 }, { NX: true }), 1)
    t.equal(db.zadd('z', { a: 6, none: 1 }, { XX: true, CH: true }), 1)
    t.equal(db.zadd('z', { a: 5, b: 7, d: 1 }, { GT: true, CH: true }), 2)
    t.equal(db.zadd('z', { a: 5, b: 9 }, { LT: true, CH: true, NX: false }), 1)
    t.strictSame(db.zmscore('z', 'a', 'b', 'c', 'd', 'none'), [5, 7, 1, 1, null])
    t.equal(db.zadd('z', { a: 0.5 }, { INCR: true }), 5.5)
    t.equal(db.zadd('big', { a: 5n, b: 2n ** 60n }), 2)
    t.strictSame(db.zmscore('big', 'a', 'b'), [5, 2 ** 60])
    t.equal(db.zadd('z', { a: 1 }, { INCR: true, NX: true }), null)
    t.equal(db.zadd('z', { a: -1 }, { INCR: true, GT: true, XX: undefined }), null)
  })

  await t.test('count up with numbers or text', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.zincrby('z', 2, 'a'), 2)
    t.equal(db.zincrby('z', '-0.5', 'a'), 1.5)
    t.equal(db.zincrby('z', Infinity, 'a'), Infinity)
    t.equal(db.zincrby('z', -Infinity, BYTES), -Infinity)
    t.equal(db.zincrby('z', 1e300, 5n), 1e300)
    t.equal(db.zscore('z', 5), 1e300)
  })

  await t.test('tell scores, places and numbers of members', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.zcard('z'), 4)
    t.equal(db.zcard('none'), 0)
    t.equal(db.zscore('z', 'none'), null)
    t.equal(db.zscore('none', 'a'), null)
    t.strictSame(db.zmscore('none', 'a', 'b'), [null, null])
    t.equal(db.zrank('z', 'b'), 1)
    t.equal(db.zrevrank('z', 'b'), 2)
    t.equal(db.zrank('z', 'none'), null)
    t.equal(db.zrevrank('none', 'a'), null)
    t.equal(db.zcount('z', 2, 3n), 2)
    t.equal(db.zcount('z', '(1', '+inf'), 3)
    t.equal(db.zcount('z', -Infinity, Infinity), 4)
    t.equal(db.zcount('z', 1.5, 2.5), 1)
    t.equal(db.zlexcount('names', '-', '+'), 4)
    t.equal(db.zlexcount('names', '(a', '[c'), 2)
  })

  await t.test('return ranges by rank, score or name', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.strictSame(db.zrange('z', 1, -2n), ['b', 'c'])
    t.strictSame(db.zrange('z', 0, 0, { REV: true, WITHSCORES: true }), ['d', '4'])
    t.strictSame(db.zrange('z', 2, '(4', { BYSCORE: true }), ['b', 'c'])
    const downwards = { BYSCORE: true, REV: true, LIMIT: [1, 2n] } as const
    t.strictSame(db.zrange('z', '+inf', -Infinity, downwards), ['c', 'b'])
    t.strictSame(db.zrange('names', '[b', '+', { BYLEX: true, LIMIT: [1, -1] }), ['c', 'd'])
    t.strictSame(db.zrange('none', 0, -1), [])
    t.strictSame(db.zrangebyscore('z', '(1', 3, { WITHSCORES: true }), ['b', '2', 'c', '3'])
    t.strictSame(db.zrevrangebyscore('z', Infinity, 2n, { LIMIT: [0, 2] }), ['d', 'c'])
    t.strictSame(db.zrevrange('z', 0, 1), ['d', 'c'])
    t.strictSame(db.zrevrange('z', -1, -1, { WITHSCORES: true }), ['a', '1'])
    t.strictSame(db.zrangebylex('names', '-', '(c'), ['a', 'b'])
    t.strictSame(db.zrevrangebylex('names', '[c', '-', { LIMIT: [1, 1] }), ['b'])
  })

  await t.test('return members and scores as Buffers', async (t) => {
    const { db } = openEngine(t)
    db.zadd('z', [[BYTES, 2.5]])
    t.strictSame(db.zrangeBuffer('z', 0, -1), [BYTES])
    const scored = db.zrangeBuffer('z', 2, 3, { BYSCORE: true, WITHSCORES: true })
    t.strictSame(scored, [BYTES, Buffer.from('2.5')])
    t.strictSame(db.zrangeBuffer('none', 0, -1), [])
  })

  await t.test('store ranges', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.zrangestore('to', 'z', 1, 2), 2)
    t.strictSame(db.zrange('to', 0, -1, { WITHSCORES: true }), ['b', '2', 'c', '3'])
    t.equal(db.zrangestore('to', 'z', Infinity, '(1', { BYSCORE: true, REV: true }), 3)
    t.equal(db.zrangestore('to', 'z', 8, 9), 0)
    t.equal(db.exists('to'), 0)
  })

  await t.test('remove members and ranges', async (t) => {
    const { db } = openEngine(t)
    db.zadd('z', { a: 1, b: 2, c: 3, d: 4, 5: 5 })
    t.equal(db.zrem('z', 'a', 'none', 5), 2)
    t.equal(db.zremrangebyrank('z', -1, 9n), 1)
    t.equal(db.zremrangebyscore('z', '(2', Infinity), 1)
    t.equal(db.zremrangebylex('z', '[b', '[b'), 1)
    t.equal(db.exists('z'), 0)
  })

  await t.test('pop the lowest and the highest', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.strictSame(db.zpopmin('z'), ['a', '1'])
    t.strictSame(db.zpopmax('z', 2n), ['d', '4', 'c', '3'])
    t.strictSame(db.zpopmin('none', 2), [])
    t.strictSame(db.zmpop(['none', 'one', 'two'], 'MAX'), ['one', [['b', '2']]])
    t.strictSame(db.zmpop([Buffer.from('one')], 'MIN', { COUNT: 5 }), ['one', [['a', '1']]])
    t.equal(db.zmpop(['none', 'one'], 'MIN'), null)
  })

  await t.test('draw members', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.zrandmember('z'), null)
    t.strictSame(db.zrandmember('z', 3), [])
    db.zadd('z', { only: 1.5 })
    t.equal(db.zrandmember('z'), 'only')
    t.strictSame(db.zrandmember('z', 3n), ['only'])
    t.strictSame(db.zrandmember('z', -2), ['only', 'only'])
    t.strictSame(db.zrandmember('z', -2, { WITHSCORES: true }), ['only', '1.5', 'only', '1.5'])
  })

  await t.test('scan all members with cursors of every form', async (t) => {
    const { db } = openEngine(t)
    const pairs = Array.from({ length: 1000 }, (_, at): [string, number] => [`m:${at}`, at])
    db.zadd('z', pairs)
    const seen = new Map<string, string>()
    let calls = 0
    let cursor = '0'
    do {
      const [next, flat] = db.zscan('z', calls % 2 === 0 ? cursor : BigInt(cursor), { COUNT: 20 })
      for (let at = 0; at < flat.length; at += 2) seen.set(String(flat[at]), String(flat[at + 1]))
      cursor = next
      ++calls
    } while (cursor !== '0')
    t.ok(calls > 1, `${calls} calls`)
    t.equal(seen.size, 1000)
    t.ok(pairs.every(([member, score]) => seen.get(member) === String(score)))
    const [, found] = db.zscan('z', 0, { MATCH: Buffer.from('m:7'), COUNT: 10_000n })
    t.strictSame(found, ['m:7', '7'])
    t.strictSame(db.zscan('none', 0), ['0', []])
  })

  await t.test('combine sets', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    const keys = ['one', Buffer.from('two')]
    t.strictSame(db.zunion(keys), ['a', 'c', 'b'])
    const weighed = { WEIGHTS: [10, 0.5], AGGREGATE: 'MAX', WITHSCORES: true } as const
    t.strictSame(db.zunion(keys, weighed), ['c', '2', 'a', '10', 'b', '20'])
    t.strictSame(db.zinter(keys, { AGGREGATE: 'MIN', WITHSCORES: true }), ['b', '2'])
    t.strictSame(db.zinter(['one', 'none']), [])
    t.strictSame(db.zdiff(keys), ['a'])
    t.strictSame(db.zdiff(['two', 'one'], { WITHSCORES: true }), ['c', '4'])
    t.equal(db.zunionstore('to', keys, { WEIGHTS: [1, Infinity] }), 3)
    t.strictSame(db.zmscore('to', 'a', 'b', 'c'), [1, Infinity, Infinity])
    t.equal(db.zinterstore('to', keys, { AGGREGATE: 'SUM' }), 1)
    t.strictSame(db.zrange('to', 0, -1, { WITHSCORES: true }), ['b', '5'])
    t.equal(db.zdiffstore('to', keys), 1)
    t.strictSame(db.zrange('to', 0, -1), ['a'])
    t.equal(db.zintercard(['z', 'one']), 2)
    t.equal(db.zintercard(['z', 'one'], { LIMIT: 1n }), 1)
    t.equal(db.zintercard(['one', 'none']), 0)
  })
})

t.test('Errors of the typed methods of sorted sets', async (t) => {
  await t.test('say that a key holds no sorted set', async (t) => {
    const { db } = openEngine(t)
    db.set('text', 'x')
    db.zadd('one', { a: 1 })
    const calls: [methods: string, ...args: unknown[]][] = [
      ['zcard zpopmin zpopmax zrandmember', 'text'],
      ['zrem zscore zmscore zrank zrevrank', 'text', 'a'],
      ['zcount zrange zrangeBuffer zrangebyscore zrevrangebyscore zrevrange', 'text', 0, 1],
      ['zremrangebyrank zremrangebyscore', 'text', 0, 1],
      ['zlexcount zrangebylex zrevrangebylex zremrangebylex', 'text', '-', '+'],
      ['zadd', 'text', { a: 1 }],
      ['zincrby', 'text', 1, 'a'],
      ['zrangestore', 'to', 'text', 0, 1],
      ['zscan', 'text', 0],
      ['zmpop', ['none', 'text'], 'MIN'],
      ['zunion zinter zdiff zintercard', ['one', 'text']],
      ['zunionstore zinterstore zdiffstore', 'to', ['one', 'text']],
    ]
    for (const [methods, ...args] of calls) {
      for (const method of methods.split(' ')) t.throws(() => run(db, method, args), WRONG_TYPE)
    }
    t.strictSame(db.keys('*').sort(), ['one', 'text'])
  })

  await t.test('are what Redis replies to NaN, wrong bounds and options', async (t) => {
    const { db } = openEngine(t)
    db.zadd('z', { a: 1, inf: Infinity })
    const noFloat = 'value is not a valid float'
    const noBound = 'min or max is not a float'
    const noName = 'min or max not valid string range item'
    const notBoth = 'options at the same time are not compatible'
    const oneOnly = 'INCR option supports a single increment-element pair'
    const wrong: [message: string, method: string, ...args: unknown[]][] = [
      [noFloat, 'zadd', 'z', { b: 1, a: Number.NaN }],
      [noFloat, 'zadd', 'z', { a: 'nan' }],
      [noFloat, 'zincrby', 'z', Number.NaN, 'a'],
      ['resulting score is not a number (NaN)', 'zincrby', 'z', -Infinity, 'inf'],
      [`XX and NX ${notBoth}`, 'zadd', 'z', { a: 2 }, { NX: true, XX: true }],
      [`GT, LT, and/or NX ${notBoth}`, 'zadd', 'z', { a: 2 }, { GT: true, LT: true }],
      [oneOnly, 'zadd', 'z', { a: 1, b: 1 }, { INCR: true }],
      ["wrong number of arguments for 'zadd' command", 'zadd', 'z', {}],
      [noBound, 'zcount', 'z', Number.NaN, 1],
      [noBound, 'zrangebyscore', 'z', 0, 'x'],
      [noName, 'zlexcount', 'z', 'a', '+'],
      ['value is not an integer or out of range', 'zrange', 'z', 0.5, 1],
      ['syntax error', 'zrange', 'z', 0, 1, { BYSCORE: true, BYLEX: true }],
      ['value is out of range, must be positive', 'zpopmin', 'z', -1],
      ['count should be greater than 0', 'zmpop', ['z'], 'MIN', { COUNT: 0 }],
      ['weight value is not a float', 'zunion', ['z'], { WEIGHTS: [Number.NaN] }],
      ['syntax error', 'zinter', ['z'], { AGGREGATE: 'AVG' }],
      ["LIMIT can't be negative", 'zintercard', ['z'], { LIMIT: -1 }],
      ['invalid cursor', 'zscan', 'z', 'x'],
    ]
    for (const [message, method, ...args] of wrong) {
      t.throws(() => run(db, method, args), new ReplyError(`ERR ${message}`), method)
    }
    t.strictSame(db.zrange('z', 0, -1, { WITHSCORES: true }), ['a', '1', 'inf', 'inf'])
  })

  await t.test('refuse what is no key, member or integer', async (t) => {
    const { db } = openEngine(t)
    const wrong: [method: string, ...args: unknown[]][] = [
      ['zadd', 1, { a: 1 }],
      ['zadd', 'z', [[null, 1]]],
      ['zadd', 'z', { a: true }],
      ['zadd', 'z', { a: [7] }],
      ['zadd', 'z', null],
      ['zadd', 'z', 'ab'],
      ['zadd', 'z', { a: 1 }, null],
      ['zincrby', 'z', 1, {}],
      ['zincrby', 'z', undefined, 'a'],
      ['zcount', 'z', [1], ['2']],
      ['zlexcount', 'z', {}, '+'],
      ['zscan', 'z', 1.5],
      ['zrandmember', 'z', undefined, { WITHSCORES: true }],
      ['zunion', 'ab'],
      ['zrem', 'z', 'a', undefined],
      ['zrank', 'z'],
      ['zrange', 'z', 0, 1, { LIMIT: [0, null] }],
      ['zrangestore', 'to', null, 0, 1],
      ['zremrangebyrank', 'z', 0, '1'],
      ['zpopmin', 'z', 1.5],
      ['zpopmax', 'z', 2n ** 63n],
      ['zmpop', ['z', 5], 'MIN'],
      ['zrandmember', 'z', Number.NaN],
      ['zscan', 'z', 0, { COUNT: {} }],
      ['zunionstore', 5, ['z']],
      ['zinter', ['z'], { WEIGHTS: [true] }],
      ['zdiffstore', 'to', [null]],
    ]
    const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
    for (const [method, ...args] of wrong) t.throws(() => run(db, method, args), refused, method)
    t.equal(db.dbsize(), 0)
  })
})
