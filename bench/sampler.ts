/**
 * What a save costs in memory, measured in the same way for every engine: from another process.
 *
 * A page the parent writes while the child lives exists twice from then on. The parent's own copy
 * takes the place of the old one, so its RSS does not show it; the old one is private in the child.
 * What the parent allocates meanwhile shows in its RSS. So
 *
 *     duplicated = private dirty pages of the child
 *     extra      = private pages of the child + growth of the parent's RSS since before the fork
 *
 * and of both the peak counts. The parent's smaps are never read: that would hold up its page
 * faults. The child's are read so seldom that it takes SHARE_MAX of a core.
 *
 * @module
 */

import { childrenOf, isRunning, privateBytes, residentBytes } from './processes.js'

const TICK_MS = 5
/** Share of a core the reading of the child's smaps may take. */
const SHARE_MAX = 0.05

export interface SaveCost {
  /** Peak of the child's private dirty bytes. */
  readonly duplicatedBytes: number
  readonly extraBytes: number
  /** How often the child's memory was read. */
  readonly readings: number
}

export class Sampler {
  readonly #parent: number
  readonly #parentBytes: number
  readonly #others: ReadonlySet<number>
  #timer: NodeJS.Timeout | null = null
  #child = 0
  #childPrivateBytes = 0
  #readAgainAt = 0
  #duplicatedBytes = 0
  #extraBytes = 0
  #readings = 0

  /** Starts to look for a child of `parent`. */
  constructor(parent: number) {
    this.#parent = parent
    this.#parentBytes = residentBytes(parent)
    this.#others = new Set(childrenOf(parent))
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Reads the child at once: for a moment at which it is known to stand still. */
  readNow(): SaveCost {
    this.#readAgainAt = 0
    this.#tick()
    return this.#cost()
  }

  stop(): SaveCost {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    return this.#cost()
  }

  #cost(): SaveCost {
    return {
      duplicatedBytes: this.#duplicatedBytes,
      extraBytes: this.#extraBytes,
      readings: this.#readings,
    }
  }

  #tick(): void {
    if (this.#child === 0) {
      this.#child = childrenOf(this.#parent).find((pid) => !this.#others.has(pid)) ?? 0
      if (this.#child === 0) return
    }
    const startedAt = performance.now()
    if (startedAt >= this.#readAgainAt) this.#readChild(startedAt)
    // The child's pages are gone with it, and what the parent does then is no cost of the save.
    if (!isRunning(this.#child)) return
    const growth = Math.max(0, residentBytes(this.#parent) - this.#parentBytes)
    this.#extraBytes = Math.max(this.#extraBytes, this.#childPrivateBytes + growth)
  }

  #readChild(startedAt: number): void {
    const bytes = privateBytes(this.#child)
    const endedAt = performance.now()
    this.#readAgainAt = endedAt + (endedAt - startedAt) / SHARE_MAX
    if (bytes === null) return
    ++this.#readings
    this.#childPrivateBytes = bytes.dirty + bytes.clean
    this.#duplicatedBytes = Math.max(this.#duplicatedBytes, bytes.dirty)
  }
}
