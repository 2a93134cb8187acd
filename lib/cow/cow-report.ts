/**
 * What one snapshot cost in memory: the arithmetic from readings to a report. Pure.
 *
 * A page that the parent writes while the child lives exists twice from then on. The parent's RSS
 * does not show it, since its own copy takes the old one's place; it is private in the child
 * instead. What the parent allocates meanwhile (a small entry is moved, not written in place) shows
 * in its RSS only. So what a save costs is the child's private pages plus the parent's growth.
 *
 * @module
 */

import type { RegionRange } from '../native/engine.js'
import type { HeatMap } from './heat-map.js'
import { addTotals, emptyTotals, type Mapping, type MemoryTotals } from './smaps.js'

/** Private dirty bytes of the child by what they belong to. */
export interface CowByRegion {
  /** Entries and values. */
  readonly data: number
  /** Tables of what is in use. */
  readonly meta: number
  /** Hash tables; 0 as long as a child has no copy of them. */
  readonly index: number
  /** The child's own buffers. */
  readonly scratch: number
  /** V8's heap; 0 as long as a child has no copy of it. */
  readonly jsHeap: number
  /** Stacks, C heap, libraries. */
  readonly rest: number
}

/** A reading of both processes. */
export interface CowSample {
  /** Milliseconds since the fork. */
  readonly atMs: number
  /** `Private_Dirty` of the child in bytes: what Redis reports as its COW size. */
  readonly childPrivateDirtyBytes: number
  /** All pages that only the child has, in bytes. */
  readonly childPrivateBytes: number
  /** Resident bytes of the child, shared ones included; null where it has read of itself. */
  readonly childRssBytes: number | null
  /** Resident bytes of this process. */
  readonly parentRssBytes: number
  /** `childPrivateDirtyBytes` by region; null where the child has read it of itself. */
  readonly byRegion: CowByRegion | null
  /** Entries moved since the fork. */
  readonly movedEntries: number
  readonly movedBytes: number
  /** Keys the child has written. */
  readonly keys: number
  /** Bytes of the file it has written. */
  readonly bytes: number
}

/** Whose pages they are. */
export interface CowRegion {
  /** Pages of it that were private and dirty in the child when its mappings were read. */
  readonly duplicatedBytes: number
  /** How much more of it this process had at the peak than at the fork. May be negative. */
  readonly growthBytes: number
}

/** The owners. Their growth adds up to that of the process's RSS. */
export interface CowRegions {
  /** Entries and values. */
  readonly data: CowRegion
  /** All else the engine keeps: indexes, metadata, the child's buffers. */
  readonly engine: CowRegion
  /** V8's heap. The kernel does not give it to a child: Node marks it MADV_DONTFORK. */
  readonly jsHeap: CowRegion
  /** Stacks, C heap, libraries, buffers of Node. */
  readonly rest: CowRegion
}

export interface CowReport {
  /** Peak of the child's `Private_Dirty` in bytes. */
  readonly duplicatedBytes: number
  /**
   * Peak of what the save cost in bytes: the child's private pages plus what this process grew
   * since the fork, moved entries included. A page that both have is counted for neither.
   */
  readonly extraBytes: number
  /** Entries that were moved instead of written in place, so that no page was duplicated. */
  readonly movedEntries: number
  /** Their bytes. */
  readonly movedBytes: number
  /**
   * Split by owner. What was duplicated is split as of the costliest reading from outside, which
   * may be less than the peak, and is 0 throughout if the child ended before there was one
   * (`byRegionAtMs` is then null).
   */
  readonly byRegion: CowRegions
  /** When that reading was, in milliseconds since the fork, or null. */
  readonly byRegionAtMs: number | null
  /**
   * Pages the kernel had copied at the peak, by region. What the child has counted beyond the
   * readings from outside, which it cannot tell apart, is taken to be where copies were before.
   */
  readonly copiedPages: CowByRegion
  /** Bytes of a page. */
  readonly pageBytes: number
  /**
   * Huge pages; null where the keys are not in huge pages, the child ended before a reading, or the
   * page tables are so long that a reading would hold up this process.
   */
  readonly hugePages: CowHugePages | null
  /** Which chunks were duplicated; null without `cowHeatMap`. */
  readonly heatMap: HeatMap | null
  /**
   * The readings in the order of time, at most 512: of a long save every second one is left out,
   * as often as it takes. At the end the child's own highest, if it tops them.
   */
  readonly samples: readonly CowSample[]
}

