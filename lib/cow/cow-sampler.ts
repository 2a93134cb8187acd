/**
 * Reads, while a child saves, how much memory the save costs.
 *
 * The kernel walks the child's page tables for each reading: about 0.1 ms for a small process, 10
 * ms and more for a big one in small pages. Of this process it is asked for its RSS only, since a
 * walk over its own mappings would hold up the event loop's next mmap.
 *
 * Invariants
 *  (M1) Readings take at most 1 % of one core: the next one waits 100 times what the last one cost.
 *  (M2) No reading is under way while this process forks: the sampler starts after its child, and
 *       there is one child at a time.
 *  (M3) A reading that fails is left out: the child may end at any moment.
 *
 * @module
 */

import { type FileHandle, open } from 'node:fs/promises'
import { getHeapStatistics } from 'node:v8'
import type { EngineStats, NativeEngine, RegionRange } from '../native/engine.js'
import { monotonicMs } from '../util/clock.js'
import { CostMeter } from './cost-meter.js'
import {
  type ChildPosition,
  CowAccount,
  type CowReport,
  type CowSample,
  type ParentMemory,
} from './cow-report.js'
import { HeatMapReader } from './heat-map-reader.js'
import { HugePageReadings } from './huge-pages.js'
import { Pause } from './pause.js'
import { parseSmaps, parseSmapsRollup } from './smaps.js'

const INTERVAL_MS_MIN = 50
const INTERVAL_MS_MAX = 10_000
/** (M1) */
const INTERVAL_PER_COST = 100
/** All mappings are read again when the pages to split have changed by this part and these bytes. */
const SPLIT_CHANGE = 1 / 8
const SPLIT_CHANGE_BYTES = 1 << 20
const READ_BYTES = 64 << 10

/** What is wanted of a sampler. */
export interface SamplerOptions {
  readonly heatMap: boolean
  /** Called with each reading as it is made. */
  sampled(sample: CowSample): void
}

/**
 * What this process knows of its own memory. It takes some 20 us.
 *
 * `before` stands in where the kernel does not tell the RSS: there may be no free descriptor for
 * /proc just now, and what a save costs is no reason for it to fail. 0 where nothing is known.
 */
export function readParentMemory(
  stats: EngineStats,
  before: ParentMemory | null = null,
): ParentMemory {
  return {
    rssBytes: readRss() ?? before?.rssBytes ?? 0,
    dataBytes: stats.dataBytes,
    engineBytes: stats.indexBytes + stats.metaBytes,
    jsHeapBytes: getHeapStatistics().total_heap_size,
    movedEntries: stats.movedEntries,
    movedBytes: stats.movedBytes,
  }
}

function readRss(): number | null {
  try {
    return process.memoryUsage.rss()
  } catch {
    return null
  }
}

export class CowSampler {
  readonly #native: NativeEngine
  readonly #options: SamplerOptions | null
  readonly #account: CowAccount
  readonly #forkedAtMs: number
  readonly #pid: number
  /** At the fork: what came later is not the child's. */
  readonly #regions: readonly RegionRange[]
  readonly #hugePages: HugePageReadings
  readonly #heatMap: HeatMapReader | null
  readonly #pause = new Pause()
  readonly #finished: Promise<void>
  #lastParent: ParentMemory
  #readsHugePages = true

  /** Starts to read the child `pid`. `atFork` was read before the fork. (M2) */
  constructor(
    native: NativeEngine,
    pid: number,
    atFork: ParentMemory,
    options: SamplerOptions | null = null,
  ) {
    this.#native = native
    this.#options = options
    this.#lastParent = atFork
    this.#account = new CowAccount(atFork)
    this.#forkedAtMs = monotonicMs()
    this.#pid = pid
    this.#regions = native.regions()
    this.#hugePages = new HugePageReadings(this.#regions)
    const data = this.#regions.find(({ name }) => name === 'data')
    const isMapped = options?.heatMap === true && data !== undefined
    this.#heatMap = isMapped ? new HeatMapReader(pid, data) : null
    this.#finished = this.#run()
  }

  /** Peak of the child's private dirty pages so far, in bytes. */
  get duplicatedBytes(): number {
    return this.#account.duplicatedBytes
  }

