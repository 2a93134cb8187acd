/**
 * Runs the trial `cache` in rounds, prints a table and appends JSON lines to bench/results/.
 *
 * With a way as its argument it is the fresh process that measures it.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './clean-environment.js'
import { machineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'
import { type CacheFigures, type CacheWay, measureCache, measureWrite } from './trials/cache.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const ROUNDS = 4

/** All rounds. */
export function runCache(): void {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const facts = machineFacts(data, null)
  const runs: object[] = []
  const figures = new Map<string, number[]>()
  const note = (name: string, ms: number) => {
    figures.set(name, [...(figures.get(name) ?? []), ms])
  }
  for (let round = 0; round < ROUNDS; ++round) {
    // Neither always comes behind the same other writes.
    const ways: CacheWay[] = round % 2 === 0 ? ['kept', 'dropped'] : ['dropped', 'kept']
    for (const way of ways) {
      const run = inFolder(data, (dir) => runOnce(way, dir))
      note(`save, ${way}`, run.saveMs)
      note(`load, ${way}`, run.loadMs)
      runs.push(run)
    }
    for (const way of ['buffered', 'direct'] as const) {
      const run = inFolder(data, (dir) => measureWrite(way, dir))
      note(`write, ${way}`, run.writeMs)
      runs.push(run)
    }
  }
  const medians = [...figures].map(([name, ms]) => ({ name, ms: spreadOf(ms) }))
  for (const { name, ms } of medians) {
    if (ms === null) continue
    const [median, min, max] = [ms.median, ms.min, ms.max].map(Math.round)
    console.log(`${name.padEnd(16)} ${String(median).padStart(6)} ms  (${min}..${max})`)
  }
  const lines = [{ type: 'machine', trial: 'cache', ...facts }, ...runs, ...medians]
  appendResults(`${facts.date.slice(0, 10)}-cache.jsonl`, lines)
}

function inFolder<T>(data: string, act: (dir: string) => T): T {
  const dir = mkdtempSync(join(data, 'cache-'))
  try {
    return act(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function runOnce(way: CacheWay, dir: string): CacheFigures {
  const { stdout, status } = spawnSync(process.execPath, [PROGRAM, way, dir], {
    env: cleanEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`the process for '${way}' ended with ${status}`)
  return JSON.parse(stdout)
}

const [, program, way, dir] = process.argv
if (program === PROGRAM && dir !== undefined) {
  console.log(JSON.stringify(await measureCache(way as CacheWay, dir)))
}