/** Huge pages that keep the keys, in this process. */
export interface CowHugePages {
  /** Right behind the fork. */
  readonly atFork: number
  /** Right behind the end of the child. */
  readonly atEnd: number
  /** Those that writes have split meanwhile. */
  readonly split: number
}

/** What this process knows of its own memory without reading its mappings. Bytes. */
export interface ParentMemory {
  readonly rssBytes: number
  readonly dataBytes: number
  readonly engineBytes: number
  readonly jsHeapBytes: number
  readonly movedEntries: number
  readonly movedBytes: number
}

/** How far the child is. */
export interface ChildPosition {
  readonly keys: number
  readonly bytes: number
}

export const NO_REGIONS: CowByRegion = {
  data: 0,
  meta: 0,
  index: 0,
  scratch: 0,
  jsHeap: 0,
  rest: 0,
}
const AT_START: ChildPosition = { keys: 0, bytes: 0 }
/** Of a kernel that does not tell. */
const PAGE_BYTES = 4096
const SAMPLES_MAX = 512

export function privateBytes(totals: MemoryTotals): number {
  return totals.privateDirtyBytes + totals.privateCleanBytes
}

/** Splits the private dirty pages of a process by whose they are. */
export function splitByRegion(
  mappings: readonly Mapping[],
  regions: readonly RegionRange[],
): CowByRegion {
  const split = { ...NO_REGIONS } as { -readonly [name in keyof CowByRegion]: number }
  for (const mapping of mappings) split[ownerOf(mapping, regions)] += mapping.privateDirtyBytes
  return split
}

/** Engine regions are known by address; V8 marks its pages, or names them where it may. */
function ownerOf(mapping: Mapping, regions: readonly RegionRange[]): keyof CowByRegion {
  const region = regions.find(({ start, end }) => mapping.start >= start && mapping.start < end)
  if (region !== undefined) return region.name === 'control' ? 'scratch' : region.name
  const isV8 = mapping.flags.includes('dc') || mapping.name.startsWith('[anon:v8')
  return isV8 ? 'jsHeap' : 'rest'
}

/** Sums of the mappings of a process. */
export function sumOf(mappings: readonly Mapping[]): MemoryTotals {
  const totals = emptyTotals()
  for (const mapping of mappings) addTotals(totals, mapping)
  return totals
}

/** `bytes` more of copies, in the proportion of those that this process's writes have caused. */
function withMore(copied: CowByRegion, bytes: number): CowByRegion {
  const { data, meta, rest } = copied
  const caused = data + meta + rest
  if (caused === 0) return { ...copied, rest: rest + bytes }
  const factor = 1 + bytes / caused
  return { ...copied, data: data * factor, meta: meta * factor, rest: rest * factor }
}

/** Collects readings, keeps the peaks, and makes the report. */
export class CowAccount {
  readonly #ranges: readonly RegionRange[]
  readonly #atFork: ParentMemory
  #samples: CowSample[] = []
  #thinnings = 0
  #last: ParentMemory
  #atPeak: ParentMemory
  #position = AT_START
  #duplicatedBytes = 0
  #extraBytes = 0
  #peakSplit: { atMs: number; totalBytes: number; byRegion: CowByRegion } | null = null
  #pageBytes = PAGE_BYTES

  /** `regions` are the engine's at the fork. */
  constructor(atFork: ParentMemory, regions: readonly RegionRange[]) {
    this.#ranges = regions
    this.#atFork = atFork
    this.#last = atFork
    this.#atPeak = atFork
  }

  /** Peak so far, in bytes. */
  get duplicatedBytes(): number {
    return this.#duplicatedBytes
  }

  /** The last reading, or null. */
  get lastSample(): CowSample | null {
    return this.#samples.at(-1) ?? null
  }

  /** How often every second sample was left out. */
  get thinnings(): number {
    return this.#thinnings
  }

