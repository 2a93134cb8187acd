/**
 * Places on the earth as 52-bit integers: interleaved latitude and longitude, as Redis's geo
 * commands keep them in the scores of a sorted set.
 *
 * Latitudes are those of the Mercator projection (EPSG:3857).
 *
 * @module
 */

export const LONGITUDE_MAX = 180
export const LATITUDE_MAX = 85.05112878
const STEPS = 26
const CELLS = 2 ** STEPS
const EARTH_RADIUS_M = 6_372_797.560856
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'

export type Place = readonly [longitude: number, latitude: number]

/** Spreads the 26 low bits of a number over the even bits of a bigint. */
function spread(value: number): bigint {
  let bits = BigInt(value)
  bits = (bits | (bits << 16n)) & 0x0000ffff0000ffffn
  bits = (bits | (bits << 8n)) & 0x00ff00ff00ff00ffn
  bits = (bits | (bits << 4n)) & 0x0f0f0f0f0f0f0f0fn
  bits = (bits | (bits << 2n)) & 0x3333333333333333n
  return (bits | (bits << 1n)) & 0x5555555555555555n
}

function gather(value: bigint): number {
  let bits = value & 0x5555555555555555n
  bits = (bits | (bits >> 1n)) & 0x3333333333333333n
  bits = (bits | (bits >> 2n)) & 0x0f0f0f0f0f0f0f0fn
  bits = (bits | (bits >> 4n)) & 0x00ff00ff00ff00ffn
  bits = (bits | (bits >> 8n)) & 0x0000ffff0000ffffn
  return Number((bits | (bits >> 16n)) & 0xffffffffn)
}

function cellOf(value: number, max: number): number {
  return Math.trunc(((value + max) / (2 * max)) * CELLS)
}

export function encodeScore([longitude, latitude]: Place, latitudeMax = LATITUDE_MAX): number {
  const bits =
    spread(cellOf(latitude, latitudeMax)) | (spread(cellOf(longitude, LONGITUDE_MAX)) << 1n)
  return Number(bits)
}

/** The middle of the cell. */
export function decodeScore(score: number): Place {
  const bits = BigInt(Math.trunc(score))
  const middle = (cell: number, max: number) => {
    const low = -max + (cell / CELLS) * (2 * max)
    const high = -max + ((cell + 1) / CELLS) * (2 * max)
    return Math.min(max, Math.max(-max, (low + high) / 2))
  }
  return [middle(gather(bits >> 1n), LONGITUDE_MAX), middle(gather(bits), LATITUDE_MAX)]
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180)
}

/** The eleven characters of a standard geohash. */
export function geohashText(score: number): string {
  // Of the whole range of latitudes, as everybody else's geohashes are.
  const bits = BigInt(encodeScore(decodeScore(score), 90))
  let text = ''
  for (let at = 0; at < 11; ++at) {
    const shift = 52 - (at + 1) * 5
    // There are 52 bits for 55: the last character says nothing.
    text += shift < 0 ? ALPHABET[0] : ALPHABET[Number((bits >> BigInt(shift)) & 31n)]
  }
  return text
}

/** The longitudes and latitudes around a place, within a width and a height in metres. */
export interface Box {
  readonly west: number
  readonly east: number
  readonly south: number
  readonly north: number
}

export function boxAround([longitude, latitude]: Place, widthM: number, heightM: number): Box {
  const degrees = (value: number) => value * (180 / Math.PI)
  const latitudeDelta = degrees(heightM / 2 / EARTH_RADIUS_M)
  // The widest row of the box is the one farthest from the equator.
  const farthest = Math.min(89.9, Math.abs(latitude) + latitudeDelta)
  const longitudeDelta = degrees(widthM / 2 / EARTH_RADIUS_M / Math.cos(radians(farthest)))
  return {
    west: longitude - longitudeDelta,
    east: longitude + longitudeDelta,
    south: latitude - latitudeDelta,
    north: latitude + latitudeDelta,
  }
}

/**
 * Ranges of scores that cover a box: cells of one size, at most a few, merged where they touch.
 */
export function scoreRanges(box: Box): [from: number, to: number][] {
  const clampLatitude = (value: number) => Math.min(LATITUDE_MAX, Math.max(-LATITUDE_MAX, value))
  if (box.east - box.west >= 360) return [[0, 2 ** 52]]
  const span = Math.max(box.east - box.west, ((box.north - box.south) * 360) / (2 * LATITUDE_MAX))
  // So large that a box touches at most two or three cells in each direction.
  const steps = Math.max(0, Math.min(STEPS, Math.floor(Math.log2(360 / Math.max(span, 1e-9)))))
  const cells = 2 ** steps
  const rowOf = (value: number) =>
    Math.min(
      cells - 1,
      Math.max(0, Math.floor(((clampLatitude(value) + LATITUDE_MAX) / (2 * LATITUDE_MAX)) * cells)),
    )
  const columnOf = (value: number) => Math.floor(((value + LONGITUDE_MAX) / 360) * cells)
  const ranges: [number, number][] = []
  const width = 4 ** (STEPS - steps)
  for (let row = rowOf(box.south); row <= rowOf(box.north); ++row) {
    for (let column = columnOf(box.west); column <= columnOf(box.east); ++column) {
      // Around the earth.
      const wrapped = ((column % cells) + cells) % cells
      for (const one of column === cells ? [wrapped, column] : [wrapped]) {
        // The very edge of the map has a column of its own.
        const first = Number(spread(row) | (spread(one) << 1n)) * width
        ranges.push([first, first + width])
      }
    }
  }
  ranges.sort((a, b) => a[0] - b[0])
  return mergeRanges(ranges)
}

function mergeRanges(ranges: readonly [number, number][]): [from: number, to: number][] {
  const merged: [number, number][] = []
  for (const [from, to] of ranges) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
