/**
 * Typed methods of the geo commands.
 *
 * @module
 */

import type { CallReply } from './command-api.js'
import { SortedSetApi } from './sorted-set-api.js'
import {
  checkArray,
  checkKey,
  type Integer,
  type Key,
  optionWords,
  toBytes,
  type Value,
} from './values.js'

export type GeoUnit = 'm' | 'km' | 'ft' | 'mi'
export type GeoPlace = readonly [longitude: number, latitude: number, member: Value]

export interface GeoaddOptions {
  NX?: boolean | undefined
  XX?: boolean | undefined
  CH?: boolean | undefined
}

/** What to tell of each place. */
export interface GeoDetails {
  WITHCOORD?: boolean | undefined
  WITHDIST?: boolean | undefined
  WITHHASH?: boolean | undefined
}

export interface GeoradiusOptions extends GeoDetails {
  COUNT?: Integer | undefined
  /** Whatever is found first, not the nearest. */
  ANY?: boolean | undefined
  ASC?: boolean | undefined
  DESC?: boolean | undefined
}

/** One center and one shape. */
export interface GeosearchOptions extends GeoradiusOptions {
  FROMMEMBER?: Value | undefined
  FROMLONLAT?: readonly [longitude: number, latitude: number] | undefined
  BYRADIUS?: readonly [radius: number, unit: GeoUnit] | undefined
  BYBOX?: readonly [width: number, height: number, unit: GeoUnit] | undefined
}

function optionalNumber(text: string | null): number | null {
  return text === null ? null : Number(text)
}

export abstract class GeoApi extends SortedSetApi {
  /** Adds places, or moves them; how many are new. */
  geoadd(key: Key, places: readonly GeoPlace[], options: GeoaddOptions = {}): number {
    return this.runText(
      'GEOADD',
      checkKey(key),
      ...optionWords(options),
      ...checkArray(places, 'places').flatMap(([longitude, latitude, member]) =>
        [longitude, latitude, member].map(toBytes),
      ),
    ) as number
  }

  /** The distance between two places, or null if one is missing. */
  geodist(key: Key, a: Value, b: Value, unit: GeoUnit = 'm'): number | null {
    return optionalNumber(
      this.runText('GEODIST', checkKey(key), toBytes(a), toBytes(b), unit) as string | null,
    )
  }

  /** Places as geohash texts; null for one that is missing. */
  geohash(key: Key, ...members: readonly Value[]): (string | null)[] {
    return this.runText('GEOHASH', checkKey(key), ...members.map(toBytes)) as (string | null)[]
  }

  /** Longitudes and latitudes; null for one that is missing. */
  geopos(key: Key, ...members: readonly Value[]): ([longitude: string, latitude: string] | null)[] {
    return this.runText('GEOPOS', checkKey(key), ...members.map(toBytes)) as (
      | [longitude: string, latitude: string]
      | null
    )[]
  }

  /** Places in a circle or box: members, or rows with what the options ask for. */
  geosearch(key: Key, options: GeosearchOptions): CallReply[] {
    return this.runText('GEOSEARCH', checkKey(key), ...optionWords(options)) as CallReply[]
  }

  /** Stores places in a circle or box; how many there are. */
  geosearchstore(
    destination: Key,
    source: Key,
    options: Omit<GeosearchOptions, keyof GeoDetails> & { STOREDIST?: boolean | undefined },
  ): number {
    return this.runText(
      'GEOSEARCHSTORE',
      checkKey(destination),
      checkKey(source),
      ...optionWords(options),
    ) as number
  }

  /** Places within a radius, the older way: {@link geosearch} does the same. */
  georadius(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options: GeoradiusOptions = {},
  ): CallReply {
    return this.runText(
      'GEORADIUS',
      checkKey(key),
      toBytes(longitude),
      toBytes(latitude),
      toBytes(radius),
      unit,
      ...optionWords(options),
    ) as CallReply
  }

  /** Places within a radius, the older way: {@link geosearch} does the same. */
  georadius_ro(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options: GeoradiusOptions = {},
  ): CallReply {
    return this.runText(
      'GEORADIUS_RO',
      checkKey(key),
      toBytes(longitude),
      toBytes(latitude),
      toBytes(radius),
      unit,
      ...optionWords(options),
    ) as CallReply
  }

  /** Places within a radius, the older way: {@link geosearch} does the same. */
  georadiusbymember(
    key: Key,
    member: Value,
    radius: number,
    unit: GeoUnit,
    options: GeoradiusOptions = {},
  ): CallReply {
    return this.runText(
      'GEORADIUSBYMEMBER',
      checkKey(key),
      toBytes(member),
      toBytes(radius),
      unit,
      ...optionWords(options),
    ) as CallReply
  }

  /** Places within a radius, the older way: {@link geosearch} does the same. */
  georadiusbymember_ro(
    key: Key,
    member: Value,
    radius: number,
    unit: GeoUnit,
    options: GeoradiusOptions = {},
  ): CallReply {
    return this.runText(
      'GEORADIUSBYMEMBER_RO',
      checkKey(key),
      toBytes(member),
      toBytes(radius),
      unit,
      ...optionWords(options),
    ) as CallReply
  }
}
