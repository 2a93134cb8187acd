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
import type { EngineStats, NativeEngine } from '../native/engine.js'
import { monotonicMs } from '../util/clock.js'
import {
  CowAccount,
  type CowReport,
  type CowSample,
  type ParentMemory,
  splitByOwner,
  sumOf,
} from './cow-report.js'
import { parseSmaps, parseSmapsRollup } from './smaps.js'

const INTERVAL_MS_MIN = 50
const INTERVAL_MS_MAX = 10_000
/** (M1) */
const INTERVAL_PER_COST = 100
/** All mappings are read again when the pages to split have grown by this part and these bytes. */
const SPLIT_GROWTH = 1 / 8
const SPLIT_GROWTH_BYTES = 1 << 20
const READ_BYTES = 64 << 10

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
  readonly #account: CowAccount
  readonly #forkedAtMs: number
  readonly #pid: number
  readonly #finished: Promise<void>
  #isStopped = false
  #lastParent: ParentMemory
  #wake: (() => void) | null = null

  /** Starts to read the child `pid`. `atFork` was read before the fork. (M2) */
  constructor(native: NativeEngine, pid: number, atFork: ParentMemory) {
    this.#native = native
    this.#lastParent = atFork
    this.#account = new CowAccount(atFork)
    this.#forkedAtMs = monotonicMs()
    this.#pid = pid
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
  async stop(ownPeakBytes: number): Promise<CowReport> {
    this.#isStopped = true
    const elapsedMs = this.elapsedMs
    const parent = this.#parent()
    this.#wake?.()
    await this.#finished
    this.#account.addOwnPeak(elapsedMs, ownPeakBytes, parent)
    return this.#account.report()
  }

  async #run(): Promise<void> {
    const rollup = await open(`/proc/${this.#pid}/smaps_rollup`).catch(() => null)
    if (rollup === null) return
    try {
      while (!this.#isStopped) {
        const costMs = await this.#read(rollup)
        await this.#wait(costMs * INTERVAL_PER_COST)
      }
    } finally {
      await rollup.close().catch(() => {})
    }
  }

  /** One reading; returns what it cost in milliseconds. (M3) */
  async #read(rollup: FileHandle): Promise<number> {
    const meter = new CostMeter()
    const child = parseSmapsRollup(await readText(rollup).catch(() => ''))
    if (child === null || this.#isStopped) return meter.costMs
    this.#account.add(this.elapsedMs, child, this.#parent())
    if (this.#isSplitOld(child.privateDirtyBytes)) await this.#readMappings()
    return meter.costMs
  }

  #isSplitOld(bytes: number): boolean {
    const { splitBytes } = this.#account
    if (splitBytes === null) return true
    return bytes > splitBytes + Math.max(SPLIT_GROWTH_BYTES, splitBytes * SPLIT_GROWTH)
  }

  async #readMappings(): Promise<void> {
    const file = await open(`/proc/${this.#pid}/smaps`).catch(() => null)
    if (file === null) return
    const text = await readText(file).catch(() => '')
    await file.close().catch(() => {})
    const mappings = parseSmaps(text)
    if (mappings.length === 0 || this.#isStopped) return
    this.#account.add(this.elapsedMs, sumOf(mappings), this.#parent())
    this.#account.addSplit(this.elapsedMs, splitByOwner(mappings, this.#native.regions()))
  }

  #parent(): ParentMemory {
    const parent = readParentMemory(this.#native.stats(), this.#lastParent)
    // Growth since a fork whose RSS is not known is not known either.
    this.#lastParent = this.#lastParent.rssBytes === 0 ? { ...parent, rssBytes: 0 } : parent
    return this.#lastParent
  }

  /** Until the time is over or `stop` is called. The timer keeps no process alive. */
  #wait(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(wake, Math.min(INTERVAL_MS_MAX, Math.max(INTERVAL_MS_MIN, ms)))
      timer.unref()
      this.#wake = wake
    })
  }
}

/**
 * What a reading cost at most: the time it took, or, as the result may have waited for a busy event
 * loop, the time this process spent in the kernel meanwhile, whichever is less.
 */
class CostMeter {
  readonly #startedAtMs = monotonicMs()
  readonly #usage = process.cpuUsage()

  get costMs(): number {
    const kernelMs = process.cpuUsage(this.#usage).system / 1000
    return Math.min(monotonicMs() - this.#startedAtMs, kernelMs)
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
