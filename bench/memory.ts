/**
 * Runs the trial `memory` on a disk of 20 MB/s; prints a table and appends JSON lines to
 * bench/results/. Needs root, loop devices, mkfs.ext4(8) and cgroup v1.
 *
 * @module
 */

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withDisk } from './disk.js'
import type { DriverName } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import type { MemoryFigures, MemorySave } from './trials/memory.js'
import { runJob } from './workers.js'

const DISK_BYTES = 8 * 2 ** 30
/** Megabytes a second. */
const DISK_RATE = 20
const FACTOR = 1.3
const MIB = 2 ** 20

export interface MemoryOptions {
  readonly keys: number
  readonly valueBytes: number
  readonly saves: number
}

export async function runMemory(
  parent: string,
  { keys, valueBytes, saves }: MemoryOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: (MemoryFigures & { type: 'run'; trial: 'memory'; driver: DriverName })[] = []
  await withDisk(parent, DISK_BYTES, async (disk) => {
    for (const driver of drivers) {
      console.error(`${driver}, ${keys.toLocaleString('en-US')} keys`)
      const dir = join(disk.dir, 'data')
      mkdirSync(dir)
      disk.throttle(DISK_RATE)
      try {
        const job = {
          name: 'memory',
          driver,
          dir,
          valueBytes,
          keys,
          factor: FACTOR,
          saves,
        } as const
        runs.push({ type: 'run', trial: 'memory', driver, ...(await runJob(job)) })
      } finally {
        disk.throttle(null)
        rmSync(dir, { recursive: true })
        disk.flush()
      }
    }
  })
  for (const { driver, ...figures } of runs) console.log(tableOf(driver, figures))
  const load = { keys, valueBytes, diskRate: DISK_RATE, factor: FACTOR }
  const head = { type: 'machine', trial: 'memory', ...load, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-memory.jsonl`, [head, ...runs])
  console.error(`written to ${path}`)
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
  const extra = extraBytes === null ? '' : `, extra ${Math.round(extraBytes / MIB)} MiB`
  return (
    `${String(index + 1).padStart(4)} ${outcome.padEnd(26)}${seconds.toFixed(1).padStart(6)} s, ` +
    `${Math.round(writesPerSecond)} writes/s, p99 ${(percentile99Nanos / 1000).toFixed(0)} us, ` +
    `longest ${(longestNanos / 1e6).toFixed(1)} ms${extra}`
  )
}
