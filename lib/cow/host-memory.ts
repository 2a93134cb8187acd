/**
 * What a saving child is given of the program's own memory, and has no use for.
 *
 * Buffers, arenas of malloc and the like: the fork copies page tables for them, and then the kernel
 * each page that the program writes to. So the next fork leaves them out (`HostMemory` of the
 * engine). Which mappings these are is seen in a child: V8's heap, which no child is given, looks
 * like them in this process.
 *
 * @module
 */

import type { ReadText } from '../host/read-text.js'
import type { NativeEngine, RegionRange } from '../native/engine.js'
import { type Mapping, parseSmaps } from './smaps.js'

/** Less of it may cost a fork less than leaving it out. */
const BYTES_MIN = 1 << 20
/** Each costs a fork some microseconds. */
const RANGES_MAX = 64
const NO_ACCESS = '---p'
const MAPS_PATH = '/proc/self/maps'

export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/**
 * Has the next fork leave out what the last child was given.
 *
 * @param regions Of the engine, at the fork.
 */
export async function learnHostMemory(
  native: Pick<NativeEngine, 'childMaps' | 'hostMemory' | 'setHostMemory'>,
  regions: readonly RegionRange[],
  readText: ReadText,
): Promise<void> {
  const ofChild = parseSmaps(native.childMaps())
  const known = [...rangesOf(native.hostMemory()), ...hostMappings(ofChild, regions)]
  if (known.length === 0) return
  // It lists mappings without a walk over their pages.
  const own = await readText(MAPS_PATH)
  if (own === null) return
  const ranges = stillMapped(known, parseSmaps(own))
  native.setHostMemory(ranges.flatMap(({ start, end }) => [start, end]))
}

/** Large mappings of a child that are neither the engine's nor a library's nor a stack. */
export function hostMappings(
  ofChild: readonly Mapping[],
  regions: readonly RegionRange[],
): AddressRange[] {
  return ofChild.filter((mapping, index) => {
    if (sizeOf(mapping) < BYTES_MIN || !isAnonymous(mapping)) return false
    const before = ofChild[index - 1]
    const isAdjacent = before?.end === mapping.start
    // Variables of a library that begin as zeros are mapped right behind those that do not.
    const isOfLibrary = isAdjacent && before.name.startsWith('/')
    // It has few pages that are in use, and a guard in front of it.
    const isStack = isAdjacent && before.permissions === NO_ACCESS && sizeOf(before) < BYTES_MIN
    const isOurs = regions.some((region) => overlapOf(mapping, region) !== null)
    return !isOfLibrary && !isStack && !isOurs
  })
}

/** What is left of `known` in the mappings of this process, the largest first. */
export function stillMapped(
  known: readonly AddressRange[],
  own: readonly Mapping[],
): AddressRange[] {
  const parts = own
    .filter(isAnonymous)
    .flatMap((mapping) => known.map((range) => overlapOf(mapping, range)))
    .filter((part) => part !== null)
  const isNew = (part: AddressRange, index: number) =>
    parts.findIndex(({ start, end }) => start <= part.start && part.end <= end) === index
  return parts
    .filter(isNew)
    .sort((a, b) => sizeOf(b) - sizeOf(a))
    .slice(0, RANGES_MAX)
}

function isAnonymous({ permissions, name }: Mapping): boolean {
  return permissions === 'rw-p' && (name === '' || name.startsWith('[anon:'))
}

function sizeOf({ start, end }: AddressRange): number {
  return Number(end - start)
}

function overlapOf(a: AddressRange, b: AddressRange): AddressRange | null {
  let { start, end } = a
  if (b.start > start) start = b.start
  if (b.end < end) end = b.end
  return start < end ? { start, end } : null
}

/** `flat`: first and last address in turn. */
function rangesOf(flat: readonly bigint[]): AddressRange[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => ({
    start: flat[index * 2] as bigint,
    end: flat[index * 2 + 1] as bigint,
  }))
}