  /** A reading of the child's mappings. */
  add(
    atMs: number,
    mappings: readonly Mapping[],
    parent: ParentMemory,
    position: ChildPosition = AT_START,
  ): CowSample {
    const child = sumOf(mappings)
    const byRegion = splitByRegion(mappings, this.#ranges)
    const totalBytes = child.privateDirtyBytes
    this.#pageBytes = mappings.find(({ pageBytes }) => pageBytes > 0)?.pageBytes ?? PAGE_BYTES
    if (this.#peakSplit === null || totalBytes >= this.#peakSplit.totalBytes) {
      this.#peakSplit = { atMs, totalBytes, byRegion }
    }
    this.#position = position
    const own = {
      childPrivateDirtyBytes: child.privateDirtyBytes,
      childPrivateBytes: privateBytes(child),
    }
    return this.#record({ atMs, ...own, childRssBytes: child.rssBytes, byRegion }, parent)
  }

  /** The highest the child read of itself. It counts if it tops every other reading. */
  addOwnPeak(atMs: number, bytes: number, parent: ParentMemory, position = AT_START): void {
    this.#last = parent
    this.#position = position
    if (bytes > this.#duplicatedBytes) this.addOwn(atMs, bytes, parent, position)
  }

  /** A reading the child made of itself. */
  addOwn(atMs: number, bytes: number, parent: ParentMemory, position = AT_START): CowSample {
    this.#position = position
    const own = { childPrivateDirtyBytes: bytes, childPrivateBytes: bytes, childRssBytes: null }
    return this.#record({ atMs, ...own, byRegion: null }, parent)
  }

  #record(
    reading: Omit<
      CowSample,
      'parentRssBytes' | keyof ChildPosition | 'movedEntries' | 'movedBytes'
    >,
    parent: ParentMemory,
  ): CowSample {
    const growth = Math.max(0, parent.rssBytes - this.#atFork.rssBytes)
    const { childPrivateDirtyBytes, childPrivateBytes } = reading
    if (this.#samples.length === 0 || childPrivateBytes + growth > this.#extraBytes) {
      this.#extraBytes = childPrivateBytes + growth
      this.#atPeak = parent
    }
    this.#duplicatedBytes = Math.max(this.#duplicatedBytes, childPrivateDirtyBytes)
    this.#last = parent
    const { keys, bytes } = this.#position
    const sample = { ...reading, parentRssBytes: parent.rssBytes, ...this.#moved(), keys, bytes }
    if (this.#samples.length >= SAMPLES_MAX) this.#thin()
    this.#samples.push(sample)
    return sample
  }

  #thin(): void {
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#thinnings += 1
  }

  #moved(): { movedEntries: number; movedBytes: number } {
    return {
      movedEntries: this.#last.movedEntries - this.#atFork.movedEntries,
      movedBytes: this.#last.movedBytes - this.#atFork.movedBytes,
    }
  }

  get copiedPages(): CowByRegion {
    const { byRegion, totalBytes } = this.#peakSplit ?? { byRegion: NO_REGIONS, totalBytes: 0 }
    const copied = withMore(byRegion, Math.max(0, this.#duplicatedBytes - totalBytes))
    const pages = Object.entries(copied).map(([name, bytes]) => {
      return [name, Math.round(bytes / this.#pageBytes)]
    })
    return Object.fromEntries(pages) as CowByRegion
  }

  report(more: Partial<Pick<CowReport, 'hugePages' | 'heatMap'>> = {}): CowReport {
    const byRegion = this.#peakSplit?.byRegion ?? NO_REGIONS
    return {
      duplicatedBytes: this.#duplicatedBytes,
      extraBytes: this.#extraBytes,
      ...this.#moved(),
      byRegion: this.#regions(byRegion),
      byRegionAtMs: this.#peakSplit?.atMs ?? null,
      copiedPages: this.copiedPages,
      pageBytes: this.#pageBytes,
      hugePages: more.hugePages ?? null,
      heatMap: more.heatMap ?? null,
      samples: this.#samples,
    }
  }

  #regions(duplicated: CowByRegion): CowRegions {
    const growth = (field: keyof ParentMemory) => this.#atPeak[field] - this.#atFork[field]
    const data = growth('dataBytes')
    const engine = growth('engineBytes')
    const jsHeap = growth('jsHeapBytes')
    const rest = growth('rssBytes') - data - engine - jsHeap
    const ofEngine = duplicated.meta + duplicated.index + duplicated.scratch
    return {
      data: { duplicatedBytes: duplicated.data, growthBytes: data },
      engine: { duplicatedBytes: ofEngine, growthBytes: engine },
      jsHeap: { duplicatedBytes: duplicated.jsHeap, growthBytes: jsHeap },
      rest: { duplicatedBytes: duplicated.rest, growthBytes: rest },
    }
  }
}
