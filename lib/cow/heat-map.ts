/**
 * Which chunks of the data region a save has duplicated, by the pagemaps of both processes.
 *
 * A page is there twice if it is this process's alone while the child still has one in its place.
 * That cannot be seen in the child: the kernel tells of a page inside a huge one, as the child's
 * still are, only whether the first of them is shared. Here, a chunk that was written to is in
 * small pages.
 *
 * Eight bytes a page are counted a slice at a time, so a region of any size takes eight bytes a
 * chunk. The child releases chunks behind it: what was duplicated is seen before that or not at
 * all. So the region is read several times, and the most of each chunk counts.
 *
 * @module
 */

/** Of the data region: what the engine allocates, freezes and releases at once. */
export const CHUNK_BYTES = 2 << 20

const ENTRY_BYTES = 8
/** A bigger region has several chunks in a cell. */
const CELLS_MAX = 4096
const UPPER_HALF = 4
/** Bits of the upper half of an entry. */
const PRESENT = 2 ** 31
const EXCLUSIVE = 2 ** 24

/** Where in the data region pages were duplicated. */
export interface HeatMap {
  /** Bytes of the region that one cell stands for: a chunk, or several of a big region. */
  readonly cellBytes: number
  /** Most pages of each cell that were seen duplicated, in the order of addresses. */
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

  /**
   * Entries of the pagemaps of this process and, read after them, of the child, from the page
   * `firstPage` of the region on.
   */
  count(own: Uint8Array, childs: Uint8Array, firstPage: number): void {
    const ownView = viewOf(own)
    const childView = viewOf(childs)
    const end = Math.min(own.byteLength, childs.byteLength) - ENTRY_BYTES
    for (let at = 0; at <= end; at += ENTRY_BYTES) {
      const bits = ownView.getUint32(at + UPPER_HALF, true)
      if (bits < PRESENT || (bits & EXCLUSIVE) === 0) continue
      if (childView.getUint32(at + UPPER_HALF, true) < PRESENT) continue
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
    const cells = Math.ceil(this.#highest.length / chunksPerCell)
    const pages = new Array<number>(cells).fill(0)
    this.#highest.forEach((count, chunk) => {
      const cell = Math.floor(chunk / chunksPerCell)
      pages[cell] = (pages[cell] ?? 0) + count
    })
    return { cellBytes: CHUNK_BYTES * chunksPerCell, pages }
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
