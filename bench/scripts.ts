/**
 * Runs the trial `scripts` in rounds, prints a table and appends JSON lines to bench/results/.
 *
 * With a script and an engine as its arguments it is the fresh process that measures them.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './clean-environment.js'
import type { DriverName } from './drivers/driver.js'
import { RedisDriver } from './drivers/redis.js'
import { SnapforkDriver } from './drivers/snapfork.js'
import { machineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'
import { measureScript, SCRIPTS, type ScriptName } from './trials/scripts.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const ROUNDS = 5
const RUNS = 100_000
const ENGINES: readonly DriverName[] = ['snapfork', 'redis']

/** All rounds. */
export function runScripts(): void {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const facts = machineFacts(data, null)
  const lines: object[] = [{ type: 'machine', trial: 'scripts', runs: RUNS, ...facts }]
  for (const script of Object.keys(SCRIPTS) as ScriptName[]) {
    const figures: Record<DriverName, number[]> = { snapfork: [], redis: [] }
    for (let round = 0; round < ROUNDS; ++round) {
      const order = round % 2 === 0 ? ENGINES : [...ENGINES].reverse()
      for (const driver of order) {
        const perSecond = runOnce(script, driver, data)
        figures[driver].push(perSecond)
        lines.push({ type: 'run', trial: 'scripts', script, driver, round, perSecond })
      }
    }
    const [ours, theirs] = [spreadOf(figures.snapfork), spreadOf(figures.redis)]
    if (ours === null || theirs === null) continue
    const ratio = ours.median / theirs.median
    const show = (spread: { median: number; min: number; max: number }) =>
      `${Math.round(spread.median)} (${Math.round(spread.min)}..${Math.round(spread.max)})`
    console.log(
      `${script.padEnd(12)} snapfork ${show(ours)}/s, redis-server ${show(theirs)}/s, ` +
        `ratio ${ratio.toFixed(2)}`,
    )
    lines.push({ type: 'row', trial: 'scripts', script, snapfork: ours, redis: theirs, ratio })
  }
  appendResults(`${facts.date.slice(0, 10)}-scripts.jsonl`, lines)
}

function runOnce(script: ScriptName, driver: DriverName, data: string): number {
  const dir = mkdtempSync(join(data, 'scripts-'))
  try {
    const { stdout, status } = spawnSync(process.execPath, [PROGRAM, script, driver, dir], {
      env: cleanEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (status !== 0) throw new Error(`the process for '${script}' ended with ${status}`)
    return JSON.parse(stdout)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const [, program, script, name, dir] = process.argv
if (program === PROGRAM && dir !== undefined) {
  const driver = name === 'redis' ? new RedisDriver(1, () => {}) : new SnapforkDriver(1)
  const perSecond = await measureScript(driver, dir, script as ScriptName, RUNS)
  await driver.close()
  console.log(JSON.stringify(perSecond))
}
