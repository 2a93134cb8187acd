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
import { addTotals, emptyTotals, type Mapping, type MemoryTotals } from './smaps.js'

/** A reading of both processes. */
export interface CowSample {
  /** Milliseconds since the fork. */
  readonly atMs: number
  /** `Private_Dirty` of the child in bytes: what Redis reports as its COW size. */
  readonly childPrivateDirtyBytes: number
  /** All pages that only the child has, in bytes. */
  readonly childPrivateBytes: number
  /** Resident bytes of the child, shared ones included; null in the child's own last reading. */
  readonly childRssBytes: number | null
  /** Resident bytes of this process. */
  readonly parentRssBytes: number
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
   * Split by owner. What was duplicated is split as of the costliest reading of all mappings, which
   * may be less than the peak, and is 0 throughout if the child ended before there was one
   * (`byRegionAtMs` is then null).
   */
  readonly byRegion: CowRegions
  /** When the mappings were read, in milliseconds since the fork, or null. */
  readonly byRegionAtMs: number | null
  /** The readings in the order of time; at the end the child's own highest, if it tops them. */
  readonly samples: readonly CowSample[]
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

export type DuplicatedByOwner = Readonly<Record<keyof CowRegions, number>>

const NOTHING: DuplicatedByOwner = { data: 0, engine: 0, jsHeap: 0, rest: 0 }

export function privateBytes(totals: MemoryTotals): number {
  return totals.privateDirtyBytes + totals.privateCleanBytes
}

/** Splits the private dirty pages of a process by whose they are. */
export function splitByOwner(
  mappings: readonly Mapping[],
  regions: readonly RegionRange[],
): DuplicatedByOwner {
  const split = { ...NOTHING }
  for (const mapping of mappings) split[ownerOf(mapping, regions)] += mapping.privateDirtyBytes
  return split
}

/** Engine regions are known by address; V8 marks its pages, or names them where it may. */
function ownerOf(mapping: Mapping, regions: readonly RegionRange[]): keyof CowRegions {
  const region = regions.find(({ start, end }) => mapping.start >= start && mapping.start < end)
  if (region !== undefined) return region.name === 'data' ? 'data' : 'engine'
  const isV8 = mapping.flags.includes('dc') || mapping.name.startsWith('[anon:v8')
  return isV8 ? 'jsHeap' : 'rest'
}

/** Sums of the mappings of a process. */
export function sumOf(mappings: readonly Mapping[]): MemoryTotals {
  const totals = emptyTotals()
  for (const mapping of mappings) addTotals(totals, mapping)
  return totals
}

/** Collects readings, keeps the peaks, and makes the report. */
export class CowAccount {
  readonly #atFork: ParentMemory
  readonly #samples: CowSample[] = []
  #last: ParentMemory
  #atPeak: ParentMemory
  #duplicatedBytes = 0
  #extraBytes = 0
  #split: { atMs: number; totalBytes: number; byOwner: DuplicatedByOwner } | null = null

  constructor(atFork: ParentMemory) {
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

  /** Private dirty bytes when the mappings were split last; null if they never were. */
  get splitBytes(): number | null {
    return this.#split?.totalBytes ?? null
  }

  add(atMs: number, child: MemoryTotals, parent: ParentMemory): void {
    const { privateDirtyBytes, rssBytes } = child
    this.#record(atMs, privateDirtyBytes, privateBytes(child), rssBytes, parent)
  }

  /** What the child read of itself. It counts if it tops every reading from outside. */
  addOwnPeak(atMs: number, privateDirtyBytes: number, parent: ParentMemory): void {
    this.#last = parent
    if (privateDirtyBytes <= this.#duplicatedBytes) return
    this.#record(atMs, privateDirtyBytes, privateDirtyBytes, null, parent)
  }

  #record(
    atMs: number,
    childPrivateDirtyBytes: number,
    childPrivateBytes: number,
    childRssBytes: number | null,
    parent: ParentMemory,
  ): void {
    const growth = Math.max(0, parent.rssBytes - this.#atFork.rssBytes)
    if (this.#samples.length === 0 || childPrivateBytes + growth > this.#extraBytes) {
      this.#extraBytes = childPrivateBytes + growth
      this.#atPeak = parent
    }
    this.#duplicatedBytes = Math.max(this.#duplicatedBytes, childPrivateDirtyBytes)
    this.#last = parent
    const parentRssBytes = parent.rssBytes
    const child = { childPrivateDirtyBytes, childPrivateBytes, childRssBytes }
    this.#samples.push({ atMs, ...child, parentRssBytes })
  }

  addSplit(atMs: number, byOwner: DuplicatedByOwner): void {
    const totalBytes = byOwner.data + byOwner.engine + byOwner.jsHeap + byOwner.rest
    if (this.#split !== null && totalBytes < this.#split.totalBytes) return
    this.#split = { atMs, totalBytes, byOwner }
  }

  report(): CowReport {
    return {
      duplicatedBytes: this.#duplicatedBytes,
      extraBytes: this.#extraBytes,
      movedEntries: this.#last.movedEntries - this.#atFork.movedEntries,
      movedBytes: this.#last.movedBytes - this.#atFork.movedBytes,
      byRegion: this.#regions(this.#split?.byOwner ?? NOTHING),
      byRegionAtMs: this.#split?.atMs ?? null,
      samples: this.#samples,
    }
  }

  #regions(duplicated: DuplicatedByOwner): CowRegions {
    const growth = (field: keyof ParentMemory) => this.#atPeak[field] - this.#atFork[field]
    const data = growth('dataBytes')
    const engine = growth('engineBytes')
    const jsHeap = growth('jsHeapBytes')
    const rest = growth('rssBytes') - data - engine - jsHeap
    return {
      data: { duplicatedBytes: duplicated.data, growthBytes: data },
      engine: { duplicatedBytes: duplicated.engine, growthBytes: engine },
      jsHeap: { duplicatedBytes: duplicated.jsHeap, growthBytes: jsHeap },
      rest: { duplicatedBytes: duplicated.rest, growthBytes: rest },
    }
  }
}
