/**
 * Runs a trial: rounds in turn, a fresh process for every engine and measurement.
 *
 * Prints a table and appends JSON lines to bench/results/: one with the facts of the machine, one
 * for every run, one for every metric. Nothing is left behind, however it ends.
 *
 * @module
 */

import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCache } from './cache.js'
import { atExit } from './cleanup.js'
import { runCollections } from './collections.js'
import { runDisk } from './disk-rates.js'
import type { DriverName, LoadFigures } from './drivers/driver.js'
import { redisVersion } from './drivers/redis.js'
import { runEviction } from './eviction.js'
import { runLog } from './log.js'
import { type MachineFacts, machineFacts } from './machine.js'
import { runMemory } from './memory.js'
import { runNeighbours } from './neighbours.js'
import { type BenchOptions, HELP, parseOptions } from './options.js'
import { runReplay } from './replay.js'
import { FORK_METRICS, type Run } from './report.js'
import { appendResults } from './results-file.js'
import { runScripts } from './scripts.js'
import { runServer } from './server.js'
import { runServerLog } from './server-log.js'
import { runSlow } from './slow.js'
import { runSpawn } from './spawn.js'
import { runStall } from './stall.js'
import { formatSummary, summarize } from './summary.js'
import { runTypes } from './types.js'
import { runJob } from './workers.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Those that take no options. */
const PLAIN_TRIALS: ReadonlyMap<string, () => void | Promise<void>> = new Map([
  ['spawn', runSpawn],
  ['cache', runCache],
  ['eviction', runEviction],
  ['server', runServer],
  ['server-log', runServerLog],
  ['neighbours', runNeighbours],
  ['scripts', runScripts],
])
const STOP_SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

async function main(options: BenchOptions): Promise<void> {
  const redis = redisVersion()
  const drivers = chooseDrivers(options, redis)
  mkdirSync(options.dir, { recursive: true })
  const dir = mkdtempSync(join(resolve(options.dir), 'run-'))
  atExit(() => rmSync(dir, { recursive: true, force: true }))
  const facts = machineFacts(dir, redis)
  console.error(`${facts.cpu}, ${facts.cores} cores, Linux ${facts.kernel}, Node ${facts.node}`)
  if (options.trial === 'types') return runTypes({ ...options, dir }, drivers, facts)
  if (options.trial === 'collections') return runCollections({ ...options, dir }, drivers, facts)
  if (options.trial === 'disk') return runDisk(dir, options, drivers, facts)
  if (options.trial === 'stall') return runStall(dir, drivers, facts)
  if (options.trial === 'slow') return runSlow(dir, drivers, facts)
  if (options.trial === 'memory') return runMemory(dir, options, drivers, facts)
  if (options.trial === 'replay') return runReplay({ ...options, dir }, drivers, facts)
  if (options.trial === 'log') return runLog({ ...options, dir }, drivers, facts)
  const runs: Run[] = []
  for (let round = 1; round <= options.rounds; ++round) {
    // Every other round the other way round: none always has the warmer or the busier machine.
    const order = round % 2 === 1 ? drivers : [...drivers].reverse()
    runs.push(...(await runRound(round, order, join(dir, String(round)), options)))
  }
  const summary = summarize(runs, FORK_METRICS)
  console.log(formatSummary(summary))
  const { keys, valueBytes, updates, saves, rounds } = options
  const head = {
    type: 'machine',
    trial: 'fork',
    keys,
    valueBytes,
    updates,
    saves,
    rounds,
    ...facts,
  }
  const path = writeLines(facts, options, [head, ...runs, ...summary])
  console.error(`written to ${path}`)
}

function chooseDrivers({ only }: BenchOptions, redis: string | null): DriverName[] {
  const wanted = (['snapfork', 'redis'] as const).filter((name) => only === null || only === name)
  if (redis !== null) return wanted
  console.error('There is no redis-server on PATH or in REDIS_SERVER=: nothing to compare with.')
  return wanted.filter((name) => name !== 'redis')
}

async function runRound(
  round: number,
  order: readonly DriverName[],
  dir: string,
  { keys, valueBytes, updates, saves }: BenchOptions,
): Promise<Run[]> {
  const dirOf = (driver: DriverName) => join(dir, driver)
  const runs: Run[] = []
  for (const driver of order) {
    console.error(`round ${round}: ${driver}, ${keys.toLocaleString('en-US')} keys`)
    mkdirSync(dirOf(driver), { recursive: true })
    const job = {
      name: 'fork',
      driver,
      dir: dirOf(driver),
      keys,
      valueBytes,
      updates,
      saves,
    } as const
    const figures = await runJob(job)
    runs.push({ type: 'run', trial: 'fork', round, driver, keys, figures, loads: {} })
  }
  const loads = new Map<DriverName, Partial<Record<DriverName, LoadFigures>>>()
  for (const file of order) {
    for (const driver of order) {
      console.error(`round ${round}: ${driver} loads the file of ${file}`)
      // From the page cache for all: this is about the engine, not about the disk.
      readThrough(join(dirOf(file), 'dump.rdb'))
      const load = await runJob({ name: 'load', driver, dir: dirOf(file), valueBytes })
      if (load.keys !== keys) throw new Error(`${driver} loaded ${load.keys} keys of ${keys}`)
      loads.set(driver, { ...loads.get(driver), [file]: load })
    }
  }
  rmSync(dir, { recursive: true, force: true })
  return runs.map((run) => ({ ...run, loads: loads.get(run.driver) ?? {} }))
}

function readThrough(path: string): void {
  const fd = openSync(path, 'r')
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  while (readSync(fd, buffer) > 0);
  closeSync(fd)
}

/** The file's name tells date and kind of machine, not its name. Returns the path from the root. */
function writeLines(facts: MachineFacts, { keys }: BenchOptions, lines: readonly object[]): string {
  const cpu = facts.cpu.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const name = `${facts.date.slice(0, 10)}-fork-${keys}-keys-${cpu}-${facts.cores}-cores.jsonl`
  return appendResults(name, lines)
}

for (const [name, number] of Object.entries(STOP_SIGNALS)) {
  process.once(name, () => process.exit(128 + number))
}
try {
  const words = process.argv.slice(2)
  const plain = words.length === 1 ? PLAIN_TRIALS.get(words[0] as string) : undefined
  if (plain !== undefined) {
    await plain()
  } else {
    const options = parseOptions(words, join(ROOT, 'bench/data'))
    if (options === null) console.log(HELP)
    else await main(options)
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
