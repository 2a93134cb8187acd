/**
 * The rows of the table of the trial `fork`.
 *
 * @module
 */

import type { DriverName, LoadFigures, WriteFigures } from './drivers/driver.js'
import type { Metric } from './summary.js'
import type { ForkFigures, TurnFigures } from './trials/fork.js'

const MIB = 1024 * 1024

/** What one engine did in one round. */
export interface Run {
  readonly type: 'run'
  readonly trial: 'fork'
  readonly round: number
  readonly driver: DriverName
  readonly keys: number
  readonly figures: ForkFigures
  /** Load times of the file of each engine. */
  readonly loads: Readonly<Partial<Record<DriverName, LoadFigures>>>
}

export const FORK_METRICS: readonly Metric<Run>[] = [
  {
    name: 'RSS growth a key',
    unit: 'B',
    of: ({ figures, keys }) => (figures.filledBytes - figures.emptyBytes) / keys,
  },
  { name: 'RSS of the process a key', unit: 'B', of: (r) => r.figures.filledBytes / r.keys },
  { name: 'fill', unit: 's', of: (r) => r.figures.fillSeconds },
  { name: 'fork pause, first save', unit: 'ms', of: (r) => r.figures.idle.forkMicros / 1000 },
  { name: 'fork pause, live save', unit: 'ms', of: (r) => r.figures.live.save.forkMicros / 1000 },
  { name: 'fork pause, last save', unit: 'ms', of: (r) => last(r.figures.forkMicros) / 1000 },
  {
    name: 'fork pause, after a rest',
    unit: 'ms',
    of: (r) => r.figures.restedForkMicros / 1000,
  },
  { name: 'fork pause, longest', unit: 'ms', of: (r) => Math.max(...r.figures.forkMicros) / 1000 },
  { name: 'save, idle', unit: 's', of: (r) => r.figures.idle.seconds },
  { name: 'file', unit: 'MiB', of: (r) => r.figures.idle.fileBytes / MIB },
  { name: 'calm: updates a second', unit: '', of: (r) => perSecond(r.figures.calm) },
  { name: 'calm: write, p99.9', unit: 'us', of: (r) => r.figures.calm.percentile999Nanos / 1000 },
  {
    name: 'live: updates, of calm',
    unit: '',
    of: (r) => perSecond(r.figures.live.write) / perSecond(r.figures.calm),
  },
  {
    name: 'live: p99.9, of calm',
    unit: '',
    of: ({ figures: { live, calm } }) => live.write.percentile999Nanos / calm.percentile999Nanos,
  },
  { name: 'turns: updates, of calm', unit: '', of: (r) => kept(r, 'updatesPerSecond') },
  { name: 'turns: reads, of calm', unit: '', of: (r) => kept(r, 'readsPerSecond') },
  {
    name: 'turns: updates, of what reads kept',
    unit: '',
    of: (r) => kept(r, 'updatesPerSecond') / kept(r, 'readsPerSecond'),
  },
  ...loadedMetrics('live'),
  ...loadedMetrics('held'),
  { name: 'load, own file', unit: 's', of: (r) => r.loads[r.driver]?.seconds },
  { name: 'load, own file, as reported', unit: 's', of: (r) => r.loads[r.driver]?.reportedSeconds },
  { name: 'load, file of snapfork', unit: 's', of: (r) => r.loads.snapfork?.seconds },
  { name: 'load, file of redis', unit: 's', of: (r) => r.loads.redis?.seconds },
]

function perSecond({ writes, seconds }: WriteFigures): number {
  return writes / seconds
}

/** What a save has left of a rate. */
function kept({ figures: { turns } }: Run, rate: keyof TurnFigures): number {
  return turns.live[rate] / turns.calm[rate]
}

function loadedMetrics(kind: 'live' | 'held'): Metric<Run>[] {
  const metric = (name: string, unit: string, of: Metric<Run>['of']): Metric<Run> => {
    return { name: `${kind}: ${name}`, unit, of }
  }
  return [
    metric('save', 's', (r) => r.figures[kind].seconds),
    metric('updates inside', '', (r) => r.figures[kind].write.inside),
    metric('updates a second', '', (r) => perSecond(r.figures[kind].write)),
    metric('duplicated', 'MiB', (r) => r.figures[kind].cost.duplicatedBytes / MIB),
    metric('duplicated, as reported', 'MiB', (r) => r.figures[kind].save.duplicatedBytes / MIB),
    metric('duplicated an update inside', 'B', ({ figures }) => {
      const { cost, save, write } = figures[kind]
      const bytes = Math.max(cost.duplicatedBytes, save.duplicatedBytes)
      return write.inside === 0 ? null : bytes / write.inside
    }),
    metric('extra', 'MiB', (r) => r.figures[kind].cost.extraBytes / MIB),
    metric('write, median', 'us', (r) => r.figures[kind].write.medianNanos / 1000),
    metric('write, p99', 'us', (r) => r.figures[kind].write.percentile99Nanos / 1000),
    metric('write, p99.9', 'us', (r) => r.figures[kind].write.percentile999Nanos / 1000),
    metric('write, longest', 'us', (r) => r.figures[kind].write.longestNanos / 1000),
  ]
}

function last(numbers: readonly number[]): number {
  return numbers.at(-1) ?? Number.NaN
}
