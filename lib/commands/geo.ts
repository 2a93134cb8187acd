/**
 * The geo commands: places in sorted sets.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_LATIN1, type Bulk, type Int64 } from '../native/engine.js'
import { ZADD_IF_ABSENT, ZADD_IF_PRESENT } from '../native/sorted-sets.js'
import { readBytes, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import {
  boxAround,
  decodeScore,
  encodeScore,
  geohashText,
  LATITUDE_MAX,
  LONGITUDE_MAX,
  type Place,
  scoreRanges,
} from './geohash.js'
import {
  FIRST_KEY,
  FIRST_TWO_KEYS,
  GROW,
  type Handler,
  READ,
  type Reply,
  row,
  rowsOf,
} from './spec.js'

const UNITS: ReadonlyMap<string, number> = new Map([
  ['M', 1],
  ['KM', 1000],
  ['FT', 0.3048],
  ['MI', 1609.34],
])

function readUnit(context: CommandContext, index: number): number {
  const unit = UNITS.get(readOption(context, index))
  if (unit === undefined)
    throw new ReplyError('ERR unsupported unit provided. please use M, KM, FT, MI')
  return unit
}

function readFloat(context: CommandContext, index: number, message?: string): number {
  try {
    return context.native.parseFloat(index)
  } catch (error) {
    throw message !== undefined && error instanceof ReplyError ? new ReplyError(message) : error
  }
}

function readPlace(context: CommandContext, index: number): Place {
  const longitude = readFloat(context, index)
  const latitude = readFloat(context, index + 1)
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    const pair = `${longitude.toFixed(6)},${latitude.toFixed(6)}`
    throw new ReplyError(`ERR invalid longitude,latitude pair ${pair}`)
  }
  return [longitude, latitude]
}

function readDistance(context: CommandContext, index: number, name: string): number {
  const value = readFloat(context, index, `ERR need numeric ${name}`)
  if (value < 0) throw new ReplyError(`ERR ${name} cannot be negative`)
  return value
}

function geoadd(context: CommandContext): Reply {
  const { native, db, argc } = context
  let flags = 0
  let countsChanges = false
  let index = 2
  for (; index < argc; ++index) {
    const word = readOption(context, index)
    if (word === 'NX') flags |= ZADD_IF_ABSENT
    else if (word === 'XX') flags |= ZADD_IF_PRESENT
    else if (word === 'CH') countsChanges = true
    else break
  }
  if ((argc - index) % 3 !== 0 || (flags & ZADD_IF_ABSENT && flags & ZADD_IF_PRESENT)) {
    throw syntaxError()
  }
  const places = index
  const scores: number[] = []
  const members: Uint8Array[] = []
  for (; index < argc; index += 3) {
    scores.push(encodeScore(readPlace(context, index)))
    members.push(native.argument(index + 2, BULK_BUFFER) as Buffer)
  }
  const [added, updated] = native.zsetAddAll(db, 1, flags, scores, members)
  if (context.isLogged && added + updated > 0) {
    const options: Uint8Array[] = []
    for (let at = 2; at < places; ++at) options.push(context.bytes(at))
    const pairs = members.flatMap((member, at) => [String(scores[at]), member])
    context.logAs('zadd', context.bytes(1), ...options, ...pairs)
  }
  return countsChanges ? added + updated : added
}

function distance({ native }: CommandContext, a: Place, b: Place): number {
  return native.geoDistance(a[0], a[1], b[0], b[1])
}

function placeOf({ native, db }: CommandContext, key: number, member: number): Place | null {
  const score = native.zsetScoreNumber(db, key, member)
  return score === null ? null : decodeScore(score)
}

/** Four decimals, as distances are told. */
function distanceText(metres: number, unit: number): string {
  return (metres / unit).toFixed(4)
}

