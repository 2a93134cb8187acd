/**
 * Runs the trial `memory` on a disk of 20 MB/s; prints a table and appends JSON lines to
 * bench/results/. Needs root, loop devices, mkfs.ext4(8) and cgroup v1.
 *
 * @module
 */

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, withDisk } from './disk.js'
import type { DriverName } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { withMemoryGroup } from './memory-group.js'
import type { Job } from './messages.js'
import { appendResults } from './results-file.js'
import type { MemoryFigures, MemorySave } from './trials/memory.js'
import { killWorkers, runJob } from './workers.js'

const DISK_BYTES = 8 * 2 ** 30
/** Megabytes a second. */
const DISK_RATE = 20
const FACTOR = 1.3
const MIB = 2 ** 20
const UNKNOWN = {
  ...{ writes: null, writesPerSecond: null, percentile99Nanos: null, longestNanos: null },
  extraBytes: null,
}

export interface MemoryOptions {
  readonly keys: number
  readonly valueBytes: number
  readonly saves: number
  readonly saveLimitSeconds: number
}

export async function runMemory(
  parent: string,
  options: MemoryOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const { keys, valueBytes, saveLimitSeconds } = options
  const runs: (MemoryFigures & { type: 'run'; trial: 'memory'; driver: DriverName })[] = []
  await withDisk(parent, DISK_BYTES, async (disk) => {
    for (const driver of drivers) {
      console.error(`${driver}, ${keys.toLocaleString('en-US')} keys`)
      runs.push({ type: 'run', trial: 'memory', driver, ...(await runOnce(disk, driver, options)) })
    }
  })
  for (const { driver, ...figures } of runs) console.log(tableOf(driver, figures))
  const load = { keys, valueBytes, diskRate: DISK_RATE, factor: FACTOR, saveLimitSeconds }
  const head = { type: 'machine', trial: 'memory', ...load, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-memory.jsonl`, [head, ...runs])
  console.error(`written to ${path}`)
}

async function runOnce(
  disk: Disk,
  driver: DriverName,
  { keys, valueBytes, saves, saveLimitSeconds }: MemoryOptions,
): Promise<MemoryFigures> {
  const dir = join(disk.dir, 'data')
  const group = `snapfork-bench-${process.pid}`
  mkdirSync(dir)
  disk.throttle(DISK_RATE)
  try {
    const job = { driver, dir, group, valueBytes, keys, factor: FACTOR, saves } as const
    return await withMemoryGroup(group, () =>
      runLimited({ name: 'memory', ...job }, saveLimitSeconds * 1000),
    )
  } finally {
    disk.throttle(null)
    rmSync(dir, { recursive: true })
    disk.flush()
  }
}

/**
 * A process that finds no memory may neither end nor go on, be it the one that holds the keys or
 * the one that measures it: what counts is that nothing is heard of a save for so long.
 */
async function runLimited(
  job: Extract<Job, { name: 'memory' }>,
  limitMs: number,
): Promise<MemoryFigures> {
  let known: MemoryFigures | null = null
  let sinceMs = performance.now()
  let isStuck = false
  let timer: NodeJS.Timeout | undefined
  const note = (figures: MemoryFigures) => {
    known = figures
    sinceMs = performance.now()
    clearTimeout(timer)
    timer = setTimeout(() => {
      isStuck = true
      killWorkers()
    }, limitMs)
  }
  try {
    return await runJob(job, note)
  } catch (error) {
    const figures = known as MemoryFigures | null
    if (figures === null) throw error
    const seconds = (performance.now() - sinceMs) / 1000
    const lost = { outcome: isStuck ? 'stuck' : 'killed', seconds, ...UNKNOWN }
    return { ...figures, saves: [...figures.saves, lost], survived: false }
  } finally {
    clearTimeout(timer)
  }
}

function tableOf(driver: DriverName, figures: MemoryFigures): string {
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`
  const { residentBytes, limitBytes, saves, survived } = figures
  const end = survived ? 'all keys are there' : 'the process is gone'
  const head = `${driver}: ${mib(residentBytes)} resident, limit ${mib(limitBytes)}; ${end}`
  return [head, ...saves.map(lineOf)].join('\n')
}

function lineOf(save: MemorySave, index: number): string {
  const { outcome, seconds, writesPerSecond, percentile99Nanos, longestNanos, extraBytes } = save
  const cells = [
    `${String(index + 1).padStart(4)} ${outcome.padEnd(26)}${seconds.toFixed(1).padStart(6)} s`,
    writesPerSecond && `${Math.round(writesPerSecond)} writes/s`,
    percentile99Nanos && `p99 ${(percentile99Nanos / 1000).toFixed(0)} us`,
    longestNanos && `longest ${(longestNanos / 1e6).toFixed(1)} ms`,
    extraBytes && `extra ${Math.round(extraBytes / MIB)} MiB`,
  ]
  return cells.filter(Boolean).join(', ')
}
