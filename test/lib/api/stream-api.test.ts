/**
 * The typed face of the stream commands: natural types in and out. What the commands mean is
 * compared with redis-server in test/compat.
 */

import t, { type Test } from 'tap'
import type { CallReply } from '../../../dist/api/command-api.js'
import type { Database } from '../../../dist/api/database.js'
import { ReplyError } from '../../../dist/errors.js'
import { openEngine } from '../../support/open-engine.js'

const NOW_MS = 1_750_000_000_000
const BYTES = Buffer.from([0, 255, 254, 10])
const WRONG_TYPE = new ReplyError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)

/** Entries 1-0 to 3-0, with the field `n`. */
function fill(db: Database): void {
  for (let n = 1; n <= 3; ++n) db.xadd('s', `${n}-0`, { n })
}

/** Names and values in turn. */
function named(reply: unknown): Record<string, unknown> {
  const flat = reply as readonly unknown[]
  const names = flat.filter((_, at) => at % 2 === 0)
  return Object.fromEntries(names.map((name, at) => [name, flat[2 * at + 1]]))
}

/** {@link fill} of which a consumer has not acknowledged some entries for a second. */
function openPending(t: Test, count: number): Database {
  const { db, setClock } = openEngine(t)
  setClock(NOW_MS - 1000)
  fill(db)
  db.xgroup('CREATE', 's', 'g', '0')
  db.xreadgroup('g', 'Ada', { s: '>' }, { COUNT: count })
  setClock(NOW_MS)
  return db
}

type Call = readonly [method: string, ...args: unknown[]]

/** Calls a method with arguments that its type need not allow. */
function run(db: Database, [method, ...args]: Call): unknown {
  return (db as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args)
}

