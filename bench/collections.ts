/**
 * Runs the trial `collections` for every shape, prints a table and appends JSON lines to
 * bench/results/.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DriverName, WriteFigures } from './drivers/driver.js'
import type { MachineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import type { LoadedSave } from './saving.js'
import { formatSummary, type Metric, summarize } from './summary.js'
import type { CollectionsFigures } from './trials/collections.js'
import { runJob } from './workers.js'
import { WRITTEN_SHAPES } from './written-shapes.js'

interface CollectionsRun extends CollectionsFigures {
  readonly type: 'run'
  readonly trial: 'collections'
  readonly shape: string
  readonly driver: DriverName
  readonly round: number
}

export interface CollectionsOptions {
  readonly elements: number
  readonly updates: number
  readonly rounds: number
  readonly dir: string
}

const MIB = 2 ** 20

const METRICS: readonly Metric<CollectionsRun>[] = [
  { name: 'fork pause', unit: 'ms', of: ({ held }) => held.save.forkMicros / 1000 },
  { name: 'held: duplicated', unit: 'MiB', of: ({ held }) => held.cost.duplicatedBytes / MIB },
  { name: 'held: extra', unit: 'MiB', of: ({ held }) => held.cost.extraBytes / MIB },
  {
    name: 'held: extra, as reported',
    unit: 'MiB',
    of: ({ held: { save } }) => save.extraBytes && save.extraBytes / MIB,
  },
  { name: 'live: save', unit: 's', of: ({ live }) => live.seconds },
  { name: 'calm: updates a second', unit: '', of: ({ calm }) => perSecond(calm) },
  {
    name: 'live: updates, of calm',
    unit: '',
    of: ({ live, calm }) => perSecondInside(live) / perSecond(calm),
  },
  {
    name: 'live: p99.9, of calm',
    unit: '',
    of: ({ live, calm }) => live.write.percentile999Nanos / calm.percentile999Nanos,
  },
]

export async function runCollections(
  { elements, updates, rounds, dir }: CollectionsOptions,
  drivers: readonly DriverName[],
  facts: MachineFacts,
): Promise<void> {
  const runs: CollectionsRun[] = []
  for (let round = 1; round <= rounds; ++round) {
    const order = round % 2 === 1 ? drivers : [...drivers].reverse()
    for (const { name: shape } of WRITTEN_SHAPES) {
      for (const driver of order) {
        console.error(`round ${round}: ${driver}, ${shape}`)
        const own = mkdtempSync(join(dir, 'collections-'))
        const what = { type: 'run', trial: 'collections', shape, driver, round } as const
        const job = { dir: own, shape, elements, updates, valueBytes: 1 } as const
        runs.push({ ...what, ...(await runJob({ name: 'collections', driver, ...job })) })
        rmSync(own, { recursive: true })
      }
    }
  }
  const summary = WRITTEN_SHAPES.flatMap(({ name: shape }) =>
    summarize(
      runs.filter((run) => run.shape === shape),
      METRICS.map((metric) => ({ ...metric, name: `${shape}, ${metric.name}` })),
    ),
  )
  console.log(formatSummary(summary))
  const head = { type: 'machine', trial: 'collections', elements, updates, rounds, ...facts }
  const name = `${facts.date.slice(0, 10)}-collections.jsonl`
  console.error(`written to ${appendResults(name, [head, ...runs, ...summary])}`)
}

function perSecond({ writes, seconds }: WriteFigures): number {
  return writes / seconds
}

/** While the child was there, its fork included, or until the row ended if that came before. */
function perSecondInside({ write, seconds }: LoadedSave): number {
  const endedWithChild = write.inside < write.writes
  return write.inside / (endedWithChild ? seconds : write.seconds)
}