function geodist(context: CommandContext): Reply {
  const { argc } = context
  if (argc > 5) throw syntaxError()
  const unit = argc === 5 ? readUnit(context, 4) : 1
  const a = placeOf(context, 1, 2)
  const b = placeOf(context, 1, 3)
  return a === null || b === null ? null : context.bulk(distanceText(distance(context, a, b), unit))
}

function forEachMember(reply: (context: CommandContext, score: number) => Reply): Handler {
  return (context) => {
    const { native, db, argc } = context
    native.zsetLength(db, 1)
    const replies: Reply[] = []
    for (let index = 2; index < argc; ++index) {
      const score = native.zsetScoreNumber(db, 1, index)
      replies.push(score === null ? null : reply(context, score))
    }
    return replies
  }
}

/** Up to 17 decimals, without zeros at the end: the digits of a long double. */
function coordinateText(value: number): string {
  const text = value.toFixed(17).replace(/\.?0+$/, '')
  return text === '-0' ? '0' : text
}

function placeReply(context: CommandContext, [longitude, latitude]: Place): Reply {
  return [longitude, latitude].map((value) => context.bulk(coordinateText(value)))
}

interface Search {
  center: Place | null
  /** Metres: of a circle, or of a box. */
  radius: number | null
  width: number
  height: number
  unit: number
}

interface SearchOptions extends Search {
  withDistance: boolean
  withHash: boolean
  withPlace: boolean
  count: number
  any: boolean
  order: 'ASC' | 'DESC' | null
  /** Index of the key to store to. */
  store: number | null
  storesDistance: boolean
}

interface Found {
  member: Bulk
  score: number
  place: Place
  metres: number
}

function isInside(
  context: CommandContext,
  search: Search,
  center: Place,
  place: Place,
): number | null {
  const metres = distance(context, center, place)
  if (search.radius !== null) return metres <= search.radius ? metres : null
  const [longitude, latitude] = place
  // Along the meridian, and along the parallel of the place.
  const north = distance(context, place, [longitude, center[1]])
  const east = distance(context, place, [center[0], latitude])
  return north <= search.height / 2 && east <= search.width / 2 ? metres : null
}

function findPlaces(context: CommandContext, key: number, options: SearchOptions): Found[] {
  const { native, db } = context
  const { center, radius, width, height, count, any } = options
  if (center === null) return []
  const found: Found[] = []
  const box =
    radius === null ? boxAround(center, width, height) : boxAround(center, 2 * radius, 2 * radius)
  for (const [from, to] of scoreRanges(box)) {
    const [first, size] = native.zsetRanksByScore(db, key, from, false, to, true)
    if (size === 0) continue
    const flat = native.zsetRange(db, key, first, size, false, true, context.mode)
    for (let at = 0; at < flat.length; at += 2) {
      const score = Number(String(flat[at + 1]))
      const place = decodeScore(score)
      const metres = isInside(context, options, center, place)
      if (metres === null) continue
      found.push({ member: flat[at] as Bulk, score, place, metres })
      if (any && found.length >= count) return found
    }
  }
  return found
}

function sortPlaces(found: Found[], { order, count, any }: SearchOptions): Found[] {
  const wanted = order ?? (count > 0 && !any ? 'ASC' : null)
  if (wanted === 'ASC') found.sort((a, b) => a.metres - b.metres)
  if (wanted === 'DESC') found.sort((a, b) => b.metres - a.metres)
  return count > 0 ? found.slice(0, count) : found
}

function placesReply(
  context: CommandContext,
  found: readonly Found[],
  options: SearchOptions,
): Reply {
  const { withDistance, withHash, withPlace, unit } = options
  return found.map(({ member, score, place, metres }) => {
    if (!withDistance && !withHash && !withPlace) return member
    const item: Reply[] = [member]
    if (withDistance) item.push(context.bulk(distanceText(metres, unit)))
    // A score need not be one: a set may hold distances. No minus zero.
    if (withHash) item.push(Math.trunc(score) + 0)
    if (withPlace) item.push(placeReply(context, place))
    return item
  })
}

