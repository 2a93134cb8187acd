/**
 * The typed face of the geo commands: natural types in and out, with the places and distances of
 * Redis's documentation. What the commands mean is compared with redis-server in test/compat.
 */

import t from 'tap'
import type { Database } from '../../../dist/api/database.js'
import { ReplyError } from '../../../dist/errors.js'
import { openEngine } from '../../support/open-engine.js'

const BYTES = Buffer.from([0, 255, 254, 10])
const WRONG_TYPE = new ReplyError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)
/** Places as they come back: a geohash keeps about 0.6 m. */
const PALERMO = [13.361389, 38.115556]
const CATANIA = [15.087267, 37.502668]

/** The coordinates of a reply as numbers of six decimals, the precision of the documentation. */
function rounded(place: unknown): number[] | null {
  return Array.isArray(place) ? place.map((text) => Math.round(Number(text) * 1e6) / 1e6) : null
}

function fill(db: Database): void {
  db.geoadd('Sicily', [
    [13.361389, 38.115556, 'Palermo'],
    [15.087269, 37.502669, 'Catania'],
  ])
}

t.test('Typed methods of places', async (t) => {
  await t.test('add places, whose names are text, numbers or bytes', async (t) => {
    const { db } = openEngine(t)
    t.equal(
      db.geoadd('g', [
        [13.361389, 38.115556, 'Palermo'],
        [15.087269, 37.502669, 5],
        [-180, -85, 7n],
        [1e-7, 0, BYTES],
      ]),
      4,
    )
    t.equal(db.geoadd('g', [[13.361389, 38.115556, 'Palermo']]), 0)
    t.strictSame(db.zmscore('g', 'Palermo', '5'), [3479099956230698, 3479447370796909])
    t.strictSame(rounded(db.geopos('g', BYTES)[0]), [0.000003, 0.000001])
  })

  await t.test('add with options', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.equal(db.geoadd('Sicily', [[0, 0, 'new']], { XX: true }), 0)
    t.equal(db.zcard('Sicily'), 2)
    t.equal(db.geoadd('Sicily', [[0, 0, 'Palermo']], { NX: true, CH: true }), 0)
    t.strictSame(rounded(db.geopos('Sicily', 'Palermo')[0]), PALERMO)
    const moved = [
      [0, 0, 'Palermo'],
      [0, 0, 'new'],
    ] as const
    t.equal(db.geoadd('Sicily', moved, { CH: true, NX: false, XX: undefined }), 2)
  })

  await t.test('tell distances as numbers in any unit', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    db.geoadd('Sicily', [[13.361389, 38.115556, BYTES]])
    t.equal(db.geodist('Sicily', 'Palermo', 'Catania'), 166274.1516)
    t.equal(db.geodist('Sicily', 'Palermo', 'Catania', 'm'), 166274.1516)
    t.equal(db.geodist('Sicily', 'Palermo', 'Catania', 'km'), 166.2742)
    t.equal(db.geodist('Sicily', 'Palermo', 'Catania', 'mi'), 103.3182)
    t.equal(db.geodist('Sicily', BYTES, 'Catania', 'ft'), 545518.87)
    t.equal(db.geodist('Sicily', 'Palermo', BYTES), 0)
    t.equal(db.geodist('Sicily', 'Palermo', 'none'), null)
    t.equal(db.geodist('none', 'Palermo', 'Catania'), null)
  })

  await t.test('tell places as geohashes and as coordinates', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    t.strictSame(db.geohash('Sicily', 'Palermo', 'none', Buffer.from('Catania')), [
      'sqc8b49rny0',
      null,
      'sqdtr74hyu0',
    ])
    const [palermo, none, catania] = db.geopos('Sicily', 'Palermo', 'none', 'Catania')
    t.ok(palermo?.every((coordinate) => typeof coordinate === 'string'))
    t.strictSame([palermo, none, catania].map(rounded), [PALERMO, null, CATANIA])
    t.strictSame(db.geohash('none', 'Palermo'), [null])
    t.strictSame(db.geopos('none', 'Palermo', 'Catania'), [null, null])
    t.strictSame(db.geohash('Sicily'), [])
    t.strictSame(db.geopos('Sicily'), [])
  })

  await t.test('search a circle or a box around a point or a member', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    db.geoadd('Sicily', [
      [12.758489, 38.788135, 'edge1'],
      [17.24151, 38.788135, 'edge2'],
    ])
    const point = { FROMLONLAT: [15, 37] } as const
    const circle = { ...point, BYRADIUS: [200, 'km'] } as const
    const box = { ...point, BYBOX: [400, 400, 'km'] } as const
    t.strictSame(db.geosearch('Sicily', { ...circle, ASC: true }), ['Catania', 'Palermo'])
    t.strictSame(db.geosearch('Sicily', { ...circle, DESC: true }), ['Palermo', 'Catania'])
    t.strictSame(db.geosearch('Sicily', { ...circle, COUNT: 1 }), ['Catania'])
    t.equal(db.geosearch('Sicily', { ...box, COUNT: 2n, ANY: true }).length, 2)
    t.strictSame(db.geosearch('Sicily', { ...box, ASC: true, WITHDIST: true }), [
      ['Catania', '56.4413'],
      ['Palermo', '190.4424'],
      ['edge2', '279.7403'],
      ['edge1', '279.7405'],
    ])
    const around = { FROMMEMBER: Buffer.from('Catania'), BYRADIUS: [1, 'm'] } as const
    t.strictSame(db.geosearch('Sicily', around), ['Catania'])
    t.strictSame(db.geosearch('none', circle), [])
  })

  await t.test('store what a search finds', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    const circle = { FROMLONLAT: [15, 37], BYRADIUS: [200, 'km'] } as const
    t.equal(db.geosearchstore('to', Buffer.from('Sicily'), circle), 2)
    t.strictSame(db.zmscore('to', 'Palermo', 'Catania'), [3479099956230698, 3479447370796909])
    t.equal(db.geosearchstore('to', 'Sicily', { ...circle, COUNT: 1, STOREDIST: true }), 1)
    t.match(db.zrange('to', 0, -1, { WITHSCORES: true }), ['Catania', /^56\.44125787/])
    t.equal(db.geosearchstore('to', 'none', circle), 0)
    t.equal(db.exists('to'), 0)
  })

  await t.test('search the older ways', async (t) => {
    const { db } = openEngine(t)
    fill(db)
    for (const method of ['georadius', 'georadius_ro'] as const) {
      const found = db[method]('Sicily', 15, 37, 200, 'km', { DESC: true, WITHDIST: true })
      t.strictSame(found, [
        ['Palermo', '190.4424'],
        ['Catania', '56.4413'],
      ])
      t.strictSame(db[method]('Sicily', 15, 37, 100, 'km'), ['Catania'])
      const all = { WITHCOORD: true, WITHDIST: true, WITHHASH: true, COUNT: 1 }
      const [row] = db[method]('Sicily', 15, 37, 200, 'km', all) as unknown[][]
      t.strictSame(row?.slice(0, 3), ['Catania', '56.4413', 3479447370796909])
      t.strictSame(rounded(row?.[3]), CATANIA)
      t.strictSame(db[method]('none', 15, 37, 1, 'mi'), [])
    }
    db.geoadd('Sicily', [[13.583333, 37.316667, 'Agrigento']])
    for (const method of ['georadiusbymember', 'georadiusbymember_ro'] as const) {
      const near = db[method]('Sicily', 'Agrigento', 100, 'km', { ASC: true })
      t.strictSame(near, ['Agrigento', 'Palermo'])
      t.strictSame(db[method]('Sicily', Buffer.from('Agrigento'), 0.5, 'ft'), ['Agrigento'])
      t.strictSame(db[method]('none', 'Agrigento', 1, 'm'), [])
    }
  })
})

