/**
 * Runs the trial `types` for every shape, prints a table and appends JSON lines to bench/results/.
 *
 * Every engine loads its own file: the forms it keeps its values in are in it.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DriverName, LoadFigures } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { SHAPES } from './shapes.js'
import { medianOf } from './stats.js'
import type { TypesFigures } from './trials/types.js'
import { runJob } from './workers.js'

interface TypesRun extends TypesFigures {
  readonly type: 'run'
  readonly trial: 'types'
  readonly shape: string
  readonly driver: DriverName
  readonly round: number
  readonly loadSeconds: number
}

export interface TypesOptions {
  readonly elements: number
  readonly rounds: number
  readonly dir: string
}

const METRICS = ['bytesPerElement', 'saveSeconds', 'loadSeconds', 'fileBytes'] as const

export async function runTypes(
  { elements, rounds, dir }: TypesOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: TypesRun[] = []
  for (let round = 1; round <= rounds; ++round) {
    const order = round % 2 === 1 ? drivers : [...drivers].reverse()
    for (const { name: shape } of SHAPES) {
      for (const driver of order) {
        console.error(`round ${round}: ${driver}, ${shape}`)
        runs.push({
          ...{ type: 'run', trial: 'types', shape, driver, round },
          ...(await runShape(driver, shape, elements, dir)),
        })
      }
    }
  }
  const medians = SHAPES.flatMap(({ name }) =>
    drivers.map((driver) => mediansOf(runs, name, driver)),
  )
  console.log(tableOf(medians))
  const head = { type: 'machine', trial: 'types', elements, rounds, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-types.jsonl`, [head, ...runs, ...medians])
  console.error(`written to ${path}`)
}

async function runShape(
  driver: DriverName,
  shape: string,
  elements: number,
  parent: string,
): Promise<TypesFigures & { loadSeconds: number }> {
  mkdirSync(parent, { recursive: true })
  const dir = mkdtempSync(join(resolve(parent), 'types-'))
  try {
    const figures = await runJob({ name: 'types', driver, dir, shape, elements, valueBytes: 1 })
    const load: LoadFigures = await runJob({ name: 'load', driver, dir, valueBytes: 1 })
    return { ...figures, loadSeconds: load.reportedSeconds }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Median {
  readonly type: 'median'
  readonly shape: string
  readonly driver: DriverName
  readonly figures: Readonly<Record<(typeof METRICS)[number], number>>
}

function mediansOf(runs: readonly TypesRun[], shape: string, driver: DriverName): Median {
  const own = runs.filter((run) => run.shape === shape && run.driver === driver)
  const figures = Object.fromEntries(
    METRICS.map((metric) => [metric, medianOf(own.map((run) => run[metric]))]),
  ) as Record<(typeof METRICS)[number], number>
  return { type: 'median', shape, driver, figures }
}

/** snapfork / redis-server, and the ratio. */
function tableOf(medians: readonly Median[]): string {
  const lines = [`${'shape'.padEnd(26)}${METRICS.map((metric) => metric.padStart(24)).join('')}`]
  for (const { name } of SHAPES) {
    const [ours, theirs] = (['snapfork', 'redis'] as const).map(
      (driver) => medians.find((one) => one.shape === name && one.driver === driver)?.figures,
    )
    const cells = METRICS.map((metric) => {
      const [a, b] = [ours?.[metric], theirs?.[metric]]
      const digits = metric === 'bytesPerElement' ? 1 : metric === 'fileBytes' ? 0 : 3
      const ratio = a !== undefined && b ? ` (${(a / b).toFixed(2)})` : ''
      return `${a?.toFixed(digits) ?? '-'} / ${b?.toFixed(digits) ?? '-'}${ratio}`.padStart(24)
    })
    lines.push(`${name.padEnd(26)}${cells.join('')}`)
  }
  return lines.join('\n')
}
