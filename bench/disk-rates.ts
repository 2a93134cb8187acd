/**
 * Runs the trial `disk` on a disk of its own at several rates; prints a table, draws docs/disk.svg
 * and appends JSON lines to bench/results/. Needs root, loop devices, mkfs.ext4(8) and the blkio
 * controller of cgroup v1.
 *
 * @module
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Disk, withDisk } from './disk.js'
import type { DriverName } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { plotOf } from './plot.js'
import { appendResults } from './results-file.js'
import { formatSummary, type Metric, type SummaryLine, summarize } from './summary.js'
import type { DiskFigures } from './trials/disk.js'
import { runJob } from './workers.js'

const PICTURE = fileURLToPath(new URL('../docs/disk.svg', import.meta.url))
const DISK_BYTES = 8 * 2 ** 30
/** As many as either engine takes while the kernel copies pages for it. */
const UPDATES_PER_SECOND = 10_000
const MIB = 2 ** 20
/** Megabytes a second: a slow volume, a hard disk, a SATA SSD, the disk as it is. */
const RATES: readonly (number | null)[] = [20, 120, 500, null]

interface DiskRun extends DiskFigures {
  readonly type: 'run'
  readonly trial: 'disk'
  readonly driver: DriverName
  readonly round: number
  /** null: as it is. */
  readonly diskRate: number | null
  /** As measured just before. */
  readonly diskMegabytesPerSecond: number
}

export interface DiskOptions {
  readonly keys: number
  readonly valueBytes: number
  readonly rounds: number
}

const DISK = 'disk'
const SECONDS = 'save'
const EXTRA = 'extra'
const METRICS: readonly Metric<DiskRun>[] = [
  { name: DISK, unit: 'MB/s', of: (run) => run.diskMegabytesPerSecond },
  { name: SECONDS, unit: 's', of: (run) => run.seconds },
  { name: 'updates inside', unit: '', of: (run) => run.write.inside },
  { name: 'duplicated', unit: 'MiB', of: (run) => run.cost.duplicatedBytes / MIB },
  { name: EXTRA, unit: 'MiB', of: (run) => run.cost.extraBytes / MIB },
  {
    name: 'extra, as reported',
    unit: 'MiB',
    of: ({ save }) => save.extraBytes && save.extraBytes / MIB,
  },
]

export async function runDisk(
  parent: string,
  { keys, valueBytes, rounds }: DiskOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: DiskRun[] = []
  await withDisk(parent, DISK_BYTES, async (disk) => {
    for (let round = 1; round <= rounds; ++round) {
      const order = round % 2 === 1 ? drivers : [...drivers].reverse()
      for (const diskRate of RATES) {
        for (const driver of order) {
          console.error(`round ${round}: ${driver}, ${nameOf(diskRate)}`)
          const what = { type: 'run', trial: 'disk', driver, round, diskRate } as const
          runs.push({ ...what, ...(await runOnce(disk, driver, diskRate, keys, valueBytes)) })
        }
      }
    }
  })
  const summaries = RATES.map((rate) => ({ rate, lines: summaryOf(runs, rate) }))
  const summary = summaries.flatMap(({ lines }) => lines)
  console.log(formatSummary(summary))
  // Of one engine alone there is nothing to be compared.
  const isDrawn = drivers.length > 1
  if (isDrawn) writeFileSync(PICTURE, pictureOf(summaries, drivers))
  const load = { keys, valueBytes, updatesPerSecond: UPDATES_PER_SECOND, rounds }
  const head = { type: 'machine', trial: 'disk', ...load, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-disk.jsonl`, [head, ...runs, ...summary])
  console.error(`written to ${path}${isDrawn ? ' and docs/disk.svg' : ''}`)
}

async function runOnce(
  disk: Disk,
  driver: DriverName,
  diskRate: number | null,
  keys: number,
  valueBytes: number,
): Promise<DiskFigures & { diskMegabytesPerSecond: number }> {
  const dir = join(disk.dir, 'data')
  mkdirSync(dir)
  disk.throttle(diskRate)
  try {
    const diskMegabytesPerSecond = disk.measure()
    const load = { keys, valueBytes, updatesPerSecond: UPDATES_PER_SECOND } as const
    const figures = await runJob({ name: 'disk', driver, dir, ...load })
    return { diskMegabytesPerSecond, ...figures }
  } finally {
    disk.throttle(null)
    rmSync(dir, { recursive: true })
    disk.flush()
  }
}

function nameOf(rate: number | null): string {
  return rate === null ? 'no limit' : `${rate} MB/s`
}

function summaryOf(runs: readonly DiskRun[], rate: number | null): SummaryLine[] {
  return summarize(
    runs.filter((run) => run.diskRate === rate),
    METRICS.map((metric) => ({ ...metric, name: `${nameOf(rate)}: ${metric.name}` })),
  )
}

function pictureOf(
  summaries: readonly { rate: number | null; lines: readonly SummaryLine[] }[],
  drivers: readonly DriverName[],
): string {
  const series = drivers.map((driver) => ({
    name: driver === 'redis' ? 'redis-server' : driver,
    points: summaries.map(({ rate, lines }) => {
      const median = (metric: string) =>
        lines.find((line) => line.metric === `${nameOf(rate)}: ${metric}`)?.[driver]?.median ?? 0
      return { x: median(SECONDS), y: median(EXTRA), label: String(Math.round(median(DISK))) }
    }),
  }))
  return plotOf({
    title: 'A slower disk keeps the child alive for longer, and that costs memory',
    xLabel: 'seconds of the save; at each point: MB/s of the disk',
    yLabel: 'extra memory, MiB',
    series,
  })
}