  /** The last reading, or null. */
  get lastSample(): CowSample | null {
    return this.#account.lastSample
  }

  /** Milliseconds since the fork. */
  get elapsedMs(): number {
    return monotonicMs() - this.#forkedAtMs
  }

  /** Ends the readings. The child's own highest one makes up for a save too short for any. */
  async stop(end: ChildPosition & { privateDirtyPeakBytes: number }): Promise<CowReport> {
    const elapsedMs = this.elapsedMs
    const parent = this.#parent()
    this.#pause.end()
    await this.#finished
    const heatMap = (await this.#heatMap?.stop()) ?? null
    const { keys, bytes } = end
    this.#account.addOwnPeak(elapsedMs, end.privateDirtyPeakBytes, parent, { keys, bytes })
    const hugePages = await this.#hugePages.readAtEnd(this.#account.copiedDataPages)
    return this.#account.report({ heatMap, hugePages })
  }

  async #run(): Promise<void> {
    const rollup = await open(`/proc/${this.#pid}/smaps_rollup`).catch(() => null)
    if (rollup === null) return
    try {
      while (!this.#pause.isOver) {
        const costMs = await this.#read(rollup)
        const leastMs = INTERVAL_MS_MIN * 2 ** this.#account.thinnings
        const restMs = Math.max(leastMs, costMs * INTERVAL_PER_COST)
        await this.#pause.wait(Math.min(INTERVAL_MS_MAX, restMs))
      }
    } finally {
      await rollup.close().catch(() => {})
    }
  }

  /** One reading; returns what it cost in milliseconds. (M3) */
  async #read(rollup: FileHandle): Promise<number> {
    const meter = new CostMeter()
    const child = parseSmapsRollup(await readText(rollup).catch(() => ''))
    if (child === null || this.#pause.isOver) return meter.costMs
    if (this.#isSplitOld(child.privateDirtyBytes) && (await this.#readMappings(meter))) {
      return meter.costMs
    }
    if (this.#pause.isOver) return meter.costMs
    this.#tell(this.#account.add(this.elapsedMs, child, this.#parent(), this.#position()))
    return meter.costMs
  }

  #isSplitOld(bytes: number): boolean {
    const { splitBytes } = this.#account
    if (splitBytes === null) return true
    const change = Math.abs(bytes - splitBytes)
    return change > Math.max(SPLIT_CHANGE_BYTES, splitBytes * SPLIT_CHANGE)
  }

  /** Whether it could be done. */
  async #readMappings(meter: CostMeter): Promise<boolean> {
    const file = await open(`/proc/${this.#pid}/smaps`).catch(() => null)
    if (file === null) return false
    const text = await readText(file).catch(() => '')
    await file.close().catch(() => {})
    const mappings = meter.run(() => parseSmaps(text))
    if (mappings.length === 0 || this.#pause.isOver) return false
    const parent = this.#parent()
    this.#tell(
      this.#account.addMappings(
        ...([this.elapsedMs, mappings, this.#regions, parent, this.#position()] as const),
      ),
    )
    if (this.#readsHugePages) await this.#hugePages.readAtFork(mappings)
    this.#readsHugePages = false
    return true
  }

  #tell(sample: CowSample): void {
    this.#options?.sampled(sample)
  }

  #position(): ChildPosition {
    const { keys, bytes } = this.#native.childProgress() ?? { keys: 0, bytes: 0 }
    return { keys, bytes }
  }

  #parent(): ParentMemory {
    const parent = readParentMemory(this.#native.stats(), this.#lastParent)
    // Growth since a fork whose RSS is not known is not known either.
    this.#lastParent = this.#lastParent.rssBytes === 0 ? { ...parent, rssBytes: 0 } : parent
    return this.#lastParent
  }
}

/** The whole of a /proc file, made anew by the kernel as it is read from its start. */
async function readText(file: FileHandle): Promise<string> {
  const chunks: Buffer[] = []
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(READ_BYTES),
      0,
      READ_BYTES,
      position,
    )
    if (bytesRead === 0) return Buffer.concat(chunks).toString('latin1')
    chunks.push(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}
