/**
 * Runs the trial `slow` on a disk of its own, as it is and throttled; prints a table and appends
 * JSON lines to bench/results/. Needs root, loop devices, mkfs.ext4(8) and the blkio controller of
 * cgroup v1.
 *
 * @module
 */

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, withDisk } from './disk.js'
import type { DriverName, LogPolicy } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import type { Latencies, SlowFigures } from './trials/slow.js'
import { runJob } from './workers.js'

const POLICIES: readonly LogPolicy[] = ['everysec', 'always']
const DISK_BYTES = 4 * 2 ** 30
/** Megabytes a second, of the disk and of the writes. */
const DISK_RATE = 20
const WRITE_RATE = 30
const VALUE_BYTES = 4096
const SECONDS = 10

interface SlowRun extends SlowFigures {
  readonly type: 'run'
  readonly trial: 'slow'
  readonly driver: DriverName
  readonly policy: LogPolicy
  /** As measured just before. */
  readonly diskMegabytesPerSecond: number
  readonly isThrottled: boolean
}

export async function runSlow(
  parent: string,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: SlowRun[] = []
  await withDisk(parent, DISK_BYTES, async (disk) => {
    for (const policy of POLICIES) {
      for (const driver of drivers) {
        for (const isThrottled of [false, true]) {
          console.error(`${driver}, ${policy}, ${isThrottled ? `${DISK_RATE} MB/s` : 'fast disk'}`)
          runs.push(await runOnce(disk, driver, policy, isThrottled))
        }
      }
    }
  })
  console.log(tableOf(runs))
  const load = { valueBytes: VALUE_BYTES, writeRate: WRITE_RATE, diskRate: DISK_RATE }
  const head = { type: 'machine', trial: 'slow', ...load, seconds: SECONDS, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-slow.jsonl`, [head, ...runs])
  console.error(`written to ${path}`)
}

async function runOnce(
  disk: Disk,
  driver: DriverName,
  policy: LogPolicy,
  isThrottled: boolean,
): Promise<SlowRun> {
  const dir = join(disk.dir, 'data')
  mkdirSync(dir)
  disk.throttle(isThrottled ? DISK_RATE : null)
  const diskMegabytesPerSecond = disk.measure()
  try {
    const engine = { driver, dir, valueBytes: VALUE_BYTES, policy } as const
    const load = { megabytesPerSecond: WRITE_RATE, seconds: SECONDS } as const
    const figures = await runJob({ name: 'slow', ...engine, ...load })
    const what = { type: 'run', trial: 'slow', driver, policy } as const
    return { ...what, isThrottled, diskMegabytesPerSecond, ...figures }
  } finally {
    disk.throttle(null)
    rmSync(dir, { recursive: true })
    disk.flush()
  }
}

function tableOf(runs: readonly SlowRun[]): string {
  const cells = ({ percentile99, percentile999, longest }: Latencies) =>
    [percentile99, percentile999, longest].map((ms) => ms.toFixed(2).padStart(10)).join('')
  const lines = runs.flatMap((run) => {
    const { driver, policy, diskMegabytesPerSecond: rate, reads, writes, durable, refused } = run
    const pause = driver === 'snapfork' ? `, longest pause ${run.longestPauseMs.toFixed(2)}` : ''
    return [
      `${driver}, ${policy}, disk of ${rate.toFixed(0)} MB/s${pause}, ${refused} refused`,
      `  reads     ${cells(reads)}`,
      `  writes    ${cells(writes)}`,
      ...(durable === null ? [] : [`  on disk   ${cells(durable)}`]),
    ]
  })
  const names = ['p99', 'p99.9', 'longest'].map((name) => name.padStart(10)).join('')
  return [`ms          ${names}`, ...lines].join('\n')
}
