/**
 * The trial `memory`: saves in a control group that has little more memory than the data takes,
 * onto a slow disk, while random keys are overwritten as fast as they can be. Runs in a fresh
 * process, once an engine.
 *
 * @module
 */

import type { Driver } from '../drivers/driver.js'
import { makeMemoryGroup } from '../memory-group.js'
import { isRunning, residentBytes } from '../processes.js'
import { Random, randomUpdate } from '../workload.js'

export interface MemoryFigures {
  /** Resident memory of the process with all keys in it. */
  readonly residentBytes: number
  readonly limitBytes: number
  readonly saves: readonly MemorySave[]
  /** Whether the process was there to the end, with all its keys. */
  readonly survived: boolean
}

export interface MemorySave {
  /** `saved`, or why there is no file; `killed` if the process is gone. */
  readonly outcome: string
  readonly seconds: number
  readonly writes: number
  readonly writesPerSecond: number
  readonly percentile99Nanos: number
  readonly longestNanos: number
  /** What the engine says it took beside its data, or null. */
  readonly extraBytes: number | null
}

export interface MemoryJob {
  readonly dir: string
  readonly keys: number
  /** The group's limit as a multiple of what is resident. */
  readonly factor: number
  readonly saves: number
}

const WRITES = 50_000
/** The engine hears of its limits by reading them. */
const REST_MS = 2000
const POLL_MS = 100

export async function measureMemory(driver: Driver, job: MemoryJob): Promise<MemoryFigures> {
  const group = makeMemoryGroup(`snapfork-bench-${process.pid}`)
  try {
    // What an embedded engine takes is counted from its first page on.
    if (driver.pid === process.pid) group.add(process.pid)
  } catch {
    // Another process, which is not there yet.
  }
  try {
    await driver.open(job.dir)
    group.add(driver.pid)
    await driver.fill(job.keys)
    await driver.settle()
    const resident = residentBytes(driver.pid)
    const limitBytes = resident * job.factor
    group.limit(limitBytes)
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const random = new Random(0x3e30)
    const saves: MemorySave[] = []
    while (saves.length < job.saves && saves.at(-1)?.outcome !== 'killed') {
      saves.push(await saveUnderWrites(driver, random, job.keys))
    }
    const survived = saves.at(-1)?.outcome !== 'killed' && (await hasAll(driver, job.keys))
    return { residentBytes: resident, limitBytes, saves, survived }
  } finally {
    group.remove()
  }
}

async function saveUnderWrites(driver: Driver, random: Random, keys: number): Promise<MemorySave> {
  const startedAt = performance.now()
  let outcome: string | null = null
  let extraBytes: number | null = null
  const save = async () => {
    await driver.startSave()
    const figures = await driver.finishSave()
    extraBytes = figures.extraBytes
  }
  const ended = save().then(
    () => {
      outcome = 'saved'
    },
    (error: Error & { code?: string }) => {
      outcome = error.code ?? error.message
    },
  )
  let writes = 0
  let percentile99Nanos = 0
  let longestNanos = 0
  while (outcome === null) {
    const isOver = () => outcome !== null
    const written = driver
      .write({ count: WRITES }, (to) => randomUpdate(random, keys, to), isOver)
      .catch(() => null)
    const figures = await Promise.race([written, endOf(driver.pid, isOver)])
    if (figures === null) {
      outcome = 'killed'
      break
    }
    writes += figures.inside
    percentile99Nanos = Math.max(percentile99Nanos, figures.percentile99Nanos)
    longestNanos = Math.max(longestNanos, figures.longestNanos)
  }
  const seconds = (performance.now() - startedAt) / 1000
  if (outcome !== 'killed') await ended
  const rate = writes / seconds
  return {
    ...{ outcome, seconds, writes, writesPerSecond: rate },
    ...{ percentile99Nanos, longestNanos, extraBytes },
  }
}

/** null when the process is gone; a client may never hear of it. */
async function endOf(pid: number, isOver: () => boolean): Promise<null> {
  while (isRunning(pid) && !isOver()) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  return isRunning(pid) ? new Promise(() => {}) : null
}

async function hasAll(driver: Driver, keys: number): Promise<boolean> {
  try {
    return (await driver.size()) === keys
  } catch {
    return false
  }
}
