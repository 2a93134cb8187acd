/**
 * Runs the trial `spawn` in rounds, prints a table and appends JSON lines to bench/results/.
 *
 * With a state as its argument it is the fresh process that measures it.
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
import { measureSpawn, type SpawnFigures, type SpawnState } from './trials/spawn.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const STATES: readonly SpawnState[] = ['empty', 'store', 'buffers']
const BYTES = 4 * 2 ** 30
const ROUNDS = 3

/** All rounds. */
export function runSpawn(): void {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const facts = machineFacts(data, null)
  const runs: SpawnFigures[] = []
  for (let round = 0; round < ROUNDS; ++round) {
    for (const state of STATES) runs.push(runOnce(state, data))
  }
  const medians = STATES.map((state) => {
    const ofState = runs.filter((run) => run.state === state)
    const pauseOf = (save: number) => spreadOf(ofState.map((run) => run.forkMicros.at(save) ?? 0))
    return {
      state,
      spawn: spreadOf(ofState.map((run) => run.medianMicros)),
      'spawn behind saves': spreadOf(ofState.map((run) => run.medianMicrosLater)),
      'first save': pauseOf(0),
      'last save': pauseOf(-1),
    }
  })
  for (const { state, ...rows } of medians) {
    for (const [name, micros] of Object.entries(rows)) {
      if (micros === null) continue
      const [median, min, max] = [micros.median, micros.min, micros.max].map(Math.round)
      const label = `${state}, ${name}`.padEnd(30)
      console.log(`${label} ${String(median).padStart(7)} us  (${min}..${max})`)
    }
  }
  const lines = [{ type: 'machine', trial: 'spawn', bytes: BYTES, ...facts }, ...runs, ...medians]
  appendResults(`${facts.date.slice(0, 10)}-spawn.jsonl`, lines)
}

function runOnce(state: SpawnState, data: string): SpawnFigures {
  const dir = mkdtempSync(join(data, 'spawn-'))
  try {
    const { stdout, status } = spawnSync(process.execPath, [PROGRAM, state, dir], {
      env: cleanEnvironment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (status !== 0) throw new Error(`the process for '${state}' ended with ${status}`)
    return JSON.parse(stdout)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const [, program, state, dir] = process.argv
if (program === PROGRAM && dir !== undefined) {
  console.log(JSON.stringify(await measureSpawn(state as SpawnState, dir, BYTES)))
}
