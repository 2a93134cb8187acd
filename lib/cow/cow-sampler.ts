/**
 * Reads, while a child saves, how much memory the save costs.
 *
 * The kernel walks the child's page tables for each reading: about 0.1 ms for a small process, 10
 * ms and more for a big one in small pages. In between, there is what the child has read of itself.
 * Of this process it is asked for its RSS only, since a
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

import { getHeapStatistics } from 'node:v8'
import { type ReadText, readTogether } from '../host/read-text.js'
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
import { learnHostMemory } from './host-memory.js'
import { HugePageReadings } from './huge-pages.js'
import { Pause } from './pause.js'
import { parseSmaps } from './smaps.js'

const INTERVAL_MS_MIN = 50
const INTERVAL_MS_MAX = 10_000
/** (M1) */
const INTERVAL_PER_COST = 100
/** What is wanted of a sampler. */
export interface SamplerOptions {
  /** Whether a heat map is wanted. */
  heatMap(): boolean
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
  readonly #readText: ReadText
  readonly #options: SamplerOptions | null
  readonly #account: CowAccount
  readonly #forkedAtMs: number
  readonly #pid: number
  readonly #regions: readonly RegionRange[]
  readonly #hugePages: HugePageReadings
  readonly #heatMap: HeatMapReader | null
  readonly #pause = new Pause()
  readonly #finished: Promise<void>
  #lastParent: ParentMemory
  #readsHugePages = true
  /** The child's last reading of itself that was taken. */
  #ownBytes = 0

  /** Starts to read the child `pid`. `atFork` was read before the fork. (M2) */
  constructor(
    native: NativeEngine,
    pid: number,
    atFork: ParentMemory,
    options: SamplerOptions | null = null,
  ) {
    this.#native = native
    this.#readText = readTogether(async (paths) => native.readTexts(paths))
    this.#options = options
    this.#lastParent = atFork
    this.#forkedAtMs = monotonicMs()
    this.#pid = pid
    // What comes later is not the child's.
    const regions = native.regions()
    this.#regions = regions
    this.#account = new CowAccount(atFork, regions)
    this.#hugePages = new HugePageReadings(this.#readText, regions)
    const data = regions.find(({ name }) => name === 'data')
    const isMapped = options?.heatMap() === true && data !== undefined
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
    // An engine that was closed meanwhile has no more forks.
    await learnHostMemory(this.#native, this.#regions, this.#readText).catch(() => {})
    const { keys, bytes } = end
    this.#account.addOwnPeak(elapsedMs, end.privateDirtyPeakBytes, parent, { keys, bytes })
    const hugePages = await this.#hugePages.readAtEnd(this.#account.copiedPages.data)
    return this.#account.report({ heatMap, hugePages })
  }

  async #run(): Promise<void> {
    while (!this.#pause.isOver) {
      const costMs = await this.#read()
      if (costMs === null) return
      const leastMs = INTERVAL_MS_MIN * 2 ** this.#account.thinnings
      const restMs = Math.max(leastMs, costMs * INTERVAL_PER_COST)
      await this.#rest(Math.min(INTERVAL_MS_MAX, restMs), leastMs)
    }
  }

  /** Waits; what the child reads of itself meanwhile is there for the taking. */
  async #rest(restMs: number, stepMs: number): Promise<void> {
    for (let leftMs = restMs; leftMs > 0 && !this.#pause.isOver; leftMs -= stepMs) {
      await this.#pause.wait(Math.min(leftMs, stepMs))
      if (leftMs > stepMs && !this.#pause.isOver) this.#takeOwnReading()
    }
  }

  #takeOwnReading(): void {
    const bytes = this.#native.childProgress()?.privateDirtyBytes ?? 0
    if (bytes === this.#ownBytes) return
    this.#ownBytes = bytes
    const sample = this.#account.addOwn(this.elapsedMs, bytes, this.#parent(), this.#position())
    this.#options?.sampled(sample)
  }

  /** One reading; what it cost in milliseconds, or null if there is no child any more. */
  async #read(): Promise<number | null> {
    const meter = new CostMeter()
    // (M3)
    const text = (await this.#readText(`/proc/${this.#pid}/smaps`)) ?? ''
    if (this.#pause.isOver) return null
    const mappings = meter.run(() => parseSmaps(text))
    const { costMs } = meter
    if (mappings.length === 0) return costMs
    const parent = this.#parent()
    const sample = this.#account.add(this.elapsedMs, mappings, parent, this.#position())
    this.#options?.sampled(sample)
    if (this.#readsHugePages) await this.#hugePages.readAtFork(mappings)
    this.#readsHugePages = false
    return costMs
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