t.test('Typed methods of streams', async (t) => {
  await t.test('add entries from an object, a Map or pairs', async (t) => {
    const { db, setClock } = openEngine(t)
    setClock(NOW_MS)
    t.equal(db.xadd('s', '1-1', { name: 'Ada', born: 1815 }), '1-1')
    t.equal(db.xadd('s', '1-*', new Map([['n', 5n]])), '1-2')
    const pairs = [
      ['n', 1],
      [Buffer.from('n'), 2],
    ] as const
    t.equal(db.xadd('s', '2', pairs), '2-0')
    t.equal(db.xadd('s', '*', { at: 'now' }), `${NOW_MS}-0`)
    t.equal(db.xadd('s', '*', { at: 'now' }), `${NOW_MS}-1`)
    t.equal(db.xlen('s'), 5)
    t.strictSame(db.xrange('s', '-', '2'), [
      ['1-1', ['name', 'Ada', 'born', '1815']],
      ['1-2', ['n', '5']],
      ['2-0', ['n', '1', 'n', '2']],
    ])
    db.xadd(BYTES, '1', [[BYTES, BYTES]])
    t.strictSame(db.callBuffer('XRANGE', BYTES, '-', '+'), [[Buffer.from('1-0'), [BYTES, BYTES]]])
  })

  await t.test('trim while they add', async (t) => {
    const { db } = openEngine(t)
    t.equal(db.xadd('none', '*', { a: 1 }, { NOMKSTREAM: true }), null)
    t.equal(db.xlen('none'), 0)
    fill(db)
    t.equal(db.xadd('s', '4', { n: 4 }, { MAXLEN: 2, NOMKSTREAM: true }), '4-0')
    t.equal(db.xlen('s'), 2)
    t.equal(db.xadd('s', '5', { n: 5 }, { MINID: '4-0', approximate: false }), '5-0')
    t.match(db.xrange('s', '-', '+'), [['4-0'], ['5-0']])
    t.equal(db.xlen('s'), 2)
    // Both are in one node, of which nothing is removed.
    t.equal(db.xadd('ids', 5, { n: 5 }), '5-0')
    t.match(db.xread({ ids: 0 }), [['ids', [['5-0', ['n', '5']]]]])
    t.equal(db.xdel('ids', 5n), 1)
    t.equal(db.xadd('s', '6', { n: 6 }, { MAXLEN: 1n, approximate: true, LIMIT: 10 }), '6-0')
    t.equal(db.xlen('s'), 3)
  })

  await t.test('trim and delete', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.xdel('s', '2-0', '9-9'), 1)
    t.equal(db.xtrim('s', { MINID: '3' }), 1)
    t.equal(db.xtrim('s', { MAXLEN: 0n }), 1)
    t.equal(db.xlen('s'), 0)
    t.equal(db.exists('s'), 1)
    // A node holds 100 entries.
    for (let n = 1; n <= 250; ++n) db.xadd('long', `${n}`, { n })
    t.equal(db.xtrim('long', { MAXLEN: 100, approximate: true, LIMIT: 50 }), 0)
    t.equal(db.xtrim('long', { MAXLEN: 100, approximate: true }), 100)
    t.equal(db.xtrim('none', { MAXLEN: 1 }), 0)
    t.equal(db.xdel('none', '1'), 0)
  })

  await t.test('return ranges in either direction', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.strictSame(db.xrange('s', '(1-0', '+', { COUNT: 1 }), [['2-0', ['n', '2']]])
    t.strictSame(db.xrevrange('s', '+', '2'), [
      ['3-0', ['n', '3']],
      ['2-0', ['n', '2']],
    ])
    t.strictSame(db.xrevrange('s', '(3-0', '-', { COUNT: 1n }), [['2-0', ['n', '2']]])
    t.strictSame(db.xrange('none', '-', '+'), [])
    t.strictSame(db.xrevrange('none', '+', '-'), [])
  })

  await t.test('read several streams from an object, a Map or pairs', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    db.xadd('t', '7', { a: '' })
    t.strictSame(db.xread({ s: '2-0', t: '0', none: '0' }), [
      ['s', [['3-0', ['n', '3']]]],
      ['t', [['7-0', ['a', '']]]],
    ])
    t.strictSame(db.xread(new Map([['s', '0']]), { COUNT: 1 }), [['s', [['1-0', ['n', '1']]]]])
    t.strictSame(db.xread([[Buffer.from('t'), '6-9']]), [['t', [['7-0', ['a', '']]]]])
    t.equal(db.xread({ s: '3-0', t: '$' }), null)
  })

  await t.test('set the last id, and tell of a stream', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.xsetid('s', '9-0'), 'OK')
    t.equal(db.xsetid('s', '9-5', { ENTRIESADDED: 20n, MAXDELETEDID: '2-2' }), 'OK')
    const stream = named(db.xinfo('STREAM', 's'))
    t.match(stream, { length: 3, 'last-generated-id': '9-5', 'max-deleted-entry-id': '2-2' })
    t.match(stream, { 'entries-added': 20, 'first-entry': ['1-0', ['n', '1']] })
    t.equal(db.xadd('s', '9-*', { n: 4 }), '9-6')
  })
})

