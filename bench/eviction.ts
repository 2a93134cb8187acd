/**
 * Runs the trial `eviction` in rounds, prints a table and appends JSON lines to bench/results/.
 *
 * With an engine and a policy as its arguments it is the fresh process that measures them.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EvictionPolicy } from '../dist/index.js'
import { cleanEnvironment } from './clean-environment.js'
import { redisVersion } from './drivers/redis.js'
import { machineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { medianOf } from './stats.js'
import { measureHits, measureNotes } from './trials/eviction.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const ROUNDS = 3
const CACHES = ['allkeys-random', 'allkeys-lru', 'allkeys-lfu'] as const
const NOTES = ['noeviction', 'allkeys-lru', 'allkeys-lfu'] as const
/** Stands for an engine in the arguments: notes are of ours alone. */
const NOTE = 'note'

/** All rounds. */
export function runEviction(): void {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const facts = machineFacts(data, redisVersion())
  const drivers = facts.redis === null ? ['snapfork'] : ['snapfork', 'redis']
  const jobs = [
    ...CACHES.flatMap((policy) => drivers.map((driver) => [driver, policy] as const)),
    ...NOTES.map((policy) => [NOTE, policy] as const),
  ]
  const runs: Run[] = []
  for (let round = 0; round < ROUNDS; ++round) {
    for (const [driver, policy] of round % 2 === 0 ? jobs : [...jobs].reverse()) {
      runs.push({ driver, policy, figures: runOnce(driver, policy, data) })
    }
  }
  const medians = jobs.map(([driver, policy]) => mediansOf(runs, driver, policy))
  for (const { driver, policy, figures } of medians) {
    const cells = Object.entries(figures).map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    console.log(`${driver.padEnd(9)} ${policy.padEnd(15)} ${cells.join('  ')}`)
  }
  const lines = [{ type: 'machine', trial: 'eviction', ...facts }, ...runs, ...medians]
  appendResults(`${facts.date.slice(0, 10)}-eviction.jsonl`, lines)
}

interface Run {
  readonly driver: string
  readonly policy: EvictionPolicy
  readonly figures: Readonly<Record<string, number>>
}

function mediansOf(runs: readonly Run[], driver: string, policy: EvictionPolicy): Run {
  const own = runs.filter((run) => run.driver === driver && run.policy === policy)
  const names = Object.keys(own[0]?.figures ?? {})
  const figures = Object.fromEntries(
    names.map((name) => [name, medianOf(own.map((run) => run.figures[name] ?? 0))]),
  )
  return { driver, policy, figures }
}

function runOnce(driver: string, policy: string, data: string): Run['figures'] {
  const dir = mkdtempSync(join(data, 'eviction-'))
  try {
    const { stdout, status } = spawnSync(process.execPath, [PROGRAM, driver, policy, dir], {
      env: cleanEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (status !== 0) throw new Error(`the process for ${driver}, ${policy} ended with ${status}`)
    return JSON.parse(stdout)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const [, program, driver, policy, dir] = process.argv
if (program === PROGRAM && dir !== undefined) {
  const isNote = driver === NOTE
  const figures = isNote
    ? await measureNotes(policy as EvictionPolicy, dir)
    : await measureHits(driver as string, policy as EvictionPolicy, dir)
  console.log(JSON.stringify(figures))
}
