/**
 * Reads a child's pagemap while it lives, for a {@link HeatMap}.
 *
 * A reading is a walk over the child's page tables and 2 KiB of numbers for each MiB of the region,
 * in slices of 256 KiB: the kernel's part is done by a thread of the pool, and a slice is counted in
 * well below a millisecond.
 *
 * Invariants
 *  (P1) Readings take at most 1 % of one core, as those of the sampler (M1).
 *  (P2) A reading that was cut off by the end of the child counts as far as it came.
 *
 * @module
 */

import { type FileHandle, open } from 'node:fs/promises'
import type { RegionRange } from '../native/engine.js'
import { CostMeter } from './cost-meter.js'
import { type HeatMap, HeatCounts } from './heat-map.js'
import { Pause } from './pause.js'
import { readPageBytes } from './thp.js'

const ENTRY_BYTES = 8
const SLICE_BYTES = 256 << 10
const INTERVAL_MS_MIN = 50
const INTERVAL_MS_MAX = 10_000
/** (P1) */
const INTERVAL_PER_COST = 100

export class HeatMapReader {
  readonly #pid: number
  readonly #start: number
  readonly #regionBytes: number
  readonly #pause = new Pause()
  readonly #finished: Promise<HeatMap | null>

  /** `region` is that of the data, as it was at the fork of `pid`. */
  constructor(pid: number, region: RegionRange) {
    this.#pid = pid
    this.#start = Number(region.start)
    this.#regionBytes = Number(region.end - region.start)
    this.#finished = this.#run()
  }

  /** Ends the readings; null if there was none. */
  stop(): Promise<HeatMap | null> {
    this.#pause.end()
    return this.#finished
  }

  async #run(): Promise<HeatMap | null> {
    const pageBytes = await readPageBytes()
    const pagemap = await open(`/proc/${this.#pid}/pagemap`).catch(() => null)
    if (pagemap === null || pageBytes === null) return null
    const counts = new HeatCounts(this.#regionBytes, pageBytes)
    try {
      while (!this.#pause.isOver) {
        const costMs = await this.#read(pagemap, pageBytes, counts)
        const restMs = Math.max(INTERVAL_MS_MIN, costMs * INTERVAL_PER_COST)
        await this.#pause.wait(Math.min(INTERVAL_MS_MAX, restMs))
      }
    } finally {
      await pagemap.close().catch(() => {})
    }
    return counts.report()
  }

  /** One reading of the region; what it cost in milliseconds. (P2) */
  async #read(pagemap: FileHandle, pageBytes: number, counts: HeatCounts): Promise<number> {
    const meter = new CostMeter()
    const buffer = Buffer.allocUnsafe(SLICE_BYTES)
    const firstEntry = (this.#start / pageBytes) * ENTRY_BYTES
    const length = (this.#regionBytes / pageBytes) * ENTRY_BYTES
    for (let at = 0; at < length && !this.#pause.isOver; ) {
      const wanted = Math.min(SLICE_BYTES, length - at)
      const read = await pagemap.read(buffer, 0, wanted, firstEntry + at).catch(() => null)
      if (read === null || read.bytesRead === 0) break
      const entries = buffer.subarray(0, read.bytesRead)
      const firstPage = at / ENTRY_BYTES
      meter.run(() => counts.count(entries, firstPage))
      at += read.bytesRead
    }
    counts.endReading()
    return meter.costMs
  }
}