t.test('Errors of the typed methods of places', async (t) => {
  await t.test('say that a key holds no sorted set', async (t) => {
    const { db } = openEngine(t)
    db.set('text', 'x')
    const circle = { FROMLONLAT: [15, 37], BYRADIUS: [200, 'km'] } as const
    const calls: ((db: Database) => unknown)[] = [
      (db) => db.geoadd('text', [[1, 1, 'a']]),
      (db) => db.geodist('text', 'a', 'b'),
      (db) => db.geohash('text', 'a'),
      (db) => db.geopos('text', 'a'),
      (db) => db.geosearch('text', circle),
      (db) => db.geosearchstore('to', 'text', circle),
      (db) => db.georadius('text', 1, 1, 1, 'm'),
      (db) => db.georadius_ro('text', 1, 1, 1, 'm'),
      (db) => db.georadiusbymember('text', 'a', 1, 'm'),
      (db) => db.georadiusbymember_ro('text', 'a', 1, 'm'),
    ]
    for (const call of calls) t.throws(() => call(db), WRONG_TYPE, String(call))
    t.strictSame(db.keys('*'), ['text'])
  })

  await t.test('are what Redis replies to wrong places, units and options', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    fill(db)
    const point = { FROMLONLAT: [15, 37] }
    const circle = { BYRADIUS: [1, 'km'] }
    const noFloat = 'ERR value is not a valid float'
    const noPlace = 'ERR could not decode requested zset member'
    const noUnit = 'ERR unsupported unit provided. please use M, KM, FT, MI'
    const outside = 'ERR invalid longitude,latitude pair 181.000000,0.000000'
    const noCount = 'ERR the ANY argument requires COUNT argument'
    const stores =
      'ERR geosearchstore is not compatible with WITHDIST, WITHHASH and WITHCOORD options'
    const wrong: [message: string, method: string, ...args: unknown[]][] = [
      [noFloat, 'geoadd', 'Sicily', [[Number.NaN, 0, 'a']]],
      [noFloat, 'georadius', 'Sicily', 0, Number.NaN, 1, 'm'],
      [outside, 'geoadd', 'Sicily', [[181, 0, 'a']]],
      ['ERR syntax error', 'geoadd', 'Sicily', [[0, 0, 'a']], { NX: true, XX: true }],
      ["ERR wrong number of arguments for 'geoadd' command", 'geoadd', 'Sicily', []],
      [noUnit, 'geodist', 'Sicily', 'Palermo', 'Catania', 'yd'],
      [noUnit, 'georadius_ro', 'Sicily', 0, 0, 1, 'yd'],
      ['ERR need numeric radius', 'georadius', 'Sicily', 0, 0, Number.NaN, 'm'],
      ['ERR radius cannot be negative', 'georadiusbymember', 'Sicily', 'Palermo', -1, 'm'],
      [noPlace, 'georadiusbymember_ro', 'Sicily', 'none', 1, 'm'],
      [noPlace, 'geosearch', 'Sicily', { FROMMEMBER: 'none', ...circle }],
      ['ERR syntax error', 'geosearch', 'Sicily', { FROMMEMBER: 'Palermo', ...point, ...circle }],
      ['ERR COUNT must be > 0', 'geosearch', 'Sicily', { ...point, ...circle, COUNT: 0 }],
      [noCount, 'geosearch', 'Sicily', { ...point, ...circle, ANY: true }],
      [stores, 'geosearchstore', 'to', 'Sicily', { ...point, ...circle, WITHDIST: true }],
    ]
    for (const [message, method, ...args] of wrong) {
      t.throws(() => untyped[method]?.(...args), new ReplyError(message), method)
    }
    t.strictSame(db.keys('*'), ['Sicily'])
    t.equal(db.zcard('Sicily'), 2)
  })

  await t.test('refuse what is no key, member or option', async (t) => {
    const { db } = openEngine(t)
    const untyped = db as unknown as Record<string, (...args: unknown[]) => unknown>
    const wrong: [method: string, ...args: unknown[]][] = [
      ['geoadd', 1, [[0, 0, 'a']]],
      ['geoadd', 'g', [[0, 0]]],
      ['geodist', 'g', 'a', null],
      ['geohash', 'g', 'a', {}],
      ['geopos', 5, 'a'],
      ['geosearch', 'g', { FROMMEMBER: {}, BYRADIUS: [1, 'm'] }],
      ['geosearch', 'g', { FROMLONLAT: [0, null], BYRADIUS: [1, 'm'] }],
      ['geosearchstore', 'to', 5, {}],
      ['georadius', null, 0, 0, 1, 'm'],
      ['georadius_ro', 'g', 0, 0, 1, 'm', { COUNT: null }],
      ['georadiusbymember', 'g', true, 1, 'm'],
      ['georadiusbymember_ro', undefined, 'a', 1, 'm'],
    ]
    for (const [method, ...args] of wrong) {
      const refused = { constructor: TypeError, code: 'ERR_SNAPFORK_INVALID_ARG' }
      t.throws(() => untyped[method]?.(...args), refused, `${method} ${args.map(String).join(' ')}`)
    }
    t.equal(db.dbsize(), 0)
  })
})
