/**
 * Which chunks of the data region a save has duplicated: pages of the child that nobody else maps.
 *
 * /proc/<pid>/pagemap has eight bytes a page. They are counted a slice at a time, so a region of any
 * size takes four bytes a chunk. Behind the child, chunks are released: what was duplicated is seen
 * before that or not at all. So the region is read several times, and the most of each chunk counts.
 *
 * The kernel tells a page of its own from a shared one inside a huge page since 6.11; before, all
 * pages of a huge page look like its first.
 *
 * @module
 */

/** Of the data region: what the engine allocates, freezes and releases at once. */
export const CHUNK_BYTES = 2 << 20

const ENTRY_BYTES = 8
/** A bigger region has several chunks in a cell. */
const CELLS_MAX = 4096
/** Bits of the upper half of an entry. */
const PRESENT = 2 ** 31
const EXCLUSIVE = 2 ** 24

/** Where in the data region pages were duplicated. */
export interface HeatMap {
  /** Bytes of the region that one cell stands for: a chunk, or several of a big region. */
  readonly cellBytes: number
  /** Most pages of each cell that were seen duplicated; cells at the end without any are left out. */
  readonly pages: readonly number[]
}

/** Counts of pages by chunk. */
export class HeatCounts {
  readonly #pagesPerChunk: number
  /** Most pages so far. */
  readonly #highest: Uint32Array
  /** Pages in the reading that is under way. */
  readonly #current: Uint32Array

  constructor(regionBytes: number, pageBytes: number) {
    const chunks = Math.ceil(regionBytes / CHUNK_BYTES)
    this.#pagesPerChunk = CHUNK_BYTES / pageBytes
    this.#highest = new Uint32Array(chunks)
    this.#current = new Uint32Array(chunks)
  }

  /** Entries of a pagemap, from the page `firstPage` of the region on. */
  count(entries: Uint8Array, firstPage: number): void {
    const { buffer, byteOffset, byteLength } = entries
    const view = new DataView(buffer, byteOffset, byteLength)
    for (let at = 0; at + ENTRY_BYTES <= byteLength; at += ENTRY_BYTES) {
      const bits = view.getUint32(at + 4, true)
      if (bits < PRESENT || (bits & EXCLUSIVE) === 0) continue
      const chunk = Math.floor((firstPage + at / ENTRY_BYTES) / this.#pagesPerChunk)
      if (chunk < this.#current.length) this.#current[chunk] = (this.#current[chunk] ?? 0) + 1
    }
  }

  /** Ends a reading of the region. */
  endReading(): void {
    this.#current.forEach((pages, chunk) => {
      if (pages > (this.#highest[chunk] ?? 0)) this.#highest[chunk] = pages
    })
    this.#current.fill(0)
  }

  report(): HeatMap {
    const chunksPerCell = Math.max(1, Math.ceil(this.#highest.length / CELLS_MAX))
    const pages: number[] = []
    this.#highest.forEach((count, chunk) => {
      if (count === 0) return
      const cell = Math.floor(chunk / chunksPerCell)
      while (pages.length <= cell) pages.push(0)
      pages[cell] = (pages[cell] ?? 0) + count
    })
    return { cellBytes: CHUNK_BYTES * chunksPerCell, pages }
  }
}