t.test('Typed methods of groups of streams', async (t) => {
  await t.test('make and change groups', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.xgroup('CREATE', 'new', 'g', '$', 'MKSTREAM'), 'OK')
    t.equal(db.xgroup('CREATE', 's', BYTES, 0), 'OK')
    t.equal(db.xgroup('CREATECONSUMER', 's', BYTES, 'Ada'), 1)
    t.equal(db.xgroup('SETID', 's', BYTES, '2-0'), 'OK')
    const [group] = db.xinfo('GROUPS', 's') as CallReply[]
    t.equal(named(group)['last-delivered-id'], '2-0')
    const [consumer] = db.xinfo('CONSUMERS', 's', BYTES) as CallReply[]
    t.match(named(consumer), { name: 'Ada', pending: 0 })
    t.equal(db.xgroup('DELCONSUMER', 's', BYTES, 'Ada'), 0)
    t.equal(db.xgroup('DESTROY', 's', BYTES), 1)
    t.strictSame(db.xinfo('GROUPS', 's'), [])
  })

  await t.test('read for a consumer and acknowledge', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    db.xgroup('CREATE', 's', 'g', '0')
    const one = db.xreadgroup('g', 'Ada', { s: '>' }, { COUNT: 1 })
    t.strictSame(one, [['s', [['1-0', ['n', '1']]]]])
    const two = db.xreadgroup('g', BYTES, new Map([['s', '>']]), { COUNT: 1n, NOACK: true })
    t.strictSame(two, [['s', [['2-0', ['n', '2']]]]])
    t.strictSame(db.xreadgroup(Buffer.from('g'), 5, [['s', '>']]), [['s', [['3-0', ['n', '3']]]]])
    t.equal(db.xreadgroup('g', 'Ada', { s: '>' }), null)
    t.strictSame(db.xreadgroup('g', '5', { s: '0' }), [['s', [['3-0', ['n', '3']]]]])
    // Of what was deleted meanwhile the id is left; who has nothing pending gets no entries.
    db.xdel('s', '3-0')
    t.strictSame(db.xreadgroup('g', '5', { s: '0' }), [['s', [['3-0', null]]]])
    t.strictSame(db.xreadgroup('g', 'Bob', { s: '0' }), [['s', []]])
    t.equal(db.xack('s', 'g', '1-0', '2-0', '3-0'), 2)
    t.equal(db.xack('s', 'g', '1-0'), 0)
    t.equal(db.xack('none', 'g', '1-0'), 0)
  })

  await t.test('tell what is pending', async (t) => {
    const db = openPending(t, 2)
    t.strictSame(db.xpending('s', Buffer.from('g')), [2, '1-0', '2-0', [['Ada', '2']]])
    t.strictSame(db.xpending('s', 'g', '-', '+', 1), [['1-0', 'Ada', 1000, 1]])
    t.strictSame(db.xpending('s', 'g', 'IDLE', 1001n, '-', '+', 9, 'Ada'), [])
    db.xack('s', 'g', '1-0', '2-0')
    t.strictSame(db.xpending('s', 'g'), [0, null, null, null])
  })

  await t.test('claim what is pending, with options', async (t) => {
    const db = openPending(t, 2)
    t.strictSame(db.xclaim('s', 'g', 'Bob', 1001, ['1-0']), [])
    t.strictSame(db.xclaim('s', 'g', 'Bob', 1000n, ['1-0', '3-0']), [['1-0', ['n', '1']]])
    const options = { IDLE: 300, RETRYCOUNT: 7n, JUSTID: true, FORCE: true, LASTID: '3-0' }
    t.strictSame(db.xclaim('s', 'g', BYTES, 0, ['3-0'], options), ['3-0'])
    t.strictSame(db.xclaim('s', 'g', 5, 0, ['2-0'], { TIME: NOW_MS - 500 }), [['2-0', ['n', '2']]])
    t.strictSame(db.xpending('s', 'g', '-', '+', 9), [
      ['1-0', 'Bob', 0, 2],
      ['2-0', '5', 500, 2],
      ['3-0', BYTES.toString(), 300, 7],
    ])
    t.equal(db.xreadgroup('g', 'Ada', { s: '>' }), null)
  })

  await t.test('claim whatever is pending for long', async (t) => {
    const db = openPending(t, 3)
    t.strictSame(db.xautoclaim('s', 'g', 'Bob', 1001, '-'), ['0-0', [], []])
    const first = db.xautoclaim('s', 'g', 'Bob', 1000n, '0', { COUNT: 1, JUSTID: true })
    t.strictSame(first, ['2-0', ['1-0'], []])
    db.xdel('s', '2-0')
    t.strictSame(db.xautoclaim('s', 'g', 5, 0, '2-0'), ['0-0', [['3-0', ['n', '3']]], ['2-0']])
  })
})

