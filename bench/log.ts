/**
 * Runs the trial `log` for every policy, prints a table and appends JSON lines to bench/results/.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DriverName, LogPolicy } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'
import type { LogFigures } from './trials/log.js'
import { runJob } from './workers.js'

const POLICIES: readonly LogPolicy[] = ['none', 'no', 'everysec', 'always']

interface LogRun extends LogFigures {
  readonly type: 'run'
  readonly trial: 'log'
  readonly driver: DriverName
  readonly policy: LogPolicy
  readonly round: number
}

export interface LogOptions {
  readonly keys: number
  readonly valueBytes: number
  readonly updates: number
  readonly rounds: number
  readonly dir: string
}

export async function runLog(
  options: LogOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const { rounds, keys, valueBytes, updates } = options
  const runs: LogRun[] = []
  for (let round = 1; round <= rounds; ++round) {
    const order = round % 2 === 1 ? drivers : [...drivers].reverse()
    for (const policy of POLICIES) {
      for (const driver of order) {
        console.error(`round ${round}: ${driver}, ${policy}`)
        runs.push({
          ...{ type: 'run', trial: 'log', driver, policy, round },
          ...(await runPolicy(driver, policy, options)),
        })
      }
    }
  }
  const medians = drivers.flatMap((driver) => mediansOf(runs, driver))
  console.log(tableOf(medians))
  const head = { type: 'machine', trial: 'log', keys, valueBytes, updates, rounds, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-log.jsonl`, [head, ...runs, ...medians])
  console.error(`written to ${path}`)
}

async function runPolicy(
  driver: DriverName,
  policy: LogPolicy,
  { keys, valueBytes, updates, dir: parent }: LogOptions,
): Promise<LogFigures> {
  mkdirSync(parent, { recursive: true })
  const dir = mkdtempSync(join(resolve(parent), 'log-'))
  try {
    return await runJob({ name: 'log', driver, dir, valueBytes, policy, keys, updates })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Median {
  readonly type: 'median'
  readonly driver: DriverName
  readonly metric: string
  readonly value: number
}

/** Writes a second under each policy, as a share of those without a log too. */
function mediansOf(runs: readonly LogRun[], driver: DriverName): Median[] {
  const own = runs.filter((run) => run.driver === driver)
  const median = (values: readonly (number | null)[]) =>
    spreadOf(values.filter((value) => value !== null))?.median ?? Number.NaN
  const writes = POLICIES.map((policy) =>
    median(own.filter((run) => run.policy === policy).map((run) => run.writesPerSecond)),
  )
  const of = (metric: string, value: number): Median => ({ type: 'median', driver, metric, value })
  return [
    ...POLICIES.map((policy, index) => of(`${policy}: writes/s`, writes[index] ?? Number.NaN)),
    ...POLICIES.slice(1).map((policy, index) =>
      of(`${policy}: share of none`, (writes[index + 1] ?? Number.NaN) / (writes[0] ?? Number.NaN)),
    ),
    of('always: durable writes/s', median(own.map((run) => run.durablePerSecond))),
  ]
}

function tableOf(medians: readonly Median[]): string {
  const metrics = [...new Set(medians.map(({ metric }) => metric))]
  const value = (driver: DriverName, metric: string) =>
    medians.find((one) => one.driver === driver && one.metric === metric)?.value ?? Number.NaN
  const lines = metrics.map((metric) => {
    const [ours, theirs] = [value('snapfork', metric), value('redis', metric)]
    const shown = [ours, theirs].map((one) => one.toFixed(one < 100 ? 3 : 0).padStart(14))
    return `${metric.padEnd(26)}${shown.join('')}${(ours / theirs).toFixed(2).padStart(10)}`
  })
  const names = ['snapfork', 'redis'].map((name) => name.padStart(14)).join('')
  const head = `${' '.repeat(26)}${names}${'ratio'.padStart(10)}`
  return [head, ...lines].join('\n')
}