function storePlaces(
  context: CommandContext,
  found: readonly Found[],
  options: SearchOptions,
): Reply {
  const { native, db } = context
  const { store, storesDistance, unit } = options
  if (store === null) return null
  native.keyRemove(db, store)
  const encoding = context.mode === BULK_LATIN1 ? 'latin1' : 'utf8'
  const scores = found.map(({ score, metres }) => (storesDistance ? metres / unit : score))
  const members = found.map(({ member }) => {
    return typeof member === 'string' ? Buffer.from(member, encoding) : member
  })
  native.zsetAddAll(db, store, 0, scores, members)
  return found.length
}

/** Options shared by GEORADIUS and GEOSEARCH; true if the word is one of them. */
function parseSearchWord(context: CommandContext, index: number, options: SearchOptions): number {
  const word = readOption(context, index)
  const left = context.argc - 1 - index
  if (word === 'WITHDIST') options.withDistance = true
  else if (word === 'WITHHASH') options.withHash = true
  else if (word === 'WITHCOORD') options.withPlace = true
  else if (word === 'ANY') options.any = true
  else if (word === 'ASC' || word === 'DESC') options.order = word
  else if (word === 'COUNT' && left > 0) {
    const count: Int64 = readInteger(context, index + 1)
    if (count <= 0) throw new ReplyError('ERR COUNT must be > 0')
    options.count = Number(count)
    return 1
  } else return -1
  return 0
}

function emptySearch(): SearchOptions {
  return {
    ...{ center: null, radius: null, width: 0, height: 0, unit: 1 },
    ...{ withDistance: false, withHash: false, withPlace: false, count: 0, any: false },
    ...{ order: null, store: null, storesDistance: false },
  }
}

function checkAny({ any, count }: SearchOptions): void {
  if (any && count === 0) throw new ReplyError('ERR the ANY argument requires COUNT argument')
}

function georadius(command: string, byMember: boolean, stores: boolean): Handler {
  return (context) => {
    const { native, db, argc } = context
    const options = emptySearch()
    // A wrong type comes before everything else.
    const exists = native.zsetLength(db, 1) > 0
    let index = byMember ? 3 : 4
    // Without a key the radius around a member is not looked at.
    if (exists || !byMember) {
      options.center = byMember ? memberPlace(context, 2) : readPlace(context, 2)
      const radius = readDistance(context, index, 'radius')
      options.unit = readUnit(context, index + 1)
      options.radius = radius * options.unit
    }
    for (index += 2; index < argc; ++index) {
      const word = readOption(context, index)
      const used = parseSearchWord(context, index, options)
      if (used >= 0) index += used
      else if (stores && (word === 'STORE' || word === 'STOREDIST') && index + 1 < argc) {
        options.store = index + 1
        options.storesDistance = word === 'STOREDIST'
        index += 1
      } else throw syntaxError()
    }
    const tells = options.withDistance || options.withHash || options.withPlace
    if (options.store !== null && tells) {
      throw new ReplyError(
        `ERR STORE option in ${command} is not compatible with ` +
          'WITHDIST, WITHHASH and WITHCOORD options',
      )
    }
    checkAny(options)
    return answer(context, 1, exists, options)
  }
}

function memberPlace(context: CommandContext, index: number): Place {
  const place = placeOf(context, 1, index)
  if (place === null) throw new ReplyError('ERR could not decode requested zset member')
  return place
}

function answer(
  context: CommandContext,
  key: number,
  exists: boolean,
  options: SearchOptions,
): Reply {
  const found = exists ? sortPlaces(findPlaces(context, key, options), options) : []
  return options.store === null
    ? placesReply(context, found, options)
    : storePlaces(context, found, options)
}

