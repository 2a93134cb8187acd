/**
 * Runs the trial `replay`: every engine opens the same files, a log that redis-server has written
 * and one of snapfork. Prints a table and appends JSON lines to bench/results/.
 *
 * @module
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DriverName, LogPolicy } from './drivers/driver.js'
import type { LogOptions } from './log.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { type Spread, spreadOf } from './stats.js'
import { runJob } from './workers.js'

const POLICY: LogPolicy = 'everysec'
const LOG_DIR = 'appendonlydir'

interface ReplayRun {
  readonly type: 'run'
  readonly trial: 'replay'
  readonly driver: DriverName
  /** Who has written the log. */
  readonly of: DriverName
  readonly round: number
  /** The engine's own figure: `open()` as a whole here. */
  readonly seconds: number
}

export async function runReplay(
  options: LogOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: ReplayRun[] = []
  for (const writer of drivers) runs.push(...(await replay(writer, options, drivers)))
  console.log(drivers.map((writer) => lineOf(runs, writer)).join('\n'))
  const { keys, valueBytes, updates, rounds } = options
  const head = { type: 'machine', trial: 'replay', keys, valueBytes, updates, rounds, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-replay.jsonl`, [head, ...runs])
  console.error(`written to ${path}`)
}

/** One log, copied for each engine and round. */
async function replay(
  writer: DriverName,
  { keys, valueBytes, updates, rounds, dir: parent }: LogOptions,
  drivers: readonly DriverName[],
): Promise<ReplayRun[]> {
  console.error(`${writer} writes a log`)
  const original = join(parent, `log-of-${writer}`)
  mkdirSync(original)
  const job = { name: 'log-files', driver: writer, dir: original, policy: POLICY } as const
  await runJob({ ...job, valueBytes, keys, updates })
  const runs: ReplayRun[] = []
  for (let round = 1; round <= rounds; ++round) {
    for (const driver of round % 2 === 1 ? drivers : [...drivers].reverse()) {
      console.error(`round ${round}: ${driver} replays the log of ${writer}`)
      const dir = mkdtempSync(join(parent, 'copy-'))
      cpSync(join(original, LOG_DIR), join(dir, LOG_DIR), { recursive: true })
      const load = await runJob({ name: 'load', driver, dir, valueBytes, policy: POLICY })
      rmSync(dir, { recursive: true, force: true })
      if (load.keys !== keys) throw new Error(`${driver} replayed ${load.keys} keys of ${keys}`)
      const what = { type: 'run', trial: 'replay', driver, of: writer, round } as const
      runs.push({ ...what, seconds: load.reportedSeconds })
    }
  }
  return runs
}

function lineOf(runs: readonly ReplayRun[], writer: DriverName): string {
  const spread = (driver: DriverName) =>
    spreadOf(
      runs.filter((run) => run.of === writer && run.driver === driver).map((run) => run.seconds),
    )
  const shown = (name: string, one: Spread | null) =>
    one === null
      ? ''
      : `  ${name} ${one.median.toFixed(2)} s (${one.min.toFixed(2)} to ${one.max.toFixed(2)})`
  const [ours, theirs] = [spread('snapfork'), spread('redis')]
  const ratio = ours && theirs ? `  ratio ${(theirs.median / ours.median).toFixed(2)}` : ''
  return `log of ${writer}:${shown('snapfork', ours)}${shown('redis', theirs)}${ratio}`
}