t.test('Errors of the typed methods of streams', async (t) => {
  await t.test('say that a key holds no stream', async (t) => {
    const { db } = openEngine(t)
    db.set('text', 'x')
    const calls: Call[] = [
      ['xlen', 'text'],
      ['xadd', 'text', '*', { a: 1 }],
      ['xtrim', 'text', { MAXLEN: 1 }],
      ['xdel', 'text', '1'],
      ['xrange', 'text', '-', '+'],
      ['xrevrange', 'text', '+', '-'],
      ['xread', { text: '0' }],
      ['xsetid', 'text', '1'],
      ['xgroup', 'CREATE', 'text', 'g', '0'],
      ['xreadgroup', 'g', 'Ada', { text: '>' }],
      ['xack', 'text', 'g', '1'],
      ['xpending', 'text', 'g'],
      ['xclaim', 'text', 'g', 'Ada', 0, ['1']],
      ['xautoclaim', 'text', 'g', 'Ada', 0, '0'],
      ['xinfo', 'STREAM', 'text'],
    ]
    for (const call of calls) t.throws(() => run(db, call), WRONG_TYPE, call[0])
    t.equal(db.get('text'), 'x')
  })

  await t.test('are what Redis replies to wrong ids, options and groups', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    const noId = 'Invalid stream ID specified as stream command argument'
    const tooSmall = 'The ID specified in XADD is equal or smaller than the target stream top item'
    const noLimit = 'syntax error, LIMIT cannot be used without the special ~ option'
    const notBoth = 'syntax error, MAXLEN and MINID options at the same time are not compatible'
    const calls: [message: string, call: () => unknown][] = [
      [noId, () => db.xadd('s', 'x', { a: 1 })],
      [noId, () => db.xdel('s', '1-0', 'x')],
      [noId, () => db.xread({ s: 'x' })],
      [tooSmall, () => db.xadd('s', '3-0', { a: 1 })],
      ["wrong number of arguments for 'xadd' command", () => db.xadd('s', '*', {})],
      ["wrong number of arguments for 'xtrim' command", () => db.xtrim('s', {})],
      [noLimit, () => db.xtrim('s', { MAXLEN: 1, LIMIT: 1 })],
      [notBoth, () => db.xtrim('s', { MAXLEN: 1, MINID: '1' })],
      ['The MAXLEN argument must be >= 0.', () => db.xtrim('s', { MAXLEN: -1 })],
      ['no such key', () => db.xinfo('STREAM', 'none')],
      ['no such key', () => db.xsetid('none', '1')],
    ]
    for (const [message, call] of calls) t.throws(call, new ReplyError(`ERR ${message}`), message)
    t.throws(() => db.xpending('s', 'g'), { message: /^NOGROUP / })
    t.throws(() => db.xreadgroup('g', 'Ada', { s: '>' }), { message: /^NOGROUP / })
    db.xgroup('CREATE', 's', 'g', '0')
    t.throws(() => db.xgroup('CREATE', 's', 'g', '0'), { message: /^BUSYGROUP / })
    t.equal(db.xlen('s'), 3)
  })

  await t.test('refuse what is no key, field, value or integer', async (t) => {
    const { db } = openEngine(t)
    const calls: Call[] = [
      ['xadd', 1, '*', { a: 1 }],
      ['xadd', 's', '*', 'field'],
      ['xadd', 's', '*', [[5, 'a']]],
      ['xtrim', null, { MAXLEN: 1 }],
      ['xtrim', 's', { maxlen: 1 }],
      ['xadd', 's', '*', { a: 1 }, { MAXLEN: 1, approx: true }],
      ['xadd', 's', '*', { a: 1 }, null],
      ['xadd', 's', undefined, { a: 1 }],
      ['xread', null],
      ['xreadgroup', 'g', 'c', 's'],
      ['xclaim', 's', 'g', 'Ada', 0, '1-0'],
      ['xrange', 's', {}, '+'],
      ['xrange', 's', '-', '+', { COUNT: null }],
      ['xread', [[5, '0']]],
      ['xsetid', 's', '1', { ENTRIESADDED: [null] }],
      ['xgroup', 'CREATE', 's', {}, '0'],
      ['xreadgroup', null, 'Ada', { s: '>' }],
      ['xack', 's', undefined, '1'],
      ['xpending', 's', 'g', true],
      ['xclaim', 's', 'g', 'Ada', 0.5, ['1']],
      ['xclaim', 's', 'g', 'Ada', 0, ['1'], { IDLE: {} }],
      ['xautoclaim', 's', 'g', 'Ada', '0', '0'],
      ['xinfo', 'STREAM', null],
    ]
    const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
    for (const call of calls) t.throws(() => run(db, call), refused, call[0])
    t.equal(db.dbsize(), 0)
  })
})