function geosearch(stores: boolean): Handler {
  return (context) => {
    const { native, db, argc } = context
    const key = stores ? 2 : 1
    const options = emptySearch()
    const exists = native.zsetLength(db, key) > 0
    let hasCenter = false
    let hasShape = false
    for (let index = key + 1; index < argc; ++index) {
      const word = readOption(context, index)
      const left = argc - 1 - index
      const used = parseSearchWord(context, index, options)
      if (used >= 0) {
        index += used
      } else if (word === 'FROMMEMBER' && left >= 1 && !hasCenter) {
        if (exists) {
          const score = native.zsetScoreNumber(db, key, index + 1)
          if (score === null) throw new ReplyError('ERR could not decode requested zset member')
          options.center = decodeScore(score)
        }
        hasCenter = true
        index += 1
      } else if (word === 'FROMLONLAT' && left >= 2 && !hasCenter) {
        options.center = readPlace(context, index + 1)
        hasCenter = true
        index += 2
      } else if (word === 'BYRADIUS' && left >= 2 && !hasShape) {
        const radius = readDistance(context, index + 1, 'radius')
        options.unit = readUnit(context, index + 2)
        options.radius = radius * options.unit
        hasShape = true
        index += 2
      } else if (word === 'BYBOX' && left >= 3 && !hasShape) {
        const width = readFloat(context, index + 1, 'ERR need numeric width')
        const height = readFloat(context, index + 2, 'ERR need numeric height')
        if (width < 0 || height < 0) throw new ReplyError('ERR height or width cannot be negative')
        options.unit = readUnit(context, index + 3)
        options.width = width * options.unit
        options.height = height * options.unit
        hasShape = true
        index += 3
      } else if (stores && word === 'STOREDIST') {
        options.storesDistance = true
      } else {
        throw syntaxError()
      }
    }
    const name = readBytes(context, 0).toLowerCase()
    if (stores && (options.withDistance || options.withHash || options.withPlace)) {
      throw new ReplyError(
        `ERR ${name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
      )
    }
    if (!hasCenter)
      throw new ReplyError(
        `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`,
      )
    if (!hasShape)
      throw new ReplyError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`)
    checkAny(options)
    if (stores) options.store = 1
    return answer(context, key, exists, options)
  }
}

export const GEO_COMMANDS = rowsOf('geo', [
  row('GEOADD', -5, GROW, FIRST_KEY, '3.2.0', 'Adds places, or moves them.', geoadd),
  row('GEODIST', -4, READ, FIRST_KEY, '3.2.0', 'The distance between two places.', geodist),
  row(
    'GEOHASH',
    -2,
    READ,
    FIRST_KEY,
    '3.2.0',
    'Places as geohash texts.',
    forEachMember((context, score) => context.bulk(geohashText(score))),
  ),
  row(
    'GEOPOS',
    -2,
    READ,
    FIRST_KEY,
    '3.2.0',
    'Longitudes and latitudes of places.',
    forEachMember((context, score) => placeReply(context, decodeScore(score))),
  ),
  row('GEOSEARCH', -7, READ, FIRST_KEY, '6.2.0', 'Places in a circle or box.', geosearch(false)),
  row(
    'GEOSEARCHSTORE',
    -8,
    GROW,
    FIRST_TWO_KEYS,
    '6.2.0',
    'Stores places in a circle or box.',
    geosearch(true),
  ),
  row(
    'GEORADIUS',
    -6,
    GROW,
    FIRST_KEY,
    '3.2.0',
    'Places around a point.',
    georadius('GEORADIUS', false, true),
  ),
  row(
    'GEORADIUS_RO',
    -6,
    READ,
    FIRST_KEY,
    '3.2.10',
    'Places around a point, never stored.',
    georadius('GEORADIUS', false, false),
  ),
  row(
    'GEORADIUSBYMEMBER',
    -5,
    GROW,
    FIRST_KEY,
    '3.2.0',
    'Places around a place.',
    georadius('GEORADIUSBYMEMBER', true, true),
  ),
  row(
    'GEORADIUSBYMEMBER_RO',
    -5,
    READ,
    FIRST_KEY,
    '3.2.10',
    'Places around a place, never stored.',
    georadius('GEORADIUSBYMEMBER', true, false),
  ),
])
