/**
 * The trial `memory`: saves in a control group that has little more memory than the data takes,
 * onto a slow disk, while random keys are overwritten as fast as they can be. Runs in a fresh
 * process, once an engine.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, DriverName, WriteFigures } from '../drivers/driver.js'
import { memoryGroup } from '../memory-group.js'
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
  /** `saved`, or why there is no file; `killed` or `stuck` if the process had to go. */
  readonly outcome: string
  readonly seconds: number
  /** null, as the next ones, if there is nobody left to tell. */
  readonly writes: number | null
  readonly writesPerSecond: number | null
  readonly percentile99Nanos: number | null
  readonly longestNanos: number | null
  /** What the engine says it took beside its data, or null. */
  readonly extraBytes: number | null
}

export interface MemoryJob {
  readonly driver: DriverName
  readonly dir: string
  /** Name of the memory group. */
  readonly group: string
  readonly keys: number
  /** The group's limit as a multiple of what is resident. */
  readonly factor: number
  readonly saves: number
}

const WRITES = 50_000
/** Before each save: the engine hears of its limits by reading them, and what was freed is free. */
const REST_MS = 2000
const POLL_MS = 100
/** From a connection that is closed to the end of the process. */
const GONE_MS = 1000
const KILLED = 'killed'

/** `tell` gets what is known so far before each save. */
export async function measureMemory(
  driver: Driver,
  job: MemoryJob,
  tell: (figures: MemoryFigures) => void,
): Promise<MemoryFigures> {
  const group = memoryGroup(job.group)
  // What an embedded engine takes is counted from its first page on.
  if (job.driver === 'snapfork') group.add(process.pid)
  await driver.open(job.dir)
  group.add(driver.pid)
  await driver.fill(job.keys)
  await driver.settle()
  const resident = residentBytes(driver.pid)
  const limitBytes = resident * job.factor
  group.limit(limitBytes)
  const random = new Random(0x3e30)
  const saves: MemorySave[] = []
  const figures = { residentBytes: resident, limitBytes, saves }
  while (saves.length < job.saves && saves.at(-1)?.outcome !== KILLED) {
    await sleep(REST_MS)
    tell({ ...figures, survived: true })
    saves.push(await saveUnderWrites(driver, random, job.keys))
  }
  const survived = saves.at(-1)?.outcome !== KILLED && (await hasAll(driver, job.keys))
  return { ...figures, survived }
}

async function saveUnderWrites(driver: Driver, random: Random, keys: number): Promise<MemorySave> {
  const startedAt = performance.now()
  let outcome: string | null = null
  let extraBytes: number | null = null
  const failed = (error: Error & { code?: string }) => {
    outcome ??= error.code ?? error.message
    return null
  }
  const save = async () => {
    await driver.startSave()
    const figures = await driver.finishSave()
    extraBytes = figures.extraBytes
    outcome ??= 'saved'
  }
  const ended = save().catch(failed)
  const isOver = () => outcome !== null
  const rows: WriteFigures[] = []
  while (!isOver()) {
    const row = driver.write({ count: WRITES }, (to) => randomUpdate(random, keys, to), isOver)
    const figures = await Promise.race([row.catch(failed), endOf(driver.pid, isOver)])
    if (figures !== null) rows.push(figures)
    else outcome ??= KILLED
  }
  const seconds = (performance.now() - startedAt) / 1000
  // What fails with the process may be heard of before its end.
  if (outcome !== 'saved' && (await isGone(driver.pid))) outcome = KILLED
  if (outcome !== KILLED) await ended
  const writes = rows.reduce((sum, row) => sum + row.inside, 0)
  const most = (of: (row: WriteFigures) => number) => Math.max(0, ...rows.map(of))
  return {
    ...{ outcome: outcome ?? KILLED, seconds, writes, writesPerSecond: writes / seconds },
    percentile99Nanos: most((row) => row.percentile99Nanos),
    longestNanos: most((row) => row.longestNanos),
    extraBytes,
  }
}

/** null when the process is gone; a client may never hear of it. */
async function endOf(pid: number, isOver: () => boolean): Promise<null> {
  while (isRunning(pid) && !isOver()) await sleep(POLL_MS)
  return isRunning(pid) ? new Promise(() => {}) : null
}

async function isGone(pid: number): Promise<boolean> {
  const endMs = performance.now() + (pid === process.pid ? 0 : GONE_MS)
  while (isRunning(pid) && performance.now() < endMs) await sleep(POLL_MS)
  return !isRunning(pid)
}

async function hasAll(driver: Driver, keys: number): Promise<boolean> {
  try {
    return (await driver.size()) === keys
  } catch {
    return false
  }
}
