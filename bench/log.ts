/**
 * Runs the trial `log` for every policy, prints a table and appends JSON lines to bench/results/.
 *
 * Every engine then replays the same files: a log that redis-server has written, and one of snapfork.
 *
 * @module
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DriverName, LogPolicy } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'
import type { LogFigures } from './trials/log.js'
import { runJob } from './workers.js'

const POLICIES: readonly LogPolicy[] = ['none', 'no', 'everysec', 'always']
/** Of the logs that are replayed. */
const REPLAYED: LogPolicy = 'everysec'
const LOG_DIR = 'appendonlydir'

interface LogRun extends LogFigures {
  readonly type: 'run'
  readonly trial: 'log'
  readonly driver: DriverName
  readonly policy: LogPolicy
  readonly round: number
}

interface ReplayRun {
  readonly type: 'run'
  readonly trial: 'replay'
  readonly driver: DriverName
  /** Who has written the log. */
  readonly of: DriverName
  readonly round: number
  /** The engine's own figure. */
  readonly seconds: number
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
  const replays: ReplayRun[] = []
  for (const writer of drivers) replays.push(...(await replay(writer, options, drivers)))
  const medians = drivers.flatMap((driver) => mediansOf(runs, replays, driver))
  console.log(tableOf(medians))
  const head = { type: 'machine', trial: 'log', keys, valueBytes, updates, rounds, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-log.jsonl`, [
    head,
    ...runs,
    ...replays,
    ...medians,
  ])
  console.error(`written to ${path}`)
}

async function runPolicy(
  driver: DriverName,
  policy: LogPolicy,
  { keys, valueBytes, updates, dir: parent }: LogOptions,
): Promise<LogFigures> {
  const dir = makeDir(parent)
  try {
    return await runJob({ name: 'log', driver, dir, valueBytes, policy, keys, updates })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** One log, copied for each engine and round. */
async function replay(
  writer: DriverName,
  { keys, valueBytes, updates, rounds, dir: parent }: LogOptions,
  drivers: readonly DriverName[],
): Promise<ReplayRun[]> {
  console.error(`${writer} writes a log`)
  const original = makeDir(parent)
  const job = { name: 'log-files', driver: writer, dir: original, policy: REPLAYED } as const
  await runJob({ ...job, valueBytes, keys, updates })
  const runs: ReplayRun[] = []
  for (let round = 1; round <= rounds; ++round) {
    for (const driver of round % 2 === 1 ? drivers : [...drivers].reverse()) {
      console.error(`round ${round}: ${driver} replays the log of ${writer}`)
      const dir = makeDir(parent)
      cpSync(join(original, LOG_DIR), join(dir, LOG_DIR), { recursive: true })
      const load = await runJob({ name: 'load', driver, dir, valueBytes, policy: REPLAYED })
      rmSync(dir, { recursive: true, force: true })
      if (load.keys !== keys) throw new Error(`${driver} replayed ${load.keys} keys of ${keys}`)
      const what = { type: 'run', trial: 'replay', driver, of: writer, round } as const
      runs.push({ ...what, seconds: load.reportedSeconds })
    }
  }
  rmSync(original, { recursive: true, force: true })
  return runs
}

function makeDir(parent: string): string {
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(resolve(parent), 'log-'))
}

interface Median {
  readonly type: 'median'
  readonly driver: DriverName
  readonly metric: string
  readonly value: number
}

/** Writes a second under each policy, as a share of those without a log too; and replays. */
function mediansOf(
  runs: readonly LogRun[],
  replays: readonly ReplayRun[],
  driver: DriverName,
): Median[] {
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
    ...[...new Set(replays.map((run) => run.of))].map((writer) => {
      const same = replays.filter((run) => run.driver === driver && run.of === writer)
      return of(`replay of ${writer}'s log, s`, median(same.map((run) => run.seconds)))
    }),
  ]
}

function tableOf(medians: readonly Median[]): string {
  const metrics = [...new Set(medians.map(({ metric }) => metric))]
  const value = (driver: DriverName, metric: string) =>
    medians.find((one) => one.driver === driver && one.metric === metric)?.value ?? Number.NaN
  const lines = metrics.map((metric) => {
    const [ours, theirs] = [value('snapfork', metric), value('redis', metric)]
    const shown = [ours, theirs].map((one) => one.toFixed(one < 100 ? 3 : 0).padStart(14))
    return `${metric.padEnd(30)}${shown.join('')}${(ours / theirs).toFixed(2).padStart(10)}`
  })
  const names = ['snapfork', 'redis'].map((name) => name.padStart(14)).join('')
  const head = `${' '.repeat(30)}${names}${'ratio'.padStart(10)}`
  return [head, ...lines].join('\n')
}
