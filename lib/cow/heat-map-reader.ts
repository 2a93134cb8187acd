/**
 * Reads the pagemaps of this process and of a child while it lives, for a {@link HeatMap}.
 *
 * A reading is a walk over the page tables of the data region, and 2 KiB of numbers for each MiB of
 * it and process, in slices of 256 KiB: the kernel's part is done by a thread of the pool, which
 * holds the lock that an mmap of this process would wait for no longer than for 2 MiB; a slice is
 * counted in well below a millisecond.
 *
 * Invariants
 *  (P1) Readings take at most 5 % of one core: the next one waits 20 times what the last one cost.
 *  (P2) A reading that was cut off by the end of the child counts as far as it came.
 *  (P3) This process is read before the child: a chunk that the child still has when it is read was
 *       not this process's alone, by the child's release, a moment before.
 *
 * @module
 */

import { type FileHandle, open } from 'node:fs/promises'
import type { RegionRange } from '../native/engine.js'
import { CostMeter } from './cost-meter.js'
import { HeatCounts, type HeatMap } from './heat-map.js'
import { Pause } from './pause.js'
import { readPageBytes } from './thp.js'

const ENTRY_BYTES = 8
const SLICE_BYTES = 256 << 10
const INTERVAL_MS_MIN = 50
const INTERVAL_MS_MAX = 10_000
/** (P1) */
const INTERVAL_PER_COST = 20

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
    const own = await open('/proc/self/pagemap').catch(() => null)
    const child = await open(`/proc/${this.#pid}/pagemap`).catch(() => null)
    try {
      if (own === null || child === null || pageBytes === null) return null
      const counts = new HeatCounts(this.#regionBytes, pageBytes)
      while (!this.#pause.isOver) {
        const costMs = await this.#read(own, child, pageBytes, counts)
        const restMs = Math.max(INTERVAL_MS_MIN, costMs * INTERVAL_PER_COST)
        await this.#pause.wait(Math.min(INTERVAL_MS_MAX, restMs))
      }
      return counts.report()
    } finally {
      await own?.close().catch(() => {})
      await child?.close().catch(() => {})
    }
  }

  /** One reading of the region; what it cost in milliseconds. (P2) */
  async #read(
    own: FileHandle,
    child: FileHandle,
    pageBytes: number,
    counts: HeatCounts,
  ): Promise<number> {
    const meter = new CostMeter()
    const buffers = [Buffer.allocUnsafe(SLICE_BYTES), Buffer.allocUnsafe(SLICE_BYTES)] as const
    const firstEntry = (this.#start / pageBytes) * ENTRY_BYTES
    const length = (this.#regionBytes / pageBytes) * ENTRY_BYTES
    for (let at = 0; at < length && !this.#pause.isOver; at += SLICE_BYTES) {
      const wanted = Math.min(SLICE_BYTES, length - at)
      const owns = await readEntries(own, buffers[0], wanted, firstEntry + at)
      // (P3)
      const childs = await readEntries(child, buffers[1], wanted, firstEntry + at)
      if (childs.length === 0) break
      const firstPage = at / ENTRY_BYTES
      meter.run(() => counts.count(owns, childs, firstPage))
    }
    counts.endReading()
    return meter.costMs
  }
}

/** None if the process has ended. */
async function readEntries(
  pagemap: FileHandle,
  buffer: Buffer,
  bytes: number,
  position: number,
): Promise<Buffer> {
  const read = await pagemap.read(buffer, 0, bytes, position).catch(() => null)
  return buffer.subarray(0, read?.bytesRead ?? 0)
}
