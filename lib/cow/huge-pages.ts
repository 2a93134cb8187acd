/**
 * How many huge pages keep the keys, before and behind a save.
 *
 * The kernel walks the page tables of the whole process for it, and whoever maps memory meanwhile
 * waits: so it is asked only where the walk is short, as it is while the keys are in huge pages.
 * Nothing is read while this process forks: a child lives already, or has just ended.
 *
 * @module
 */

import type { ReadText } from '../host/read-text.js'
import type { RegionRange } from '../native/engine.js'
import type { CowHugePages } from './cow-report.js'
import { CHUNK_BYTES } from './heat-map.js'
import { type Mapping, parseSmaps } from './smaps.js'

const SMAPS_PATH = '/proc/self/smaps'
/** Other base pages have other huge ones, which the engine does not use. */
const PAGE_BYTES = 4096
/** Small pages in a walk of some 30 ms at worst, on a slow machine. */
const SMALL_PAGES_MAX = 200_000

/** Those of the data region, by the mappings of a process. */
export function hugePagesOf(mappings: readonly Mapping[], regions: readonly RegionRange[]): number {
  const data = regions.find(({ name }) => name === 'data')
  if (data === undefined) return 0
  const inside = mappings.filter(({ start }) => start >= data.start && start < data.end)
  return inside.reduce((sum, { hugeBytes }) => sum + hugeBytes, 0) / CHUNK_BYTES
}

/** Mapped one by one, in all mappings together. */
export function smallPagesOf(mappings: readonly Mapping[]): number {
  const bytes = mappings.reduce((sum, { rssBytes, hugeBytes }) => sum + rssBytes - hugeBytes, 0)
  return bytes / PAGE_BYTES
}

/** The two readings around a save. */
export class HugePageReadings {
  readonly #readText: ReadText
  readonly #regions: readonly RegionRange[]
  #atFork: { readonly hugePages: number; readonly smallPages: number } | null = null

  /** `regions` as they were at the fork. */
  constructor(readText: ReadText, regions: readonly RegionRange[]) {
    this.#readText = readText
    this.#regions = regions
  }

  /** `child` are the mappings of the child, which has what this process had at the fork. */
  async readAtFork(child: readonly Mapping[]): Promise<void> {
    if (hugePagesOf(child, this.#regions) === 0) return
    if (smallPagesOf(child) > SMALL_PAGES_MAX) return
    const mappings = await this.#readOwnMappings()
    const hugePages = hugePagesOf(mappings, this.#regions)
    if (hugePages === 0) return
    this.#atFork = { hugePages, smallPages: smallPagesOf(mappings) }
  }

  /** @param copiedPages Pages that were copied meanwhile: each may have split a huge one. */
  async readAtEnd(copiedPages: number): Promise<CowHugePages | null> {
    const before = this.#atFork
    if (before === null) return null
    const split = Math.min(copiedPages, before.hugePages) * (CHUNK_BYTES / PAGE_BYTES)
    if (before.smallPages + split > SMALL_PAGES_MAX) return null
    const mappings = await this.#readOwnMappings()
    if (mappings.length === 0) return null
    const atEnd = hugePagesOf(mappings, this.#regions)
    return { atFork: before.hugePages, atEnd, split: Math.max(0, before.hugePages - atEnd) }
  }

  /** None where they cannot be read: there may be no descriptor left. */
  async #readOwnMappings(): Promise<Mapping[]> {
    return parseSmaps((await this.#readText(SMAPS_PATH)) ?? '')
  }
}
