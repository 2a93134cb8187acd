/**
 * Runs the trial `stall` on a disk of its own, prints a table and appends JSON lines to
 * bench/results/. Needs root, loop devices, mkfs.ext4(8) and fsfreeze(8).
 *
 * @module
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { withDisk } from './disk.js'
import type { DriverName, LogPolicy } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { type PairFigures, STALL_SECONDS, type StallFigures } from './trials/stall.js'
import { runJob } from './workers.js'

const POLICIES: readonly LogPolicy[] = ['everysec', 'always']
const DISK_BYTES = 256 * 2 ** 20
const VALUE_BYTES = 100

interface StallRun extends StallFigures {
  readonly type: 'run'
  readonly trial: 'stall'
  readonly driver: DriverName
  readonly policy: LogPolicy
}

export async function runStall(
  parent: string,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: StallRun[] = []
  await withDisk(parent, DISK_BYTES, async ({ dir: mount }) => {
    for (const policy of POLICIES) {
      for (const driver of drivers) {
        console.error(`${driver}, ${policy}`)
        const dir = join(mount, `${driver}-${policy}`)
        mkdirSync(dir)
        const engine = { driver, dir, valueBytes: VALUE_BYTES, policy } as const
        const figures = await runJob({ name: 'stall', ...engine, mount })
        runs.push({ type: 'run', trial: 'stall', driver, policy, ...figures })
      }
    }
  })
  console.log(tableOf(runs))
  const head = { type: 'machine', trial: 'stall', valueBytes: VALUE_BYTES, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-stall.jsonl`, [head, ...runs])
  console.error(`written to ${path}`)
}

function tableOf(runs: readonly StallRun[]): string {
  const shown = ({ percentile99Ms: p99, longestMs }: PairFigures) =>
    `p99 ${p99.toFixed(2)}, longest ${longestMs.toFixed(1)} ms`.padEnd(34)
  const lines = runs.map(
    ({ driver, policy, fast, stalled }) =>
      `${`${driver}, ${policy}`.padEnd(22)}${shown(fast)}${shown(stalled)}`,
  )
  const head = `${' '.repeat(22)}${'disk as it is'.padEnd(34)}standing still for ${STALL_SECONDS} s`
  return [head, ...lines].join('\n')
}
