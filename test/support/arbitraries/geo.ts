/**
 * Random geo commands.
 *
 * Not around the date line, and not over a third of the earth: there Redis misses places.
 *
 * @module
 */

import fc from 'fast-check'
import { command, inAnyCase, options, several, word } from './common.js'

const key = fc.constantFrom('geo:1', 'geo:2', 'a')
const member = fc.nat(12).map((n) => `p${n}`)
const longitude = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: -1200, max: 1200 }).map((n) => String(n / 10)) },
  {
    weight: 10,
    arbitrary: fc.integer({ min: 130_000, max: 131_000 }).map((n) => String(n / 10_000)),
  },
  { weight: 1, arbitrary: word('181', 'x') },
)
const latitude = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: -850, max: 850 }).map((n) => String(n / 10)) },
  {
    weight: 10,
    arbitrary: fc.integer({ min: 380_000, max: 381_000 }).map((n) => String(n / 10_000)),
  },
  { weight: 1, arbitrary: word('86', 'x') },
)
const unit = word('m', 'km', 'ft', 'mi', 'KM', 'x')
const radius = word('0', '1', '50', '1000', '3000', '-1', 'x')

export function geoCommands(): fc.Arbitrary<string[]>[] {
  const places = several(fc.tuple(longitude, latitude, member), 5)
  const count = fc.tuple(inAnyCase('COUNT'), word('1', '3', '100', '0', 'x'))
  const order = word('ASC', 'DESC')
  const extras = word('WITHDIST', 'WITHHASH', 'WITHCOORD')
  const from = fc.oneof(
    fc.tuple(inAnyCase('FROMMEMBER'), member),
    fc.tuple(inAnyCase('FROMLONLAT'), longitude, latitude),
  )
  const by = fc.oneof(
    fc.tuple(inAnyCase('BYRADIUS'), radius, unit),
    fc.tuple(inAnyCase('BYBOX'), radius, radius, unit),
  )
  const parts = (one: fc.Arbitrary<string[]> | fc.Arbitrary<[string, string]>) =>
    one as fc.Arbitrary<string[]>
  return [
    command('GEOADD', key, places),
    command('GEOADD', key, places),
    command('GEOADD', key, options(word('NX', 'XX', 'CH')), places),
    command('GEODIST', key, member, member),
    command('GEODIST', key, member, member, unit),
    command('GEOHASH', key, several(member)),
    command('GEOPOS', key, several(member)),
    command(
      'GEOSEARCH',
      key,
      parts(from as never),
      parts(by as never),
      options(extras, extras, order),
    ),
    command(
      'GEOSEARCH',
      key,
      parts(from as never),
      parts(by as never),
      count,
      options(order, extras),
    ),
    command(
      'GEOSEARCHSTORE',
      key,
      key,
      parts(from as never),
      parts(by as never),
      options(word('STOREDIST'), order),
    ),
    command(
      'GEORADIUS',
      key,
      longitude,
      latitude,
      radius,
      unit,
      options(extras, order, fc.tuple(word('STORE', 'STOREDIST'), key)),
    ),
    command('GEORADIUSBYMEMBER', key, member, radius, unit, options(extras, order)),
    command('GEORADIUS_RO', key, longitude, latitude, radius, unit, options(extras)),
    command('GEORADIUSBYMEMBER_RO', key, member, radius, unit, options(count)),
    command('ZREM', key, member),
  ]
}
